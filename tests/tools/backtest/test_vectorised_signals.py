"""Sleeves from signals: each equals the plain reference on its own symbol, and what cannot be is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadBar, BadConfig, InputError, TargetRefused
from data.market import FloatArray
from tests.tools.backtest.plain_reference import plain_backtest
from tests.tools.backtest.random_tapes import FILLS, SIZINGS, plain_tape
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.vectorised.signals import run_signals
from tools.market.terms import proportional_terms


def alone(
    close: FloatArray, open_: FloatArray, signal: npt.NDArray[np.int8], rules: Rules, rate_bps: float, lot: float
) -> Result:
    """The plain reference on one symbol (T,): a weight where the signal changes, nothing elsewhere."""
    fresh = ~np.isnan(close)
    last = np.maximum.accumulate(np.where(fresh, np.arange(close.size), -1))
    marks = np.where(last >= 0, close[last], np.nan)[:, None]
    tape = replace(plain_tape(marks, np.where(fresh, open_, marks[:, 0])[:, None]), fresh=fresh[:, None])
    changed = np.diff(signal, prepend=np.int8(0)) != 0
    weights = np.where(changed, signal.astype(np.float64), np.nan)[:, None]
    terms = proportional_terms(np.array([rate_bps]))._replace(lot=np.array([lot]))
    return plain_backtest(tape, weights, terms, rules)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("sizing", SIZINGS)
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1))
def test_each_sleeve_equals_the_plain_reference_to_1e_9(fill: str, sizing: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    slots, symbols, sleeves = 30, 3, int(rng.integers(1, 24))
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, (slots, symbols)), axis=0))
    open_ = close * np.exp(rng.normal(0.0, 0.01, close.shape))
    holes = rng.random(close.shape) < rng.choice([0.0, 0.2])
    close[holes], open_[holes] = np.nan, np.nan
    signal = (np.cumsum(rng.random((slots, sleeves)) < 0.2, axis=0) % 2).astype(np.int8)
    columns, rate, lot = rng.integers(0, symbols, sleeves), rng.uniform(0, 50, sleeves), rng.choice([0, 1, 7], sleeves)
    rules = Rules(fill=fill, sizing=sizing, initial_cash=1e4, min_notional=float(rng.choice([0.0, 9990.0])))
    found = run_signals(close, open_, signal, columns, rules, rate_bps=rate, lot=lot.astype(np.float64))
    for c, s in enumerate(columns):
        plain = alone(close[:, s], open_[:, s], signal[:, c], rules, float(rate[c]), float(lot[c]))
        np.testing.assert_allclose(found.equity[:, c], plain.equity, rtol=1e-9)
        if lot[c] > 0:  # a fraction of a bit less than all the cash may be topped up by that bit
            assert found.orders[c] == plain.trades.slot.size
        assert found.costs[c] == pytest.approx(plain.trades.cost.sum(), rel=1e-9)
        assert found.turnover[c] == pytest.approx((np.abs(plain.trades.quantity) * plain.trades.price).sum(), rel=1e-9)
        assert found.cash[c] == pytest.approx(plain.cash[-1], rel=1e-9, abs=1e-5)


def prices() -> FloatArray:
    return np.array([[10.0, 20.0], [11.0, 20.0], [12.0, 19.0], [13.0, 18.0]])


IN = np.array([[1, 1], [1, 1], [1, 1], [0, 0]], dtype=np.int8)


def test_columns_share_prices_and_each_sleeve_keeps_its_own_cash() -> None:
    columns = np.array([0, 0])
    run = run_signals(prices(), prices(), IN, columns, Rules(fill="same_close", initial_cash=105.0), lot=1.0)
    assert run.equity.tolist() == [[105.0, 105.0], [115.0, 115.0], [125.0, 125.0], [135.0, 135.0]]
    assert run.orders.tolist() == [2, 2]
    assert run.units.tolist() == [0.0, 0.0]


def test_costs_and_turnover_are_totals_of_the_sleeve() -> None:
    run = run_signals(
        prices(), prices(), IN, np.array([0, 1]), Rules(fill="same_close", initial_cash=105.0), lot=1.0, rate_bps=100.0
    )
    assert run.turnover.tolist() == [100.0 + 130.0, 100.0 + 90.0]
    assert run.costs == pytest.approx([2.3, 1.9])
    assert run.cash == pytest.approx([105.0 + 30.0 - 2.3, 105.0 - 10.0 - 1.9])


def test_booleans_and_bytes_say_the_same() -> None:
    rules = Rules(initial_cash=1000.0)
    one = run_signals(prices(), prices(), IN, np.array([0, 1]), rules)
    two = run_signals(prices(), prices(), IN.astype(np.bool_), np.array([0, 1]), rules)
    assert np.array_equal(one.equity, two.equity)


def test_a_signal_before_the_first_price_orders_nothing() -> None:
    close = prices()
    close[0, 0] = np.nan
    run = run_signals(close, close, IN, np.array([0, 1]), Rules(fill="same_close", initial_cash=1000.0))
    assert run.orders.tolist() == [0, 2]


def test_the_inputs_are_left_as_they_were() -> None:
    close, signal = prices(), IN.copy()
    run_signals(close, close, signal, np.array([0, 1]), Rules())
    assert np.array_equal(close, prices())
    assert np.array_equal(signal, IN)


@pytest.mark.parametrize("sleeves", [3, 40])
def test_a_signal_that_is_neither_in_nor_out_is_refused_by_slot_and_symbol(sleeves: int) -> None:
    signal = np.zeros((4, sleeves), dtype=np.int8)
    signal[2, 1] = -1
    with pytest.raises(TargetRefused, match="slot 2") as refused:
        run_signals(prices(), prices(), signal, np.ones(sleeves, dtype=np.int64), Rules(), symbols=("A", "B"))
    assert (refused.value.slot, refused.value.symbol) == (2, "B")


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf])
def test_a_price_that_cannot_be_is_refused_by_bar_and_symbol(bad: float) -> None:
    close = prices()
    close[1, 1] = bad
    with pytest.raises(BadBar, match=r"B at slot 1: close") as refused:
        run_signals(close, prices(), IN, np.array([0, 1]), Rules(), symbols=("A", "B"))
    assert refused.value.symbol == "B"


def test_half_a_bar_is_refused() -> None:
    open_ = prices()
    open_[1, 0] = np.nan
    with pytest.raises(BadBar, match="half a bar"):
        run_signals(prices(), open_, IN, np.array([0, 1]), Rules(fill="next_open"))


def test_what_does_not_fit_is_refused() -> None:
    two = np.array([0, 1])
    with pytest.raises(InputError, match="column"):
        run_signals(prices(), prices(), IN, np.array([0, 2]), Rules())
    with pytest.raises(InputError, match="column"):
        run_signals(prices(), prices(), IN, np.array([0, 1, 1]), Rules())
    with pytest.raises(InputError, match="open"):
        run_signals(prices(), prices()[:3], IN, two, Rules())
    with pytest.raises(InputError, match="int8"):
        run_signals(prices(), prices(), IN.astype(np.float64), two, Rules())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="rate_bps"):
        run_signals(prices(), prices(), IN, two, Rules(), rate_bps=-1.0)
    with pytest.raises(BadConfig, match="long or flat"):
        run_signals(prices(), prices(), IN, two, Rules(short=True))
