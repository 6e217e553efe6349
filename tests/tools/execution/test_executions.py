"""An order in several executions: added up once each, never beyond the order, and contradictions block the book."""

import pytest

from data.errors import ExecutionRefused, InputError, NotFound
from tests.tools.execution.miniature_desk import SLOT
from tools.execution.broker import Answer
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill, Order, order_id
from tools.execution.settlement import close_book, new_book
from tools.execution.statements import LATE_ANSWERS

ORDER = Order(order_id=order_id("b", SLOT, "A", 0, 1), symbol="A", side="buy", quantity=10.0, reference_price=100.0)
ID = ORDER.order_id


@pytest.fixture
def ledger(where):
    opened = Ledger(where)
    opened.create_book(new_book("b", 1e6))
    opened.open_cycle("b", SLOT, "c")
    opened.commit_decision("c", "{}", (ORDER,))
    opened.start_sending("c")
    yield opened
    opened.close()


def piece(quantity, name, **changes):
    values = {
        "order_id": ID, "symbol": "A", "side": "buy", "quantity": quantity, "price": 100.0, "cost": 0.5,
        "convention": "venue", "bar_time": SLOT, "execution_id": name,
    }  # fmt: skip
    return Fill(**(values | changes))


def child(quantity=6.0, **changes):
    values = {"order_id": order_id("b", SLOT, "A", 1, 1), "leg": 1, "quantity": quantity}
    return ORDER.model_copy(update=values | changes)


def test_executions_add_up_to_a_filled_order_whatever_the_venues_word(ledger):
    ledger.note({ID: Answer("filled", (piece(4.0, "1"),))})
    assert (ledger.intent(ID).state, ledger.intent(ID).filled) == ("partial", 4.0)
    assert [i.order for i in ledger.open_orders("b")] == [ORDER]
    ledger.note({ID: Answer("partial", (piece(4.0, "1"), piece(6.0, "2")))})
    assert (ledger.intent(ID).state, ledger.intent(ID).remainder) == ("filled", 0.0)
    assert ledger.fills("c") == (piece(4.0, "1"), piece(6.0, "2"))


def test_thirds_make_a_whole(ledger):
    ledger.note({ID: Answer("filled", tuple(piece(10.0 / 3.0, str(k)) for k in range(3)))})
    assert ledger.intent(ID).state == "filled"


def test_an_execution_told_twice_or_late_changes_nothing(ledger):
    one, two = piece(4.0, "1"), piece(3.0, "2")
    ledger.note({ID: Answer("partial", (one, one, two))})
    for again in (Answer("partial", (one,)), Answer("accepted"), Answer("unknown"), Answer("partial", (two, one))):
        ledger.note({ID: again})
        assert (ledger.intent(ID).state, ledger.fills("c")) == ("partial", (one, two))


def test_an_overfill_is_booked_nowhere_and_blocks_the_book_until_a_person_settles_it(ledger):
    good, excess = piece(6.0, "1"), piece(6.0, "2")
    with pytest.raises(ExecutionRefused, match="overfill: 12"):
        ledger.note({ID: Answer("filled", (good, excess))})
    assert ledger.fills("c") == (good,)
    (dispute,) = ledger.disputes("b")
    assert (dispute.symbol, dispute.quantity, dispute.execution_id) == ("A", 6.0, "2")
    ledger.note({ID: Answer("filled", (good, excess))})
    assert len(ledger.disputes("b")) == 1
    ledger.settle_disputes("b")
    assert ledger.disputes("b") == ()
    assert (ledger.intent(ID).state, ledger.intent(ID).reason) == ("cancelled", "settled by hand")


def test_what_follows_an_overfill_is_not_booked_either(ledger):
    with pytest.raises(ExecutionRefused):
        ledger.note({ID: Answer("partial", (piece(11.0, "1"), piece(2.0, "2")))})
    assert ledger.fills("c") == ()
    assert len(ledger.disputes("b")) == 2


@pytest.mark.parametrize("share", [1.0 + 5e-10, 1.0 - 5e-10])
def test_rounding_is_no_overfill(ledger, share):
    ledger.note({ID: Answer("filled", (piece(10.0 * share, "1"),))})
    assert ledger.intent(ID).state == "filled"


@pytest.mark.parametrize(
    "answer",
    [
        Answer("partial", (piece(4.0, "1", price=99.0),)),
        Answer("partial", (piece(4.0, "1"), piece(1.0, "2", symbol="B"))),
        Answer("partial", (piece(4.0, "1"), piece(1.0, "2", side="sell"))),
        Answer("cancelled", ()),
    ],
)
def test_an_execution_that_changes_vanishes_or_was_not_ordered_is_in_dispute(ledger, answer):
    ledger.note({ID: Answer("partial", (piece(4.0, "1"),))})
    with pytest.raises(ExecutionRefused):
        ledger.note({ID: answer})
    assert ledger.fills("c") == (piece(4.0, "1"),)
    assert len(ledger.disputes("b")) == 1


def test_a_cancelled_order_books_what_was_executed_before_the_cancel_arrived(ledger):
    ledger.note({ID: Answer("partial", (piece(4.0, "1"),))})
    ledger.note({ID: Answer("cancelled", (piece(4.0, "1"),), "withdrawn")})
    ledger.note({ID: Answer("cancelled", (piece(4.0, "1"), piece(2.0, "2")))})
    assert (ledger.intent(ID).state, ledger.intent(ID).filled, ledger.intent(ID).reason) == (
        "cancelled",
        6.0,
        "withdrawn",
    )
    ledger.note({ID: Answer("cancelled", (piece(4.0, "1"), piece(2.0, "2"), piece(4.0, "3")))})
    assert ledger.intent(ID).state == "filled"


def test_a_rejected_order_is_never_executed(ledger):
    ledger.note({ID: Answer("rejected", reason="no such account")})
    with pytest.raises(ExecutionRefused, match="never executed"):
        ledger.note({ID: Answer("rejected", (piece(1.0, "1"),))})
    assert ledger.intent(ID).reason == "no such account"


def test_late_executions_are_booked_by_one_later_cycle_and_each_once(ledger):
    first, second = piece(4.0, "1"), piece(3.0, "2")
    ledger.note({ID: Answer("cancelled", (first,))})
    fills = ledger.fills("c")
    ledger.close_cycle("c", close_book(ledger.book("b"), fills), fills, b"{}")
    ledger.note({ID: Answer("cancelled", (first, second))})
    ledger.open_cycle("b", "2020-03-17T20:00:00Z", "n")
    assert ledger.claim_late_fills("n") == ledger.claim_late_fills("n") == (second,)
    ledger.commit_decision("n", "{}", ())
    ledger.close_cycle("n", close_book(ledger.book("b"), (second,)), (), b"{}")
    assert ledger.book("b").positions["A"].quantity == 7.0


def test_a_cancelled_order_is_asked_after_until_the_broker_has_answered_a_few_times(ledger):
    ledger.note({ID: Answer("cancelled")})
    assert ledger.lately_cancelled("b") == ()
    ledger.close_cycle("c", close_book(ledger.book("b"), ()), (), b"{}")
    for _ in range(LATE_ANSWERS):
        ledger.note({ID: Answer("unknown")})
        assert [i.order for i in ledger.lately_cancelled("b")] == [ORDER]
        ledger.note({ID: Answer("cancelled")})
    assert ledger.lately_cancelled("b") == ()


def test_a_replacement_is_at_most_what_is_left_of_its_parent(ledger):
    ledger.note({ID: Answer("partial", (piece(4.0, "1"),))})
    with pytest.raises(InputError, match="cancel it first"):
        ledger.add_replacement(ID, child())
    ledger.note({ID: Answer("cancelled", (piece(4.0, "1"),))})
    for wrong in (child(6.1), child(symbol="B"), child(side="sell")):
        with pytest.raises(InputError):
            ledger.add_replacement(ID, wrong)
    ledger.add_replacement(ID, child())
    ledger.add_replacement(ID, child())
    assert [(i.order.leg, i.parent) for i in ledger.intents("c")] == [(0, ""), (1, ID)]
    with pytest.raises(InputError, match="replaced before"):
        ledger.add_replacement(ID, child(5.0, order_id="bp-other"))


def test_a_cycle_that_is_over_gets_no_replacements(ledger):
    ledger.note({ID: Answer("cancelled")})
    ledger.close_cycle("c", close_book(ledger.book("b"), ()), (), b"{}")
    with pytest.raises(InputError, match="decide anew"):
        ledger.add_replacement(ID, child())
    with pytest.raises(NotFound):
        ledger.add_replacement("bp-unheard-of", child())


def test_a_venue_may_use_any_words_for_its_reason(ledger):
    ledger.note({ID: Answer("rejected", reason="no\0 \ud800 funds \u00e9")})
    assert ledger.intent(ID).reason == "no  ? funds \u00e9"
