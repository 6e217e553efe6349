"""The life of an order: which state may follow which.

    intended -> sent -> accepted -> partial -> filled
                  |         |          |
               unknown      +----------+--> cancelled --> filled, where the rest was executed before the cancel arrived

`sent` is written before the first byte leaves, so `intended` proves that nothing did; `unknown` may be sent again only
once the broker says that it never saw the id. A cancelled order is over, but executions that were made before the
cancel reached the venue may still be reported: they are booked, up to the order's quantity, and the state stays
`cancelled` until they make up the whole. Nothing follows `filled` and `rejected`.
"""

from __future__ import annotations

from data.errors import InputError
from tools.execution.orders import OrderState

TERMINAL: frozenset[OrderState] = frozenset({"filled", "rejected", "cancelled"})
"""States after which an order is not waited for."""

WORKING: frozenset[OrderState] = frozenset({"accepted", "partial"})
"""States in which the broker holds the order and may fill more of it."""

_SENT: frozenset[OrderState] = frozenset({"sent", "unknown", "accepted", "partial", "filled", "rejected", "cancelled"})

FOLLOWERS: dict[OrderState, frozenset[OrderState]] = {
    "intended": frozenset({"sent", "rejected", "cancelled"}),
    "sent": _SENT,
    "unknown": _SENT,
    "accepted": frozenset({"partial", "filled", "rejected", "cancelled"}),
    "partial": frozenset({"filled", "cancelled"}),
    "filled": frozenset(),
    "rejected": frozenset(),
    "cancelled": frozenset({"filled"}),
}


def check_transition(order_id: str, now: OrderState, then: OrderState) -> None:
    """InputError where an order in state `now` cannot become `then`; the same state again is no transition."""
    if then != now and then not in FOLLOWERS[now]:
        raise InputError(f"order {order_id} is {now} and cannot become {then}", "ask the broker by its id")


def is_stale(now: OrderState, then: OrderState) -> bool:
    """Whether an answer `then` says less than is known already: it was under way while another one came in."""
    return (
        (then == "unknown" and now in WORKING)
        or (then == "accepted" and now == "partial")
        or (then in ("unknown", "accepted", "partial") and now in TERMINAL)
        or (then == "rejected" and now == "cancelled")
    )
