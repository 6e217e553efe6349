"""Timeouts are unknown until the broker is asked; the kill switch stops the next send; late fills are booked once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniature_desk import AT, NAMES, PRICES, SLOT, WEIGHTS, LossyBroker, next_open, no_bar_yet, paper, run_cycle

from data.errors import InputError, OrderRefused
from data.outcomes import NextBar
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.executor import collect_late_fills, execute, withdraw_open_orders
from tools.execution.ledger import Ledger
from tools.execution.reconcile import differences
from tools.execution.settlement import mark_book, new_book
from tools.execution.sizing import orders_for

NEXT = "2020-03-17T20:00:00Z"


@pytest.fixture
def decided(where, tmp_path):
    """A ledger with four orders decided, and a venue that knows the next bar."""
    ledger, broker = Ledger(where), paper(tmp_path)
    orders = orders_for(WEIGHTS, mark_book(new_book("b", 1e6), PRICES), SLOT)
    ledger.open_cycle("b", SLOT, "c")
    ledger.commit_decision("c", "{}", orders)
    yield ledger, broker, orders
    ledger.close()
    broker.close()


def send(decided, broker=None, halted=lambda: False):
    ledger, venue, orders = decided
    return execute(orders, ledger=ledger, broker=broker or venue, cycle_id="c", halted=halted)


def states(ledger):
    return [intent.state for intent in ledger.intents("c")]


def test_every_order_comes_back_as_a_fill_in_order(decided):
    fills = send(decided)
    assert [f.symbol for f in fills] == list(NAMES)
    assert states(decided[0]) == ["filled"] * 4
    assert fills[0].price == pytest.approx(101.0)
    assert fills[0].cost == pytest.approx(fills[0].quantity * 101.0 * 5e-4)
    assert (fills[0].convention, fills[0].bar_time) == ("next_open", SLOT)
    assert send(decided) == fills


class TwoASecond(RecordedGate):
    """A gate that lets two orders a second through, by a clock that only sleeping moves."""

    def __init__(self):
        super().__init__()
        self.now, self.left = 0.0, []

    def check(self, order):
        if sum(self.now - at < 1.0 for at in self.left) >= 2:
            raise OrderRefused(f"{order.symbol}: 2 left within a second", "message_rate", order.symbol)
        self.left.append(self.now)

    def sleep(self, seconds):
        self.now += seconds


@pytest.mark.parametrize(("patience_s", "sent"), [(30.0, 4), (0.5, 2)])
def test_an_order_waits_for_its_turn_where_too_many_left_within_a_second(decided, tmp_path, patience_s, sent):
    ledger, _, orders = decided
    gate = TwoASecond()
    venue = PaperBroker(gate, tmp_path / "paced.sqlite", "b", next_open, AT, proportional(dict.fromkeys(NAMES, 5.0)))
    parts = {"ledger": ledger, "broker": venue, "cycle_id": "c", "sleep": gate.sleep}
    fills = execute(orders, halted=lambda: False, patience_s=patience_s, **parts)
    assert len(fills) == sent
    assert gate.left == pytest.approx([0.0, 0.0, 1.0, 1.0][:sent], abs=0.06)
    assert states(ledger) == ["filled"] * sent + ["rejected"] * (4 - sent)
    assert [i.reason for i in ledger.intents("c")][sent:] == [
        f"{name}: 2 left within a second" for name in NAMES[sent:]
    ]


@settings(max_examples=30)
@given(faults=st.lists(st.sampled_from([None, "request", "answer"]), min_size=4, max_size=24))
def test_a_lossy_line_neither_loses_nor_doubles(tmp_path_factory, faults):
    home = tmp_path_factory.mktemp("lossy")
    ledger, venue = Ledger(home / "desk.sqlite"), paper(home)
    orders = orders_for(WEIGHTS, mark_book(new_book("b", 1e6), PRICES), SLOT)
    ledger.open_cycle("b", SLOT, "c")
    ledger.commit_decision("c", "{}", orders)
    first = send((ledger, venue, orders), LossyBroker(venue, faults))
    assert {intent.state for intent in ledger.intents("c")} <= {"filled", "unknown"}
    fills = send((ledger, venue, orders))
    assert set(first) <= set(fills)
    assert [f.order_id for f in fills] == [o.order_id for o in orders]
    assert venue.positions() == {o.symbol: o.quantity for o in orders}
    ledger.close()
    venue.close()


def test_a_lost_answer_is_asked_for_and_not_sent_again(decided):
    broker = LossyBroker(decided[1], ["answer"])
    assert len(send(decided, broker)) == 4
    assert len(broker.submitted) == 4


def test_a_lost_request_is_sent_again_only_once_the_broker_has_denied_it(decided):
    broker = LossyBroker(decided[1], ["request"])
    assert len(send(decided, broker)) == 4
    assert len(broker.submitted) == len(set(broker.submitted)) == 4


def test_while_the_broker_does_not_say_nothing_is_sent_again(decided):
    broker = LossyBroker(decided[1], ["answer", "request"] * 4)
    assert send(decided, broker) == ()
    assert states(decided[0]) == ["unknown"] * 4
    assert len(broker.submitted) == 4
    again = LossyBroker(decided[1], ["request"] * 4)
    assert send(decided, again) == ()
    assert again.submitted == []
    assert len(send(decided)) == 4
    assert decided[1].positions() == {o.symbol: o.quantity for o in decided[2]}


def test_a_broker_that_never_takes_it_is_tried_a_few_times_and_left_unknown(decided):
    class Deaf(LossyBroker):
        def submit(self, order):
            self.submitted.append(order.order_id)
            return "accepted"

    broker = Deaf(decided[1], [])
    assert send(decided, broker) == ()
    assert states(decided[0]) == ["unknown"] * 4
    assert len(broker.submitted) == 12


def test_what_was_accepted_once_is_never_sent_again(decided):
    ledger, venue, orders = decided
    for order in orders:
        ledger.mark(order.order_id, "sent")
        ledger.mark(order.order_id, "accepted")
    forgetful = LossyBroker(venue, [])
    assert send(decided, forgetful) == ()
    assert forgetful.submitted == []
    assert states(ledger) == ["accepted"] * 4


def test_an_unknown_symbol_is_rejected_and_the_others_go_on(decided, tmp_path):
    ledger, _, orders = decided
    venue = PaperBroker(
        RecordedGate(), tmp_path / "other.sqlite", "b", next_open, AT, proportional(dict.fromkeys(NAMES[1:], 5.0))
    )
    fills = execute(orders, ledger=ledger, broker=venue, cycle_id="c", halted=lambda: False)
    assert [f.symbol for f in fills] == list(NAMES[1:])
    assert states(ledger) == ["rejected", "filled", "filled", "filled"]
    venue.close()


def test_a_switch_that_is_released_after_nothing_was_marked_sends_nothing(decided):
    ledger, venue, _ = decided
    switch = iter([True])
    assert send(decided, halted=lambda: next(switch, False)) == ()
    assert states(ledger) == ["cancelled"] * 4
    assert venue.positions() == {}


def test_the_kill_switch_stops_the_very_next_send(decided):
    broker = LossyBroker(decided[1], [])
    fills = send(decided, broker, halted=lambda: len(broker.submitted) >= 2)
    assert [f.symbol for f in fills] == ["A", "B"]
    assert states(decided[0]) == ["filled", "filled", "cancelled", "cancelled"]
    assert send(decided) == fills
    assert set(decided[1].positions()) == {"A", "B"}


def test_with_the_switch_on_nothing_leaves_at_all(decided):
    broker = LossyBroker(decided[1], [])
    assert send(decided, broker, halted=lambda: True) == ()
    assert broker.submitted == []
    assert states(decided[0]) == ["cancelled"] * 4


def test_a_switch_that_raises_stops_the_sending(decided):
    def broken():
        raise OSError("the disk is gone")

    broker = LossyBroker(decided[1], [])
    with pytest.raises(OSError, match="gone"):
        send(decided, broker, halted=broken)
    assert broker.submitted == []


def test_orders_other_than_those_stored_are_refused(decided):
    ledger, broker, orders = decided
    with pytest.raises(InputError, match="not those stored"):
        execute(orders[:2], ledger=ledger, broker=broker, cycle_id="c", halted=lambda: False)


def test_orders_without_a_next_bar_wait_and_are_booked_by_a_later_cycle(tmp_path):
    first = run_cycle(tmp_path, prices=no_bar_yet)
    assert first.positions == {}
    second = run_cycle(tmp_path, slot=NEXT, weights=WEIGHTS)
    venue = paper(tmp_path)
    assert set(second.positions) == set(NAMES)
    assert differences(second, venue.positions()) == ()
    assert second.cash + sum(p.quantity * second.marks[s] for s, p in second.positions.items()) < 1e6
    venue.close()


def test_late_fills_are_claimed_by_one_finished_cycle_only(tmp_path):
    run_cycle(tmp_path, prices=no_bar_yet)
    ledger, broker = Ledger(tmp_path / "desk.sqlite"), paper(tmp_path)
    ledger.open_cycle("b", NEXT, "n")
    claimed = collect_late_fills(ledger, broker, "n")
    assert len(claimed) == 4
    assert collect_late_fills(ledger, broker, "n") == claimed
    ledger.open_cycle("b", "2020-03-18T20:00:00Z", "m")
    assert collect_late_fills(ledger, broker, "m") == claimed
    book = ledger.book("b")
    ledger.close_cycle("m", book, (), b"{}")
    ledger.open_cycle("b", "2020-03-19T20:00:00Z", "o")
    assert collect_late_fills(ledger, broker, "o") == ()
    ledger.close()
    broker.close()


def test_open_orders_are_withdrawn_on_demand(tmp_path):
    run_cycle(tmp_path, prices=no_bar_yet)
    ledger, broker = Ledger(tmp_path / "desk.sqlite"), paper(tmp_path, no_bar_yet)
    mute = LossyBroker(broker, ["request"] * 8)
    assert len(withdraw_open_orders(ledger, mute, "b")) == 4
    assert [i.state for i in ledger.open_orders("b")] == ["accepted"] * 4
    assert withdraw_open_orders(ledger, broker, "b") == ()
    ledger.close()
    broker.close()
    assert run_cycle(tmp_path, slot=NEXT, weights={"CASH": 1.0} | dict.fromkeys(NAMES, 0.0)).positions == {}


def test_a_withdrawal_that_comes_too_late_keeps_the_fill(decided):
    ledger, venue, _ = decided

    class Late(LossyBroker):
        """Accepts, and fills just before the withdrawal arrives."""

        def query(self, order_id):
            found = self.inner.query(order_id)
            return found if self.cancelled else found._replace(state="accepted", fills=())

        cancelled = False

        def cancel(self, order_id):
            self.cancelled = True
            return self.inner.cancel(order_id)

    broker = Late(venue, [])
    fills = send(decided, broker, halted=lambda: len(broker.submitted) == 1)
    assert [f.symbol for f in fills] == ["A"]
    assert states(ledger) == ["filled", "cancelled", "cancelled", "cancelled"]


def test_an_id_is_never_taken_for_another_order(decided):
    _, venue, orders = decided
    venue.submit(orders[0])
    with pytest.raises(InputError, match="already known"):
        venue.submit(orders[0].model_copy(update={"quantity": 1.0}))
    assert venue.positions() == {"A": orders[0].quantity}
    assert venue.query("bp-never") is None
    assert venue.cancel("bp-never") == "cancelled"
    assert venue.cancel(orders[0].order_id) == "filled"


@pytest.mark.parametrize("price", [float("nan"), 0.0, -1.0, float("inf")])
def test_no_fill_is_made_at_a_price_that_is_none(tmp_path, price):
    def broken(symbol, after):
        return NextBar(price, AT, "next_open")

    assert run_cycle(tmp_path, prices=broken).positions == {}
    assert set(run_cycle(tmp_path, slot=NEXT).positions) == set(NAMES)
