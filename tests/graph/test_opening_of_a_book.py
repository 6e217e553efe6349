"""A book opens on what the broker says: what differs, or is not known, holds it until it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.errors import RateLimited, SourceUnavailable
from graph.opening import UNRECONCILED, UNRESOLVED, reconciled
from tests.agents.desk_snapshots import a_book
from tools.execution.executions import Intent
from tools.execution.line import Line
from tools.execution.orders import Order

AT = datetime(2020, 3, 17, 20, tzinfo=UTC)


def rules(book):
    return [lock.rule for lock in book.locks]


def an_intent(symbol, state):
    order = Order(order_id=f"o-{symbol}", symbol=symbol, side="buy", quantity=10.0, reference_price=100.0)
    return Intent(order, state)


def test_a_position_that_nobody_here_bought_holds_the_book_and_says_which():
    held = reconciled(a_book(KO=7.0), {"KO": 7.0, "XOM": 3.0}, AT)
    assert rules(held) == [UNRECONCILED]
    assert held.locks[0].detail == "XOM: the book has 0, the broker 3"
    assert held.locks[0].until == ""


def test_a_difference_holds_the_book_until_a_person_lifts_it():
    held = reconciled(a_book(KO=7.0), {"KO": 6.0}, AT)
    assert rules(reconciled(held, {"KO": 7.0}, AT)) == [UNRECONCILED]


def test_an_order_whose_outcome_is_not_known_holds_the_book_until_it_is_told():
    held = reconciled(a_book(KO=7.0), {"KO": 7.0}, AT, [an_intent("KO", "unknown"), an_intent("XOM", "accepted")])
    assert rules(held) == [UNRESOLVED]
    assert held.locks[0].detail == "buy KO is unknown, buy XOM is accepted"
    assert rules(reconciled(held, {"KO": 7.0}, AT)) == []


def test_a_symbol_with_an_order_that_is_not_known_is_compared_once_it_is():
    waiting = [an_intent("XOM", "unknown")]
    held = reconciled(a_book(KO=7.0), {"KO": 7.0, "XOM": 10.0}, AT, waiting)
    assert rules(held) == [UNRESOLVED]
    assert rules(reconciled(held, {"KO": 7.0, "XOM": 10.0}, AT)) == [UNRECONCILED]


class Silent:
    """A broker that says how long to wait, so many times, and then what it holds; or never answers."""

    def __init__(self, busy, ever=True):
        self.busy, self.ever = busy, ever

    def positions(self):
        self.busy -= 1
        if self.busy >= 0:
            raise RateLimited("slow down", 0.1)
        if not self.ever:
            raise SourceUnavailable("the line is cut")
        return {"KO": 7.0}


def test_a_question_for_positions_is_asked_again_and_never_answered_with_flat():
    assert Line(Silent(3), 1.0, lambda _s: None).positions() == {"KO": 7.0}
    with pytest.raises(SourceUnavailable):
        Line(Silent(0, ever=False), 1.0, lambda _s: None).positions()
    with pytest.raises(SourceUnavailable):
        Line(Silent(100), 1.0, lambda _s: None).positions()
