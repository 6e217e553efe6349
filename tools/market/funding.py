"""What holding costs or earns between slots: interest, borrow, FX rollover, perpetual funding, as fractions a slot.

Rates are annual basis points on an actual/360 year unless said otherwise: the money-market convention of the US dollar
and the euro (2006 ISDA Definitions, 4.16(e)), by which US stock loans are quoted as well; sterling and most other
currencies count 365. A rate is the one known at the start of the span that it is charged for, so nothing looks ahead.
"""

from __future__ import annotations

import numpy as np

from data.compiled import njit
from data.market import FloatArray, TimeArray

MONEY_MARKET_DAYS = 360.0
"""Days in a year of actual/360."""
GENERAL_COLLATERAL_BPS = 25.0
"""Annual fee of borrowing an easy stock, weighted by value; 9 % of names cost more than 100, on average 430 (D'Avolio,
"The market for borrowing stock", Journal of Financial Economics 66 (2002) 271-306)."""
PERPETUAL_INTEREST_BPS = 1.0
"""Interest part of a perpetual's funding in 8 hours: 0.03 % a day (Binance, "Introduction to Binance futures funding
rates"); the premium part is what data must give."""
FUNDING_HOURS = 8
"""Hours between funding instants, at 00, 08 and 16 UTC (the same source)."""

_DAY = np.timedelta64(86_400_000_000_000, "ns")


@njit(cache=True)
def accrual(annual_bps: float, days: float, year_days: float) -> float:
    """Simple interest as a fraction: annual_bps x 1e-4 x days / year_days."""
    return annual_bps * 1e-4 * days / year_days


def accrued(annual_bps: float | FloatArray, times: TimeArray, year_days: float = MONEY_MARKET_DAYS) -> FloatArray:
    """(T,): the fraction that accrues from t - 1 to t at calendar days; 0 at the first slot.

    `annual_bps` is one rate or one a slot (T,), of which that of t - 1 is charged until t. A weekend is three days,
    as in the FX market, where they are booked on Wednesday's rollover.
    """
    rate = np.broadcast_to(np.asarray(annual_bps, dtype=np.float64), times.shape)
    out = np.zeros(len(times))
    out[1:] = rate[:-1] * 1e-4 * ((times[1:] - times[:-1]) / _DAY) / year_days
    return out


def fx_rollover(
    base_bps: float | FloatArray, quote_bps: float | FloatArray, times: TimeArray, year_days: float = MONEY_MARKET_DAYS
) -> FloatArray:
    """(T,): fraction of a long position's value paid from t - 1 to t: the quote currency's rate less the base's.

    For positions on margin. Where the cash that bought the position would have earned the quote rate (a Tape with
    `interest`), it has paid that already: give 0 for `quote_bps`. Covered interest parity, and no dealer's
    mark-up.
    """
    return accrued(np.asarray(quote_bps, dtype=np.float64) - np.asarray(base_bps, dtype=np.float64), times, year_days)


@njit(cache=True)
def swap_points(spot: float, base_bps: float, quote_bps: float, days: float, year_days: float) -> float:
    """Forward less spot, quote currency per unit of base, by covered interest parity; `days` from spot to forward."""
    ahead = (1.0 + accrual(quote_bps, days, year_days)) / (1.0 + accrual(base_bps, days, year_days))
    return spot * (ahead - 1.0)


def perpetual_funding(paid_at: TimeArray, rate_bps: FloatArray, times: TimeArray) -> FloatArray:
    """(T,): the funding that longs pay shorts from t - 1 (exclusive) to t (inclusive), a fraction of the position.

    `rate_bps` (N,) at the ascending instants `paid_at` (N,), in basis points of the position at each; instants up to
    the first slot are nobody's.
    """
    total = np.concatenate((np.zeros(1), np.cumsum(rate_bps * 1e-4)))
    upto = total[np.searchsorted(paid_at, times, side="right")]
    return np.diff(upto, prepend=upto[:1])


def funding_instants(times: TimeArray) -> TimeArray:
    """Every 00, 08 and 16 UTC from the first slot to the last: when a perpetual pays."""
    first, last = times[0].astype("datetime64[D]"), times[-1]
    every = np.arange(first, last + np.timedelta64(1, "ns"), np.timedelta64(FUNDING_HOURS, "h"), dtype="datetime64[h]")
    return every.astype("datetime64[ns]")
