"""What N rows hold between steps, and what a step leaves behind: arrays and their columns."""

from __future__ import annotations

from typing import NamedTuple

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.facts import MEAN, SQUARE

# columns of the float state, beside MEAN (4) and SQUARE (5)
POSITION, ENTRY, VALUE, PEAK, COSTS, BEST, PENDING, TURNOVER, VARIANCE, N_STATE = 0, 1, 2, 3, 6, 7, 8, 9, 10, 11
# columns of the integer state
SLOT, SYMBOL, HEAD, BARS, END, EPISODE, RESET, BLIND, LATE, START, STEP, N_INDEX = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
RUIN = 0.05
"""A sleeve that has lost all but this fraction of its start is terminated."""

__all__ = [
    "BARS", "BEST", "BLIND", "COSTS", "END", "ENTRY", "EPISODE", "HEAD", "LATE", "MEAN", "N_INDEX", "N_STATE", "PEAK",
    "PENDING", "POSITION", "RESET", "RUIN", "SLOT", "SQUARE", "START", "STEP", "SYMBOL", "TURNOVER", "VALUE",
    "VARIANCE", "Held", "Left",
]  # fmt: skip


class Held(NamedTuple):
    """What rows hold between steps."""

    state: FloatArray
    """(N, N_STATE). Weights: POSITION, and PENDING, the order of a late episode (NaN: none). Prices, in those of the
    block of bars that the row is in: ENTRY, the average of what was opened, and BEST, the best close since. VALUE and
    PEAK of the sleeve, which began at 1. COSTS: the episode's multiplier. Moving means: MEAN and SQUARE of the reward's
    net returns, TURNOVER of the weight traded, VARIANCE of net returns, in bar volatilities squared."""
    place: IntArray
    """(N, N_INDEX). SLOT t and SYMBOL s; HEAD that answers; BARS the position is held; END, the slot to be marked at
    last; EPISODE, counted from 1; RESET, 1 where the next step begins anew; BLIND and LATE, 1 for an episode that is;
    START, the symbol's place in Starts (-1: placed by hand, never jumps); STEP, bars since the episode began."""
    keep: Float32Array
    """(N, W x K of one bar + C): 0 for a column that the episode does not see, else 1; (1, 1) without dropout."""
    directives: Float32Array
    """(N, D): what a master agent tells; copied into the observation."""
    table: Float32Array
    """Standard normal draws, for noise."""


class Left(NamedTuple):
    """What a step leaves behind."""

    obs: Float32Array
    """(N, width)."""
    final_obs: Float32Array
    """(N, width): what a row that ended saw last, with SAME_STEP; else (1, 1)."""
    reward: FloatArray
    """(N,)."""
    parts: FloatArray
    """(N, len(PARTS)): the reward's components."""
    net: FloatArray
    """(N,): net return of the sleeve, a fraction."""
    traded: FloatArray
    """(N,): change of weight that was ordered."""
    terminated: BoolArray
    """(N,): ruined."""
    truncated: BoolArray
    """(N,): at its horizon, or a price is missing."""
