"""Futures roll: which contract is held, one price over all of them, and what changing from one to the next costs.

    contracts (T, C) -> front (T,) -> back-adjusted (T,)

Contracts are columns in order of expiry, for instance those of a Panel whose instruments are single contracts. The
returns of a ratio-adjusted price are those of the contract that was held; its level before the last roll is not a
price that was ever quoted, and shifts with every later roll.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from data.clock import slot_text, to_datetime
from data.compiled import njit
from data.errors import BadBar
from data.market import FloatArray, IntArray, TimeArray
from tools.market.terms import CostTerms, fill_cost

Adjustment = Literal["ratio", "difference"]
"""ratio keeps returns, difference keeps gains in money (and may turn old prices negative, which no tape takes)."""


def front_by_expiry(times: TimeArray, expiry: TimeArray, days: int = 5) -> IntArray:
    """(T,): the column held at each slot: the first whose `expiry` (C,), ascending, is more than `days` calendar days
    away; the last one once there is none. Five is a convention: before the first notice day of most physical
    contracts it should be more."""
    front = np.searchsorted(expiry - np.timedelta64(days, "D"), times, side="right")
    return np.minimum(front, len(expiry) - 1).astype(np.int64)


def front_by_volume(volume: FloatArray) -> IntArray:
    """(T,): the column held at each slot, moved on by one where the next contract's volume was the larger at the slot
    before (so it is known), never back. `volume` (T, C); NaN counts as none."""
    traded = np.nan_to_num(volume)
    front = np.zeros(len(volume), np.int64)
    for t in range(1, len(volume)):
        held = front[t - 1]
        ahead = held + 1 < volume.shape[1] and traded[t - 1, held + 1] > traded[t - 1, held]
        front[t] = held + 1 if ahead else held
    return front


def back_adjusted(
    prices: FloatArray, front: IntArray, times: TimeArray, symbols: tuple[str, ...], method: Adjustment = "ratio"
) -> FloatArray:
    """(T,): one price over `prices` (T, C) of the contracts `front` (T,) holds; the last contract's are as quoted.

    A roll is made at the close of the last slot of the old contract: there both must be quoted, or BadBar.
    """
    out = prices[np.arange(len(front)), front].copy()
    rolls: list[int] = np.flatnonzero(np.diff(front)).tolist()
    for t in reversed(rolls):
        old, new = prices[t, front[t]], prices[t, front[t + 1]]
        for price, column in ((old, front[t]), (new, front[t + 1])):
            if not (np.isfinite(price) and price > 0.0):
                raise BadBar(
                    symbols[column], slot_text(to_datetime(times[t])), "no price to roll at", "roll on another day"
                )
        out[: t + 1] = out[: t + 1] * (new / old) if method == "ratio" else out[: t + 1] + (new - old)
    return out


@njit(cache=True)
def roll_cost(
    units: float,
    old_price: float,
    new_price: float,
    fx: float,
    volume: float,
    volatility: float,
    terms: CostTerms,
    s: int,
) -> float:
    """Cash, account currency, for closing `units` of the old contract and opening as many of the new one: two fills
    under the same terms and `volume` (units of the thinner contract's bar)."""
    closing = fill_cost(units, old_price, fx, volume, volatility, terms, s)
    return closing + fill_cost(units, new_price, fx, volume, volatility, terms, s)


def roll_charge(front: IntArray, rate_bps: float) -> FloatArray:
    """(T,): fraction of a position's value that the roll costs at each slot, either side: both fills at `rate_bps` of
    the notional where `front` (T,) changes, 0 elsewhere."""
    return np.where(np.diff(front, prepend=front[:1]) != 0, 2.0 * rate_bps * 1e-4, 0.0)
