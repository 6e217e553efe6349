"""Withdrawing everything at a venue that fails, that hides orders, that names a time; and closing what is held."""

from __future__ import annotations

import pytest

from data.errors import InputError, RateLimited, SourceUnavailable
from tests.tools.risk.failing_venue import Time, Venue
from tools.execution.book import Book, Position
from tools.execution.ledger import Ledger
from tools.execution.orders import Order
from tools.risk.kill_switch.flatten import orders_to_flatten, unpriced
from tools.risk.kill_switch.withdrawal import withdraw_all


def withdraw(venue, known=(), **given):
    time = Time()
    return withdraw_all(venue, known, clock=time.clock, sleep=time.sleep, **given), time


def test_everything_the_venue_lists_is_cancelled_whether_we_know_it_or_not():
    venue = Venue(["ours", "by hand"])
    done, _ = withdraw(venue, ["ours", "long gone"])
    assert venue.open == []
    assert (set(done.cancelled), done.left, done.certain) == ({"ours", "by hand", "long gone"}, (), True)


def test_an_order_that_arrives_after_the_first_list_is_found():
    venue = Venue(["a"], arriving=["late"])
    done, time = withdraw(venue)
    assert venue.cancelled == ["a", "late"]
    assert time.now >= 1.0
    assert done.certain


@pytest.mark.parametrize("error", [SourceUnavailable("500"), SourceUnavailable("timeout"), InputError("nonsense")])
def test_a_failing_venue_is_asked_again_with_growing_pauses(error):
    venue = Venue(["a", "b"], faults=[error] * 12)
    done, time = withdraw(venue)
    assert venue.open == []
    assert done.certain
    assert time.slept[:4] == sorted(time.slept[:4])
    assert max(time.slept) <= 1.0
    assert done.problems == (error.message,)


def test_a_venue_that_names_a_time_is_given_it():
    venue = Venue(["a"], faults=[RateLimited("slow down", 7.5)] * 2)
    done, time = withdraw(venue)
    assert 7.5 in time.slept
    assert done.certain


def test_what_we_know_of_is_cancelled_where_the_list_cannot_be_had():
    venue = Venue(["a"])
    venue.open_orders = lambda: (_ for _ in ()).throw(SourceUnavailable("no list"))
    done, time = withdraw(venue, ["a"], patience_s=5.0)
    assert venue.cancelled == ["a"]
    assert not done.certain
    assert time.now == pytest.approx(5.0)


def test_a_venue_that_never_answers_is_given_up_and_what_may_be_open_is_named():
    venue = Venue(["a"], faults=[SourceUnavailable("dead")] * 10_000)
    done, time = withdraw(venue, ["a"], patience_s=20.0)
    assert done == ((), ("a",), ("dead",), False)
    assert time.now == pytest.approx(20.0)


# --- flattening ---------------------------------------------------------------------------------------------------

BOOK = Book(
    name="b", cash=0.0, positions={"A": Position(quantity=5.0, average_price=1.0)}, marks={"A": 10.0, "B": 20.0},
    peak_value=50.0, day_start_value=50.0,
)  # fmt: skip


def test_each_position_is_closed_by_the_venue_s_own_count():
    held = {"A": 7.0, "B": -3.0, "C": 1.0, "D": 0.0}
    orders = orders_to_flatten(BOOK, held, "now")
    assert [(o.symbol, o.side, o.quantity, o.reduce_only) for o in orders] == [
        ("A", "sell", 7.0, True),
        ("B", "buy", 3.0, True),
    ]
    assert unpriced(BOOK, held) == ("C",)


def test_the_same_halt_makes_the_same_orders_and_another_makes_others():
    once, again = (orders_to_flatten(BOOK, {"A": 1.0}, "now") for _ in range(2))
    assert once == again
    assert orders_to_flatten(BOOK, {"A": 1.0}, "later")[0].order_id != once[0].order_id


def test_flattening_orders_stand_beside_the_decision_and_are_nobody_s_to_send_again(tmp_path):
    ledger = Ledger(tmp_path / "desk.sqlite")
    ledger.create_book(BOOK)
    ledger.open_cycle("b", "2020-03-16T20:00:00Z", "c")
    own = Order(order_id="o", symbol="A", side="sell", quantity=1.0, reference_price=10.0)
    ledger.commit_decision("c", "why", (own,))
    (order,) = orders_to_flatten(BOOK, {"A": 5.0}, "now")
    assert ledger.add_halt_orders("b", (order,)) == ledger.add_halt_orders("b", (order,)) == "c"
    assert not ledger.commit_decision("c", "why", (own,))
    assert [i.order for i in ledger.pending("c")] == [own]
    assert [i.order for i in ledger.open_orders("b")] == [own, order]
    with pytest.raises(InputError, match="other content"):
        ledger.add_halt_orders("b", (order.model_copy(update={"quantity": 4.0}),))
    with pytest.raises(InputError):
        ledger.add_halt_orders("nobody", (order,))
