"""Withdrawing everything an account has open, for the kill switch: the venue's own list first, again and again.

An order that left just before the switch was thrown may reach the venue just after its list was read, so the sweeps go
on until `grace_s` has passed and a list came back empty. What cannot be asked is no reason to stop asking the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

from data.errors import BullpenError, RateLimited
from tools.execution.broker import OpenOrder
from tools.execution.orders import OrderState
from tools.execution.states import TERMINAL

T = TypeVar("T")

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 1.0
"""Pauses after a failed sweep double from the first to the longest; a venue that names a time is given that time."""
GRACE_S = 1.0
"""How long after the switch an order may still arrive that left before it."""
PATIENCE_S = 60.0
"""After this a venue that does not answer is given up, and what may be open there is named."""


class Withdraws(Protocol):
    """The two calls of a broker that withdrawing needs."""

    def cancel(self, order_id: str) -> OrderState:
        """See Broker."""
        ...

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker."""
        ...


class Withdrawal(NamedTuple):
    """What became of an account's open orders."""

    cancelled: tuple[str, ...]
    """Ids that are over now, in the order in which the venue said so."""
    left: tuple[str, ...]
    """Ids that may still be open."""
    problems: tuple[str, ...]
    """What failed on the way, each once."""
    certain: bool
    """Whether the venue itself said that nothing is open any more."""


class _Sweeps:
    """One account's sweeps: what is over, what may be open, and what went wrong."""

    def __init__(self, broker: Withdraws, known: Iterable[str]) -> None:
        self._broker = broker
        self.open: dict[str, None] = dict.fromkeys(known)
        self.over: dict[str, None] = {}
        self.problems: dict[str, None] = {}
        self.asked_to_wait_s = 0.0

    def once(self) -> bool:
        """List and cancel; whether the venue's list was had and was empty. What it does not list, it does not hold."""
        self.asked_to_wait_s = 0.0
        listed = self._asked(self._broker.open_orders)
        held = None if listed is None else dict.fromkeys(order.order_id for order in listed)
        for order_id in self.open | (held or {}):
            state = self._asked(lambda order_id=order_id: self._broker.cancel(order_id))
            if state in TERMINAL:
                self.over[order_id] = None
                self.open.pop(order_id, None)
            elif held is None or order_id in held:
                self.open[order_id] = None
            else:
                self.open.pop(order_id, None)
        return held == {}

    def _asked(self, call: Callable[[], T]) -> T | None:
        """The answer, or None with the reason noted."""
        try:
            return call()
        except RateLimited as busy:
            self.asked_to_wait_s = max(self.asked_to_wait_s, busy.retry_after_s)
            self.problems[busy.message] = None
        except BullpenError as error:
            self.problems[error.message] = None
        return None


def withdraw_all(
    broker: Withdraws,
    known: Iterable[str],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    grace_s: float = GRACE_S,
    patience_s: float = PATIENCE_S,
) -> Withdrawal:
    """Cancel what the venue lists and what we know of (`known`, order ids), until nothing is left or patience is.

    `clock` gives seconds that never go back; `sleep` waits so many.
    """
    begun, sweeps, wait_s = clock(), _Sweeps(broker, known), FIRST_WAIT_S
    while True:
        empty = sweeps.once()
        passed = clock() - begun
        if (empty and passed >= grace_s) or passed >= patience_s:
            return Withdrawal(tuple(sweeps.over), tuple(sweeps.open), tuple(sweeps.problems), empty)
        if empty:
            pause, wait_s = min(FIRST_WAIT_S, grace_s - passed), FIRST_WAIT_S
        else:
            pause, wait_s = max(wait_s, sweeps.asked_to_wait_s), min(2.0 * wait_s, LONGEST_WAIT_S)
        sleep(min(pause, patience_s - passed))
