"""Orders bring the book to its weights, in whole lots, sells first, never up to dust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from tools.execution.book import Book, Position
from tools.execution.orders import order_id
from tools.execution.settlement import mark_book, new_book
from tools.execution.sizing import orders_for

SLOT = "2020-03-16T20:00:00Z"
NAMES = ("A", "B", "C", "D")


def book_of(quantities, prices, cash=100_000.0):
    held = {s: Position(quantity=q, average_price=1.0) for s, q in quantities.items() if q}
    return Book(
        name="b", cash=cash, positions=held, marks=dict(prices), peak_value=cash, day_start_value=cash
    )  # fmt: skip


@st.composite
def cases(draw):
    prices = {s: draw(st.floats(0.01, 5000.0)) for s in NAMES}
    quantities = {s: draw(st.sampled_from([0.0, draw(st.floats(0.001, 1000.0))])) for s in NAMES}
    raw = [draw(st.sampled_from([0.0, 1.0, 2.5])) for _ in NAMES]
    total = sum(raw) + 1.0
    weights = {s: w / total for s, w in zip(NAMES, raw, strict=True)}
    return weights | {"CASH": 1.0 - sum(weights.values())}, book_of(quantities, prices)


@given(cases())
def test_orders_lead_to_the_weights_within_a_lot_and_the_smallest_order(case):
    weights, book = case
    orders = {o.symbol: o for o in orders_for(weights, book, SLOT, min_notional=50.0)}
    value = book.net_asset_value
    for symbol in NAMES:
        held = book.positions[symbol].quantity if symbol in book.positions else 0.0
        order = orders.get(symbol)
        traded = 0.0 if order is None else order.quantity if order.side == "buy" else -order.quantity
        missing = weights[symbol] * value - (held + traded) * book.marks[symbol]
        if weights[symbol] == 0.0:
            assert held + traded == 0.0
        elif order is None:
            assert abs(missing) <= 50.0 + 1e-6 * book.marks[symbol]
        else:
            assert abs(missing) <= 1e-6 * book.marks[symbol] + 1e-6
            assert order.quantity * order.reference_price >= 50.0
            assert order.quantity == round(order.quantity, 6)


@given(cases())
def test_sells_come_first_and_each_side_is_sorted(case):
    orders = orders_for(*case, SLOT)
    keys = [(o.side == "buy", o.symbol) for o in orders]
    assert keys == sorted(keys)


def test_ids_do_not_depend_on_price_or_size():
    first = orders_for({"A": 0.5, "CASH": 0.5}, book_of({}, {"A": 100.0}), SLOT)
    second = orders_for({"A": 0.4, "CASH": 0.6}, book_of({}, {"A": 90.0}), SLOT)
    assert first[0].order_id == second[0].order_id == order_id("b", SLOT, "A", 0, 1)
    third = orders_for({"A": 0.5, "CASH": 0.5}, book_of({}, {"A": 100.0}), SLOT, decision_version=2)
    assert third[0].order_id != first[0].order_id


def test_a_full_exit_sells_every_last_unit_even_of_dust():
    book = book_of({"A": 0.123456789, "B": 1e-7}, {"A": 100.0, "B": 1.0})
    orders = orders_for({"A": 0.0, "B": 0.0, "CASH": 1.0}, book, SLOT)
    assert [(o.symbol, o.side, o.quantity) for o in orders] == [("A", "sell", 0.123456789), ("B", "sell", 1e-7)]


def test_held_weights_ask_for_no_orders_even_without_a_smallest_order():
    book = book_of({"A": 100.1, "B": 7.7, "C": 33.3}, {"A": 31.7, "B": 913.1, "C": 3.3}, cash=12_345.67)
    assert orders_for(book.weights(), book, SLOT, min_notional=0.0) == ()


def test_whole_shares_are_rounded_down():
    (order,) = orders_for({"A": 0.5, "CASH": 0.5}, book_of({}, {"A": 333.0}), SLOT, lot=1.0)
    assert order.quantity == 150.0


def test_a_symbol_without_a_price_or_a_held_one_without_a_weight_is_refused():
    with pytest.raises(InputError, match="A cannot be sized"):
        orders_for({"A": 0.5, "CASH": 0.5}, book_of({}, {}), SLOT)
    with pytest.raises(InputError, match="B cannot be sized"):
        orders_for({"A": 0.0, "CASH": 1.0}, book_of({"B": 1.0}, {"B": 5.0}), SLOT)


def test_prices_may_be_given_apart_from_the_marks():
    book = mark_book(new_book("b", 1000.0), {})
    (order,) = orders_for({"A": 0.5, "CASH": 0.5}, book, SLOT, prices={"A": 10.0})
    assert order.quantity == 50.0
    assert order.reference_price == 10.0


def test_a_short_position_is_bought_back_whole_and_made_smaller():
    book = book_of({"A": -10.0}, {"A": 100.0}, cash=3000.0)
    (closing,) = orders_for({"A": 0.0, "CASH": 1.0}, book, SLOT)
    assert (closing.side, closing.quantity) == ("buy", 10.0)
    (smaller,) = orders_for({"A": -0.25, "CASH": 1.25}, book, SLOT)
    assert (smaller.side, smaller.quantity) == ("buy", 5.0)
