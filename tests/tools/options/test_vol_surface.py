"""Surfaces: planted smiles are found again, planted arbitrage is seen, and bad quotes are refused by name."""

import math
from dataclasses import replace

import numpy as np
import pytest

from data.errors import InputError
from tools.options.arbitrage import butterfly, floor, violations
from tools.options.black_scholes import european_price
from tools.options.quotes import Quotes, parity_forward, smiles
from tools.options.surface import fit_surface
from tools.options.svi import Svi, fit_svi

AS_OF = np.datetime64("2020-01-02", "ns")
RATE = 0.01
SPAN = (-1.0, 1.0)
K = np.linspace(-1.0, 1.0, 201)
PLANTED = (
    Svi(30 / 365, 100.5, 0.002, 0.02, -0.4, 0.0, 0.10, SPAN),
    Svi(90 / 365, 101.0, 0.006, 0.04, -0.5, 0.02, 0.15, SPAN),
    Svi(365 / 365, 103.0, 0.030, 0.08, -0.6, 0.05, 0.30, SPAN),
)


def chain(slices=PLANTED, spread=0.02):
    """Calls and puts around the forwards, quoted at `spread` of their fair price."""
    rows = []
    for one in slices:
        strike = np.round(one.forward * np.exp(np.linspace(-0.35, 0.35, 21)), 3)
        vol = np.sqrt(one.curve(np.log(strike / one.forward)).value / one.years)
        for call in (True, False):
            price = european_price(one.forward, strike, one.years, vol, RATE, 0.0, call)
            rows += [(one.years, k, call, p) for k, p in zip(strike, price, strict=True)]
    years, strike, call, price = (np.array(c) for c in zip(*rows, strict=True))
    expiry = AS_OF + (years * 365 + 0.5).astype(np.int64).astype("timedelta64[D]")
    return Quotes("ABC", AS_OF, expiry, strike, call, price * (1 - spread / 2), price * (1 + spread / 2))


def test_a_planted_surface_is_found_again():
    fit = fit_surface(chain(), RATE)
    assert fit.violations == ()
    assert fit.error < 5e-5
    for found, planted in zip(fit.surface.slices, PLANTED, strict=True):
        assert found.forward == pytest.approx(planted.forward, abs=1e-3)
        k = np.linspace(-0.3, 0.3, 50)
        assert np.sqrt(found.curve(k).value) == pytest.approx(np.sqrt(planted.curve(k).value), rel=2e-3)


def test_a_spline_stays_within_the_spread():
    fit = fit_surface(chain(), RATE, model="spline")
    for slice_, smile in zip(fit.surface.slices, fit.smiles, strict=True):
        miss = (slice_.curve(smile.log_moneyness).value - smile.variance) / smile.half_spread
        assert np.sqrt(np.mean(miss**2)) < 1.01
        beyond = slice_.curve(np.array([-5.0, 5.0]))
        assert (np.abs(beyond.slope) <= 2.0).all()
        assert (beyond.value > 0.0).all()


def test_derivatives_of_a_slice_are_those_of_its_curve():
    h = 1e-5
    for one in (*PLANTED, *fit_surface(chain(), RATE, model="spline").surface.slices):
        k = np.linspace(-0.3, 0.3, 37)
        up, at, down = one.curve(k + h), one.curve(k), one.curve(k - h)
        assert at.slope == pytest.approx((up.value - down.value) / (2 * h), abs=1e-6)
        assert at.bend == pytest.approx((up.slope - down.slope) / (2 * h), rel=1e-3, abs=1e-3)


def test_the_density_of_a_slice_is_its_butterfly():
    one = PLANTED[2]
    strike = one.forward * np.exp(K)
    vol = np.sqrt(one.curve(K).value / one.years)
    h = 1e-3 * strike

    def call(k):
        w = np.sqrt(one.curve(np.log(k / one.forward)).value / one.years)
        return european_price(one.forward, k, one.years, w, 0.0, 0.0, True)

    density = (call(strike + h) - 2 * call(strike) + call(strike - h)) / h**2
    deviation = vol * math.sqrt(one.years)
    d2 = -K / deviation - deviation / 2
    lognormal = np.exp(-(d2**2) / 2) / np.sqrt(2 * np.pi) / deviation / strike
    assert butterfly(one.curve(K), K) == pytest.approx(density / lognormal, rel=1e-3, abs=1e-3)


def test_planted_arbitrage_is_seen():
    assert violations(PLANTED) == ()
    vogt = Svi(1.0, 100.0, -0.0410, 0.1331, 0.3060, 0.3586, 0.4153, (-1.5, 1.5))
    (seen,) = violations([vogt])
    assert (seen.kind, seen.amount < -0.01) == ("butterfly", True)
    crossed = (PLANTED[1], replace(PLANTED[0], years=PLANTED[2].years))
    assert [v.kind for v in violations(crossed)] == ["calendar"]
    assert violations([replace(PLANTED[0], a=-0.1)])[0].kind == "butterfly"


def test_the_known_arbitrage_of_axel_vogt_is_fitted_away():
    """The raw parameters of Gatheral and Jacquier (2014), example 3.1, have a negative density near k = 0.9."""
    vogt = Svi(1.0, 100.0, -0.0410, 0.1331, 0.3060, 0.3586, 0.4153, (-1.5, 1.5))
    smile = fit_surface(chain(PLANTED[2:]), RATE).smiles[0]
    k = np.linspace(-1.2, 1.2, 49)
    vol = np.sqrt(vogt.curve(k).value)
    fitted = fit_svi(smile._replace(log_moneyness=k, vol=vol, bid_vol=vol - 0.01, ask_vol=vol + 0.01, years=1.0))
    assert violations([fitted]) == ()
    assert np.sqrt(fitted.curve(k).value) == pytest.approx(vol, abs=0.02)


def test_the_floor_holds_where_earlier_expiries_are_quoted():
    narrow = replace(PLANTED[1], span=(-0.2, 0.2))
    lowest = floor([narrow], np.array([-0.5, 0.0, 0.5]))
    assert lowest.tolist() == [0.0, narrow.curve(np.zeros(1)).value[0], 0.0]


def test_an_earlier_expiry_lifts_the_fit_of_a_later_one():
    dear = replace(PLANTED[0], a=0.02)
    fit = fit_surface(chain((dear, PLANTED[1])), RATE)
    alone = fit_surface(chain(PLANTED[1:2]), RATE)
    middle = np.zeros(1)
    assert fit.surface.slices[1].curve(middle).value > alone.surface.slices[0].curve(middle).value + 0.003


def test_the_natural_form_is_the_same_hyperbola():
    one = PLANTED[1]
    delta, mu, rho, omega, zeta = one.natural()
    z = zeta * (K - mu)
    natural = delta + 0.5 * omega * (1 + rho * z + np.sqrt((z + rho) ** 2 + 1 - rho**2))
    assert natural == pytest.approx(one.curve(K).value, abs=1e-14)


def test_between_expiries_total_variance_is_straight_and_beyond_them_volatility_is_held():
    surface = fit_surface(chain(), RATE).surface
    a, b = (s.curve(np.zeros(1)).value[0] for s in surface.slices[:2])
    vol = surface.vol(np.zeros(3), np.array([60 / 365, 1 / 365, 5.0]))
    assert vol[0] ** 2 * 60 / 365 == pytest.approx((a + b) / 2)
    assert vol[1] == pytest.approx(math.sqrt(a / (30 / 365)))
    assert vol[2] == pytest.approx(math.sqrt(surface.slices[2].curve(np.zeros(1)).value[0]))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("bid", math.nan, "no bid"),
        ("bid", 0.0, "no bid"),
        ("bid", -1.0, "a price that is not positive and finite"),
        ("ask", math.nan, "no ask"),
        ("ask", math.inf, "a price that is not positive and finite"),
        ("ask", 1e-9, "crossed: the bid is above the ask"),
        ("ask", 1e9, "middle price without volatility: above_bound"),
        ("strike", math.nan, "a strike that is not positive and finite"),
        ("strike", -3.0, "a strike that is not positive and finite"),
        ("expiry", AS_OF, "expired"),
    ],
)
def test_a_bad_quote_is_refused_by_name_and_the_rest_is_fitted(column, value, reason):
    clean = chain()
    columns = getattr(clean, column).copy()
    columns[11] = value
    fit = fit_surface(replace(clean, **{column: columns}), RATE)
    named = {r.name: r.reason for r in fit.refused if not r.reason.startswith("in the money")}
    assert list(named.values()) == [reason]
    (name,) = named
    assert name.startswith("ABC")
    if column in ("bid", "ask"):
        assert name == f"ABC200201C{round(clean.strike[11] * 1000):08d}"
    assert fit.error < 2e-4


def test_the_same_contract_twice_is_used_once():
    clean = chain()
    twice = {
        c: np.concatenate([getattr(clean, c), getattr(clean, c)[:1]])
        for c in ("expiry", "strike", "call", "bid", "ask")
    }
    assert [r.reason for r in smiles(replace(clean, **twice), RATE).refused if "money" not in r.reason] == [
        "the same contract twice"
    ]


def test_a_chain_that_allows_no_fit_says_why():
    clean = chain()
    with pytest.raises(InputError, match=r"No expiry of ABC can be fitted: .*crossed"):
        fit_surface(replace(clean, bid=clean.ask * 2.0), RATE)
    empty = {c: getattr(clean, c)[:0] for c in ("expiry", "strike", "call", "bid", "ask")}
    with pytest.raises(InputError, match="No expiry of ABC can be fitted: fewer than"):
        fit_surface(replace(clean, **empty), RATE)
    with pytest.raises(InputError, match="rows"):
        replace(clean, bid=clean.bid[1:])


def test_the_forward_is_read_by_parity_and_not_without_a_pair():
    strike, call = np.array([90.0, 90.0, 110.0]), np.array([True, False, True])
    assert parity_forward(strike, call, np.array([12.0, 1.9, 3.0]), 0.5) == pytest.approx(90.0 + 10.1 / 0.5)
    assert parity_forward(strike[1:], call[1:], np.array([1.9, 3.0]), 1.0) is None
