"""Policies in words: the list, one page, and what a promotion came to."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from app.policies import PolicyLine, PolicyPage
from app.render import console, say
from rl.policies.champions import Standing

_AUDIT_SHOWN = 10
_PARTS = ("seen", "validation", "unseen")
_FIGURES = ("sharpe", "score_sharpe", "generic_score_sharpe", "max_drawdown", "turnover", "equal_weight_sharpe",
            "prior_sharpe")  # fmt: skip


def lines(found: Sequence[PolicyLine]) -> None:
    """A table of policies, by the figure on unseen dates that their role is judged by."""
    if not found:
        say("No policies. Make one with: bullpen train")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("policy", "role", "source", "state", "unseen", "gap"):
        figures = name in ("unseen", "gap")
        table.add_column(name, justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    for p in found:
        table.add_row(p.policy_id, p.role, p.source, p.state, _number(p.unseen), _number(p.gap))
    console.print(table)
    for p in found:
        if p.problem or not p.graph:
            say(f"{p.policy_id}: {p.problem or 'has no graph, `bullpen policies export` writes it'}")


def page(found: PolicyPage) -> None:
    """One policy."""
    m = found.manifest
    say(f"{m.policy_id}: {found.line.state} of {m.role} on {m.source}, {m.algorithm} on {m.obs_id}")
    made = f"data {m.data_hash[:12]}, code {m.git_commit[:12]}"
    say(f"Trained on {m.trained_from} to {m.trained_until} (seed {m.seed}); {made}.")
    say(f"Parents: {', '.join(m.parents) or 'none'}; ensemble seeds: {', '.join(map(str, m.seeds)) or 'none'}; "
        f"configurations tried: {m.configurations}.")  # fmt: skip
    table = Table(box=None, pad_edge=False)
    for name in ("figure", *_PARTS, "gap"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name in _FIGURES:
        values = [m.metrics.get(part, {}).get(name) for part in _PARTS]
        if any(v is not None for v in values):
            table.add_row(name, *(_number(v) for v in values), _number(m.gap.get(name)))
    console.print(table)
    say(f"Tensors {m.sha256[:12]}, graph {m.onnx_sha256[:12] or 'none'}. Made by: {m.command}")
    standing(found.standing)


def standing(found: Standing) -> None:
    """Who is champion, and how it came to that."""
    say(f"Champion: {found.champion or 'none'}. Challenger: {found.challenger or 'none'}.")
    for line in found.audit[-_AUDIT_SHOWN:]:
        forced = " (forced)" if line.forced else ""
        before = f", before it {line.previous}" if line.previous else ""
        said = f": {line.why}" if line.why else ""
        say(f"  {line.when or '-'} {line.by}: {line.policy_id} {line.action}{forced}{before}{said}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
