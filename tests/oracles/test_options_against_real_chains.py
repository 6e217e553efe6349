"""Surfaces of real chains: most quotes have a volatility, fits stay near the spread, and little can be arbitraged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.options.quotes import Quotes, smiles
from tools.options.surface import fit_surface

CHAINS = Path(__file__).parents[2].parent / "shared" / "market" / "options"
if not CHAINS.is_dir():
    pytest.skip("shared/market/options is absent", allow_module_level=True)
RATE = 0.002


def apple(day):
    """Closing quotes of all expiries; 2014-06-06 is before the 7:1 split, 2014-06-09 after it."""
    rows = pd.read_parquet(CHAINS / "lean_aapl_bidask_2014.parquet")
    rows = rows[rows["date"] == day]
    return Quotes(
        "AAPL",
        np.datetime64(day, "ns"),
        rows["expiry"].to_numpy().astype("datetime64[ns]"),
        rows["strike"].to_numpy(np.float64),
        (rows["right"] == "C").to_numpy(),
        rows["bid"].to_numpy(np.float64),
        rows["ask"].to_numpy(np.float64),
    )


def index():
    """One expiry of the S&P 500; the file names no quote date, so thirty days are assumed."""
    rows = pd.read_csv(CHAINS / "sp500_chain_2024_10_18.csv")
    strike = rows["Strike Price"].to_numpy(np.float64)
    sides = [np.concatenate([rows[f"Call {p}"], rows[f"Put {p}"]]).astype(np.float64) for p in ("Bid", "Ask")]
    expiry = np.full(2 * len(strike), np.datetime64("2024-10-18", "ns"))
    call = np.arange(2 * len(strike)) < len(strike)
    return Quotes("SPX", np.datetime64("2024-09-18", "ns"), expiry, np.tile(strike, 2), call, *sides)


@pytest.mark.parametrize(("quotes", "refused"), [(apple("2014-06-06"), 340), (apple("2014-06-09"), 340), (index(), 6)])
def test_every_quote_is_used_or_refused_by_name_and_most_have_a_volatility(quotes, refused):
    found = smiles(quotes, RATE)
    used = sum(len(s.vol) for s in found.smiles)
    twins = sum(r.reason.startswith("in the money") for r in found.refused)
    assert used + len(found.refused) == len(quotes.strike)
    assert len({r.name for r in found.refused}) == len(found.refused)
    assert len(found.refused) - twins < refused
    assert found.with_vol > 0.92 * found.usable


@pytest.mark.parametrize(
    ("quotes", "expiries", "error", "violations"), [(apple("2014-06-06"), 12, 0.01, 2), (index(), 1, 0.002, 0)]
)
def test_svi_fits_to_a_point_of_volatility_with_next_to_no_arbitrage(quotes, expiries, error, violations):
    fit = fit_surface(quotes, RATE)
    assert len(fit.surface.slices) == expiries
    assert fit.error < error
    assert len(fit.violations) <= violations
    assert all(v.amount > -2e-3 for v in fit.violations)


@pytest.mark.parametrize("quotes", [apple("2014-06-06"), apple("2014-06-09"), index()])
def test_splines_stay_within_the_spread_and_say_where_they_can_be_arbitraged(quotes):
    fit = fit_surface(quotes, RATE, model="spline")
    assert fit.error < 0.01
    for one, smile in zip(fit.surface.slices, fit.smiles, strict=True):
        assert (
            np.sqrt(np.mean(((one.curve(smile.log_moneyness).value - smile.variance) / smile.half_spread) ** 2)) < 1.01
        )
    assert {v.kind for v in fit.violations} <= {"butterfly", "calendar"}
