"""The rules of the last gate, in the order in which they are asked: `RULES` is the table of contents.

A rule is a small pure function (order, state, limits) -> what is wrong, or None. Orders that can only bring a position
nearer to zero are not asked the rules about size and exposure ("growing"): getting out must never be refused for being
large.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from tools.execution.orders import Order
from tools.risk.gate.exposure import (
    borrow,
    gross,
    leverage,
    name_weight,
    net,
    order_notional,
    order_quantity,
    participation,
    reduce_only,
    short,
    unsettled,
)
from tools.risk.gate.form import malformed, off_lot, off_tick, price_collar
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import GateState

Test = Callable[[Order, GateState, GateLimits], str | None]


class Rule(NamedTuple):
    """`applies`: to all orders, to new ones (not to the repetition of an open one), or to growing ones only."""

    name: str
    broken: Test
    applies: Literal["all", "new", "growing"]
    throws: bool = False
    """Whether breaking it throws the kill switch."""


# --- permission ---


def kill_switch(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Nothing leaves while the switch is on, but for reducing orders of the person who is flattening."""
    if state.flattening:
        return None if order.reduce_only else "while flattening, only reduce_only orders leave"
    return state.halted or None


def unknown_symbol(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Only what the book lists is traded."""
    return None if order.symbol in state.account.listings else "the book does not list it"


def restricted(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Nothing of it is opened; what is held may be reduced."""
    return "it is on the restricted list" if order.symbol in state.restricted else None


def wrong_currency(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Its currency must have a rate into the account's, and the account's own is worth exactly itself."""
    currency = state.account.listings[order.symbol].currency
    rate = state.account.rates.get(currency, math.nan)
    if not (math.isfinite(rate) and rate > 0.0) or (currency == limits.account_currency and rate != 1.0):
        return f"{currency} has no rate into {limits.account_currency}"
    return None


def halted_symbol(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Without a fresh mark nothing is known of its price."""
    if math.isnan(state.values[order.symbol]):
        return "it has no mark"
    return "its mark is stale" if order.symbol in state.account.stale else None


# --- traffic ---


def reused_id(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """An id belongs to one order."""
    known = state.known.get(order.order_id)
    return None if known is None or known == order else "the id belongs to another order"


def duplicate(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """The same again under another id."""
    return "the same symbol, side and size left just now" if state.traffic.looks_sent(order, state.now) else None


def message_rate(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """Orders a second."""
    return f"{limits.max_messages_per_s} left within a second" if state.traffic.rate_is_full(state.now) else None


def repeated_execution(order: Order, state: GateState, limits: GateLimits) -> str | None:
    """A loop: only a person lets it go on."""
    if not state.traffic.pattern_is_full(order, state.now):
        return None
    return f"{limits.max_repeats} orders to {order.side} it left within {limits.repeat_window_s:g} s"


RULES: tuple[Rule, ...] = (
    Rule("malformed", malformed, "all"),
    Rule("kill_switch", kill_switch, "all"),
    Rule("unknown_symbol", unknown_symbol, "all"),
    Rule("restricted", restricted, "growing"),
    Rule("wrong_currency", wrong_currency, "all"),
    Rule("halted_symbol", halted_symbol, "all"),
    Rule("reused_id", reused_id, "all"),
    Rule("message_rate", message_rate, "all"),
    Rule("duplicate", duplicate, "new"),
    Rule("off_lot", off_lot, "new"),
    Rule("off_tick", off_tick, "new"),
    Rule("price_collar", price_collar, "new"),
    Rule("reduce_only", reduce_only, "new"),
    Rule("order_notional", order_notional, "growing"),
    Rule("order_quantity", order_quantity, "growing"),
    Rule("participation", participation, "growing"),
    Rule("short", short, "growing"),
    Rule("name_weight", name_weight, "growing"),
    Rule("gross", gross, "growing"),
    Rule("net", net, "growing"),
    Rule("leverage", leverage, "growing"),
    Rule("borrow", borrow, "growing"),
    Rule("unsettled", unsettled, "growing"),
    Rule("repeated_execution", repeated_execution, "new", throws=True),
)
"""First broken, first named. `repeated_execution` stands last: only an order that would have left counts."""
