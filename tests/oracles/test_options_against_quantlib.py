"""Option prices, Greeks, trees and implied volatilities equal QuantLib's."""

import numpy as np
import pytest

from tools.options.american import american_greeks
from tools.options.black_scholes import black_76, black_scholes_merton
from tools.options.implied import implied_vol

ql = pytest.importorskip("QuantLib")

N = 3_000
RNG = np.random.default_rng(20)
SPOT = RNG.uniform(20.0, 180.0, N)
STRIKE = SPOT * np.exp(RNG.normal(0.0, 0.5, N))
DAYS = RNG.integers(1, 3_650, N)
YEARS = DAYS / 365.0
VOL = np.exp(RNG.uniform(np.log(0.03), np.log(2.0), N))
RATE, DIVIDEND = RNG.uniform(-0.03, 0.12, N), RNG.uniform(-0.02, 0.1, N)
CALL = RNG.random(N) < 0.5


def calculator(row, forward):
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if CALL[row] else ql.Option.Put, float(STRIKE[row]))
    deviation, discount = float(VOL[row] * np.sqrt(YEARS[row])), float(np.exp(-RATE[row] * YEARS[row]))
    return ql.BlackCalculator(payoff, float(forward[row]), deviation, discount)


def equal(ours, theirs, scale=1.0):
    """To 1e-8 of the number, and of the scale where the number is smaller."""
    theirs = np.array(theirs)
    assert np.abs(ours - theirs).max() <= 1e-8 * np.maximum(scale, np.abs(theirs)).max()
    assert (np.abs(ours - theirs) <= 1e-8 * np.maximum(scale, np.abs(theirs))).all()


def test_black_scholes_merton_and_its_greeks_equal_quantlib():
    g = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL)
    forward = SPOT * np.exp((RATE - DIVIDEND) * YEARS)
    theirs = [calculator(row, forward) for row in range(N)]
    at = list(zip(theirs, SPOT.tolist(), YEARS.tolist(), strict=True))
    equal(g.price, [c.value() for c in theirs])
    equal(g.delta, [c.delta(s) for c, s, _ in at])
    equal(g.gamma, [c.gamma(s) for c, s, _ in at])
    equal(g.vega, [c.vega(t) for c, _, t in at])
    equal(g.theta, [c.theta(s, t) for c, s, t in at])
    equal(g.rho, [c.rho(t) for c, _, t in at])
    equal(-g.carry_rho, [c.dividendRho(t) for c, _, t in at])


def test_black_76_and_its_greeks_equal_quantlib():
    g = black_76(SPOT, STRIKE, YEARS, VOL, RATE, CALL)
    theirs = [calculator(row, SPOT) for row in range(N)]
    equal(g.price, [c.value() for c in theirs])
    equal(g.delta, [c.deltaForward() for c in theirs])
    equal(g.gamma, [c.gammaForward() for c in theirs])
    equal(g.vega, [c.vega(t) for c, t in zip(theirs, YEARS.tolist(), strict=True)])


def test_black_scholes_equals_the_analytic_engine_on_a_process():
    g = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL)
    theirs = [option(row, ql.EuropeanExercise, ql.AnalyticEuropeanEngine) for row in range(300)]
    for name, of in (("price", "NPV"), ("delta", "delta"), ("gamma", "gamma"), ("vega", "vega"), ("rho", "rho")):
        equal(getattr(g, name)[:300], [getattr(o, of)() for o in theirs])
    equal(g.theta[:300], [o.theta() for o in theirs])


def test_implied_volatility_equals_quantlib_where_the_price_determines_it():
    g = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL)
    found = implied_vol(g.price, SPOT, STRIKE, YEARS, RATE, RATE - DIVIDEND, CALL)
    forward = SPOT * np.exp((RATE - DIVIDEND) * YEARS)
    sure = np.flatnonzero(g.vega > 1e-4 * SPOT)
    assert len(sure) > 2_000
    theirs = [
        ql.blackFormulaImpliedStdDev(
            ql.Option.Call if CALL[i] else ql.Option.Put, float(STRIKE[i]), float(forward[i]), float(g.price[i]),
            float(np.exp(-RATE[i] * YEARS[i])), 0.0, 0.3, 1e-14, 1_000,
        ) / np.sqrt(YEARS[i])
        for i in sure.tolist()
    ]  # fmt: skip
    assert found.vol[sure] == pytest.approx(np.array(theirs), abs=1e-8)
    assert found.vol[sure] == pytest.approx(VOL[sure], rel=1e-9)


def option(row, exercise, engine, *arguments, days=None):
    """A QuantLib option on the flat process of one row."""
    today = ql.Date(15, 6, 2020)
    ql.Settings.instance().evaluationDate = today
    counter = ql.Actual365Fixed()

    def flat(rate):
        return ql.YieldTermStructureHandle(ql.FlatForward(today, float(rate), counter))

    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(float(SPOT[row]))),
        flat(DIVIDEND[row]),
        flat(RATE[row]),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), float(VOL[row]), counter)),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if CALL[row] else ql.Option.Put, float(STRIKE[row]))
    due = today + int(DAYS[row] if days is None else days)
    found = ql.VanillaOption(payoff, exercise(today, due) if exercise is ql.AmericanExercise else exercise(due))
    found.setPricingEngine(engine(process, *arguments))
    return found


def test_the_tree_equals_quantlibs_leisen_reimer_step_by_step():
    """At days and steps at which QuantLib's time grid meets the expiry exactly; elsewhere it may lose an exercise."""
    rows = np.flatnonzero(VOL < 1.0)[:200]
    for days, steps in ((365, 101), (73, 201), (730, 201)):
        g = american_greeks(
            SPOT[rows], STRIKE[rows], days / 365.0, VOL[rows], RATE[rows], DIVIDEND[rows], CALL[rows], steps
        )
        theirs = [
            option(row, ql.AmericanExercise, ql.BinomialVanillaEngine, "lr", steps, days=days) for row in rows.tolist()
        ]
        equal(g.price, [o.NPV() for o in theirs])
        equal(g.delta, [o.delta() for o in theirs])
        equal(g.gamma, [o.gamma() for o in theirs])
        held = g.theta != 0.0
        equal(g.theta[held], np.array([o.theta() for o in theirs])[held])


def test_the_tree_converges_to_quantlibs_high_precision_american_price():
    """The tolerance is the tree's: its error falls as 1 / steps, 1e-4 of the spot at 1001 steps."""
    rows = np.flatnonzero((VOL < 0.8) & (DAYS < 1_000) & (RATE > 0.0) & (DIVIDEND > 0.0))[:60]
    g = american_greeks(SPOT[rows], STRIKE[rows], YEARS[rows], VOL[rows], RATE[rows], DIVIDEND[rows], CALL[rows], 1_001)
    scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
    theirs = np.array([option(r, ql.AmericanExercise, ql.QdFpAmericanEngine, scheme).NPV() for r in rows.tolist()])
    assert np.abs(g.price - theirs).max() < 1e-4 * SPOT[rows].max()
