"""Statistics of a run at their edges."""

import numpy as np
import pytest

from data.errors import InputError
from tools.backtest import metrics
from tools.backtest.result import Result, Trades


def result_of(equity, quantity=(), price=(), fx=()):
    slots = np.arange(len(equity))
    times = np.datetime64("2020-01-01", "ns") + slots * np.timedelta64(1, "D")
    quantity, price = np.array(quantity, dtype=float), np.array(price, dtype=float)
    zeros = np.zeros(len(quantity), dtype=np.int64)
    trades = Trades(zeros, zeros, quantity, price, np.full(len(quantity), 2.5), np.array(fx, dtype=float))
    value = np.array(equity, dtype=float)
    return Result(("A",), times, value, value, np.zeros((len(equity), 1)), trades)


def test_a_flat_curve_has_no_ratios():
    figures = metrics.summary(result_of([100.0] * 5))
    assert figures["total_return"] == 0.0
    assert not {"sharpe", "sortino", "calmar"} & figures.keys()


def test_a_lost_account_lost_everything():
    figures = metrics.summary(result_of([100.0, 50.0, 0.0]))
    assert figures["total_return"] == -1.0
    assert figures["annual_return"] == -1.0
    assert figures["max_drawdown"] == -1.0


def test_turnover_counts_both_sides_in_account_currency():
    result = result_of([100.0, 100.0, 100.0], quantity=[10.0, -10.0], price=[2.0, 2.0], fx=[1.0, 1.5])
    assert metrics.turnover(result) == pytest.approx((20.0 + 30.0) / 100.0)
    assert metrics.summary(result)["costs"] == 5.0
    assert metrics.summary(result)["fills"] == 2.0


def test_two_slots_are_too_few():
    with pytest.raises(InputError, match="longer window"):
        metrics.summary(result_of([1.0, 2.0]))


def test_the_hash_knows_every_bit_of_every_fill():
    one = result_of([1.0, 1.0, 1.0], [1.0], [2.0], [1.0])
    other = result_of([1.0, 1.0, 1.0], [1.0], [np.nextafter(2.0, 3.0)], [1.0])
    assert one.order_hash() != other.order_hash()
    assert one.order_hash() == result_of([1.0, 1.0, 1.0], [1.0], [2.0], [1.0]).order_hash()


def test_the_error_of_a_sharpe_ratio_is_the_spread_of_sharpe_ratios():
    draws = np.random.default_rng(1).normal(0.0006, 0.01, (4000, 500))
    ratios = draws.mean(axis=1) / draws.std(axis=1, ddof=1) * np.sqrt(252)
    assert metrics.sharpe_error(draws[0], 252) == pytest.approx(ratios.std(), rel=0.05)
