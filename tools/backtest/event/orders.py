"""Orders as objects: every change in units becomes one, and passes the last gate before it is on its way."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from data.errors import InputError, OrderRefused
from data.market import BoolArray, FloatArray, IntArray
from tools.backtest.event.account import Account
from tools.backtest.event.gating import AccountGate
from tools.backtest.result import Refused
from tools.backtest.tape import Tape
from tools.execution.broker import OpenOrder
from tools.execution.orders import Order, order_id
from tools.market.terms import CostTerms
from tools.risk.gate.limits import GateLimits

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
        """From limits the brokers' own gate is made; such a one is opened on the account before it judges."""
        self._symbols = tape.symbols
        self._slots = [f"{text}Z" for text in np.datetime_as_string(tape.times, unit="s").tolist()]
        self._gate = AccountGate(gate, tape, terms) if isinstance(gate, GateLimits) else gate
        self.refused: list[Refused] = []

    def passed(
        self, columns: IntArray, signed: FloatArray, price: FloatArray, t: int, decided: int, time: int,
        account: Account, waiting: FloatArray,
    ) -> BoolArray:  # fmt: skip
        """Which (N,) of the changes of `signed` units (N,) in `columns` (N,) the gate lets through, as orders.

        They are sized at row `t` of `price` (T, S), carry out the decision of slot `decided`, leave at `time` (ns),
        and join what is `waiting` (S,). InputError where a change is not a finite number of units.
        """
        if isinstance(self._gate, AccountGate):
            self._gate.open(t, time, account, price, columns, self._waiting(waiting, decided))
        through = np.ones(columns.size, dtype=np.bool_)
        quotes = price[t][columns].tolist()
        for n, (column, units, quote) in enumerate(zip(columns.tolist(), signed.tolist(), quotes, strict=True)):
            if not math.isfinite(units):
                where = f"{self._symbols[column]} at {self._slots[t]}"
                raise InputError(f"{where}: {units} units at a price of {quote}", "check its weights and prices")
            through[n] = self._let_through(self._order(column, units, quote, decided), t)
        return through

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
