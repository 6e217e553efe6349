"""Option prices, Greeks, volatilities, trees and surfaces, beside QuantLib in the same run.

Run: python -m benchmarks.market.options
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import QuantLib as ql

from benchmarks.figures import Figure, figure, median_seconds, publish
from data.market import FloatArray
from tools.options.american import american_price
from tools.options.black_scholes import black_scholes_merton, european_price
from tools.options.implied import implied_vol
from tools.options.quotes import Quotes, smiles
from tools.options.surface import SurfaceFit, fit_surface

CHAINS = Path(__file__).parents[2].parent / "shared" / "market" / "options"
COUNT, TREES, STEPS, REPEATS = 10_000, 100, 301, 15


def main() -> None:
    """Measure and publish."""
    rng = np.random.default_rng(0)
    spot, strike = rng.uniform(60.0, 140.0, COUNT), rng.uniform(60.0, 140.0, COUNT)
    years, vol = rng.integers(5, 1_000, COUNT) / 365.0, rng.uniform(0.05, 0.9, COUNT)
    rate, dividend, call = rng.uniform(0.0, 0.1, COUNT), rng.uniform(0.0, 0.05, COUNT), rng.random(COUNT) < 0.5
    columns = (spot, strike, years, vol, rate, dividend)
    figures = [*_european(columns, call), *_volatility(columns, call), *_american(columns, call), _svi()]
    publish("options", [*figures, *_real_chains()])


def _european(columns: tuple[FloatArray, ...], call: np.ndarray) -> list[Figure]:
    spot, strike, years, vol, rate, dividend = columns

    def ours() -> object:
        return black_scholes_merton(spot, strike, years, vol, rate, dividend, call)

    rows = list(zip(*(c.tolist() for c in columns), call.tolist(), strict=True))

    def theirs() -> None:
        for s, k, t, v, r, q, c in rows:
            payoff = ql.PlainVanillaPayoff(ql.Option.Call if c else ql.Option.Put, k)
            one = ql.BlackCalculator(payoff, s * np.exp((r - q) * t), v * np.sqrt(t), np.exp(-r * t))
            one.value(), one.delta(s), one.gamma(s), one.vega(t), one.theta(s, t), one.rho(t)

    ours()
    fast, slow = 1e3 * median_seconds(ours, REPEATS), 1e3 * median_seconds(theirs, 3)
    what = f"{COUNT} options, one core"
    return [
        figure("prices with nine Greeks", fast, "ms", f"{what}, warm, inputs checked, median of {REPEATS}"),
        figure("prices with five Greeks by QuantLib", slow, "ms", f"{what}, BlackCalculator from Python, median of 3"),
    ]


def _volatility(columns: tuple[FloatArray, ...], call: np.ndarray) -> list[Figure]:
    spot, strike, years, vol, rate, dividend = columns
    price = european_price(spot, strike, years, vol, rate, rate - dividend, call)

    def ours() -> object:
        return implied_vol(price, spot, strike, years, rate, rate - dividend, call)

    implied_vol(price, spot, strike, years, rate, rate - dividend, call)
    forward, discount = spot * np.exp((rate - dividend) * years), np.exp(-rate * years)
    sure = np.flatnonzero(price > np.maximum(np.where(call, 1, -1) * (forward - strike), 0.0) * discount + 1e-6)[:1_000]
    kinds = [ql.Option.Call if c else ql.Option.Put for c in call[sure]]
    rows = list(zip(kinds, *(c[sure].tolist() for c in (strike, forward, price, discount)), strict=True))

    def theirs() -> None:
        for kind, k, f, p, d in rows:
            ql.blackFormulaImpliedStdDev(kind, k, f, p, d, 0.0, 0.3, 1e-12, 500)

    fast, slow = 1e3 * median_seconds(ours, REPEATS), 1e3 * median_seconds(theirs, 3) * COUNT / len(rows)
    return [
        figure("implied volatilities", fast, "ms", f"{COUNT} prices, one core, warm, median of {REPEATS}"),
        figure("implied volatilities by QuantLib", slow, "ms", f"for {COUNT}, from {len(rows)}, accuracy 1e-12"),
    ]


def _american(columns: tuple[FloatArray, ...], call: np.ndarray) -> list[Figure]:
    spot, strike, years, vol, rate, dividend = (c[:TREES] for c in columns)

    def ours() -> object:
        return american_price(spot, strike, years, vol, rate, dividend, call[:TREES], STEPS)

    ours()
    today, counter = ql.Date(15, 6, 2020), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    rows = zip(np.column_stack(columns)[:TREES], call[:TREES].tolist(), strict=True)
    options = [_quantlib(row, c, today, counter) for row, c in rows]

    def theirs() -> None:
        for option in options:
            option.recalculate()
            option.NPV()

    fast, slow = 1e3 * median_seconds(ours, REPEATS), 1e3 * median_seconds(theirs, 3)
    return [
        figure("American prices", fast, "ms", f"{TREES} Leisen-Reimer trees of {STEPS} steps, one core, warm"),
        figure("American prices by QuantLib", slow, "ms", "the same trees, engine lr, with delta, gamma, theta"),
    ]


def _quantlib(row: FloatArray, call: bool, today: ql.Date, counter: ql.DayCounter) -> ql.VanillaOption:
    spot, strike, years, vol, rate, dividend = row.tolist()
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, dividend, counter)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, counter)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol, counter)),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + round(years * 365.0)))
    option.setPricingEngine(ql.BinomialVanillaEngine(process, "lr", STEPS))
    return option


def _svi() -> Figure:
    """Twelve expiries of a smile that is SVI up to noise within the spread."""
    as_of, rng = np.datetime64("2020-01-02", "ns"), np.random.default_rng(0)
    strike = np.tile(np.linspace(70.0, 140.0, 60), 24)
    call = np.repeat(np.tile([True, False], 12), 60)
    days = np.repeat(np.arange(1, 13) * 30, 120)
    k, years = np.log(strike / 100.0), days / 365.0
    variance = 0.01 + years * 0.03 + 0.04 * np.sqrt(years) * (-0.5 * k + np.sqrt(k * k + 0.02))
    price = european_price(100.0, strike, years, np.sqrt(variance / years), 0.0, 0.0, call)
    noisy = np.maximum(price * (1.0 + 0.005 * rng.standard_normal(len(price))), 1e-4)
    expiry = as_of + days.astype("timedelta64[D]")
    quotes = Quotes("XYZ", as_of, expiry, strike, call, noisy * 0.98, noisy * 1.02)
    fit_surface(quotes, 0.0)
    seconds = median_seconds(lambda: fit_surface(quotes, 0.0), 3)
    return figure("SVI surface without arbitrage", seconds, "s", f"12 expiries of {len(strike)} quotes, median of 3")


def _real_chains() -> list[Figure]:
    """Quotes that have a volatility, and the arbitrage left in the fits; nothing where the chains are absent."""
    if not CHAINS.is_dir():
        return []
    from tests.oracles.test_options_against_real_chains import RATE, apple, index

    found: list[Figure] = []
    chains = {f"AAPL {day}": apple(day) for day in ("2014-06-06", "2014-06-09")} | {"SPX, one expiry": index()}
    for name, quotes in chains.items():
        read = smiles(quotes, RATE)
        note = f"of {read.usable} quotes with a positive bid not above the ask, {len(quotes.strike)} in all"
        found.append(figure(f"{name}: quotes with a volatility", read.with_vol / read.usable, "fraction", note))
        for model in ("svi", "spline"):
            found += _fit(name, fit_surface(quotes, RATE, model), model)
    return found


def _fit(name: str, fit: SurfaceFit, model: str) -> list[Figure]:
    kinds = Counter(v.kind for v in fit.violations)
    worst, expiries = min((v.amount for v in fit.violations), default=0.0), len(fit.surface.slices)
    note = f"{kinds['butterfly']} butterfly of {expiries}, {kinds['calendar']} calendar of {expiries - 1}: {worst:.1e}"
    miss = f"root mean square over {sum(len(s.vol) for s in fit.smiles)} quotes of {expiries} expiries"
    return [
        figure(f"{name}: arbitrage left by {model}", sum(kinds.values()), "violations", note),
        figure(f"{name}: miss of {model}", fit.error, "volatility a year", miss),
    ]


if __name__ == "__main__":
    main()
