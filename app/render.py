"""What the command line prints: words for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from data.errors import BullpenError

if TYPE_CHECKING:
    from agents.explainer.answer import Answer
    from app.desk import CycleOutcome
    from graph.journal import Entry
    from graph.record import CycleRecord

console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)
_TOP = 12
"""Symbols shown in the summary of a cycle."""
_REASONS = 3
"""How many refusals are told one by one."""


def emit(value: Any, as_json: bool, words: Callable[[], None]) -> None:
    """Print JSON, or call what prints words."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n")
    else:
        words()


def say(text: str) -> None:
    """A line."""
    console.print(text, markup=False)


def error(fault: BullpenError, as_json: bool) -> None:
    """One line on stderr: what is wrong, and what to do."""
    if as_json:
        body = {"error": fault.message, "remedy": fault.remedy, "kind": type(fault).__name__}
        sys.stderr.write(json.dumps(body, ensure_ascii=False) + "\n")
        return
    _errors.print(f"error: {fault.message}", markup=False, style="red")
    if fault.remedy:
        _errors.print(f"  try: {fault.remedy}", markup=False)


def node_finished(node: str, said: str) -> None:
    """A node of the running cycle is done."""
    console.print(f"  [green]✓[/green] {node:<26}", end="")
    console.print(said, markup=False)


# --- cycles -----------------------------------------------------------------------------------------------------


def cycle(outcome: CycleOutcome) -> None:
    """What a cycle came to."""
    if outcome.record is None:
        request = outcome.request or {}
        say(f"\nCycle {outcome.cycle_id} waits for a person.\n{request.get('description', '')}")
        say(f"Answer with: bullpen approve {outcome.cycle_id}   (or --reject, --set SYMBOL=WEIGHT, --comment WORDS)")
        return
    if outcome.status == "already_done":
        say("This slot has been run; nothing was sent again. Its record:")
    record(outcome.record)
    say(f'\nAsk it:  bullpen explain {outcome.cycle_id} "which limits fired?"')


def record(found: CycleRecord) -> None:
    """A decision in one screen."""
    label = "SIMULATED · " if found.source["name"] == "simulated" else ""
    say(f"\n{label}PAPER · book {found.book} · as of {found.as_of} · {found.cycle_id}")
    spoke = [v.agent for v in found.views if not v.abstained]
    say(f"Views from {', '.join(spoke) or 'nobody'}.")
    for view in found.views:
        if view.abstained:
            say(f"  {view.agent} abstained: {view.reason}")
    chain = " -> ".join(f.name + ("" if f.used else f" (failed: {f.reason})") for f in found.allocation.fallback_chain)
    say(f"Allocation by {chain}.")
    for use in found.allocation.policies:
        if use.in_sample:
            say(f"  NOTE: policy {use.policy_id} was trained on dates up to {use.trained_until}: not a fair test.")
    console.print(_weights(found))
    verdict = found.verdict
    say(f"Verdict: {verdict.decision}, {len(verdict.clamps)} clamps" + _listed(verdict.reasons))
    say("Measures: " + ", ".join(f"{k} {v:.4f}" for k, v in sorted(verdict.measures.items())))
    say(f"{len(found.orders)} orders, {len(found.fills)} fills, costs {sum(f.cost for f in found.fills):,.2f}.")
    if found.fills:
        conventions = sorted({f.convention for f in found.fills})
        say(f"Filled at {' and '.join(conventions)}.")
    for reason in list(found.refusals.values())[:_REASONS]:
        say(f"Refused: {reason}")
    if len(found.refusals) > _REASONS:
        more = len(found.refusals) - _REASONS
        say(f"and {more} more were refused: `bullpen journal {found.cycle_id} --json` has them under refusals")
    waiting = {o.order_id for o in found.orders} - {f.order_id for f in found.fills} - found.refusals.keys()
    if waiting:
        paper = found.config.get("venue", "paper") == "paper"
        why = f": the source has no bar of theirs after {found.as_of} to fill them from" if paper else ""
        say(f"{len(waiting)} orders have no execution yet{why}; the next cycle asks after them.")
    say(f"Value {found.opening.net_asset_value:,.2f} -> {found.closing.net_asset_value:,.2f} (after costs, at fills).")


def _weights(found: CycleRecord) -> Table:
    """The largest final weights, with what they were and what was proposed."""
    table = Table(title="Weights (percent of net asset value)", title_justify="left", box=None, pad_edge=False)
    for name in ("symbol", "held", "prior", "proposed", "allowed"):
        table.add_column(name, justify="left" if name == "symbol" else "right")
    held, prior = found.opening.weights(), found.allocation.contributions.get("prior", {})
    ranked = sorted(found.verdict.weights.items(), key=lambda kv: (-abs(kv[1]), kv[0]))
    for symbol, weight in ranked[:_TOP]:
        row = (held.get(symbol, 0.0), prior.get(symbol, 0.0), found.allocation.weights.get(symbol, 0.0), weight)
        table.add_row(symbol, *(f"{100 * v:.2f}" for v in row))
    if len(ranked) > _TOP:
        rest = sum(w for _, w in ranked[_TOP:])
        table.add_row(f"{len(ranked) - _TOP} more", "", "", "", f"{100 * rest:.2f}")
    return table


def _listed(reasons: Sequence[str]) -> str:
    return f" ({'; '.join(reasons)})" if reasons else ""


def entries(found: Sequence[Entry]) -> None:
    """The journal's table of contents."""
    if not found:
        say("The journal is empty. Start with: bullpen cycle")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("cycle", "book", "slot", "status"):
        table.add_column(name)
    for entry in found:
        table.add_row(entry.cycle_id, entry.book, entry.slot, entry.status)
    console.print(table)


def answer(found: Answer) -> None:
    """The checked answer; and, where a model was to write it and did not, why."""
    say(found.text)
    if found.note:
        say(f"(In the desk's own words: {found.note}.)")


# --- control ----------------------------------------------------------------------------------------------------


def halt_state(state: dict[str, Any]) -> None:
    """Is the kill switch on."""
    if state["on"]:
        say(f"HALTED since {state['since']}: {state['reason']}. Release it with: bullpen resume")
    else:
        say("Running: the kill switch is off.")


def halt_report(report: dict[str, Any]) -> None:
    """What throwing the switch did, and what it could not do."""
    halt_state(report)
    say(f"{len(report['withdrawn'])} open orders withdrawn; {len(report['flattened'])} positions being sold.")
    for order_id in report["left_open"]:
        say(f"STILL OPEN, perhaps: {order_id}. Cancel it at the broker.")
    for book in report["unsure"]:
        say(f"The venue of book {book} did not confirm that nothing is open. Ask it, and run this again.")
    for problem in report["problems"]:
        say(f"Problem: {problem}")


def doctor(report: dict[str, Any]) -> None:
    """The examination in words."""
    say(f"Python {report['python']}; home {report['home']['path']}"
        + ("" if report["home"]["writable"] else f" NOT WRITABLE ({report['home']['error']})"))  # fmt: skip
    store = report["database"]
    say(f"Ledger: {store['kind']}, {store['where']}" + (f" ({store['server']})" if store["server"] else "")
        + ("" if store["reachable"] else f" NOT REACHED: {store['error']}"))  # fmt: skip
    missing = [name for name, version in report["packages"].items() if not version]
    say(f"Missing packages: {', '.join(missing)}" if missing else f"All {len(report['packages'])} packages are here.")
    for name, extra in report["extras"].items():
        say(f"  {name} {extra['version'] or 'not installed (extra: ' + extra['extra'] + ')'}")
    for name, key in report["keys"].items():
        say(f"  {name}: {'set' if key['set'] else 'not set'} — {key['for']}")
    say("Works now: " + ", ".join(report["works_now"]))


# --- learning ---------------------------------------------------------------------------------------------------


@contextmanager
def training(quiet: bool) -> Generator[Callable[[Any], None]]:
    """A progress bar with the time left; takes rl.training progress events."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.fields[eta]}"), TimeElapsedColumn())
    with Progress(*columns, console=_errors, disable=quiet) as bar:
        task = bar.add_task("starting", total=1.0, eta="")

        def show(event: Any) -> None:
            figures = " ".join(f"{k} {v:.3g}" for k, v in sorted(event.metrics.items())[:3])
            bar.update(
                task, completed=event.fraction, description=event.phase, eta=f"{event.eta_s:4.0f} s left {figures}"
            )

        yield show


def training_report(report: dict[str, Any]) -> None:
    """Seen beside unseen and the gap between them, with the baselines at the same costs."""
    for role, body in report["policies"].items():
        say(f"\n{role}: {body['policy_id']}, {body['standing']} (trained until {body['trained_until']})")
        table = Table(box=None, pad_edge=False)
        names = sorted({k for figures in body["metrics"].values() for k in figures})
        table.add_column("figure")
        for split in (*body["metrics"], "seen - unseen"):
            table.add_column(split, justify="right")
        for name in names:
            found = {split: figures.get(name) for split, figures in body["metrics"].items()}
            seen, unseen = found.get("seen"), found.get("unseen")
            cells = (*found.values(), None if seen is None or unseen is None else seen - unseen)
            table.add_row(name, *("" if c is None else f"{c:.4f}" for c in cells))
        console.print(table)
    if "summary" in report:
        say("\n" + report["summary"] + f"Each agent: {report['report']}")
    say(f"Written to {report['written_to']}.")
