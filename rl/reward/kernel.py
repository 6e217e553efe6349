"""The reward of one step of one row, compiled: each component by its own small function, then weighted and summed."""

from __future__ import annotations

import math

from data.compiled import compiled
from data.market import FloatArray
from rl.facts import MEAN, SQUARE, StepFacts
from rl.reward.config import RewardWeights

RETURN_FULL = 3.0
"""Bar volatilities at which a return, a deeper drawdown or a move has full mark: 0.3 % of normal returns lie beyond."""
COST_FULL = 1.0
"""Bar volatilities at which costs have full mark: trading away a whole bar's swing in one bar."""
SHARPE_FULL = 3.0
"""Where the differential Sharpe ratio is clipped, bounded or not."""
STEEPEST = 1e8
"""1 / the smallest bar volatility that bounded rewards tell from none: a hundred-millionth."""


@compiled
def clip(x: float, limit: float) -> float:
    """x in [-limit, limit]; NaN stays NaN, so that it is found."""
    if x > limit:
        return limit
    return -limit if x < -limit else x


@compiled
def differential_sharpe(state: FloatArray, i: int, x: float, rate: float) -> float:
    """dS/d(rate) of the moving Sharpe ratio at return x, clipped to [-3, 3]; moves the row's moments on."""
    mean, square = state[i, MEAN], state[i, SQUARE]
    d_mean, d_square = x - mean, x * x - square
    variance = max(square - mean * mean, 0.05)
    state[i, MEAN], state[i, SQUARE] = mean + rate * d_mean, square + rate * d_square
    return clip((square * d_mean - 0.5 * mean * d_square) / (variance * math.sqrt(variance)), SHARPE_FULL)


@compiled
def timing(facts: StepFacts, unit: float) -> float:
    """In [-1, 1]: what was bought (+) or sold (-), times the symbol's move after the decision; 0 without a trade.

    A trade of the whole sleeve into a move of three bar volatilities has full mark; a small trade counts little.
    """
    traded = clip(facts.target - facts.position, 2.0)
    return clip(traded * facts.reference_move * unit / RETURN_FULL, 1.0)


@compiled
def utilisation(facts: StepFacts, unit: float) -> float:
    """In [-1, 1]: the position with the move (+) or against it (-), less the money that was idle in a rise.

    Moves count from 0 to full mark at one bar volatility: sizing is judged, not how far prices went. Not every symbol
    can be sold short, so that idle money is not charged in a fall.
    """
    move = clip(facts.reference_move * unit, 1.0)
    used = clip(facts.target, 1.0) * move
    return used - (1.0 - abs(clip(facts.target, 1.0))) * move if move > 0.0 else used


@compiled
def diversification(target: float) -> float:
    """In [0, 1]: 2 (1 - Herfindahl index) of the sleeve's two holdings, the symbol and cash; 1 where they are equal.

    Borrowed or more than fully invested is one holding. rl.reward.teams has the same over all rows of a team.
    """
    held = abs(clip(target, 1.0))
    return 2.0 * (1.0 - held * held - (1.0 - held) * (1.0 - held))


@compiled
def hold(facts: StepFacts, hold_bars: float) -> float:
    """In [0, 1]: the age of a position that was not traded in this bar, full at `hold_bars`."""
    return min(1.0, facts.bars / hold_bars) if facts.traded == 0.0 else 0.0


@compiled
def reward_row(i: int, facts: StepFacts, state: FloatArray, weights: RewardWeights, parts: FloatArray) -> float:
    """The reward of row i; writes its components (rl.reward.PARTS) to parts[i] and moves the moments in state[i] on.

    A fact that is NaN gives NaN: the caller decides what that ends.
    """
    w, unit = weights, facts.unit
    own = facts.net - facts.hedge
    deeper = max(0.0, facts.drawdown_after - facts.drawdown_before)
    if w.bounded:
        unit = min(unit, STEEPEST)
        x = clip(own * unit / RETURN_FULL, 1.0)
        parts[i, 0] = w.net * x
        parts[i, 1] = -w.net * w.reference * clip(facts.reference_move * unit / RETURN_FULL, 1.0)
        parts[i, 2] = -w.cost * clip(facts.cost * unit / COST_FULL, 1.0)
        parts[i, 4] = w.sharpe * differential_sharpe(state, i, RETURN_FULL * x, w.sharpe_rate) / SHARPE_FULL
        parts[i, 5] = -w.drawdown * clip(deeper * unit / RETURN_FULL, 1.0)
    else:
        parts[i, 0] = w.net * own * unit
        parts[i, 1] = -w.net * w.reference * facts.reference_move * unit
        parts[i, 2] = -w.cost * facts.cost * unit
        parts[i, 4] = w.sharpe * differential_sharpe(state, i, own * unit, w.sharpe_rate)
        parts[i, 5] = -w.drawdown * deeper * unit
    reward = parts[i, 0] + parts[i, 1] + parts[i, 2] + parts[i, 5] + parts[i, 4]
    if w.timing + w.utilisation + w.diversification + w.hold == 0.0:
        parts[i, 3] = parts[i, 6] = parts[i, 7] = parts[i, 8] = 0.0
        return reward
    parts[i, 3] = w.timing * timing(facts, unit)
    parts[i, 6] = w.utilisation * utilisation(facts, unit)
    parts[i, 7] = w.diversification * diversification(facts.target)
    parts[i, 8] = -w.hold * hold(facts, w.hold_bars)
    return reward + parts[i, 3] + parts[i, 6] + parts[i, 7] + parts[i, 8]
