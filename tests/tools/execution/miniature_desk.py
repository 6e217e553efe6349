"""A desk in miniature: one cycle from orders to record, with a paper venue and the faults a test asks for."""

import json
import os
import signal
import traceback
from datetime import UTC, datetime

from data.errors import RateLimited, SourceUnavailable
from data.outcomes import NextBar
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.executor import collect_late_fills, execute
from tools.execution.ledger import Ledger
from tools.execution.settlement import close_book, new_book, open_book
from tools.execution.sizing import orders_for

SLOT = "2020-03-16T20:00:00Z"
AT = datetime(2020, 3, 16, 20, tzinfo=UTC)
NAMES = ("A", "B", "C", "D")
WEIGHTS = dict.fromkeys(NAMES, 0.2) | {"CASH": 0.2}
PRICES = {s: 100.0 + k for k, s in enumerate(NAMES)}


def next_open(symbol, after):
    return NextBar(PRICES[symbol] * 1.01, AT, "next_open")


def no_bar_yet(symbol, after):
    return None


def paper(home, prices=next_open, as_of=AT):
    return PaperBroker(
        RecordedGate(), home / "venue.sqlite", "b", prices, as_of, proportional(dict.fromkeys(NAMES, 5.0))
    )


def run_cycle(home, slot=SLOT, weights=WEIGHTS, prices=next_open, checkpoint=lambda name: None, halted=lambda: False):
    """A whole cycle, or the rest of one; returns the closing book."""
    ledger, broker, cycle = Ledger(home / "desk.sqlite"), paper(home, prices), f"cy-{slot}"
    try:
        if ledger.open_cycle("b", slot, cycle) == "done":
            return ledger.book("b")
        late = collect_late_fills(ledger, broker, cycle)
        opening = open_book(ledger.book("b") or new_book("b", 1e6), late, PRICES)
        orders = orders_for(weights, opening, slot)
        ledger.commit_decision(cycle, json.dumps(weights), orders)
        checkpoint("decided")
        fills = execute(orders, ledger=ledger, broker=broker, cycle_id=cycle, halted=halted, checkpoint=checkpoint)
        closing = close_book(opening, fills)
        checkpoint("before_close")
        ledger.close_cycle(cycle, closing, fills, closing.model_dump_json().encode())
        checkpoint("after_close")
        return closing
    finally:
        ledger.close()
        broker.close()


def in_child(work):
    """Start `work` in a forked process; returns its id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return pid


def outcome_of(pid):
    """The wait status of a child."""
    return os.waitpid(pid, 0)[1]


def run_in_child(work):
    """Run `work` in a forked process to its end; returns its wait status."""
    return outcome_of(in_child(work))


def killed(status):
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


class Kill:
    """A checkpoint that kills its own process at the n-th instant of a name, counted from 1."""

    def __init__(self, name, nth=1):
        self.name, self.left = name, nth

    def __call__(self, name):
        self.left -= name == self.name
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class LossyBroker:
    """A broker behind a line that loses what `faults` says, "request" or "answer", or is "busy"; one a call."""

    def __init__(self, inner, faults):
        self.inner, self.faults, self.submitted = inner, iter(faults), []

    def submit(self, order):
        return self._call(lambda: (self.submitted.append(order.order_id), self.inner.submit(order))[1])

    def query(self, order_id):
        return self._call(lambda: self.inner.query(order_id))

    def cancel(self, order_id):
        return self._call(lambda: self.inner.cancel(order_id))

    def positions(self):
        return self.inner.positions()

    def _call(self, action):
        fault = next(self.faults, None)
        if fault == "request":
            raise SourceUnavailable("the request was lost")
        if fault == "busy":
            raise RateLimited("too many requests", 0.1)
        answer = action()
        if fault == "answer":
            raise SourceUnavailable("the answer was lost")
        return answer
