"""Gate rules on what an order says: whether it is one at all, in whole steps, at a price near the market."""

from __future__ import annotations

import math

from tools.execution.orders import Order
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import SLACK, GateState

KINDS = {"market": (False, False), "limit": (True, False), "stop": (False, True), "stop_limit": (True, True)}
"""Kind -> whether it has a limit price, whether it has a stop price."""
_WORDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("order_id", frozenset()),
    ("symbol", frozenset()),
    ("side", frozenset({"buy", "sell"})),
    ("kind", frozenset(KINDS)),
    ("time_in_force", frozenset({"day", "gtc", "ioc", "fok"})),
)
"""Field -> the words it may be; empty is any."""


def malformed(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Whatever is no order at all: built around validation, with numbers that are none or prices it should not have."""
    if type(order) is not Order:
        return f"it is a {type(order).__name__}"
    fields = order.__dict__
    for name, allowed in _WORDS:
        value = fields.get(name)
        if type(value) is not str or not value or (allowed and value not in allowed):
            return f"{name} is {_shown(value)}"
    if type(fields.get("reduce_only")) is not bool:
        return f"reduce_only is {_shown(fields.get('reduce_only'))}"
    has_limit, has_stop = KINDS[order.kind]
    for name, needed in (
        ("quantity", True), ("reference_price", True), ("limit_price", has_limit), ("stop_price", has_stop)
    ):  # fmt: skip
        value = fields.get(name)
        if not (_is_positive(value) if needed else value is None):
            return f"{name} of a {order.kind} order is {_shown(value)}"
    return None


def _is_positive(value: object) -> bool:
    """A finite number above zero; an integer that a float cannot hold exactly is none."""
    if type(value) is float:
        return math.isfinite(value) and value > 0.0
    return type(value) is int and 0 < value < 2**53


def _shown(value: object) -> str:
    """Whatever stands there, in at most 40 characters."""
    return repr(value)[:40]


def off_lot(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Whole lots only; a position that is not whole may be closed as it is."""
    lot = state.account.listings[order.symbol].lot
    if _is_multiple(order.quantity, lot) or order.quantity == abs(state.positions.get(order.symbol, 0.0)):
        return None
    return f"{order.quantity} is no multiple of the lot {lot}"


def off_tick(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Limit and stop prices stand on the symbol's tick."""
    tick = state.account.listings[order.symbol].tick
    for price in (order.limit_price, order.stop_price):
        if price is not None and not _is_multiple(price, tick):
            return f"{price} is no multiple of the tick {tick}"
    return None


def _is_multiple(value: float, step: float) -> bool:
    """Whether `value` is a whole number of steps, up to the rounding of its own last bits."""
    if step <= 0.0:
        return True
    count = value / step
    return math.isfinite(count) and round(count) >= 1 and abs(count - round(count)) <= 1e-6 + count * 1e-14


def price_collar(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """No price far from the last mark."""
    mark = state.account.marks[order.symbol]
    for price, collar_bps in (
        (order.reference_price, limits.price_collar_bps),
        (order.limit_price, limits.price_collar_bps),
        (order.stop_price, limits.stop_collar_bps),
    ):
        if price is not None and not abs(price / mark - 1.0) * 1e4 <= collar_bps * (1.0 + SLACK):
            return f"{price} against the mark {mark}, collar {collar_bps} bps"
    return None
