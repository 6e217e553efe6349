"""What the gate remembers: repetitions, twins, rates, loops, and what it is told of orders that left."""

from __future__ import annotations

import pytest

from data.errors import OrderRefused, StorageFailed
from tests.tools.risk.gate_world import LIMITS, World, a_fill
from tools.execution.broker import Answer, OpenOrder
from tools.risk.gate.gate import Gate
from tools.risk.kill_switch.halt import halt, read_halt, resume


def test_the_same_order_again_is_the_same_order_and_counts_once():
    world = World(LIMITS.model_copy(update={"max_repeats": 1}))
    order = world.order(quantity=1_500.0)
    world.gate.check(order)
    world.gate.check(order)
    assert world.refuses("B", quantity=1_500.0) is None
    assert world.reasons == []


def test_an_id_belongs_to_one_order():
    world = World()
    order = world.order()
    world.gate.check(order)
    assert world.refuses("B", order_id=order.order_id) == "reused_id"


def test_a_twin_under_another_id_is_a_duplicate_until_the_window_is_over():
    world = World()
    assert world.refuses(quantity=10.0) is None
    world.now = 4.9
    assert world.refuses(quantity=10.0) == "duplicate"
    assert world.refuses(quantity=11.0) is None
    world.now = 5.0
    assert world.refuses(quantity=10.0) is None


def test_messages_in_any_second_are_counted():
    world = World(LIMITS.model_copy(update={"max_repeats": 100}))
    for n in range(5):
        world.now = 0.1 * n
        assert world.refuses(quantity=10.0 + n) is None
    assert world.refuses(quantity=20.0) == "message_rate"
    world.now = 0.99
    assert world.refuses(quantity=21.0) == "message_rate"
    world.now = 1.0
    assert world.refuses(quantity=22.0) is None


def test_a_loop_stops_at_the_nth_order_and_only_a_person_lets_it_go_on(tmp_path):
    world = World()
    gate = Gate(
        LIMITS, halted=lambda: read_halt(tmp_path).on, throw=lambda reason: halt(tmp_path, reason, "gate"),
        clock=lambda: world.now,
    )  # fmt: skip
    rules = []
    for n in range(6):
        world.now = 10.0 * n
        gate.open(world.account)  # a loop around the whole cycle opens the gate each time
        try:
            gate.check(world.order(quantity=10.0 + n))
        except OrderRefused as refused:
            rules.append(refused.rule)
        else:
            rules.append("passed")
    assert rules == ["passed"] * 3 + ["repeated_execution"] + ["kill_switch"] * 2
    assert "3 orders to buy it left within 60 s" in read_halt(tmp_path).reason
    resume(tmp_path, "ann")
    gate.check(world.order(quantity=99.0))


def test_where_the_switch_cannot_be_thrown_the_gate_itself_stays_shut():
    world = World()

    def fails(reason):
        raise StorageFailed("the disk is full")

    gate = Gate(LIMITS, halted=lambda: False, throw=fails, clock=lambda: world.now)
    gate.open(world.account)
    for n in range(3):
        gate.check(world.order(quantity=10.0 + n))
    for symbol, rule in (("A", "repeated_execution"), ("B", "kill_switch"), ("C", "kill_switch")):
        with pytest.raises(OrderRefused) as refused:
            gate.check(world.order(symbol))
        assert refused.value.rule == rule


def test_a_clock_that_goes_back_does_not_open_a_window():
    world = World()
    world.now = 100.0
    assert world.refuses(quantity=10.0) is None
    world.now = 0.0
    assert world.refuses(quantity=10.0) == "duplicate"


def test_executions_told_twice_count_once_and_the_rest_stays_open():
    world = World()
    assert world.refuses(quantity=2_000.0) is None
    part = a_fill("o1", "A", "buy", 500.0)
    for _ in range(3):
        world.gate.learn("o1", Answer("partial", (part,)))
    assert world.refuses(quantity=501.0) == "name_weight"
    world.gate.learn("o1", Answer("cancelled", (part,)))
    assert world.refuses(quantity=1_999.0) is None


def test_what_was_open_before_counts_and_is_judged_when_it_is_sent_again():
    world = World(open_orders=(OpenOrder("old", "A", "buy", 3_000.0, 1_000.0),))
    assert world.refuses("A", quantity=501.0) == "name_weight"
    assert world.refuses("A", quantity=3_000.0, order_id="old") == "order_notional"
    assert world.refuses("A", quantity=501.0) == "name_weight"
    assert world.refuses("A", quantity=1_900.0, order_id="old") is None
    assert world.refuses("A", quantity=600.0) is None
