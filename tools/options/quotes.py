"""Quotes of one underlying at one instant: what is refused and why, the forward by parity, and implied volatilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.clock import to_datetime
from data.errors import InputError
from data.market import BoolArray, FloatArray, IntArray, TimeArray
from tools.options.contracts import Contract
from tools.options.implied import Reason, implied_vol

_YEAR = np.timedelta64(365, "D") / np.timedelta64(1, "ns")
"""Nanoseconds in a year of Actual/365 Fixed."""
_LOCKED = 1e-3
_PAIRS = 5
"""Strikes nearest the money that the forward is read from."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Closing or live quotes, all (N,); prices in currency per unit of the underlying."""

    underlying: str
    as_of: np.datetime64
    expiry: TimeArray
    strike: FloatArray
    call: BoolArray
    bid: FloatArray
    ask: FloatArray

    def __post_init__(self) -> None:
        lengths = {len(c) for c in (self.expiry, self.strike, self.call, self.bid, self.ask)}
        if len(lengths) != 1:
            raise InputError(f"The quotes of {self.underlying} have columns of {sorted(lengths)} rows", "give one each")

    def name(self, row: int) -> str:
        """The OCC symbol of a row, or a description where its numbers make none."""
        strike, expiry = float(self.strike[row]), self.expiry[row]
        if np.isnat(expiry) or not 0.0 < strike < 1e5:
            return f"{self.underlying} row {row} (strike {strike:g}, expiry {expiry})"
        return Contract(self.underlying, to_datetime(expiry).date(), bool(self.call[row]), strike).symbol


class Refusal(NamedTuple):
    """A quote that is not used."""

    name: str
    reason: str


class Smile(NamedTuple):
    """One expiry's out-of-the-money volatilities by strike, all (M,); `forward` and `years` of the expiry."""

    years: float
    forward: float
    log_moneyness: FloatArray
    """log(strike / forward)."""
    vol: FloatArray
    """Of the middle price, fractions per year."""
    bid_vol: FloatArray
    """Of the bid; NaN where it has none."""
    ask_vol: FloatArray

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest log-moneyness."""
        return float(self.log_moneyness[0]), float(self.log_moneyness[-1])

    @property
    def variance(self) -> FloatArray:
        """Total variance, vol^2 x years, (M,)."""
        return self.vol**2 * self.years

    @property
    def half_spread(self) -> FloatArray:
        """Half of ask minus bid in total variance, (M,), at least 0.1 %: locked quotes do not rule a fit."""
        bid = np.where(np.isnan(self.bid_vol), 0.0, self.bid_vol)
        ask = np.where(np.isnan(self.ask_vol), 2.0 * self.vol, self.ask_vol)
        return np.maximum(0.5 * (ask**2 - bid**2) * self.years, _LOCKED * self.variance)


class Smiles(NamedTuple):
    """`smiles` by expiry; `refused` is every quote that entered none, with its reason, in the order of the quotes."""

    smiles: tuple[Smile, ...]
    refused: tuple[Refusal, ...]
    usable: int
    """Quotes with a positive bid below the ask, before a volatility was asked of them."""
    with_vol: int
    """Of these, out-of-the-money ones and in-the-money ones whose middle price has a volatility."""


def smiles(quotes: Quotes, rate: float) -> Smiles:
    """Volatilities by Black (1976) on each expiry's parity forward, discounted at `rate` (continuous, a year).

    American quotes are read as European: out of the money, early exercise is worth little.
    """
    reason = _bad_quotes(quotes)
    usable = reason == ""
    years = (quotes.expiry - quotes.as_of).astype(np.int64) / _YEAR
    found: list[Smile] = []
    with_vol = 0
    for expiry in np.unique(quotes.expiry[usable]):
        rows = np.flatnonzero(usable & (quotes.expiry == expiry))
        rows = rows[np.argsort(quotes.strike[rows], kind="stable")]
        one, valid = _smile(quotes, rows, float(years[rows[0]]), rate, reason)
        with_vol += valid
        if one is not None:
            found.append(one)
    refused = tuple(Refusal(quotes.name(int(row)), str(reason[row])) for row in np.flatnonzero(reason != ""))
    return Smiles(tuple(found), refused, int(usable.sum()), with_vol)


def _bad_quotes(quotes: Quotes) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """(N,) why a quote is no quote; empty where it is one."""
    reason = np.full(len(quotes.strike), "", dtype=object)
    key = pd.DataFrame({"expiry": quotes.expiry, "strike": quotes.strike, "call": quotes.call})
    tests = (
        ("the same contract twice", key.duplicated(keep="first").to_numpy()),
        ("no bid", np.isnan(quotes.bid) | (quotes.bid == 0.0)),
        ("no ask", np.isnan(quotes.ask)),
        ("a price that is not positive and finite", (quotes.bid < 0.0) | (quotes.ask <= 0.0) | np.isinf(quotes.ask)),
        ("crossed: the bid is above the ask", quotes.bid > quotes.ask),
        ("expired", ~(quotes.expiry > quotes.as_of)),
        ("a strike that is not positive and finite", ~((quotes.strike > 0.0) & np.isfinite(quotes.strike))),
    )
    for text, bad in tests:
        reason[bad] = text
    return reason


def _smile(
    quotes: Quotes, rows: IntArray, years: float, rate: float, reason: np.ndarray[tuple[int], np.dtype[np.object_]]
) -> tuple[Smile | None, int]:
    """The smile of one expiry's usable rows by strike, and how many have a volatility; notes reasons in place."""
    strike, call = quotes.strike[rows], quotes.call[rows]
    mid = 0.5 * (quotes.bid[rows] + quotes.ask[rows])
    forward = parity_forward(strike, call, mid, float(np.exp(-rate * years)))
    if forward is None:
        reason[rows] = "no call and put of one strike to read the forward from"
        return None, 0
    implied = implied_vol(mid, forward, strike, years, rate, 0.0, call)
    for code in Reason:
        if code is not Reason.FOUND:
            reason[rows[implied.reason == code]] = f"middle price without volatility: {code.name.lower()}"
    out = call == (strike >= forward)
    reason[rows[implied.found & ~out]] = "in the money: its out-of-the-money twin is used"
    kept = implied.found & out
    if not kept.any():
        return None, int(implied.found.sum())
    chosen = rows[kept]
    sides = [
        implied_vol(p[chosen], forward, strike[kept], years, rate, 0.0, call[kept]).vol
        for p in (quotes.bid, quotes.ask)
    ]
    found = Smile(years, forward, np.log(strike[kept] / forward), implied.vol[kept], sides[0], sides[1])
    return found, int(implied.found.sum())


def parity_forward(strike: FloatArray, call: BoolArray, mid: FloatArray, discount: float) -> float | None:
    """Median over the strikes nearest the money of strike + (call - put) / discount; None without a pair."""
    calls, puts = np.flatnonzero(call), np.flatnonzero(~call)
    both, of_call, of_put = np.intersect1d(strike[calls], strike[puts], return_indices=True)
    if not both.size:
        return None
    gap = mid[calls[of_call]] - mid[puts[of_put]]
    near = np.argsort(np.abs(gap), kind="stable")[:_PAIRS]
    forward = float(np.median(both[near] + gap[near] / discount))
    return forward if forward > 0.0 else None
