"""The vectorised engine equals bt to 1e-9 once the conventions are pinned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.market import FloatArray
from tests.oracles.walks import walks
from tests.tools.backtest.random_tapes import plain_tape
from tools.backtest.rules import Rules
from tools.backtest.vectorised.signals import run_signals
from tools.backtest.vectorised.weights import run_weights
from tools.market.terms import free_terms

bt = pytest.importorskip("bt", reason="bt is a dev extra")

CASH, RATE_BPS = 100_000.0, 10.0


def their_values(close: FloatArray, weights: FloatArray, rate_bps: float, whole_shares: bool) -> FloatArray:
    """Values (T,) of bt on the rows of `weights` (T, S) that are not NaN, without the row that bt puts before them."""
    dates = pd.date_range("2020-01-01", periods=close.shape[0])
    data = pd.DataFrame(close, index=dates, columns=[f"s{s}" for s in range(close.shape[1])])
    rows = pd.DataFrame(weights, index=dates, columns=data.columns).dropna()
    algos = [bt.algos.RunOnDate(*rows.index), bt.algos.WeighTarget(rows), bt.algos.Rebalance()]
    test = bt.Backtest(
        bt.Strategy("s", algos), data, initial_capital=CASH, integer_positions=whole_shares, progress_bar=False,
        commissions=lambda quantity, price: abs(quantity) * price * rate_bps * 1e-4,
    )  # fmt: skip
    bt.run(test)
    return test.strategy.values.to_numpy()[1:]


def test_sleeves_equal_single_runs() -> None:
    """Pinned: one account a symbol, same close, whole shares, all in or all out where the signal changes, 10 bps a side
    inside the sizing."""
    market = walks(300, 4)
    rules = Rules(fill="same_close", initial_cash=CASH)
    ours = run_signals(market.close, market.open, market.signal, np.arange(4), rules, rate_bps=RATE_BPS, lot=1.0)
    for s in range(4):
        column = market.signal[:, [s]]
        changed = np.diff(column, axis=0, prepend=np.zeros((1, 1), dtype=np.int8)) != 0
        weights = np.where(changed, column.astype(float), np.nan)
        theirs = their_values(market.close[:, [s]], weights, RATE_BPS, whole_shares=True)
        np.testing.assert_allclose(ours.equity[:, s], theirs, rtol=1e-9)


def test_shared_cash_equals_a_rebalanced_portfolio() -> None:
    """Pinned: one cash account, same close, fractional shares, no costs: bt takes costs out of the amount allocated, so
    that a costly rebalance ends under its targets, where ours sizes by the value before costs."""
    market = walks(200, 5)
    weights = np.random.default_rng(5).dirichlet(np.ones(5), 200)
    weights[np.random.default_rng(6).random(200) < 0.6] = np.nan
    rules = Rules(fill="same_close", initial_cash=CASH)
    ours = run_weights(plain_tape(market.close), weights, free_terms(5), rules)
    theirs = their_values(market.close, weights, 0.0, whole_shares=False)
    np.testing.assert_allclose(ours.equity, theirs, rtol=1e-9)
