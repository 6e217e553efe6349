"""Orders as objects: every change in units becomes one, and passes the last gate before it is on its way."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from data.errors import InputError, OrderRefused
from data.market import FloatArray
from tools.backtest.event.account import Account
from tools.backtest.event.gating import AccountGate
from tools.backtest.result import Refused
from tools.backtest.tape import Tape
from tools.execution.broker import OpenOrder
from tools.execution.orders import Order, order_id
from tools.market.terms import CostTerms
from tools.risk.gate_limits import GateLimits

BOOK = "backtest"
"""The book in the ids of simulated orders."""


class LastGate(Protocol):
    """Whatever may refuse an order just before it is sent."""

    def check(self, order: Order) -> None:
        """Raises OrderRefused."""
        ...


class Sender:
    """Writes the orders of one account and hands each to the gate, if there is one."""

    def __init__(self, tape: Tape, terms: CostTerms, gate: LastGate | GateLimits | None) -> None:
        """From limits the brokers' own gate is made, which is opened on the account before it judges."""
        self._symbols = tape.symbols
        self._slots = [f"{text}Z" for text in np.datetime_as_string(tape.times, unit="s").tolist()]
        self._own = AccountGate(gate, tape, terms) if isinstance(gate, GateLimits) else None
        self._gate = self._own if isinstance(gate, GateLimits) else gate
        self.refused: list[Refused] = []

    def passed(
        self, changes: FloatArray, price: FloatArray, t: int, decided: int, time: int, account: Account,
        waiting: FloatArray,
    ) -> FloatArray:  # fmt: skip
        """`changes` (S,) as orders, sells first, sized at row `t` of `price` (T, S); what is refused is 0 afterwards.

        They carry out the decision of slot `decided`, leave at `time` (ns), and join what is `waiting` (S,).
        InputError where a change is not a finite number: a weight or a price beyond what an account can hold.
        """
        wanted = np.flatnonzero(changes)
        if not wanted.size:
            return changes
        signed, quotes = changes[wanted], price[t][wanted]
        if not np.isfinite(signed).all():
            s = int(np.flatnonzero(~np.isfinite(signed))[0])
            where = f"{self._symbols[wanted[s]]} at {self._slots[t]}"
            raise InputError(f"{where}: {signed[s]} units at a price of {quotes[s]}", "check weights and prices")
        if self._own is not None:
            self._own.open(t, time, account, price, self._waiting(waiting, decided))
        for n in (*np.flatnonzero(signed < 0.0).tolist(), *np.flatnonzero(signed > 0.0).tolist()):
            order = self._order(int(wanted[n]), float(signed[n]), float(quotes[n]), decided)
            if not self._let_through(order, t):
                changes[wanted[n]] = 0.0
        return changes

    def _order(self, column: int, units: float, price: float, decided: int) -> Order:
        return Order(
            order_id=self._id(column, decided),
            symbol=self._symbols[column],
            side="buy" if units > 0.0 else "sell",
            quantity=abs(units),
            reference_price=price,
        )

    def _let_through(self, order: Order, t: int) -> bool:
        if self._gate is None:
            return True
        try:
            self._gate.check(order)
        except OrderRefused as refusal:
            self.refused.append(Refused(t, order, refusal.rule, refusal.message))
            return False
        return True

    def _waiting(self, units: FloatArray, decided: int) -> tuple[OpenOrder, ...]:
        """What orders of the same decision have left, as a broker would tell it."""
        left = [(s, float(units[s])) for s in np.flatnonzero(units).tolist()]
        return tuple(
            OpenOrder(self._id(s, decided), self._symbols[s], "buy" if more > 0.0 else "sell", abs(more), 0.0)
            for s, more in left
        )

    def _id(self, column: int, decided: int) -> str:
        return order_id(BOOK, self._slots[decided], self._symbols[column], 0, 1)
