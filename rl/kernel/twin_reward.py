"""rl.reward.kernel.reward_row for all rows at once, on tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rl.facts import MEAN, SQUARE
from rl.reward import RewardWeights
from rl.reward.kernel import COST_FULL, RETURN_FULL, SHARPE_FULL, STEEPEST

Facts = dict[str, Tensor]
"""rl.facts.StepFacts, (N,) float64 each."""


def rewards(facts: Facts, state: Tensor, live: Tensor, w: RewardWeights) -> tuple[Tensor, Tensor]:
    """Rewards (N,) and their parts (N, 9); the moments of the `live` rows (N,) bool in `state` move on."""
    unit = facts["unit"].clamp(max=STEEPEST) if w.bounded else facts["unit"]
    own, move = (facts["net"] - facts["hedge"]) * unit, facts["reference_move"] * unit
    cost, deeper = facts["cost"] * unit, (facts["drawdown_after"] - facts["drawdown_before"]).clamp(min=0.0) * unit
    scale = 1.0
    if w.bounded:
        own, deeper = (own / RETURN_FULL).clamp(-1.0, 1.0), (deeper / RETURN_FULL).clamp(-1.0, 1.0)
        move, cost = (move / RETURN_FULL).clamp(-1.0, 1.0), (cost / COST_FULL).clamp(-1.0, 1.0)
        scale = SHARPE_FULL
    sharpe = _differential_sharpe(own * (RETURN_FULL if w.bounded else 1.0), state, live, w.sharpe_rate) / scale
    parts = [w.net * own, -w.net * w.reference * move, -w.cost * cost, _timing(facts, unit, w), w.sharpe * sharpe]
    parts += [-w.drawdown * deeper, *_others(facts, unit, w)]
    columns = torch.where(live[:, None], torch.stack(parts, dim=1), 0.0)
    return columns.sum(dim=1), columns


def _differential_sharpe(x: Tensor, state: Tensor, live: Tensor, rate: float) -> Tensor:
    mean, square = state[:, MEAN].clone(), state[:, SQUARE].clone()
    d_mean, d_square = x - mean, x * x - square
    variance = (square - mean * mean).clamp(min=0.05)
    state[:, MEAN] = torch.where(live, mean + rate * d_mean, mean)
    state[:, SQUARE] = torch.where(live, square + rate * d_square, square)
    found = (square * d_mean - 0.5 * mean * d_square) / (variance * variance.sqrt())
    return found.clamp(-SHARPE_FULL, SHARPE_FULL)


def _timing(facts: Facts, unit: Tensor, w: RewardWeights) -> Tensor:
    traded = (facts["target"] - facts["position"]).clamp(-2.0, 2.0)
    return w.timing * (traded * facts["reference_move"] * unit / RETURN_FULL).clamp(-1.0, 1.0)


def _others(facts: Facts, unit: Tensor, w: RewardWeights) -> tuple[Any, ...]:
    """Utilisation, diversification, and the price on holding."""
    move, target = (facts["reference_move"] * unit).clamp(-1.0, 1.0), facts["target"].clamp(-1.0, 1.0)
    held, used = target.abs(), target * move
    used = torch.where(move > 0.0, used - (1.0 - held) * move, used)
    spread = 2.0 * (1.0 - held * held - (1.0 - held) * (1.0 - held))
    old = torch.where(facts["traded"] == 0.0, (facts["bars"] / w.hold_bars).clamp(max=1.0), 0.0)
    return w.utilisation * used, w.diversification * spread, -w.hold * old
