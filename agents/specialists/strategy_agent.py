"""An agent whose opinion is the last row of a strategy's scores: the specialists, and the analysts without a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.facts import evidence_of, is_fresh, known_then, why_silent, why_unknown
from agents.specs import AgentSpec
from agents.view import AgentKind, Opinion, View, abstain, opinion
from data.snapshot import Snapshot
from tools.strategies.scores import Scores, Strategy


@dataclass(frozen=True, slots=True)
class StrategyAgent:
    """Turns a pure strategy into an Agent; stale symbols and unknown scores stand in `unknown` with their reason."""

    spec: AgentSpec
    strategy: Strategy

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.spec.name

    @property
    def kind(self) -> AgentKind:
        """The spec's kind."""
        return self.spec.kind

    def view(self, snapshot: Snapshot) -> View:
        """The View of the strategy at `as_of`; abstains where its data is unavailable or nothing is known.

        FutureKnown where the snapshot holds what nobody could know then.
        """
        reason = why_silent(self.spec, known_then(snapshot))
        if reason:
            return abstain(self.spec.name, self.spec.kind, reason, self.spec.horizon_bars)
        return view_of(self.spec, snapshot, self.strategy(snapshot.features))


def view_of(spec: AgentSpec, snapshot: Snapshot, scores: Scores) -> View:
    """The last row of `scores` (T, S) as a View; a score outside its bounds counts as unknown, never as clipped."""
    score, confidence = scores.score[-1], scores.confidence[-1]
    usable = np.isfinite(score) & np.isfinite(confidence)
    usable &= (np.abs(score) <= 1.0) & (confidence >= 0.0) & (confidence <= 1.0)
    evidence = evidence_of(spec, snapshot)
    known: dict[str, Opinion] = {}
    unknown: dict[str, str] = {}
    for column, symbol in enumerate(snapshot.symbols):
        if usable[column] and is_fresh(snapshot, column):
            known[symbol] = opinion(float(score[column]), float(confidence[column]), evidence[symbol])
        else:
            unknown[symbol] = why_unknown(spec, snapshot, column)
    if not known:
        reason = f"no symbol has a score: {min(unknown.values(), default='there are no symbols')}"
        return abstain(spec.name, spec.kind, reason, spec.horizon_bars).model_copy(update={"unknown": unknown})
    return View(
        agent=spec.name,
        kind=spec.kind,
        horizon_bars=spec.horizon_bars,
        opinions=known,
        unknown=unknown,
        model=spec.model,
    )
