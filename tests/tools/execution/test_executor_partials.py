"""Partial fills, refusals, busy brokers and replacements through the executor, at a venue that does as it is told."""

import pytest

from data.errors import ExecutionRefused, OrderRefused, RateLimited, SourceUnavailable
from tests.tools.execution.exchange import Exchange
from tests.tools.execution.miniature_desk import AT, NAMES, PRICES, SLOT, WEIGHTS, LossyBroker
from tools.execution.brokers.base import RecordedGate
from tools.execution.executor import PATIENCE_S, collect_late_fills, execute, replace_order, withdraw_open_orders
from tools.execution.ledger import Ledger
from tools.execution.orders import Order
from tools.execution.settlement import close_book, mark_book, new_book
from tools.execution.sizing import orders_for

ORDERS = orders_for(WEIGHTS, mark_book(new_book("b", 1e6), PRICES), SLOT)
FIRST = ORDERS[0]


@pytest.fixture
def ledger(where):
    opened = Ledger(where)
    opened.create_book(new_book("b", 1e6))
    opened.open_cycle("b", SLOT, "c")
    opened.commit_decision("c", "{}", ORDERS)
    yield opened
    opened.close()


def send(ledger, broker, halted=lambda: False, **more):
    return execute(ORDERS, ledger=ledger, broker=broker, cycle_id="c", halted=halted, **more)


def venue(**refusals):
    return Exchange(RecordedGate({o.order_id: refusals[o.symbol] for o in ORDERS if o.symbol in refusals}), AT)


def states(ledger):
    return [intent.state for intent in ledger.intents("c")]


def test_what_the_gate_refuses_is_rejected_with_its_reason_and_the_rest_goes_on(ledger):
    broker = venue(B="over the limit of a name")
    send(ledger, broker)
    assert states(ledger) == ["accepted", "rejected", "accepted", "accepted"]
    assert ledger.intents("c")[1].reason == "over the limit of a name"
    assert [o.symbol for o in broker.received] == ["A", "C", "D"]
    send(ledger, venue())
    assert states(ledger)[1] == "rejected"


def test_a_switch_that_is_thrown_withdraws_the_rest_of_a_partly_filled_order(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity * 0.4, 100.0)
    fills = send(ledger, broker, halted=lambda: True)
    assert states(ledger) == ["cancelled"] * 4
    assert [(f.symbol, f.quantity) for f in fills] == [("A", FIRST.quantity * 0.4)]
    assert broker.open_orders() == ()


def test_a_partly_filled_order_that_cannot_be_withdrawn_keeps_what_it_got(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity * 0.4, 100.0)
    mute = LossyBroker(broker, [None, "request"] * 4)
    assert [o.symbol for o in withdraw_open_orders(ledger, mute, "b")] == list(NAMES)
    assert (states(ledger)[0], len(ledger.fills("c"))) == ("partial", 1)


class Busy(LossyBroker):
    """Asks for a pause the first `times` times it is called."""

    def __init__(self, inner, times, pause_s):
        super().__init__(inner, [])
        self.times, self.pause_s = times, pause_s

    def _call(self, action):
        self.times -= 1
        if self.times >= 0:
            raise RateLimited("too many requests", self.pause_s)
        return action()


def test_a_busy_broker_is_given_the_time_it_asks_for(ledger):
    broker, slept = venue(), []
    send(ledger, Busy(broker, 3, 2.0), sleep=slept.append)
    assert states(ledger) == ["accepted"] * 4
    assert slept == [2.0, 2.0, 2.0]
    assert [o.order_id for o in broker.received] == [o.order_id for o in ORDERS]


def test_patience_with_a_busy_broker_ends(ledger):
    broker, slept = venue(), []
    send(ledger, Busy(broker, 1000, 7.0), sleep=slept.append)
    assert states(ledger) == ["unknown"] * 4
    assert sum(slept) <= PATIENCE_S
    assert broker.received == []
    send(ledger, Busy(broker, 1000, 0.0), sleep=slept.append)
    assert sum(slept) <= 2 * PATIENCE_S


def test_a_busy_broker_is_not_sent_to_after_the_switch_is_thrown(ledger):
    broker, thrown = venue(), []
    send(ledger, Busy(broker, 1, 1.0), halted=lambda: bool(thrown), sleep=thrown.append)
    assert broker.received == []
    assert states(ledger) == ["cancelled"] * 4


def test_while_an_execution_is_in_dispute_nothing_is_sent(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity * 2.0, 100.0)
    with pytest.raises(ExecutionRefused):
        send(ledger, broker)
    fills = send(ledger, broker)
    ledger.close_cycle("c", close_book(ledger.book("b"), fills), fills, b"{}")
    ledger.open_cycle("b", "2020-03-17T20:00:00Z", "n")
    later = orders_for(WEIGHTS, mark_book(ledger.book("b"), PRICES), "2020-03-17T20:00:00Z")
    ledger.commit_decision("n", "{}", later)
    assert execute(later, ledger=ledger, broker=broker, cycle_id="n", halted=lambda: False) == ()
    assert {(i.state, i.reason.split(":")[0]) for i in ledger.intents("n")} == {
        ("rejected", "book b is not reconciled")
    }
    assert len(broker.received) == len(ORDERS)


def test_a_replacement_is_sent_for_what_is_left(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity * 0.4, 100.0)
    child = replace_order(FIRST.order_id, ledger=ledger, broker=broker, halted=lambda: False)
    assert child.quantity == pytest.approx(FIRST.quantity * 0.6)
    assert (child.leg, child.symbol, child.side) == (1, "A", "buy")
    assert [i.state for i in ledger.intents("c")] == ["cancelled", *["accepted"] * 4]
    assert broker.received[-1] == child
    again = replace_order(FIRST.order_id, ledger=ledger, broker=broker, halted=lambda: False)
    assert (again, len(broker.received)) == (child, 5)
    send(ledger, broker)
    assert len(broker.received) == 5


def test_nothing_is_replaced_before_the_cancel_is_confirmed(ledger):
    broker = venue()
    send(ledger, broker)
    for faults in (["request"], ["answer"], [None, "request"]):
        assert replace_order(
            FIRST.order_id, ledger=ledger, broker=LossyBroker(broker, faults), halted=lambda: False
        ) is None  # fmt: skip
    assert len(broker.received) == len(ORDERS)
    assert replace_order(FIRST.order_id, ledger=ledger, broker=broker, halted=lambda: True) is None
    smaller = replace_order(FIRST.order_id, ledger=ledger, broker=broker, halted=lambda: False, quantity=1.0)
    assert smaller.quantity == 1.0


def test_what_was_filled_meanwhile_is_not_replaced(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity, 100.0)
    assert replace_order(FIRST.order_id, ledger=ledger, broker=broker, halted=lambda: False) is None
    assert states(ledger)[0] == "filled"


def test_a_new_cycle_withdraws_what_is_pending_and_books_what_came_late(ledger):
    broker = venue()
    send(ledger, broker)
    broker.execute(FIRST.order_id, FIRST.quantity * 0.4, 100.0)
    ledger.close_cycle("c", close_book(ledger.book("b"), ()), (), b"{}")
    ledger.open_cycle("b", "2020-03-17T20:00:00Z", "n")
    late = collect_late_fills(ledger, broker, "n")
    assert [f.quantity for f in late] == [FIRST.quantity * 0.4]
    assert broker.open_orders() == ()
    broker.execute(FIRST.order_id, FIRST.quantity * 0.1, 100.0)
    assert len(collect_late_fills(ledger, broker, "n")) == 2


def test_an_order_that_is_good_till_cancelled_outlives_its_cycle(tmp_path):
    ledger, broker = Ledger(tmp_path / "gtc.sqlite"), venue()
    broker.capabilities = frozenset({"limit", "gtc"})
    ledger.create_book(new_book("b", 1e6))
    ledger.open_cycle("b", SLOT, "c")
    order = Order(**FIRST.model_dump() | {"kind": "limit", "limit_price": 90.0, "time_in_force": "gtc"})
    ledger.commit_decision("c", "{}", (order,))
    execute((order,), ledger=ledger, broker=broker, cycle_id="c", halted=lambda: False)
    ledger.close_cycle("c", close_book(ledger.book("b"), ()), (), b"{}")
    ledger.open_cycle("b", "2020-03-17T20:00:00Z", "n")
    assert collect_late_fills(ledger, broker, "n") == ()
    assert [o.order_id for o in broker.open_orders()] == [order.order_id]
    ledger.close()


def test_a_kind_the_venue_cannot_take_is_refused_with_what_it_takes():
    order = Order(**FIRST.model_dump() | {"kind": "limit", "limit_price": 90.0})
    with pytest.raises(OrderRefused, match="takes no limit order") as refused:
        venue().submit(order)
    assert (refused.value.rule, refused.value.symbol, refused.value.remedy) == ("capability", "A", "use day, market")


def test_a_line_that_is_down_leaves_orders_unknown(ledger):
    class Down(LossyBroker):
        def _call(self, action):
            raise SourceUnavailable("no route")

    send(ledger, Down(venue(), []))
    assert states(ledger) == ["unknown"] * 4
