"""Fills move cash and positions so that no money appears or vanishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from tools.execution.orders import Fill
from tools.execution.reconcile import differences
from tools.execution.settlement import close_book, mark_book, new_book, open_book, settle


def fill(symbol, side, quantity, price, cost=0.0):
    return Fill(
        order_id=f"{symbol}{side}", symbol=symbol, side=side, quantity=quantity, price=price, cost=cost,
        convention="next_open", bar_time="2020-03-17T13:30:00Z",
    )  # fmt: skip


TRADES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.floats(0.01, 100.0), st.floats(0.5, 500.0), st.floats(0.0, 5.0)), max_size=12
)


@given(TRADES, st.dictionaries(st.sampled_from("ABC"), st.floats(0.5, 500.0)))
def test_cash_and_positions_account_for_every_trade(trades, prices):
    book, cash, units = new_book("b", 1e6), 1e6, dict.fromkeys("ABC", 0.0)
    for symbol, quantity, price, cost in trades:
        side = "sell" if units[symbol] >= quantity else "buy"
        before = book.net_asset_value
        moved = mark_book(book, {symbol: price})
        book = settle(moved, [fill(symbol, side, quantity, price, cost)])
        assert book.net_asset_value == pytest.approx(moved.net_asset_value - cost, abs=1e-6)
        units[symbol] += quantity if side == "buy" else -quantity
        cash += (-quantity if side == "buy" else quantity) * price - cost
        assert before > 0
    book = mark_book(book, prices)
    assert book.cash == pytest.approx(cash, abs=1e-6)
    assert {s: p.quantity for s, p in book.positions.items()} == pytest.approx(
        {s: u for s, u in units.items() if abs(u) > 1e-7}
    )
    assert differences(book, units) == ()


def test_average_price_follows_purchases_and_not_sales():
    book = settle(new_book("b", 1000.0), [fill("A", "buy", 2.0, 10.0), fill("A", "buy", 2.0, 20.0, cost=1.0)])
    assert (book.positions["A"].quantity, book.positions["A"].average_price) == (4.0, 15.0)
    assert book.cash == 939.0
    book = settle(book, [fill("A", "sell", 1.0, 30.0)])
    assert book.positions["A"].average_price == 15.0
    assert settle(book, [fill("A", "sell", 3.0, 30.0)]).positions == {}


def test_what_is_not_held_cannot_be_sold():
    with pytest.raises(InputError, match="reconcile with the broker"):
        settle(new_book("b", 1000.0), [fill("A", "sell", 1.0, 10.0)])
    held = settle(new_book("b", 1000.0), [fill("A", "buy", 1.0, 10.0)])
    with pytest.raises(InputError, match="reconcile"):
        settle(held, [fill("A", "sell", 1.1, 10.0)])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_bad_price_never_becomes_a_mark(bad):
    book = settle(new_book("b", 1000.0), [fill("A", "buy", 1.0, 10.0)])
    assert mark_book(book, {"A": bad}).marks["A"] == 10.0
    with pytest.raises(InputError):
        new_book("b", bad)


def test_a_day_runs_from_slot_to_slot_and_the_peak_only_rises():
    book = close_book(new_book("b", 1000.0), [fill("A", "buy", 10.0, 50.0, cost=2.0)])
    assert book.cycles == 1
    up = open_book(book, (), {"A": 60.0})
    assert (up.day_start_value, up.net_asset_value, up.peak_value) == (998.0, 1098.0, 1098.0)
    down = open_book(close_book(up, ()), (), {"A": 40.0})
    assert (down.day_start_value, down.net_asset_value, down.peak_value) == (1098.0, 898.0, 1098.0)


def test_late_fills_are_settled_before_the_book_is_marked():
    opened = open_book(new_book("b", 1000.0), [fill("A", "buy", 10.0, 50.0, cost=2.0)], {"A": 45.0})
    assert opened.day_start_value == 1000.0
    assert opened.net_asset_value == pytest.approx(948.0)


def test_differences_name_what_book_and_broker_count_differently():
    book = settle(new_book("b", 1000.0), [fill("A", "buy", 1.0, 10.0)])
    assert [tuple(d) for d in differences(book, {"B": 2.0})] == [("A", 1.0, 0.0), ("B", 0.0, 2.0)]
    assert [d.symbol for d in differences(book, {"A": float("nan")})] == ["A"]


def test_a_book_that_may_be_short_sells_what_it_does_not_hold():
    book = settle(new_book("b", 1000.0, short=True), [fill("A", "sell", 2.0, 10.0, cost=1.0)])
    assert (book.positions["A"].quantity, book.positions["A"].average_price, book.cash) == (-2.0, 10.0, 1019.0)
    book = settle(book, [fill("A", "sell", 2.0, 20.0)])
    assert (book.positions["A"].quantity, book.positions["A"].average_price) == (-4.0, 15.0)
    book = settle(book, [fill("A", "buy", 1.0, 30.0)])
    assert (book.positions["A"].quantity, book.positions["A"].average_price) == (-3.0, 15.0)
    turned = settle(book, [fill("A", "buy", 5.0, 12.0)])
    assert (turned.positions["A"].quantity, turned.positions["A"].average_price) == (2.0, 12.0)
    assert settle(book, [fill("A", "buy", 3.0, 12.0)]).positions == {}
    assert mark_book(book, {"A": 8.0}).net_asset_value == book.cash - 24.0


def test_pieces_that_make_up_a_position_close_it_without_dust():
    book = settle(new_book("b", 1000.0), [fill("A", "buy", 0.1, 10.0), fill("A", "buy", 0.2, 10.0)])
    assert settle(book, [fill("A", "sell", 0.3, 10.0)]).positions == {}
    whole = settle(new_book("b", 1000.0), [fill("A", "buy", 0.3, 10.0)])
    assert settle(whole, [fill("A", "sell", 0.1, 10.0), fill("A", "sell", 0.2, 10.0)]).positions == {}
