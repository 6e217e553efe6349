"""The seven actions of a symbol agent on a long-only sleeve, and when each is allowed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from data.compiled import njit
from data.market import Float32Array

SMALL, MEDIUM = 0.25, 0.5
"""Fractions of the sleeve that a small and a medium buy add."""


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
def target_position(action: int, position: float, in_profit: bool) -> float:
    """The position in [0, 1] an action asks for.

    An action that is not allowed asks for the position held, so it trades nothing.
    """
    if action == 1:
        return min(1.0, position + SMALL)
    if action == 2:
        return min(1.0, position + MEDIUM)
    if action == 3:
        return 1.0
    if action == 4:
        return 0.5 * position
    if action == 5:
        return 0.0
    if action == 6 and in_profit and position > 0.0:
        return min(1.0, position + SMALL)
    return position


@njit(cache=True)
def mask_bits(out: Float32Array, row: int, at: int, position: float, in_profit: bool, ready: bool) -> None:
    """Write the seven mask bits (1 allowed, 0 not) of a row into `out[row, at:]`.

    HOLD always; the rest on a known bar only: no buys when full, no sells when flat, winners only with a profit.
    """
    buy = np.float32(ready and position < 1.0)
    sell = np.float32(ready and position > 0.0)
    out[row, at] = np.float32(1.0)
    out[row, at + 1] = out[row, at + 2] = out[row, at + 3] = buy
    out[row, at + 4] = out[row, at + 5] = sell
    out[row, at + 6] = buy * sell * np.float32(in_profit)
