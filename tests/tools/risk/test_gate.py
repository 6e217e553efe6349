"""The last gate, rule by rule: what passes at a limit, what is refused past it, and by which name."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from data.errors import OrderRefused, StorageFailed
from tests.tools.risk.gate_world import LIMITS, NAMES, World, a_fill, long
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.orders import Order
from tools.risk.gate.gate import Gate
from tools.risk.gate.rules import RULES
from tools.risk.kill_switch.halt import HALT_FILE, read_halt, resume


def test_a_gate_that_was_never_opened_lets_nothing_by():
    gate = Gate(LIMITS, halted=lambda: False)
    with pytest.raises(OrderRefused) as refused:
        gate.check(World().order())
    assert (refused.value.rule, refused.value.symbol) == ("closed", "A")


def test_the_refusal_names_rule_symbol_and_figures():
    world = World()
    with pytest.raises(OrderRefused, match=r"A: order_notional: notional 210000, limit 200000") as refused:
        world.gate.check(world.order(quantity=2_100.0))
    assert refused.value.symbol == "A"


@pytest.mark.parametrize(
    ("within", "beyond", "rule"),
    [
        ({"quantity": 2_000.0}, {"quantity": 2_001.0}, "order_notional"),
        ({"quantity": 7.0}, {"quantity": 7.5}, "off_lot"),
        ({"kind": "limit", "limit_price": 101.5}, {"kind": "limit", "limit_price": 101.3}, "off_tick"),
        ({"kind": "limit", "limit_price": 110.0}, {"kind": "limit", "limit_price": 110.5}, "price_collar"),
        ({"reference_price": 90.0}, {"reference_price": 89.0}, "price_collar"),
        ({"kind": "stop", "stop_price": 150.0}, {"kind": "stop", "stop_price": 150.5}, "price_collar"),
        ({"symbol": "A"}, {"symbol": "Z"}, "unknown_symbol"),
        ({"symbol": "A"}, {"symbol": "J", "reference_price": 1.0}, "wrong_currency"),
        ({"symbol": "A"}, {"symbol": "R"}, "restricted"),
        ({"side": "buy"}, {"side": "sell"}, "short"),
        ({"side": "buy"}, {"side": "buy", "reduce_only": True}, "reduce_only"),
    ],
)  # fmt: skip
def test_an_order_passes_at_the_limit_and_not_beyond(within, beyond, rule):
    assert World().refuses(**within) is None
    assert World().refuses(**beyond) == rule


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"max_order_quantity": 99.0}, "order_quantity"),
        ({"max_participation": 0.000_5}, "participation"),
        ({"max_name_weight": 0.005}, "name_weight"),
        ({"max_gross_usd": 5_000.0}, "gross"),
        ({"max_net": 0.005}, "net"),
        ({"max_leverage": 0.005}, "leverage"),
    ],
)
def test_each_exposure_has_a_limit_of_its_own(change, rule):
    assert World(LIMITS.model_copy(update=change)).refuses(quantity=100.0) == rule


def test_orders_that_are_not_filled_count_in_full():
    world = World()
    assert world.refuses(quantity=2_000.0) is None
    assert world.refuses(quantity=500.0) is None
    assert world.refuses(quantity=1.0) == "name_weight"
    world.gate.release("o1")
    assert world.refuses(quantity=2.0) is None


def test_a_sale_that_is_not_filled_frees_nothing():
    world = World(cash=0.0, positions={"A": 2_000.0, "B": 2_000.0})
    assert world.refuses("A", "sell", 2_000.0) is None
    assert world.refuses("C", "buy", 100.0) == "net"
    world.gate.note(a_fill("o1", "A", "sell", 2_000.0))
    assert world.refuses("C", "buy", 500.0) is None


def test_borrowing_counts_sales_and_the_unsettled_rule_does_not():
    fields = {"max_net": 5.0, "max_leverage": 5.0, "max_name_weight": 5.0}
    tight = World(LIMITS.model_copy(update=fields | {"max_unsettled": 1.0}), cash=0.0, positions={"A": 2_000.0})
    assert tight.refuses("A", "sell", 1_000.0) is None
    assert tight.refuses("B", "buy", 1_000.0) is None
    assert tight.refuses("C", "buy", 1.0) == "borrow"
    strict = World(LIMITS.model_copy(update=fields), cash=0.0, positions={"A": 2_000.0})
    assert strict.refuses("A", "sell", 1_000.0) is None
    assert strict.refuses("B", "buy", 1.0) == "unsettled"


def test_the_price_that_is_reserved_is_the_dearest_an_order_may_pay():
    world = World(cash=10_000.0)
    assert world.refuses(quantity=99.0, kind="limit", limit_price=102.0) in ("borrow", "name_weight", "net")
    world = World(
        LIMITS.model_copy(update={"max_name_weight": 2.0, "max_net": 2.0, "max_leverage": 2.0}), cash=10_000.0
    )
    assert world.refuses(quantity=99.0, kind="limit", limit_price=101.0) is None
    assert world.refuses(quantity=1.0) == "borrow"


def test_getting_out_is_never_refused_for_being_large():
    world = World(LIMITS.model_copy(update={"max_order_notional_usd": 1.0, "max_participation": 0.0}),
                  cash=-5e6, positions={"A": 40_000.0, "R": 30_000.0})  # fmt: skip
    assert world.refuses("A", "sell", 40_000.0) is None
    assert world.refuses("R", "sell", 30_000.0) is None
    assert world.refuses("A", "sell", 1.0) == "order_notional"


def test_a_short_may_be_bought_back_and_no_more():
    world = World(LIMITS.model_copy(update={"max_order_notional_usd": 50.0}), cash=2e6, positions={"A": -3_000.0})
    assert world.refuses("A", "buy", 3_000.0, reduce_only=True) is None
    assert world.refuses("A", "buy", 1.0) == "order_notional"


def test_a_position_off_the_lot_can_be_closed():
    assert long(A=10.25).refuses("A", "sell", 10.25) is None
    assert long(A=10.25).refuses("A", "sell", 5.125) == "off_lot"


def test_a_held_symbol_without_a_mark_stops_growth_and_not_exits():
    world = World(positions={"A": 100.0, "Q": 5.0})
    assert world.refuses("B", "buy", 1.0) == "name_weight"
    assert world.refuses("A", "sell", 100.0) is None


@pytest.mark.parametrize("mark", [math.nan, 0.0, -1.0, math.inf, None])
def test_a_symbol_without_a_mark_or_with_a_stale_one_is_halted(mark):
    marks = dict.fromkeys(NAMES, 100.0) | ({} if mark is None else {"A": mark})
    if mark is None:
        del marks["A"]
    assert World(marks=marks).refuses("A") == "halted_symbol"
    assert World(stale=frozenset({"A"})).refuses("A") == "halted_symbol"


@pytest.mark.parametrize("cash", [math.nan, math.inf, -math.inf, -1.0, 0.0])
def test_an_account_without_equity_does_not_grow(cash):
    assert World(cash=cash).refuses() is not None


def test_unknown_volume_is_let_by_unless_it_is_required():
    assert World(volumes={}).refuses() is None
    assert World(LIMITS.model_copy(update={"require_volume": True}), volumes={}).refuses() == "participation"
    assert World(volumes={"A": math.nan}).refuses() is None


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": bad} for bad in (math.nan, math.inf, -0.0, 0.0, -1.0, "100", None, [1], True, 10**400, 1e308)
    ] + [
        {"side": "hold"}, {"side": ["buy"]}, {"kind": "peg"}, {"time_in_force": None}, {"symbol": ""}, {"symbol": b"A"},
        {"order_id": ""}, {"order_id": 7}, {"reference_price": math.nan}, {"limit_price": 100.0}, {"reduce_only": 0},
        {"kind": "limit"}, {"kind": "stop_limit", "limit_price": 100.0}, {"kind": "limit", "limit_price": "100"},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_built_around_validation_is_refused(fields):
    world = World()
    with pytest.raises(OrderRefused) as refused:
        world.gate.check(Order.model_construct(**(world.order().__dict__ | fields)))
    assert refused.value.rule in ("malformed", "order_notional", "off_lot")


@pytest.mark.parametrize("thing", [None, "buy 100 A", {"symbol": "A"}, 7])
def test_what_is_no_order_at_all_is_refused(thing):
    with pytest.raises(OrderRefused) as refused:
        World().gate.check(thing)
    assert refused.value.rule == "malformed"


# --- the switch ---------------------------------------------------------------------------------------------------


def test_the_switch_is_read_before_each_order(tmp_path):
    world = World()
    gate = Gate(LIMITS, halted=lambda: read_halt(tmp_path).on)
    gate.open(world.account)
    gate.check(world.order("A"))
    (tmp_path / HALT_FILE).touch()
    with pytest.raises(OrderRefused) as refused:
        gate.check(world.order("B"))
    assert refused.value.rule == "kill_switch"
    resume(tmp_path, "ann")
    gate.check(world.order("C"))


def _raises(error):
    raise error


@pytest.mark.parametrize(
    "halted",
    [lambda: _raises(OSError(5, "io")), lambda: _raises(StorageFailed("x")), lambda: _raises(RuntimeError("x")),
     lambda: None, lambda: 0, lambda: "no"],
)  # fmt: skip
def test_a_switch_that_cannot_be_read_is_on(halted):
    world = World()
    gate = Gate(LIMITS, halted=halted)
    gate.open(world.account)
    with pytest.raises(OrderRefused) as refused:
        gate.check(world.order())
    assert refused.value.rule == "kill_switch"


def test_while_flattening_only_what_surely_reduces_leaves():
    world = long(A=100.0)
    gate = Gate(LIMITS, halted=lambda: True, flattening=True)
    gate.open(world.account)
    refused = []
    for order in (
        world.order("A", "sell", 100.0), world.order("A", "buy", 1.0, reduce_only=True),
        world.order("A", "sell", 101.0, reduce_only=True), world.order("B", "sell", 1.0, reduce_only=True),
    ):  # fmt: skip
        with pytest.raises(OrderRefused) as error:
            gate.check(order)
        refused.append(error.value.rule)
    assert refused == ["kill_switch", "reduce_only", "reduce_only", "reduce_only"]
    gate.check(world.order("A", "sell", 100.0, reduce_only=True))


def test_no_broker_can_be_built_without_a_gate(tmp_path):
    arguments = (
        tmp_path / "v.sqlite",
        "b",
        lambda *_: None,
        datetime(2020, 1, 1, tzinfo=UTC),
        proportional({"A": 1.0}),
    )
    with pytest.raises(TypeError):
        PaperBroker(*arguments)
    broker = PaperBroker(Gate(LIMITS, halted=lambda: False), *arguments)
    with pytest.raises(OrderRefused):
        broker.submit(World().order())
    assert broker.open_orders() == ()


def test_the_table_of_rules_has_each_name_once():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert names[:2] == ["malformed", "kill_switch"]
