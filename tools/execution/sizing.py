"""From allowed weights to orders: what to sell, then what to buy, in whole lots and never up to dust."""

from __future__ import annotations

import math
from collections.abc import Mapping

from data.errors import InputError
from data.market import CASH
from tools.execution.book import Book
from tools.execution.orders import Order, order_id

LOT = 1e-6
"""Smallest tradable quantity (units)."""


def orders_for(
    weights: Mapping[str, float],
    book: Book,
    slot: str,
    min_notional: float = 50.0,
    prices: Mapping[str, float] | None = None,
    lot: float = LOT,
    decision_version: int = 1,
) -> tuple[Order, ...]:
    """Orders that bring `book` to `weights` (fractions of its net asset value), sells first, each side by symbol.

    Sized at `prices` (the book's marks where not given). Quantities are rounded down to `lot`; a weight of 0 sells the
    whole position exactly; orders under `min_notional` (account currency) are left out unless they close a position.
    InputError where a symbol that must be traded has no price.
    """
    known = book.marks if prices is None else prices
    value = book.net_asset_value
    sells: list[Order] = []
    buys: list[Order] = []
    for symbol in sorted({*weights, *book.positions} - {CASH}):
        held = book.positions[symbol].quantity if symbol in book.positions else 0.0
        weight = weights.get(symbol, math.nan) if held else weights[symbol]
        if weight == 0.0 and held == 0.0:
            continue
        price = known.get(symbol, math.nan)
        if not (math.isfinite(weight) and math.isfinite(price) and price > 0.0):
            raise InputError(f"{symbol} cannot be sized: weight {weight}, price {price}", "check the verdict and marks")
        change = weight * value / price - held
        closing = weight == 0.0
        quantity = abs(held) if closing else _rounded_down(abs(change), lot)
        if quantity == 0.0 or (not closing and quantity * price < min_notional):
            continue
        order = Order(
            order_id=order_id(book.name, slot, symbol, 0, decision_version),
            symbol=symbol,
            side="sell" if change < 0.0 else "buy",
            quantity=quantity,
            reference_price=price,
            decision_version=decision_version,
        )
        (sells if change < 0.0 else buys).append(order)
    return (*sells, *buys)


def _rounded_down(quantity: float, lot: float) -> float:
    """Whole lots, written with at most six decimals."""
    return round(math.floor(quantity / lot) * lot, 6)
