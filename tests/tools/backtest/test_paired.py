"""Two runs over the same slots are told apart by as much as one path allows; the parts of a run make up the whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from data.errors import InputError
from data.market import FloatArray
from tools.backtest.metrics import summary
from tools.backtest.paired import FEWEST, paired, part
from tools.backtest.result import Result, Trades

SLOTS = 252


def a_run(returns: FloatArray, trades: int = 0) -> Result:
    """A run with these returns (R,), and as many fills spread over its slots."""
    times = np.datetime64("2022-01-03", "ns") + np.arange(returns.size + 1) * np.timedelta64(1, "D")
    equity = 1e6 * np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    slots = np.linspace(1, returns.size, trades).astype(np.int64)
    ones = np.ones(trades)
    made = Trades(slots, np.zeros(trades, np.int64), ones, 100.0 * ones, np.arange(trades, dtype=float), ones)
    return Result(("KO",), times, equity, equity, np.zeros((equity.size, 1)), made)


def noise(seed: int, size: int = SLOTS, scale: float = 0.01) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, scale, size)


def test_a_run_is_no_different_from_itself() -> None:
    found = paired(a_run(noise(0)), a_run(noise(0)))
    assert (found.mean_annual, found.mean_low, found.mean_high) == (0.0, 0.0, 0.0)
    assert found.sharpe == found.sharpe_low == found.sharpe_high == 0.0
    assert not found.settled


def test_a_steady_gain_is_measured_and_settled() -> None:
    base = noise(1)
    found = paired(a_run(base + 0.001 + noise(2, scale=0.001)), a_run(base))
    assert found.mean_annual == pytest.approx(0.365, rel=0.1)
    assert 0.0 < found.mean_low < found.mean_annual < found.mean_high
    assert found.settled
    assert found.sharpe_low > 0.0


def test_noise_is_seldom_taken_for_a_difference() -> None:
    wrong = sum(paired(a_run(noise(n)), a_run(noise(1000 + n))).settled for n in range(40))
    assert wrong <= 6


def test_a_difference_that_lasts_is_drawn_in_longer_blocks_and_is_less_sure() -> None:
    shocks = noise(5, 1000)
    lasting = np.zeros_like(shocks)
    for t in range(1, shocks.size):
        lasting[t] = 0.8 * lasting[t - 1] + 0.6 * shocks[t]
    base = noise(6, 1000, 0.001)
    short, long = paired(a_run(base + shocks), a_run(base)), paired(a_run(base + lasting), a_run(base))
    assert long.block > 3.0 * short.block
    assert long.mean_high - long.mean_low > 1.5 * (short.mean_high - short.mean_low)


def test_the_same_runs_give_the_same_interval_and_the_other_way_round_its_mirror() -> None:
    one, other = a_run(noise(7)), a_run(noise(8))
    assert paired(one, other) == paired(one, other)
    assert paired(other, one).mean_low == pytest.approx(-paired(one, other).mean_high)


def test_few_slots_have_a_difference_and_no_interval() -> None:
    found = paired(a_run(noise(1, FEWEST - 1)), a_run(noise(2, FEWEST - 1)))
    assert math.isnan(found.mean_low)
    assert not found.settled
    assert set(found.as_json()) == {"mean_annual", "sharpe", "slots"}


def test_runs_over_different_slots_are_not_compared() -> None:
    one = a_run(noise(1))
    with pytest.raises(InputError, match="different slots"):
        paired(one, replace(one, times=one.times + np.timedelta64(1, "h")))
    with pytest.raises(InputError):
        paired(one, a_run(noise(1, 100)))


@pytest.mark.parametrize("row", [2, 100, 250])
def test_the_parts_make_up_the_whole(row: int) -> None:
    whole = a_run(noise(3), trades=SLOTS)
    before, after = part(whole, 0, row), part(whole, row, SLOTS)
    assert before.times.size + after.times.size == whole.times.size + 1
    growth = [1.0 + summary(r)["total_return"] for r in (before, after)]
    assert math.prod(growth) == pytest.approx(1.0 + summary(whole)["total_return"])
    assert before.trades.slot.size + after.trades.slot.size == SLOTS
    assert before.trades.cost.sum() + after.trades.cost.sum() == whole.trades.cost.sum()
    assert all(0 < slot < after.times.size for slot in after.trades.slot)
