"""The engine: takes events off the queue one by one and does what the rules say happens at each.

    carry -> actions -> open -> close -> mark -> decision -> check -> gate -> arrival -> same close -> end of the slot

Each handler is one numbered line of tools/backtest/rules.py. Foreign code is the strategy, the check and the gate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data.errors import BadConfig
from data.market import FloatArray
from tools.backtest.arithmetic import market_of
from tools.backtest.event.account import Account
from tools.backtest.event.clock import Clock
from tools.backtest.event.decisions import Check, Decide, Decider, Rows
from tools.backtest.event.events import Event, EventQueue, Kind
from tools.backtest.event.moments import Moments
from tools.backtest.event.orders import LastGate, Sender
from tools.backtest.event.recorder import Recorder
from tools.backtest.event.sizing import changes
from tools.backtest.event.venue import Venue
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.strategy import Strategy
from tools.backtest.tape import Tape
from tools.backtest.vectorised.checks import check_terms
from tools.market.orderbook.latency import Latency
from tools.market.terms import CostTerms
from tools.risk.gate.limits import GateLimits

Progress = Callable[[int, int], None]
"""Told (slots done, slots in all) after each."""


def run_events(
    tape: Tape,
    strategy: Strategy | Decide | Rows,
    terms: CostTerms,
    rules: Rules,
    *,
    moments: Moments | None = None,
    check: Check | None = None,
    gate: LastGate | GateLimits | None = None,
    latency: Latency | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a strategy over a tape, event by event.

    With `moments` the strategy (or a function Snapshot -> weights by symbol) sees the snapshot of each slot; without
    them it is a function slot -> row (S,) of weights. `check` stands between a decision and its orders, `gate` between
    each order and the venue: from limits the brokers' own gate is made (AccountGate), which is opened on the account
    whenever orders leave; any other is asked as it is. What is refused is in the result, and everything else goes on.
    `latency` is asked for each order, as they are sent; one that comes after an open waits for the next. InputError
    for weights or prices that cannot be, naming symbol and slot.
    """
    if rules.fill == "same_close" and latency is not None:
        raise BadConfig("same_close leaves no time for a latency", "fill at next_open or next_close")
    check_terms(terms, len(tape.instruments))
    decider, sender = Decider(strategy, moments, check, tape, rules), Sender(tape, terms, gate)
    return _Run(tape, terms, rules, decider, sender, latency, progress).result()


class _Run:
    """One run: its queue, account, venue and records."""

    def __init__(
        self, tape: Tape, terms: CostTerms, rules: Rules, decider: Decider, sender: Sender, latency: Latency | None,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        symbols = len(tape.instruments)
        self._tape, self._terms, self._rules, self._market = tape, terms, rules, market_of(tape)
        self._decider, self._sender, self._latency, self._progress = decider, sender, latency, progress
        self._clock, self._queue = Clock(tape, rules), EventQueue()
        self._account, self._venue = Account(symbols, rules.initial_cash), Venue(symbols)
        self._recorder = Recorder(tape)
        self._value, self._decided = rules.initial_cash, -1
        self._handlers: dict[Kind, Callable[[Event], None]] = {
            Kind.CARRY: lambda event: self._account.carry(self._market, event.slot),
            Kind.ACTIONS: lambda event: self._account.act(self._market, event.slot, self._venue.units),
            Kind.OPEN: lambda event: self._fill(event, self._market.open),
            Kind.CLOSE: lambda event: self._fill(event, self._market.close),
            Kind.MARK: self._mark,
            Kind.DECISION: self._decide,
            Kind.ARRIVAL: self._arrive,
            Kind.SAME_CLOSE: lambda event: self._fill(event, self._market.close),
            Kind.END: self._end,
        }

    def result(self) -> Result:
        """Every event until none is left."""
        self._clock.schedule(self._queue, 0)
        while self._queue:
            event = self._queue.pop()
            self._handlers[event.kind](event)
        return self._recorder.result(tuple(self._sender.refused))

    def _fill(self, event: Event, price: FloatArray) -> None:
        if not self._venue.busy:
            return
        if self._rules.sizing == "fill":
            weights = self._venue.sizeable(self._market.fresh[event.slot])
            value = self._account.value(self._market, price, event.slot)
            self._order(event, weights, price, value)
        made = self._venue.fill(self._market, price, event.slot, self._account, self._terms, self._rules.borrow)
        if made is not None:
            self._recorder.executed(made)

    def _order(self, event: Event, weights: FloatArray, price: FloatArray, value: float) -> None:
        """The venue gets the orders that bring the account to `weights` of `value`, if the gate lets them through."""
        t, account, venue = event.slot, self._account, self._venue
        columns, units = changes(
            self._market, price, t, weights, account.units, value, self._terms.lot, self._rules.min_notional
        )
        if columns.size:
            through = self._sender.passed(columns, units, price, t, self._decided, event.time, account, venue.units)
            venue.units[columns[through]] = units[through]

    def _mark(self, event: Event) -> None:
        self._value = self._account.value(self._market, self._market.close, event.slot)

    def _decide(self, event: Event) -> None:
        row = self._decider.row(event.slot, self._value, self._account, self._recorder)
        if row is None:
            return
        self._decided = event.slot
        self._venue.withdraw()
        if self._rules.sizing == "decision":
            self._order(event, row, self._market.close, self._value)
        else:
            self._venue.weight[:] = self._tradable(row, event.slot)
        self._send(event)

    def _tradable(self, row: FloatArray, t: int) -> FloatArray:
        """The weights of symbols that have a price and are not gone."""
        gone = (self._tape.delisted >= 0) & (self._tape.delisted < t)
        return np.where(gone | np.isnan(self._market.close[t]), np.nan, row)

    def _send(self, event: Event) -> None:
        """Put the new orders on their way: all at once, or each after a latency of its own."""
        self._venue.busy = True
        if self._latency is None:
            self._queue.push(event.time, Kind.ARRIVAL, event.slot)
            return
        for column in self._venue.columns():
            self._queue.push(event.time + self._latency.delay_ns(), Kind.ARRIVAL, event.slot, column)

    def _arrive(self, event: Event) -> None:
        if event.slot == self._decided:  # otherwise it was withdrawn on its way
            self._venue.arrive(event.column)

    def _end(self, event: Event) -> None:
        t = event.slot
        for column in np.flatnonzero(self._tape.delisted == t).tolist():
            self._account.delist(self._market, t, column, self._rules.recovery)
            self._venue.drop(column)
        self._recorder.closed(t, self._account.value(self._market, self._market.close, t), self._account)
        if self._progress is not None:
            self._progress(t + 1, self._clock.slots)
        if t + 1 < self._clock.slots:
            self._clock.schedule(self._queue, t + 1)
