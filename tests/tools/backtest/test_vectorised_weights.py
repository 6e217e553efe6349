"""Weights over a tape: the compiled pass equals the plain reference, and each rule is right by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError, TargetRefused
from data.market import FloatArray
from tests.tools.backtest.plain_reference import plain_backtest
from tests.tools.backtest.random_tapes import FILLS, SIZINGS, plain_tape, random_case
from tools.backtest.rules import Rules
from tools.backtest.vectorised.weights import run_sweep, run_weights
from tools.market.terms import free_terms, proportional_terms

NAN = float("nan")


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("sizing", SIZINGS)
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_equals_the_plain_reference_to_1e_9(fill: str, sizing: str, seed: int) -> None:
    case = random_case(seed, fill, sizing)
    found = run_weights(case.tape, case.weights, case.terms, case.rules)
    plain = plain_backtest(case.tape, case.weights, case.terms, case.rules)
    scale = case.rules.initial_cash
    np.testing.assert_allclose(found.equity, plain.equity, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(found.cash, plain.cash, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(found.units, plain.units, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("fill", FILLS)
def test_a_sweep_is_its_single_runs(fill: str) -> None:
    case = random_case(11, fill, "fill")
    sets = np.stack([case.weights, case.weights * 0.5, np.zeros(case.weights.shape)])
    sweep = run_sweep(case.tape, sets, case.terms, case.rules)
    for p, weights in enumerate(sets):
        one = run_weights(case.tape, weights, case.terms, case.rules)
        assert np.array_equal(sweep.equity[p], one.equity)
        assert np.array_equal(sweep.cash[p], one.cash)
        assert sweep.fills[p] == one.trades.slot.size
        assert sweep.costs[p] == pytest.approx(one.trades.cost.sum(), rel=1e-12)
        notional = np.abs(one.trades.quantity) * one.trades.price * one.trades.fx
        assert sweep.turnover[p] == pytest.approx(notional.sum(), rel=1e-12)
    assert sweep.fills[0] > 0
    assert sweep.fills[2] == 0


def two_symbols(**changes: Any) -> Any:
    """Four slots: A 10, 11, 12, 13 and B 20 throughout; opens are the closes before."""
    close = np.array([[10.0, 20.0], [11.0, 20.0], [12.0, 20.0], [13.0, 20.0]])
    return replace(plain_tape(close), **changes)


def decided(*rows: list[float]) -> FloatArray:
    """Those rows, and no decision after them."""
    weights = np.full((4, 2), NAN)
    weights[: len(rows)] = rows
    return weights


def test_an_order_is_filled_at_the_next_open_the_next_close_or_this_one() -> None:
    prices = {}
    for fill in FILLS:
        tape = two_symbols(open=np.full((4, 2), 10.5))
        result = run_weights(tape, decided([0.5, 0.0]), free_terms(2), Rules(fill=fill, initial_cash=1000.0))
        prices[fill] = (int(result.trades.slot[0]), float(result.trades.price[0]))
    assert prices == {"next_open": (1, 10.5), "next_close": (1, 11.0), "same_close": (0, 10.0)}


def test_units_are_sized_at_the_decision_or_at_the_fill() -> None:
    units = {}
    for sizing in SIZINGS:
        rules = Rules(fill="next_close", sizing=sizing, initial_cash=1000.0)
        units[sizing] = run_weights(two_symbols(), decided([0.5, 0.0]), free_terms(2), rules).trades.quantity[0]
    assert units == {"decision": 50.0, "fill": 500.0 / 11.0}


def test_a_split_multiplies_units_and_a_dividend_pays_on_the_units_after_it() -> None:
    split, dividend = np.ones((4, 2)), np.zeros((4, 2))
    split[2, 0], dividend[2, 0] = 4.0, 0.25
    rules = Rules(fill="same_close", initial_cash=1000.0)
    result = run_weights(two_symbols(split=split, dividend=dividend), decided([0.5, 0.0]), free_terms(2), rules)
    assert result.units[:, 0].tolist() == [50.0, 50.0, 200.0, 200.0]
    assert result.cash.tolist() == [500.0, 500.0, 550.0, 550.0]


def test_what_a_cap_leaves_unfilled_waits_in_whole_lots() -> None:
    terms = free_terms(2)._replace(cap=np.full(2, 0.1), lot=np.ones(2))
    tape = two_symbols(volume=np.full((4, 2), 259.0))
    result = run_weights(tape, decided([0.6, 0.0]), terms, Rules(fill="same_close", initial_cash=1000.0))
    assert result.trades.quantity.tolist() == [25.0, 25.0, 10.0]
    assert result.trades.slot.tolist() == [0, 1, 2]


def test_a_new_decision_drops_what_still_waits() -> None:
    terms = free_terms(2)._replace(cap=np.full(2, 0.1))
    tape = two_symbols(volume=np.full((4, 2), 100.0))
    result = run_weights(tape, decided([0.6, 0.0], [NAN, 0.0]), terms, Rules(fill="same_close", initial_cash=1000.0))
    assert result.units[:, 0].tolist() == [10.0, 10.0, 10.0, 10.0]


def test_an_order_waits_for_a_fresh_bar() -> None:
    fresh = np.ones((4, 2), dtype=np.bool_)
    fresh[1, 0] = False
    result = run_weights(two_symbols(fresh=fresh), decided([0.5, 0.0]), free_terms(2), Rules(initial_cash=1000.0))
    assert result.trades.slot.tolist() == [2]


def test_a_delisted_symbol_pays_its_recovery_and_is_never_ordered_again() -> None:
    tape = two_symbols(delisted=np.array([1, -1]), fresh=np.array([[1, 1], [1, 1], [0, 1], [0, 1]], dtype=np.bool_))
    rules = Rules(fill="same_close", initial_cash=1000.0, recovery=0.4)
    result = run_weights(tape, np.tile([0.5, 0.0], (4, 1)), free_terms(2), rules)
    bought = 50.0 + (0.5 * 1050.0 / 11.0 - 50.0)
    assert result.units[1:, 0].tolist() == [0.0, 0.0, 0.0]
    assert result.equity[3] == pytest.approx(0.5 * 1050.0 + bought * 11.0 * 0.4, rel=1e-12)
    assert result.trades.slot.max() == 1


def test_a_buy_is_cut_to_what_cash_pays_and_sells_pay_first() -> None:
    rules = Rules(fill="same_close", initial_cash=1000.0)
    terms = proportional_terms(np.full(2, 100.0))._replace(lot=np.ones(2))
    result = run_weights(two_symbols(), decided([1.0, 0.0], [0.0, 1.0]), terms, rules)
    assert result.trades.column.tolist() == [0, 0, 1]
    assert result.trades.quantity.tolist() == [99.0, -99.0, 53.0]
    assert result.cash[0] == pytest.approx(1000.0 - 99 * 10 * 1.01)


def test_a_buy_that_cash_can_pay_is_not_rounded_to_lots_again() -> None:
    """After a split of 1 to 2 an order of one lot of 10 is for 5 units; cash pays them, and they are bought."""
    split, fresh = np.ones((4, 2)), np.ones((4, 2), dtype=np.bool_)
    split[1, 0], fresh[1, 0] = 0.5, False
    terms = free_terms(2)._replace(lot=np.full(2, 10.0))
    result = run_weights(two_symbols(split=split, fresh=fresh), decided([0.1, 0.0]), terms, Rules(initial_cash=1000.0))
    assert result.trades.quantity.tolist() == [5.0]


def test_foreign_prices_are_paid_in_the_account_currency() -> None:
    fx = np.array([[2.0, 1.0], [3.0, 1.0], [3.0, 1.0], [3.0, 1.0]])
    rules = Rules(fill="same_close", initial_cash=1000.0)
    result = run_weights(two_symbols(fx=fx), decided([0.5, 0.0]), free_terms(2), rules)
    assert result.trades.quantity.tolist() == [25.0]
    assert result.equity[:2].tolist() == [1000.0, 500.0 + 25 * 11 * 3]


def test_cash_earns_shorts_pay_and_positions_fund_on_the_last_marks() -> None:
    rules = Rules(fill="same_close", initial_cash=1000.0, short=True)
    tape = two_symbols(
        interest=np.array([0.5, 0.01, 0.0, 0.0]), borrow=np.full((4, 2), 0.02), funding=np.full((4, 2), 0.001)
    )
    result = run_weights(tape, decided([-0.5, 0.5]), free_terms(2), rules)
    assert result.cash[0] == 1000.0
    assert result.cash[1] == pytest.approx(1000.0 + 10.0 - 500 * 0.02 + 500 * 0.001 - 500 * 0.001)


def test_small_orders_are_left_out_unless_they_close() -> None:
    rules = Rules(fill="same_close", initial_cash=1000.0, min_notional=600.0)
    result = run_weights(two_symbols(), decided([0.7, 0.3], [0.5, 0.0], [0.0, 0.0]), free_terms(2), rules)
    assert result.trades.slot.tolist() == [0, 2]
    assert result.units[-1].tolist() == [0.0, 0.0]


def test_a_ruined_account_only_closes() -> None:
    close = np.array([[10.0, 20.0], [4.0, 20.0], [4.0, 20.0], [4.0, 20.0]])
    rules = Rules(fill="same_close", initial_cash=1000.0, borrow=True, short=True)
    result = run_weights(plain_tape(close), np.tile([2.0, 0.0], (4, 1)), free_terms(2), rules)
    assert result.trades.quantity.tolist() == [200.0, -200.0]
    assert result.equity.tolist() == [1000.0, -200.0, -200.0, -200.0]


@pytest.mark.parametrize(
    ("row", "rule", "symbol"),
    [
        ([0.5, np.inf], "finite", "S001"),
        ([-0.1, 0.5], "short", "S000"),
        ([0.4, 0.7], "borrow", "S001"),
    ],
)
def test_weights_that_no_account_can_hold_are_refused_by_slot_and_symbol(
    row: list[float], rule: str, symbol: str
) -> None:
    with pytest.raises(TargetRefused, match=symbol) as refused:
        run_weights(two_symbols(), decided([0.5, 0.5], row), free_terms(2), Rules())
    assert (refused.value.rule, refused.value.slot, refused.value.symbol) == (rule, 1, symbol)


def test_a_weight_beyond_all_leverage_is_refused_where_borrowing_is_allowed() -> None:
    with pytest.raises(TargetRefused, match="S001") as refused:
        run_weights(two_symbols(), decided([0.5, 1e308]), free_terms(2), Rules(borrow=True))
    assert refused.value.rule == "size"


def test_every_set_of_a_sweep_is_checked_before_the_first_is_run() -> None:
    sets = np.stack([decided([0.5, 0.5]), decided([0.5, 0.6])])
    with pytest.raises(TargetRefused):
        run_sweep(two_symbols(), sets, free_terms(2), Rules())
    assert run_sweep(two_symbols(), sets, free_terms(2), Rules(borrow=True)).fills.tolist() == [2, 2]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(TargetRefused, match="shape"):
        run_weights(two_symbols(), np.zeros((3, 2)), free_terms(2), Rules())
    with pytest.raises(InputError, match="terms"):
        run_weights(two_symbols(), np.zeros((4, 2)), free_terms(3), Rules())
    with pytest.raises(InputError, match="sweep"):
        run_sweep(two_symbols(), np.zeros((4, 2)), free_terms(2), Rules())
