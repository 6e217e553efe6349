"""The vectorised engine equals backtesting.py to 1e-9 once the conventions are pinned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.oracles.walks import walks
from tools.backtest.rules import Rules
from tools.backtest.vectorised.signals import run_signals

backtesting = pytest.importorskip("backtesting", reason="backtesting.py is a dev extra")

CASH, RATE_BPS, SYMBOLS = 100_000.0, 10.0, 4


class Follow(backtesting.Strategy):
    """Buys all it can where the signal turns 1, closes where it turns 0."""

    def init(self) -> None: ...

    def next(self) -> None:
        now, before = self.data.Signal[-1], self.data.Signal[-2]
        if now > before:
            self.buy()
        elif now < before:
            self.position.close()


@pytest.mark.filterwarnings("ignore:Some trades remain open")
@pytest.mark.parametrize("fill", ["next_open", "same_close"])
def test_sleeves_equal_single_runs(fill: str) -> None:
    """Pinned: one account a symbol, buy() of all available cash (their fraction is 1 less the smallest step), whole
    shares, 10 bps a side inside the sizing; at the next open sized there, or trade_on_close. Theirs fills a close one
    bar late and so never on the last bar: no signal changes there. Theirs decides from the second bar on, ours from the
    first: no signal is 1 there. Their equity curve marks a position at the close, as ours does."""
    market = walks(300, SYMBOLS)
    signal = market.signal.copy()
    signal[-1] = signal[-2]
    rules = Rules(fill=fill, sizing="fill", initial_cash=CASH)
    ours = run_signals(market.close, market.open, signal, np.arange(SYMBOLS), rules, rate_bps=RATE_BPS, lot=1.0)
    for s in range(SYMBOLS):
        high, low = np.maximum(market.open, market.close), np.minimum(market.open, market.close)
        bars = pd.DataFrame(
            {"Open": market.open[:, s], "High": high[:, s], "Low": low[:, s], "Close": market.close[:, s],
             "Volume": 1.0, "Signal": signal[:, s].astype(float)},
            index=pd.date_range("2020-01-01", periods=300),
        )  # fmt: skip
        run = backtesting.Backtest(
            bars, Follow, cash=CASH, commission=RATE_BPS * 1e-4, trade_on_close=fill == "same_close"
        ).run()
        theirs = run["_equity_curve"]["Equity"].to_numpy()
        if fill == "next_open":
            np.testing.assert_allclose(ours.equity[:, s], theirs, rtol=1e-9)
        assert ours.equity[-1, s] == pytest.approx(theirs[-1], rel=1e-9)
        assert ours.orders[s] >= 2
