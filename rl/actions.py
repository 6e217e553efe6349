"""The seven actions of a symbol agent on a sleeve, their sizes, and when each is allowed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from data.compiled import njit
from data.market import Float32Array

SMALL, MEDIUM = 0.25, 0.5
"""Fractions of the sleeve that a small and a medium buy add."""
SIZES = (0.25, 0.5, 0.75, 1.0)
"""Levels of the hybrid action: the part of what an action adds or takes away that is ordered."""


class Action(IntEnum):
    """What a symbol agent may do; the numbers are the policy's output columns."""

    HOLD = 0
    BUY_SMALL = 1
    BUY_MEDIUM = 2
    BUY_LARGE = 3
    SELL_PARTIAL = 4
    SELL_ALL = 5
    ADD_TO_WINNER = 6


N_ACTIONS = len(Action)


@njit(cache=True)
def target_position(action: int, position: float, in_profit: bool, low: float = 0.0, high: float = 1.0) -> float:
    """The position in [low, high] an action asks for; low <= 0 <= high, by default long only and nothing borrowed.

    Buys cover a short first. Selling a long position ends at 0: what goes short is sold flat. An action that is not
    allowed asks for the position held, so it trades nothing.
    """
    if action == 1:
        return max(position, min(high, position + SMALL))
    if action == 2:
        return max(position, min(high, position + MEDIUM))
    if action == 3:
        return max(position, high)
    if action == 4:
        return 0.5 * position if position > 0.0 else min(position, max(low, position - SMALL))
    if action == 5:
        return 0.0 if position > 0.0 else min(position, low)
    if action == 6 and in_profit and position > 0.0:
        return max(position, min(high, position + SMALL))
    if action == 6 and in_profit and position < 0.0:
        return min(position, max(low, position - SMALL))
    return position


@njit(cache=True)
def sized_target(target: float, position: float, level: int) -> float:
    """The target of a hybrid action: SIZES[level] of what the action adds or takes away."""
    if level >= 3 or target == position:
        return target
    return position + (target - position) * (0.25 * (1 + max(0, level)))


@njit(cache=True)
def mask_bits(
    out: Float32Array, row: int, at: int, position: float, in_profit: bool, ready: bool, low: float = 0.0,
    high: float = 1.0,
) -> None:  # fmt: skip
    """Write the seven mask bits (1 allowed, 0 not) of a row into `out[row, at:]`.

    HOLD always; the rest on a known bar only: no buys at the upper limit, no sells at the lower one (a long position
    can always be sold), winners only with a profit and with room in their direction.
    """
    buy = np.float32(ready and position < high)
    sell = np.float32(ready and (position > 0.0 or position > low))
    add = np.float32(ready and in_profit and (low < position < 0.0 or 0.0 < position < high))
    out[row, at] = np.float32(1.0)
    out[row, at + 1] = out[row, at + 2] = out[row, at + 3] = buy
    out[row, at + 4] = out[row, at + 5] = sell
    out[row, at + 6] = add
