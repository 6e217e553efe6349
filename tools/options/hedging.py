"""Delta hedging of an option along simulated or recorded paths: what is left after rebalancing, carry and costs.

The option is sold at its Black-Scholes-Merton price at `hedge_vol` and hedged with the underlying at the deltas of that
volatility; the profit is booked as cash that earns the rate. With the realised volatility equal to it and no costs, the
profit has mean 0 and a standard deviation that falls as 1 / sqrt(rebalances) (P. Boyle and D. Emanuel, 1980).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.compiled import njit
from data.errors import InputError
from data.market import FloatArray
from tools.market.costs import trade_cost
from tools.options.black_scholes import price_one
from tools.options.inputs import columns


class HedgedOption(NamedTuple):
    """`units` of a European option, negative where sold; rates continuous, vol and rates fractions per year."""

    units: float
    strike: float
    years: float
    call: bool
    hedge_vol: float
    rate: float
    dividend: float = 0.0


class Attribution(NamedTuple):
    """Each (P,) a path, in currency at expiry: `total` is the sum of the other four."""

    total: FloatArray
    option: FloatArray
    """Payoff less the premium with its interest, times units."""
    hedge: FloatArray
    """Moves of the underlying on the hedge, each with interest to expiry."""
    carry: FloatArray
    """Dividends on the hedge less the interest on the cash it binds, with interest to expiry."""
    costs: FloatArray
    """Of rebalancing, with interest to expiry; never positive."""


def delta_hedge(option: HedgedOption, paths: FloatArray, every: int = 1, cost_bps: float = 0.0) -> Attribution:
    """Hedge along `paths` (P, n + 1), equally spaced from now to expiry, at every `every`-th point, closing at expiry.

    `cost_bps` of each notional traded, the close included. Raises InputError for numbers that cannot be.
    """
    _checked(option, paths, every, cost_bps)
    o = option
    rows = np.require(paths, dtype=np.float64, requirements=("C", "W"))
    out = _hedge(rows, o.units, o.strike, o.years, o.call, o.hedge_vol, o.rate, o.dividend, every, cost_bps)
    return Attribution(out.sum(axis=0), out[0], out[1], out[2], out[3])


def gamma_theta(vol: FloatArray, gamma: FloatArray, spot: FloatArray, move: FloatArray, years: float) -> FloatArray:
    """What a delta-neutral option earns over `years` in which its underlying moves by `move`, to leading order, (N,):
    gamma/2 (move^2 - vol^2 spot^2 years). Positive gamma earns where realised exceeds implied variance."""
    return 0.5 * gamma * (move * move - vol * vol * spot * spot * years)


def _checked(option: HedgedOption, paths: FloatArray, every: int, cost_bps: float) -> None:
    if paths.ndim != 2 or paths.shape[1] < 2:
        raise InputError(f"Paths of shape {paths.shape}", "give (paths, points), at least two points")
    columns(strike=option.strike, years=option.years, vol=option.hedge_vol, rate=option.rate, dividend=option.dividend)
    columns(spot=paths.ravel())
    if not (every >= 1 and 0.0 <= cost_bps <= 1e4) or not math.isfinite(option.units) or option.years == 0.0:
        raise InputError(
            f"Hedging {option.units:g} options of {option.years:g} years every {every} points at {cost_bps:g} bps",
            "give finite units, some time, a cadence of at least 1 and costs from 0 to 10000 bps",
        )


@njit(cache=True)
def _hedge(
    paths: FloatArray, units: float, strike: float, years: float, call: bool, vol: float, rate: float, dividend: float,
    every: int, cost_bps: float,
) -> FloatArray:  # fmt: skip
    """(option, hedge, carry, costs) x P."""
    count, points = paths.shape
    steps = points - 1
    dt = years / steps
    out = np.zeros((4, count))
    for p in range(count):
        premium, _ = price_one(paths[p, 0], strike, years, vol, rate, rate - dividend, call)
        last = paths[p, steps]
        payoff = max(last - strike if call else strike - last, 0.0)
        out[0, p] = units * (payoff - premium * math.exp(rate * years))
        held = 0.0
        for i in range(steps):
            spot, left = paths[p, i], years - i * dt
            grown = math.exp(rate * (left - dt))
            if i % every == 0:
                _, delta = price_one(spot, strike, left, vol, rate, rate - dividend, call)
                out[3, p] -= trade_cost((-units * delta - held) * spot, cost_bps) * math.exp(rate * left)
                held = -units * delta
            out[1, p] += held * (paths[p, i + 1] - spot) * grown
            paid = 0.5 * (paths[p, i + 1] + spot) * math.expm1(dividend * dt) - spot * math.expm1(rate * dt)
            out[2, p] += held * paid * grown
        out[3, p] -= trade_cost(held * last, cost_bps)
    return out
