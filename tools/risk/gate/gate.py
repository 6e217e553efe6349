"""The last gate: where an order leaves the house, it passes every rule or nothing is sent.

Each broker adapter asks it right before it sends (`tools.execution.brokers.base.GatedBroker`), so that neither a fault
of the risk check nor a loop above it reaches a venue. The gate is closed until it is opened on an account; it believes
the worst of orders that are not filled yet; and whatever it cannot read counts against the order.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from data.errors import BullpenError, OrderRefused
from data.redaction import told
from tools.execution.broker import Answer
from tools.execution.orders import Fill, Order
from tools.execution.states import TERMINAL
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.rules import RULES, Rule
from tools.risk.gate.state import AccountState, GateState, Reservation
from tools.risk.gate.traffic import Traffic

REMEDIES = {
    "closed": "open the gate on an account first",
    "kill_switch": "a person switches trading on again: `bullpen resume`",
    "repeated_execution": "find the loop, then `bullpen resume`",
}


def _nobody(reason: str) -> None:
    """No kill switch is at hand; the gate itself stays shut."""
    raise BullpenError("there is no kill switch to throw")


class Gate:
    """Keeps `LastGate`. One for a book in a process: what left lately is remembered over its openings."""

    def __init__(
        self,
        limits: GateLimits,
        *,
        halted: Callable[[], bool],
        throw: Callable[[str], object] = _nobody,
        clock: Callable[[], float] = time.monotonic,
        flattening: bool = False,
    ) -> None:
        """`halted` reads the kill switch and `throw` (reason) turns it on; `clock` gives seconds that never go back.

        A gate that is `flattening` lets reducing orders through although the switch is on, and no others.
        """
        self.limits = limits
        self._halted, self._throw, self._clock, self._flattening = halted, throw, clock, flattening
        self._of_new = tuple(rule for rule in RULES[1:] if rule.applies != "growing")
        self._of_repetitions = tuple(rule for rule in RULES[1:] if rule.applies == "all")
        self._traffic = Traffic(limits)
        self._known: dict[str, Order] = {}
        self._state: GateState | None = None
        self._told: set[tuple[str, str]] = set()
        self._jammed = ""
        self._lock = threading.Lock()

    def open(self, account: AccountState) -> None:
        """Begin with an account as it stands; what was reserved before is forgotten, what left lately is not."""
        with self._lock:
            before = self._state
            self._state = GateState(account, self.limits, self._traffic, self._known, self._flattening)
            self._state.now = -math.inf if before is None else before.now
            self._told = set()

    def check(self, order: Order) -> None:
        """OrderRefused (rule, symbol) where the order must not leave; where it returns, the order counts as open."""
        with self._lock:
            state = self._state
            if state is None:
                _refuse(order, "closed", "the gate is not open")
            state.halted = self._reason_to_halt()
            state.now = max(state.now, self._clock())
            earlier = self._put_aside(order, state)
            try:
                self._pass_rules(order, state)
            except OrderRefused:
                if earlier is not None:
                    state.restore(order.order_id, earlier)
                raise
            self._let_go(order, state)

    def note(self, fill: Fill) -> None:
        """An execution came in; told twice it counts once."""
        with self._lock:
            key = (fill.order_id, fill.execution_id)
            if self._state is not None and key not in self._told:
                self._told.add(key)
                self._state.fill(fill)

    def release(self, order_id: str) -> None:
        """Nothing more of an order will be filled."""
        with self._lock:
            if self._state is not None:
                self._state.release(order_id)

    def learn(self, order_id: str, answer: Answer) -> None:
        """`note` and `release` by what a broker answers of an order."""
        for fill in answer.fills:
            self.note(fill)
        if answer.state in TERMINAL:
            self.release(order_id)

    def _put_aside(self, order: Order, state: GateState) -> Reservation | None:
        """What an order that another gate let through counts for, taken back so that this one judges it as new."""
        if type(order) is not Order or type(order.__dict__.get("order_id")) is not str:
            return None
        found = state.open.get(order.order_id)
        return state.release(order.order_id) if found is not None and found.order is None else None

    def _let_go(self, order: Order, state: GateState) -> None:
        self._traffic.message(state.now)
        if order.order_id not in self._known:
            self._traffic.execution(order, state.now)
            self._known[order.order_id] = order
        if order.order_id not in state.open:
            state.reserve(order)

    def _pass_rules(self, order: Order, state: GateState) -> None:
        """The first rule says whether it is an order at all; then it is known which of the others are about it."""
        self._ask(RULES[:1], order, state)
        if order.order_id in state.open:
            self._ask(self._of_repetitions, order, state)
        elif state.reduces(order):
            self._ask(self._of_new, order, state)
        else:
            self._ask(RULES[1:], order, state)

    def _ask(self, rules: tuple[Rule, ...], order: Order, state: GateState) -> None:
        for name, broken, _, throws in rules:
            detail = broken(order, state, self.limits)
            if detail is not None:
                if throws:
                    self._throw_switch(order, detail)
                _refuse(order, name, detail)

    def _reason_to_halt(self) -> str:
        """ "" only where the switch was surely read as off."""
        if self._jammed:
            return self._jammed
        try:
            off = self._halted() is False
        except Exception as error:  # noqa: BLE001 - safety code fails closed: a switch that can't be read is on
            return f"the kill switch cannot be read: {told(error)}"
        return "" if off else "the kill switch is on"

    def _throw_switch(self, order: Order, detail: str) -> None:
        """Where the switch can't be thrown the gate itself stays shut for the rest of the process."""
        self._traffic.forget(order)
        try:
            self._throw(f"repeated execution: {order.symbol}: {detail}")
        except BullpenError as error:
            self._jammed = f"{detail}, and the kill switch was not thrown: {error.message}"


def _refuse(order: Any, rule: str, detail: str) -> NoReturn:
    symbol = getattr(order, "symbol", "")
    symbol = symbol if type(symbol) is str else repr(symbol)[:40]
    raise OrderRefused(f"{symbol or 'an order'}: {rule}: {detail}", rule, symbol, REMEDIES.get(rule, ""))
