"""What replays, counterfactuals and differences print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from app.render import console, say

if TYPE_CHECKING:
    from graph.counterfactual import Counterfactual
    from graph.diff import Diff
    from graph.diff_causes import Changed, ViewChange
    from graph.replay import Replay

_TOP = 12
"""Rows of a table; what is left out is said."""
_LONGEST = 60
"""Characters of a setting's value."""


def replay(result: Replay) -> None:
    """Identical or not, and where not."""
    if result.identical:
        say(f"{result.cycle_id} replays byte for byte (sha256 {result.sha256}).")
        return
    say(f"{result.cycle_id} does NOT replay; it differs at:")
    for path in result.differences:
        say(f"  {path}")
    if "hashes.code" in result.differences:
        say("It was made by other code than this: replay it with the version of bullpen that wrote it.")


# --- counterfactuals --------------------------------------------------------------------------------------------


def counterfactual(found: Counterfactual) -> None:
    """The allocation without something, and what that moves."""
    then, now = found.factual, found.outcome
    say(f"{found.cycle_id} without {', '.join(found.without)}: {_way(found)}.")
    chain = " -> ".join(f.name + ("" if f.used else f" (failed: {f.reason})") for f in now.allocation.fallback_chain)
    say(f"Allocation by {chain}.")
    if then.verdict.decision != now.verdict.decision:
        say(f"Verdict: {now.verdict.decision}, where it was {then.verdict.decision}.")
    for reason in now.verdict.reasons:
        say(f"  {reason}")
    if found.changed:
        console.print(_differences(found))
        _left_out(len(found.changed))
    clamps, orders = found.as_json()["clamps"], found.as_json()["orders"]
    say(f"Clamps: {len(clamps['gone'])} gone, {len(clamps['new'])} new. "
        f"Orders: {len(orders['gone'])} gone or of another size, {len(orders['new'])} new.")  # fmt: skip


def _way(found: Counterfactual) -> str:
    proposed = sum(abs(by) for by in found.proposed_difference.values()) / 2.0
    allowed = sum(abs(by) for by in found.difference.values()) / 2.0
    if not found.changed and proposed == 0.0:
        return "the same allocation, to the last bit"
    return f"{proposed:.2%} of the book is proposed elsewhere, {allowed:.2%} allowed elsewhere"


def _differences(found: Counterfactual) -> Table:
    table = _table("Allowed weights (percent)", "symbol", "as decided", "without", "difference")
    for symbol in found.changed[:_TOP]:
        was = found.factual.verdict.weights.get(symbol, 0.0)
        row = (was, found.weights.get(symbol, 0.0), found.difference[symbol])
        table.add_row(symbol, *(f"{100 * v:.4f}" for v in row[:2]), f"{100 * row[2]:+.4f}")
    return table


# --- differences ------------------------------------------------------------------------------------------------


def diff(found: Diff) -> None:
    """What moved the weights, the largest first, and what is behind it."""
    say(f"From {found.one} ({found.slots[0]}) to {found.two} ({found.slots[1]}): {found.moved:.2%} of the book moved.")
    if found.parts:
        table = _table("What moved it (percent of the book)", "part", "of", "effect", "most")
        for part in found.parts[:_TOP]:
            most = max(part.changes, key=lambda s: (abs(part.changes[s]), s))
            table.add_row(part.name, part.kind, f"{100 * part.effect:.3f}", f"{most} {100 * part.changes[most]:+.3f}")
        console.print(table)
    if found.weights:
        console.print(_weights(found))
        _left_out(len(found.weights))
    for view in found.views:
        say(f"{view.agent}: {_mind(view)}")
    facts = [f"{fact.path} ({fact.size:.2f})" for fact in found.facts[:_TOP]]
    if facts:
        say("Facts that moved the most (features: in standard deviations over symbols): " + ", ".join(facts))
    _listed("The book", found.book)
    _listed("Settings, code and people", found.settings)


def _weights(found: Diff) -> Table:
    table = _table("Allowed weights (percent)", "symbol", "before", "after", "change", "because of")
    for change in found.weights[:_TOP]:
        largest = [f"{name} {100 * by:+.3f}" for name, by in list(change.parts.items())[:3]]
        figures = (f"{100 * change.before:.3f}", f"{100 * change.after:.3f}", f"{100 * change.change:+.3f}")
        table.add_row(change.symbol, *figures, ", ".join(largest))
    return table


def _mind(view: ViewChange) -> str:
    was, now = view.silent
    if was and now:
        return f"abstained both times: {was} / {now}"
    if was or now:
        return f"spoke, where it had abstained: {was}" if was else f"abstained, where it had spoken: {now}"
    shown = [f"{symbol} {before:+.3f} -> {after:+.3f}" for symbol, (before, after) in view.opinions.items()]
    because = f"; it reads {', '.join(view.inputs)}" if view.inputs else ""
    moved = "1 opinion" if view.symbols == 1 else f"{view.symbols} opinions"
    return f"{moved} moved, the most {', '.join(shown)}{because}" if shown else "another model"


def _listed(title: str, changes: tuple[Changed, ...]) -> None:
    if not changes:
        return
    say(f"{title}:")
    for change in changes[:_TOP]:
        say(f"  {change.path}: {_short(change.before)} -> {_short(change.after)}")
    _left_out(len(changes))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _left_out(rows: int) -> None:
    if rows > _TOP:
        say(f"  and {rows - _TOP} more: see --json")


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in names:
        table.add_column(name, justify="left" if name in ("symbol", "part", "of", "because of", "most") else "right")
    return table
