"""The life of an order: which state may follow which."""

from __future__ import annotations

from data.errors import InputError
from tools.execution.orders import OrderState

TERMINAL: frozenset[OrderState] = frozenset({"filled", "rejected", "cancelled"})
"""States that nothing follows."""

FOLLOWERS: dict[OrderState, frozenset[OrderState]] = {
    "intended": frozenset({"sent", "cancelled"}),
    "sent": frozenset({"unknown", "accepted", "filled", "rejected", "cancelled"}),
    "unknown": frozenset({"sent", "accepted", "filled", "rejected", "cancelled"}),
    "accepted": frozenset({"filled", "rejected", "cancelled"}),
    "filled": frozenset(),
    "rejected": frozenset(),
    "cancelled": frozenset(),
}
"""`sent` is written before the first byte leaves, so `intended` proves that nothing did; `unknown` may be sent again
only once the broker says that it never saw the id."""


def check_transition(order_id: str, now: OrderState, then: OrderState) -> None:
    """InputError where an order in state `now` cannot become `then`; the same state again is no transition."""
    if then != now and then not in FOLLOWERS[now]:
        raise InputError(f"order {order_id} is {now} and cannot become {then}", "ask the broker by its id")


def is_stale(now: OrderState, then: OrderState) -> bool:
    """Whether an answer `then` says less than is known already: it was under way while another one came in."""
    return (then == "unknown" and now == "accepted") or (then in ("unknown", "accepted") and now in TERMINAL)
