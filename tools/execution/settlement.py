"""What fills and prices do to a book: cash, positions, marks, and the values the breakers compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from data.errors import InputError
from tools.execution.book import Book, Position
from tools.execution.orders import Fill

DUST = 1e-9
"""Fraction of what was held or traded under which what is left of a position is rounding, and the position closed."""


def new_book(name: str, cash: float, short: bool = False) -> Book:
    """A book with an opening deposit and nothing else; InputError where the deposit is not a positive number."""
    if not (math.isfinite(cash) and cash > 0.0):
        raise InputError(f"a book cannot open with {cash} in cash", "deposit a positive amount")
    return Book(name=name, cash=cash, peak_value=cash, day_start_value=cash, short=short)


def settle(book: Book, fills: Iterable[Fill]) -> Book:
    """The book after `fills`: cash pays price and costs, positions keep their average price before costs.

    The mark of what was traded becomes the price it was traded at. InputError where more is sold than is held, unless
    the book may be short.
    """
    cash, positions, marks = book.cash, dict(book.positions), dict(book.marks)
    for fill in fills:
        position = _traded(positions.pop(fill.symbol, None), fill, book.short)
        if position is not None:
            positions[fill.symbol] = position
        cash -= fill.signed_quantity * fill.price + fill.cost
        marks[fill.symbol] = fill.price
    return book.model_copy(
        update={"cash": cash, "positions": dict(sorted(positions.items())), "marks": dict(sorted(marks.items()))}
    )


def mark_book(book: Book, prices: Mapping[str, float]) -> Book:
    """The book at new prices (account currency per unit), its peak raised where it is passed.

    A price that is not a positive number leaves the last mark: whether such a symbol may be held is for the risk check.
    """
    known = {symbol: price for symbol, price in prices.items() if math.isfinite(price) and price > 0.0}
    marked = book.model_copy(update={"marks": dict(sorted((book.marks | known).items()))})
    return marked.model_copy(update={"peak_value": max(marked.peak_value, marked.net_asset_value)})


def open_book(book: Book, late_fills: Iterable[Fill], prices: Mapping[str, float]) -> Book:
    """The book at the start of a cycle: value of the last slot noted, earlier orders settled, marked at `prices`."""
    before = book.net_asset_value
    return mark_book(settle(book, late_fills), prices).model_copy(update={"day_start_value": before})


def close_book(opening: Book, fills: Iterable[Fill]) -> Book:
    """The book at the end of a cycle: its fills settled, one more cycle counted."""
    return settle(opening, fills).model_copy(update={"cycles": opening.cycles + 1})


def _traded(held: Position | None, fill: Fill, short: bool) -> Position | None:
    """The position after an execution, or None where it is closed.

    What adds to a position moves its average price, what reduces it does not, and what crosses zero begins anew.
    """
    before = 0.0 if held is None else held.quantity
    after = before + fill.signed_quantity
    if abs(after) <= DUST * max(abs(before), fill.quantity):
        return None
    if after < 0.0 and not short:
        raise InputError(f"{fill.quantity} {fill.symbol} were sold, {before} are held", "reconcile with the broker")
    if held is None or before * after < 0.0:
        return Position(quantity=after, average_price=fill.price)
    if abs(after) < abs(before):
        return held.model_copy(update={"quantity": after})
    paid = before * held.average_price + fill.signed_quantity * fill.price
    return Position(quantity=after, average_price=paid / after)
