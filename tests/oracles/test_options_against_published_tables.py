"""Prices and Greeks of the published tables: Haug (1998) by way of QuantLib's tests, and py_vollib's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.options.black_scholes import black_scholes_merton
from tools.options.implied import implied_vol

TABLES = Path(__file__).parents[2].parent / "shared" / "market" / "reference"
pytestmark = pytest.mark.skipif(not TABLES.is_dir(), reason="shared/market/reference is absent")


def table(name):
    return pd.read_csv(TABLES / name)


def columns(rows, *names):
    return tuple(rows[name].to_numpy(float) for name in names)


def test_values_of_haug():
    rows = table("european_option_values_haug.csv")
    given = columns(rows, "spot", "strike", "t", "vol", "r", "q")
    found = black_scholes_merton(*given, (rows["type"] == "Call").to_numpy()).price
    assert len(rows) == 43
    assert (np.abs(found - rows["value"]) <= rows["tol"]).all()


def test_greeks_of_haug():
    rows = table("european_option_greeks_haug.csv")
    given = columns(rows, "spot", "strike", "t", "vol", "r", "q")
    g = black_scholes_merton(*given, (rows["type"] == "Call").to_numpy())
    found = pd.DataFrame(g._asdict())
    found["elasticity"] = g.delta * given[0] / g.price
    found["dividendRho"] = -g.carry_rho
    ours = np.array([found.loc[i, name] for i, name in enumerate(rows["greek"])])
    assert ours == pytest.approx(rows["value"].to_numpy(), abs=5e-5)


def test_values_and_greeks_of_py_vollib():
    rows = table("black_scholes_greeks_pyvollib.csv")
    given = columns(rows, "S", "K", "t", "v", "R")
    for call, price, prefix in ((True, "bs_call", "C"), (False, "bs_put", "P")):
        g = black_scholes_merton(*given, 0.0, call)
        printed = {price: g.price} | dict(
            zip((f"{prefix}{x}" for x in "DGTVR"), (g.delta, g.gamma, g.theta, g.vega, g.rho), strict=True)
        )
        for name, found in printed.items():
            assert found == pytest.approx(rows[name].to_numpy(), abs=1e-8, rel=1e-8), name


def test_volatilities_of_py_vollibs_prices():
    rows = table("black_scholes_greeks_pyvollib.csv")
    spot, strike, years, vol, rate = columns(rows, "S", "K", "t", "v", "R")
    found = implied_vol(rows["bs_call"].to_numpy(), spot, strike, years, rate, rate, True)
    vega = black_scholes_merton(spot, strike, years, vol, rate, 0.0, True).vega
    assert (found.found | (vega < 1e-6)).all()
    sure = found.found & (vega > 1e-3)
    assert (np.abs(found.vol - vol)[sure] <= 1e-9 + 1e-6 / vega[sure]).all()
