"""Gate rules on what an order may make of the account. Comparisons are written so that NaN fails them."""

from __future__ import annotations

import math

from tools.execution.orders import Order
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import DUST, SLACK, GateState


def reduce_only(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """An order that may only reduce can do nothing else, whatever of the open ones is filled before it."""
    if not order.reduce_only or state.reduces(order):
        return None
    low, high = state.ends(order.symbol)
    return f"{order.side} {order.quantity} does not reduce a position of {low} to {high}"


def order_notional(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The money in one order."""
    notional = order.quantity * max(state.unit_price(order), state.values[order.symbol])
    return _above(notional, limits.max_order_notional_usd, "notional")


def order_quantity(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The units in one order."""
    return _above(order.quantity, limits.max_order_quantity, "quantity")


def participation(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The share of an average bar's volume, with what is open on the same side: splitting does not help."""
    volume = state.account.volumes.get(order.symbol, math.nan)
    if not volume > 0.0:
        return "its volume is unknown" if limits.require_volume else None
    open_units = (state.to_buy if order.side == "buy" else state.to_sell).get(order.symbol, 0.0)
    return _above((open_units + order.quantity) / volume, limits.max_participation, "share of the average volume")


def short(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Nothing is sold that is not held, where the book may not be short."""
    if limits.allow_short or order.side == "buy":
        return None
    low, _ = state.ends_after(order)
    return None if low >= -DUST else f"the position could become {low}"


def name_weight(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The symbol's exposure in its worst case."""
    low, high = state.ends_after(order)
    exposure = max(abs(low), abs(high)) * state.values[order.symbol]
    return _above(exposure, limits.max_name_weight * state.equity, "exposure")


def gross(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The sum of absolute exposures, as money."""
    return _above(_gross_after(order, state), limits.max_gross_usd, "gross exposure")


def net(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The signed sum of exposures, either way. Letting a hedge go may move it too, and is not refused."""
    value = order.quantity * state.values[order.symbol]
    after = state.longest + value if order.side == "buy" else value - state.shortest
    return _above(after, limits.max_net * state.equity, "net exposure")


def leverage(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The sum of absolute exposures against the equity."""
    return _above(_gross_after(order, state), limits.max_leverage * state.equity, "gross exposure")


def _gross_after(order: Order, state: GateState) -> float:
    low, high = state.ends(order.symbol)
    low_after, high_after = state.ends_after(order)
    more = max(abs(low_after), abs(high_after)) - max(abs(low), abs(high))
    return state.gross + more * state.values[order.symbol]


def borrow(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Cash once everything open is filled."""
    if order.side == "sell":
        return None
    owed = state.due_to_pay + _cash_needed(order, state) - state.due_to_get - state.cash
    return _above(owed, limits.max_borrow * state.equity, "borrowed cash")


def unsettled(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Cash if no open sale is ever filled."""
    if order.side == "sell":
        return None
    owed = state.due_to_pay + _cash_needed(order, state) - state.cash
    return _above(owed, limits.max_unsettled * state.equity, "cash that waits for sales")


def _cash_needed(order: Order, state: GateState) -> float:
    return order.quantity * state.unit_cash("buy", state.unit_price(order))


def _above(value: float, limit: float, what: str) -> str | None:
    """The breach in words; NaN on either side is one."""
    return None if value <= limit + abs(limit) * SLACK else f"{what} {value:.10g}, limit {limit:.10g}"
