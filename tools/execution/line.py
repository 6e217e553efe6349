"""Talking to a broker across a line that fails: what is asked again, what is waited for, and what stays unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from data.errors import OrderRefused, RateLimited, SourceUnavailable
from tools.execution.broker import Answer, Broker
from tools.execution.executions import Intent
from tools.execution.orders import Order
from tools.execution.states import WORKING

T = TypeVar("T")

Sleep = Callable[[float], None]
MIN_WAIT_S = 0.05
"""The least that is waited when a broker asks for a pause without saying how long, so that patience runs out."""

PACED = "message_rate"
"""The last gate's rule that refuses for a moment only."""


class Line:
    """A broker and the patience to wait for it: `patience_s` seconds in all, however often it asks us to slow down."""

    def __init__(self, broker: Broker, patience_s: float, sleep: Sleep = time.sleep) -> None:
        self._broker, self._left_s, self._sleep = broker, patience_s, sleep

    def asked(self, order_id: str) -> Answer | None:
        """What the broker says of an id; unknown where it does not answer, None where it surely never saw it."""
        try:
            return self._patiently(lambda: self._broker.query(order_id))
        except SourceUnavailable:
            return Answer("unknown")

    def answer_to(self, intent: Intent) -> Answer | None:
        """`asked`, knowing the intent: what is only intended never left, what was accepted is never sent again."""
        if intent.state == "intended":
            return None
        seen = self.asked(intent.order.order_id)
        if intent.state in WORKING and (seen is None or seen.state == "unknown"):
            return Answer(intent.state)
        return seen

    def positions(self) -> dict[str, float]:
        """Units held by symbol, by the broker's count; SourceUnavailable where it does not say: that is not flat."""
        return self._patiently(self._broker.positions)

    def sent(self, order: Order, checkpoint: Callable[[str], None]) -> Answer | None:
        """Send once, then ask; rejected where the last gate refuses, None where the broker surely never saw it.

        Where too many orders have left within a second, this one waits for its turn as long as there is patience.
        """
        checkpoint("before_send")
        try:
            self._paced(lambda: self._broker.submit(order))
        except OrderRefused as refused:
            return Answer("rejected", reason=str(refused))
        except RateLimited as busy:  # refused or lost, who knows: ask, once it may be asked
            self._waited(busy.retry_after_s)
        except SourceUnavailable:  # the answer got lost, not surely the order: ask
            pass
        checkpoint("after_send")
        return self.asked(order.order_id)

    def withdrawn(self, intent: Intent, seen: Answer) -> Answer:
        """Cancel what is open of an order; `seen` stays where the broker does not answer: it may still be filled."""
        try:
            self._patiently(lambda: self._broker.cancel(intent.order.order_id))
        except SourceUnavailable:
            return seen
        answer = self.asked(intent.order.order_id)
        return seen if answer is None or answer.state == "unknown" else answer

    def _paced(self, submit: Callable[[], object]) -> None:
        """Hand an order in, again and again while the gate says that too many have just left: it has not."""
        while True:
            try:
                submit()
            except OrderRefused as refused:
                if refused.rule != PACED or not self._waited(MIN_WAIT_S):
                    raise
            else:
                return

    def _patiently(self, call: Callable[[], T]) -> T:
        """A call that may be repeated, repeated while the broker names a time to wait that is still left."""
        while True:
            try:
                return call()
            except RateLimited as busy:
                if not self._waited(busy.retry_after_s):
                    raise

    def _waited(self, seconds: float) -> bool:
        """Wait, unless that is longer than the patience that is left."""
        seconds = max(seconds, MIN_WAIT_S)
        if seconds > self._left_s:
            return False
        self._left_s -= seconds
        self._sleep(seconds)
        return True
