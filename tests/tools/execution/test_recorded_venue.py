"""A replay's venue gives every order the executions of the record, and no other."""

import pytest

from data.errors import OrderRefused
from tests.tools.execution.exchange import Exchange
from tests.tools.execution.miniature_desk import AT, PRICES, SLOT, WEIGHTS
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.recorded import RecordedVenue
from tools.execution.executor import execute
from tools.execution.ledger import Ledger
from tools.execution.settlement import mark_book, new_book
from tools.execution.sizing import orders_for

ORDERS = orders_for(WEIGHTS, mark_book(new_book("b", 1e6), PRICES), SLOT)


def run(home, broker):
    """The fills of a cycle, the states of its orders and why they were refused."""
    ledger = Ledger(home)
    ledger.open_cycle("b", SLOT, "c")
    ledger.commit_decision("c", "{}", ORDERS)
    fills = execute(ORDERS, ledger=ledger, broker=broker, cycle_id="c", halted=lambda: False)
    found = fills, [(intent.state, intent.reason) for intent in ledger.intents("c")]
    ledger.close()
    return found


@pytest.fixture
def first(tmp_path):
    """A cycle at a venue that fills one order whole, one in part, one not at all, and whose gate refuses one."""

    class Venue(Exchange):
        def _send(self, order):
            super()._send(order)
            share = {"A": 1.0, "B": 0.3}.get(order.symbol)
            if share:
                self.execute(order.order_id, order.quantity * share, order.reference_price * 1.01)
            return self.state(order.order_id)

    return run(tmp_path / "first.sqlite", Venue(RecordedGate({ORDERS[3].order_id: "over a limit"}), AT))


def test_a_replay_comes_to_what_the_record_has(tmp_path, first):
    fills, outcomes = first
    refusals = {o.order_id: reason for o, (state, reason) in zip(ORDERS, outcomes, strict=True) if state == "rejected"}
    again = RecordedVenue(RecordedGate(refusals), fills, AT)
    assert run(tmp_path / "again.sqlite", again) == first
    assert [state for state, _ in outcomes] == ["filled", "partial", "accepted", "rejected"]
    assert [(o.symbol, o.filled > 0.0) for o in again.open_orders()] == [("B", True), ("C", False)]
    assert again.positions() == {f.symbol: f.quantity for f in fills}
    assert again.cash() == pytest.approx(-sum(f.quantity * f.price + f.cost for f in fills))
    assert again.server_time() == AT


def test_what_was_never_sent_is_not_known_and_what_was_refused_is_refused(first):
    again = RecordedVenue(RecordedGate({ORDERS[0].order_id: "over a limit"}), first[0], AT)
    assert again.query(ORDERS[0].order_id) is None
    assert again.cancel(ORDERS[0].order_id) == "cancelled"
    with pytest.raises(OrderRefused, match="over a limit"):
        again.submit(ORDERS[0])
