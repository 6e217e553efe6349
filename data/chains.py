"""An option chain in four numbers: at-the-money volatility and the skew between the 25-delta put and call."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from data.black import black_vols
from data.clock import to_datetime
from data.frames import equal, moments, numbers
from data.market import BoolArray, FloatArray
from data.snapshot import ChainSummary

TARGET_DAYS = 30.0
"""The expiry nearest to this many days ahead is summarised."""
MIN_DAYS = 5.0
_DAY_NS = 86_400e9
_YEAR_DAYS = 365.0
MAX_VOL = 5.0
"""Fractions per year; a price that asks for more is taken for a mistake."""


def summarise_chains(chains: pd.DataFrame) -> tuple[ChainSummary, ...]:
    """One summary for each underlying of COLUMNS[CHAINS] whose latest chain allows it, by name."""
    found: list[ChainSummary] = []
    for underlying, rows in chains.groupby("underlying", sort=True):
        summary = _summary(str(underlying), rows)
        if summary is not None:
            found.append(summary)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Slice:
    """The contracts of one expiry, by strike, all (N,)."""

    strike: FloatArray
    call: BoolArray
    mid: FloatArray
    vol: FloatArray


def _summary(underlying: str, rows: pd.DataFrame) -> ChainSummary | None:
    bid, ask = numbers(rows, "bid"), numbers(rows, "ask")
    expiry, known = moments(rows, "expiry"), moments(rows, "known_at")
    ahead = (expiry - known).astype(np.float64) / _DAY_NS
    usable = (bid > 0.0) & (ask >= bid) & (ahead >= MIN_DAYS) & (known == known.max())
    if not usable.any():
        return None
    days = float(ahead[usable][np.argmin(np.abs(ahead[usable] - TARGET_DAYS))])
    picked = np.flatnonzero(usable & (ahead == days))
    strike = numbers(rows, "strike")
    picked = picked[np.argsort(strike[picked], kind="stable")]
    call, vol = equal(rows, "right", "C"), numbers(rows, "iv")
    found = _smile(_Slice(strike[picked], call[picked], (0.5 * (bid + ask))[picked], vol[picked]), days / _YEAR_DAYS)
    return None if found is None else ChainSummary(underlying, to_datetime(expiry[picked].min()), *found)


def _smile(chain: _Slice, years: float) -> tuple[float, float, int] | None:
    """At-the-money volatility, 25-delta skew and the number of out-of-the-money contracts they were read from."""
    forward = _forward(chain)
    if forward is None:
        return None
    implied = black_vols(chain.mid, forward, chain.strike, years, chain.call)
    implied[implied >= MAX_VOL] = np.nan
    vol = np.where(np.isnan(chain.vol), implied, chain.vol)
    used = np.isfinite(vol) & (vol > 0.0) & (chain.call == (chain.strike >= forward))
    strike, vol = chain.strike[used], vol[used]
    deviation = vol * math.sqrt(years)
    call_delta = ndtr((np.log(forward / strike) + 0.5 * deviation**2) / deviation)
    atm = _at(strike, vol, forward)
    skew = _at(call_delta, vol, 1.0 - 0.25) - _at(call_delta, vol, 0.25)
    return (atm, skew, int(used.sum())) if math.isfinite(atm) and math.isfinite(skew) else None


def _forward(chain: _Slice) -> float | None:
    """Put-call parity at the strike where call and put cost nearly the same (undiscounted)."""
    calls, puts = np.flatnonzero(chain.call), np.flatnonzero(~chain.call)
    _, of_call, of_put = np.intersect1d(chain.strike[calls], chain.strike[puts], return_indices=True)
    if not len(of_call):
        return None
    gap = chain.mid[calls[of_call]] - chain.mid[puts[of_put]]
    nearest = int(np.argmin(np.abs(gap)))
    return float(chain.strike[calls[of_call[nearest]]] + gap[nearest])


def _at(x: FloatArray, y: FloatArray, target: float) -> float:
    """y at `target` by straight lines between points; NaN outside them: a volatility is not guessed."""
    order = np.argsort(x, kind="stable")
    return float(np.interp(target, x[order], y[order], left=np.nan, right=np.nan)) if len(x) else math.nan
