"""The event engine beyond the law: what a strategy sees, what check and gate may do, latency, refusals, determinism."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from data.errors import BadConfig, InputError, OrderRefused, TargetRefused, UnknownSymbol
from tests.tools.backtest.random_tapes import plain_tape, random_case
from tests.tools.backtest.toy_histories import closes, history_of
from tools.backtest.event.engine import run_events
from tools.backtest.event.moments import moments
from tools.backtest.rules import Rules
from tools.backtest.taping import tape_from_history
from tools.market.orderbook.latency import FixedLatency
from tools.market.terms import free_terms
from tools.risk.gate.limits import GateLimits

CLOSE = closes(60)
TAPE = plain_tape(CLOSE)
FREE = free_terms(3)
ROOT = Path(__file__).parents[3]


def constant(*weights):
    return lambda slot: np.array(weights, dtype=np.float64)


def once(at, *weights):
    return lambda slot: np.array(weights if slot == at else [np.nan] * len(weights), dtype=np.float64)


class Half:
    """Half of the account in AAA; remembers what it was shown."""

    name = "half"

    def __init__(self):
        self.seen = []

    def decide(self, snapshot):
        self.seen.append(snapshot)
        return {"AAA": 0.5}


# --- what a strategy sees ---------------------------------------------------------------------------------------


def test_a_strategy_sees_each_slot_once_and_nothing_later():
    history, strategy = history_of(CLOSE), Half()
    run_events(tape_from_history(history), strategy, FREE, Rules(), moments=moments(history))
    assert len(strategy.seen) == len(CLOSE)
    for t, snapshot in enumerate(strategy.seen):
        arrays = (snapshot.panel.times, snapshot.panel.open, snapshot.panel.close, snapshot.panel.volume,
                  snapshot.panel.age, snapshot.features.values, snapshot.features.shared)  # fmt: skip
        assert {len(array) for array in arrays} == {t + 1}
        assert np.datetime64(snapshot.as_of.replace(tzinfo=None), "ns") == history.panel.times[t]
        assert snapshot.tradable.shape == (3,)


def test_what_a_strategy_sees_cannot_be_written_and_is_not_copied():
    history = history_of(CLOSE)
    snapshot = moments(history)(10)
    for array in (snapshot.panel.close, snapshot.features.values, snapshot.features.shared, snapshot.tradable):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert np.shares_memory(snapshot.panel.close, history.panel.close)
    assert history.panel.close.flags.writeable


def test_the_future_changes_nothing_before_it():
    late = CLOSE.copy()
    late[40:] *= 1.7

    def follow(snapshot):
        return dict(zip(snapshot.symbols, np.minimum(np.abs(snapshot.last("ret_1")), 0.3), strict=True))

    runs = []
    for close in (CLOSE, late):
        history = history_of(close)
        runs.append(run_events(tape_from_history(history), follow, FREE, Rules(), moments=moments(history)))
    one, other = runs
    assert one.equity[:40].tobytes() == other.equity[:40].tobytes()
    assert one.units[:40].tobytes() == other.units[:40].tobytes()
    assert one.equity[-1] != other.equity[-1]


def test_snapshots_of_another_history_are_refused():
    history = history_of(CLOSE)
    with pytest.raises(InputError, match="other slots"):
        run_events(tape_from_history(history), Half(), FREE, Rules(), moments=moments(history_of(CLOSE[:-1])))


def test_a_strategy_without_snapshots_is_refused():
    with pytest.raises(InputError, match="snapshots"):
        run_events(TAPE, Half(), FREE, Rules())


def test_a_weight_on_a_stranger_is_refused_by_name():
    history = history_of(CLOSE)
    with pytest.raises(UnknownSymbol, match="ZZZ"):
        run_events(tape_from_history(history), lambda _: {"ZZZ": 0.1}, FREE, Rules(), moments=moments(history))


# --- the check --------------------------------------------------------------------------------------------------


def test_the_check_disposes_and_knows_the_account():
    known = []

    def check(weights, moment):
        known.append(moment)
        return {symbol: weight / 2 for symbol, weight in weights.items()}

    result = run_events(TAPE, constant(0.4, 0.2, 0.0), FREE, Rules(), check=check)
    halves = run_events(TAPE, constant(0.2, 0.1, 0.0), FREE, Rules())
    assert result.order_hash() == halves.order_hash()
    for t, moment in enumerate(known):
        np.testing.assert_array_equal(moment.units, result.units[t])
        assert (moment.slot, moment.time) == (t, TAPE.times[t])
        assert (moment.value, moment.cash) == (result.equity[t], result.cash[t])
        np.testing.assert_array_equal(moment.prices, TAPE.close[t])
    told = np.concatenate([moment.trades.quantity for moment in known])
    np.testing.assert_array_equal(told, result.trades.quantity)


def test_the_check_is_asked_where_nothing_is_decided_and_may_sell():
    def stop(weights, moment):
        return {"S000": 0.0} if moment.slot == 20 else weights

    result = run_events(TAPE, once(5, 0.9, np.nan, np.nan), FREE, Rules(), check=stop)
    assert result.trades.slot.tolist() == [6, 21]
    assert result.units[-1, 0] == 0.0


def test_a_check_that_raises_stops_the_run():
    def broken(weights, moment):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_events(TAPE, constant(0.1, 0.1, 0.1), FREE, Rules(), check=broken)


# --- the gate ---------------------------------------------------------------------------------------------------


class Refuses:
    """No purchases of one symbol; keeps all orders that it saw."""

    def __init__(self, symbol):
        self.symbol, self.orders = symbol, []

    def check(self, order):
        self.orders.append(order)
        if order.symbol == self.symbol and order.side == "buy":
            raise OrderRefused(f"{order.symbol} is restricted", "restricted", order.symbol)


@pytest.mark.parametrize("sizing", ["decision", "fill"])
def test_a_refused_order_is_recorded_and_everything_else_goes_on(sizing):
    gate, rules = Refuses("S001"), Rules(sizing=sizing)
    result = run_events(TAPE, constant(0.3, 0.3, 0.3), FREE, rules, gate=gate)
    without = run_events(TAPE, constant(0.3, 0.0, 0.3), FREE, rules)
    assert result.order_hash() == without.order_hash()
    assert {refused.order.symbol for refused in result.refused} == {"S001"}
    assert {refused.rule for refused in result.refused} == {"restricted"}
    assert len(result.refused) == len([o for o in gate.orders if o.symbol == "S001"]) > 30


def test_every_fill_was_an_order_at_the_gate_and_ids_are_never_used_twice():
    gate = Refuses("")
    result = run_events(TAPE, constant(0.3, 0.3, 0.3), FREE, Rules(), gate=gate)
    asked = [(o.symbol, o.quantity if o.side == "buy" else -o.quantity) for o in gate.orders]
    made = [(TAPE.symbols[c], q) for c, q in zip(result.trades.column, result.trades.quantity, strict=True)]
    assert asked[: len(made)] == made
    assert len({o.order_id for o in gate.orders}) == len(gate.orders)


def test_sells_are_sent_before_buys_each_in_column_order():
    gate, case = Refuses(""), random_case(5, "next_open", "decision", gaps=False)
    run_events(case.tape, lambda slot: case.weights[slot], case.terms, case.rules, gate=gate)
    symbols = case.tape.symbols
    keys = [(o.side == "buy", symbols.index(o.symbol)) for o in gate.orders]
    turns = sum(later <= earlier for earlier, later in pairwise(keys))
    assert turns < len(np.flatnonzero(~np.isnan(case.weights).all(axis=1)))


def test_the_brokers_own_gate_keeps_its_limits_on_the_simulated_account():
    limits = GateLimits(max_name_weight=0.25, restricted=("S002",), max_order_notional_usd=400_000.0)
    result = run_events(TAPE, constant(0.2, 0.5, 0.1), FREE, Rules(), gate=limits)
    rules = {(refused.order.symbol, refused.rule) for refused in result.refused}
    assert ("S002", "restricted") in rules
    assert {symbol for symbol, _ in rules} == {"S001", "S002"}
    assert (result.units[:, 1:] == 0.0).all()
    assert (result.units[1:, 0] > 0.0).all()


def test_the_gate_knows_what_is_held():
    limits = GateLimits(max_order_notional_usd=100_000.0, max_name_weight=0.15)
    result = run_events(
        TAPE, lambda slot: np.array([0.05 * (slot + 1), 0.0, 0.0]), FREE, Rules(borrow=True), gate=limits
    )
    share = result.units[:, 0] * TAPE.close[:, 0] / result.equity
    assert 0.14 < share.max() < 0.17
    assert {refused.rule for refused in result.refused} <= {"name_weight", "max_name_weight", "order_notional"}


def test_simulated_time_moves_the_gates_clock():
    limits = GateLimits(max_repeats=3, repeat_window_s=3600.0)
    result = run_events(TAPE, lambda slot: np.array([0.1 * (slot % 2), 0.0, 0.0]), FREE, Rules(), gate=limits)
    assert not result.refused


# --- latency ----------------------------------------------------------------------------------------------------


def test_a_little_latency_changes_nothing_in_daily_bars():
    late = run_events(TAPE, constant(0.3, 0.2, 0.1), FREE, Rules(), latency=FixedLatency(250.0))
    assert late.order_hash() == run_events(TAPE, constant(0.3, 0.2, 0.1), FREE, Rules()).order_hash()


def test_an_order_that_comes_after_the_open_waits_for_the_next():
    decision, eighteen_hours = once(4, 0.5, 0.0, 0.0), FixedLatency(18 * 3_600_000.0)
    assert run_events(TAPE, decision, FREE, Rules()).trades.slot.tolist() == [5]
    assert run_events(TAPE, decision, FREE, Rules(), latency=eighteen_hours).trades.slot.tolist() == [6]


def test_an_order_that_is_replaced_on_its_way_is_never_filled():
    def change_of_mind(slot):
        weights = {4: 0.5, 5: 0.2}.get(slot, np.nan)
        return np.array([weights, np.nan, np.nan])

    class DayAndAQuarter:
        """The first order is still on its way when the second is sent, and would arrive before an open."""

        def delay_ns(self):
            return 30 * 3_600_000_000_000

    result = run_events(TAPE, change_of_mind, FREE, Rules(), latency=DayAndAQuarter())
    assert result.trades.slot.tolist() == [7]
    np.testing.assert_allclose(result.trades.quantity * TAPE.close[5, 0], 0.2 * Rules().initial_cash)


def test_the_same_close_leaves_no_time_for_a_latency():
    with pytest.raises(BadConfig, match="no time"):
        run_events(TAPE, constant(0.1, 0.1, 0.1), FREE, Rules(fill="same_close"), latency=FixedLatency(1.0))


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "rule"),
    [
        ((0.1, -0.1, 0.1), "short"),
        ((0.1, np.inf, 0.1), "finite"),
        ((0.1, 0.95, 0.1), "borrow"),
        ((0.1, 1e300, 1e300), "borrow"),
        ((0.1, 0.1, 0.1, 0.1), "shape"),
        ((0.1, 0.1), "shape"),
    ],
)
def test_weights_that_no_account_can_hold_are_refused_with_their_slot(weights, rule):
    with pytest.raises(TargetRefused) as refused:
        run_events(TAPE, lambda slot: np.array(weights if slot == 7 else (np.nan,) * 3), FREE, Rules())
    assert (refused.value.rule, refused.value.slot) == (rule, 7)


def test_a_weight_beyond_a_million_is_refused_even_with_borrowing():
    for weights in ((2e6, 0.0, 0.0), (-2e6, 0.0, 0.0)):
        with pytest.raises(TargetRefused, match="S000"):
            run_events(TAPE, constant(*weights), FREE, Rules(borrow=True, short=True))


def test_terms_of_another_universe_are_refused():
    with pytest.raises(InputError, match="not one a symbol"):
        run_events(TAPE, constant(0.1, 0.1, 0.1), free_terms(2), Rules())


def test_units_beyond_any_account_are_refused_by_symbol_and_slot():
    close = CLOSE.copy()
    close[:, 1] = 1e-300
    rules = Rules(initial_cash=1e15)
    with pytest.raises(InputError, match="S001 at 2020-01-01"):
        run_events(plain_tape(close), constant(0.0, 0.5, 0.0), FREE, rules)


def test_progress_is_told_after_each_slot():
    told = []
    run_events(TAPE, constant(0.1, 0.1, 0.1), FREE, Rules(), progress=lambda done, of: told.append((done, of)))
    assert told == [(t + 1, 60) for t in range(60)]


def test_a_run_without_decisions_is_all_cash():
    result = run_events(TAPE, constant(np.nan, np.nan, np.nan), FREE, Rules())
    assert (result.equity == Rules().initial_cash).all()
    assert result.trades.slot.size == 0


# --- determinism ------------------------------------------------------------------------------------------------

RUN = """
from tests.tools.backtest.random_tapes import random_case
from tools.backtest.event.engine import run_events
from tools.risk.gate.limits import GateLimits
for seed in range(3):
    case = random_case(seed, "next_open", "decision")
    result = run_events(case.tape, lambda slot: case.weights[slot], case.terms, case.rules, gate=GateLimits())
    print(result.order_hash(), result.equity.tobytes().hex()[-32:], len(result.refused))
"""


def test_other_processes_hash_seeds_and_threads_give_the_same_bits():
    told = set()
    for seed, threads in (("0", "1"), ("4242", "4")):
        setting = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", RUN], cwd=ROOT, env={**os.environ, **setting}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1
    assert len(told.pop().splitlines()) == 3
