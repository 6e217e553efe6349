"""What every agent thought through history, for the meta-controller to learn from; the policy's part out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.history import History
from rl.symbol_policy import SymbolPolicy
from tools.strategies.catalog import STRATEGIES
from tools.strategies.scores import Scores


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A policy that learned from none of the slots in `rows`."""

    rows: slice
    policy: SymbolPolicy


def agent_scores(history: History, final: SymbolPolicy, held_out: Sequence[HeldOut]) -> dict[str, Scores]:
    """Scores (T, S) by agent. Those of "policy" come from `final`, but within each held-out stretch from its policy."""
    features, instruments, times = history.features, history.panel.instruments, history.panel.times
    found = {name: strategy(features) for name, strategy in STRATEGIES.items()}
    policy = final.scores(features, instruments, times=times)
    score, confidence = policy.score.copy(), policy.confidence.copy()
    for part in held_out:
        outside = part.policy.scores(features, instruments, part.rows, times)
        score[part.rows], confidence[part.rows] = outside.score, outside.confidence
    return found | {"policy": Scores(_known(score), _known(confidence))}


def _known(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values
