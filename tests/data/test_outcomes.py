"""The bar a fill is made in: its range and volume, and a volatility that knows nothing of later bars."""

import math

import numpy as np
import pandas as pd
import pytest

from data.outcomes import VOLATILITY_BARS, next_bar
from tools.backtest.taping import VOLATILITY_BARS as OF_A_TAPE
from tools.backtest.taping import rolling_volatility

DAYS = pd.date_range("2020-01-01 21:00", periods=60, tz="UTC")


def bars(**changes):
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0, 0.02, len(DAYS))))
    frame = pd.DataFrame({"symbol": "A", "start": DAYS - pd.Timedelta(hours=6), "event_time": DAYS, "known_at": DAYS})
    frame = frame.assign(open=close * 0.99, high=close * 1.02, low=close * 0.97, close=close)
    frame = frame.assign(volume=1e6 + np.arange(len(DAYS)))
    return frame.assign(**changes)


@pytest.mark.parametrize("slot", [0, 19, 20, 21, 22, 40])
def test_the_volatility_is_that_of_a_tape(slot):
    frame = bars()
    found = next_bar(frame, "A", DAYS[slot].to_pydatetime())
    close = frame["close"].to_numpy()[:, None]
    expected = rolling_volatility(close, np.ones_like(close), np.ones_like(close, dtype=bool))
    assert found.volatility == pytest.approx(expected[slot + 1, 0], rel=1e-12)
    assert VOLATILITY_BARS == OF_A_TAPE


def test_a_bar_brings_its_range_and_volume():
    frame = bars()
    found = next_bar(frame, "A", DAYS[30].to_pydatetime())
    row = frame.iloc[31]
    assert (found.price, found.high, found.low, found.volume) == (row["open"], row["high"], row["low"], row["volume"])


def test_later_bars_change_nothing():
    frame, later = bars(), bars()
    later.loc[32:, ["open", "high", "low", "close", "volume"]] *= 3.0
    at = DAYS[30].to_pydatetime()
    assert next_bar(frame, "A", at) == next_bar(later, "A", at)


def test_what_is_not_known_is_the_one_nan_so_that_equal_bars_are_equal():
    frame = bars(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
    at = DAYS[30].to_pydatetime()
    found = next_bar(frame, "A", at)
    assert math.isnan(found.volume)
    assert found.convention == "next_close"
    assert found == next_bar(frame, "A", at)
