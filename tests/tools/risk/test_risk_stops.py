"""A position that lost too much is closed, and its symbol left alone until its lock runs out."""

from datetime import timedelta

import numpy as np
import pytest
from risk_market import AS_OF, LOOSE, OFF, allowed, book, fired, judge, market, target

from tools.execution.book import Lock, Position
from tools.execution.settlement import mark_book
from tools.risk.breakers import lift_locks, update_locks
from tools.risk.check import check
from tools.risk.stops import best_marks, triggered

STOPS = LOOSE.model_copy(update={"max_position_loss": 0.1, "max_trailing_loss": 0.2, "stop_lock_bars": 3})
MARKET = market()


def day(n):
    return AS_OF + timedelta(days=n)


def review(held, n=0):
    return update_locks(held, STOPS, day(n), lambda slot: slot + timedelta(days=1))


def holding(weight, entry, **changes):
    """A book whose S0 was entered at `entry` and stands at 1."""
    held = book((weight, 0.1), **changes)
    position = held.positions["S0"].model_copy(update={"average_price": entry})
    return held.model_copy(update={"positions": held.positions | {"S0": position}})


def without(held, symbol):
    """The book with a position sold at its mark."""
    left = {s: p for s, p in held.positions.items() if s != symbol}
    money = held.positions[symbol].quantity * held.marks[symbol]
    return held.model_copy(update={"positions": left, "cash": held.cash + money})


def verdict_on(held, wanted, limits=STOPS, n=0, tradable=(True,) * 5):
    return check(wanted, held, MARKET, np.array(tradable), limits, OFF, day(n))


@pytest.mark.parametrize(
    ("weight", "entry", "stopped"),
    [
        (0.2, 1 / 0.9, True), (0.2, 1 / 0.91, False), (0.2, 0.5, False),
        (-0.2, 1 / 1.1, True), (-0.2, 1 / 1.09, False), (-0.2, 2.0, False),
    ],
)  # fmt: skip
def test_a_loss_from_the_average_price_closes_a_long_and_a_short(weight, entry, stopped):
    held = holding(weight, entry)
    assert [(s.rule, s.symbol) for s in triggered(held, STOPS)] == ([("max_position_loss", "S0")] if stopped else [])
    verdict = verdict_on(held, target(weight, 0.1), STOPS.model_copy(update={"long_only": False}))
    assert allowed(verdict) == pytest.approx([0.0 if stopped else weight, 0.1, 0.0, 0.0, 0.0])
    assert fired(verdict) == (["max_position_loss"] if stopped else [])


def test_several_stops_act_in_one_step_each_with_its_figures():
    held = holding(0.2, 1 / 0.85)
    second = held.positions["S1"].model_copy(update={"average_price": 1 / 0.88})
    both = held.model_copy(update={"positions": held.positions | {"S1": second}})
    verdict = verdict_on(both, target(0.2, 0.1, 0.1))
    assert allowed(verdict) == pytest.approx([0.0, 0.0, 0.1, 0.0, 0.0])
    assert {c.detail for c in verdict.clamps} == {"S0 lost 15.00%, limit 10.00%; S1 lost 12.00%, limit 10.00%"}


def test_a_fall_from_the_best_price_since_the_entry_closes():
    held = holding(0.2, 0.5, best_marks={"S0": 1 / 0.8})
    verdict = verdict_on(held, target(0.2, 0.1))
    assert [(c.limit, c.symbol, c.after) for c in verdict.clamps] == [("max_trailing_loss", "S0", 0.0)]
    assert verdict.clamps[0].detail == "S0 lost 20.00%, limit 20.00%"
    assert not verdict_on(holding(0.2, 0.5, best_marks={"S0": 1 / 0.81}), target(0.2, 0.1)).clamps


def test_the_best_price_rises_with_a_long_and_falls_with_a_short_and_goes_with_the_position():
    positions = {s: Position(quantity=units, average_price=1.0) for s, units in (("S0", 10.0), ("S1", -10.0))}
    held = book((0.2, 0.1)).model_copy(update={"positions": positions})
    seen = []
    for n, price in enumerate((1.2, 0.9, 1.1)):
        held = review(mark_book(held, {"S0": price, "S1": price}), n)
        seen.append((held.best_marks["S0"], held.best_marks["S1"]))
    assert seen == [(1.2, 1.0), (1.2, 0.9), (1.2, 0.9)]
    assert set(review(without(held, "S0"), 3).best_marks) == {"S1"}
    turned = held.model_copy(update={"positions": {"S0": Position(quantity=-5.0, average_price=1.1)}})
    assert best_marks(turned) == {"S0": 1.1}


def test_what_a_stop_closed_is_left_alone_until_its_lock_runs_out():
    stopped = review(holding(0.2, 1 / 0.9))
    (lock,) = stopped.locks
    assert (lock.rule, lock.symbol, lock.until) == ("max_position_loss", "S0", "2020-03-19T20:00:00Z")
    sold = without(stopped, "S0")
    for n in range(5):
        sold = review(sold, n)
        verdict = verdict_on(sold, target(0.2, 0.1), n=n)
        assert verdict.decision == ("reduced" if n < 3 else "approved")
        assert allowed(verdict) == pytest.approx([0.0 if n < 3 else 0.2, 0.1, 0.0, 0.0, 0.0])
    assert sold.locks == ()


def test_a_stopped_position_that_could_not_be_sold_stays_and_is_locked_anew():
    held = holding(0.2, 1 / 0.85)
    for n in (0, 1):
        held = review(held, n)
        assert not verdict_on(held, target(0.2, 0.1), n=n, tradable=[False, True, True, True, True]).clamps
        assert [lock.until for lock in held.locks] == [f"2020-03-{19 + n}T20:00:00Z"]


def test_a_lock_of_a_symbol_does_not_hold_the_book():
    lock = Lock(rule="max_trailing_loss", symbol="S0", since="", until="", detail="S0 lost 30 %")
    verdict = judge(target(0.2, 0.1), locks=(lock,))
    assert verdict.decision == "reduced"
    assert allowed(verdict) == pytest.approx([0.0, 0.1, 0.0, 0.0, 0.0])


def test_without_limits_nothing_stops_and_a_person_lifts_every_lock():
    assert triggered(holding(0.2, 100.0), LOOSE) == ()
    stopped = review(holding(0.2, 1 / 0.9))
    assert lift_locks(stopped).locks == ()
    assert triggered(lift_locks(stopped), STOPS)
