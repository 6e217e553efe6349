"""The vectorised engine equals vectorbt to 1e-9 once the conventions are pinned."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles.walks import walks
from tests.tools.backtest.random_tapes import plain_tape
from tools.backtest.rules import Rules
from tools.backtest.vectorised.signals import run_signals
from tools.backtest.vectorised.weights import run_weights
from tools.market.terms import free_terms, proportional_terms

vectorbt = pytest.importorskip("vectorbt", reason="vectorbt is a dev extra")

pytestmark = pytest.mark.slow  # vectorbt compiles for a quarter of a minute
CASH, RATE_BPS = 100_000.0, 10.0


@pytest.mark.parametrize("lot", [1.0, 0.0])
@pytest.mark.parametrize("fill", ["same_close", "next_open", "next_close"])
def test_sleeves_equal_from_signals(fill: str, lot: float) -> None:
    """Pinned: one account a column, all in (size inf) or all out, whole shares (granularity 1) or fractions, 10 bps a
    side inside the sizing; same close, or entries and exits moved one bar on and filled, sized there, at its open or
    close. Orders of the last bar are filled under same close and lost otherwise, in both."""
    market = walks(400, 12)
    changes = np.diff(market.signal, axis=0, prepend=np.zeros((1, 12), dtype=np.int8))
    if fill != "same_close":
        changes = np.vstack([np.zeros((1, 12), dtype=np.int8), changes[:-1]])
    theirs = vectorbt.Portfolio.from_signals(
        market.close, changes > 0, changes < 0, price=market.open if fill == "next_open" else market.close,
        size=np.inf, fees=RATE_BPS * 1e-4, init_cash=CASH, size_granularity=lot or None, freq="1D",
    )  # fmt: skip
    rules = Rules(fill=fill, sizing="fill", initial_cash=CASH)
    ours = run_signals(market.close, market.open, market.signal, np.arange(12), rules, rate_bps=RATE_BPS, lot=lot)
    np.testing.assert_allclose(ours.equity, theirs.value().to_numpy(), rtol=1e-9)
    assert ours.orders.tolist() == theirs.orders.count().to_numpy().tolist()
    assert ours.orders.min() > 0


@pytest.mark.parametrize("rate_bps", [0.0, RATE_BPS])
def test_shared_cash_equals_from_orders_at_target_percents(rate_bps: float) -> None:
    """Pinned: one cash account, targets as percent of the value before the first order of the bar, fractional shares,
    same close, sells before buys (call_seq auto). NaN keeps what is held, in both. No symbol may be more than 12 %, so
    that the orders in which the engines buy (ours by column, theirs by order value) never meet an empty account."""
    market = walks(250, 8)
    rng = np.random.default_rng(3)
    weights = rng.random((250, 8)) * 0.12
    weights[rng.random(weights.shape) < 0.2] = np.nan
    weights[rng.random(250) < 0.5] = np.nan
    theirs = vectorbt.Portfolio.from_orders(
        market.close, weights, size_type="targetpercent", price=market.close, fees=rate_bps * 1e-4, init_cash=CASH,
        cash_sharing=True, group_by=True, call_seq="auto", freq="1D",
    )  # fmt: skip
    terms = proportional_terms(np.full(8, rate_bps)) if rate_bps else free_terms(8)
    rules = Rules(fill="same_close", initial_cash=CASH)
    ours = run_weights(plain_tape(market.close), weights, terms, rules)
    np.testing.assert_allclose(ours.equity, theirs.value().to_numpy(), rtol=1e-9)
    np.testing.assert_allclose(ours.units, theirs.assets().to_numpy(), rtol=1e-9, atol=1e-7)
    assert ours.trades.slot.size == theirs.orders.count()
