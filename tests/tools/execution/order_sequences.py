"""Any sequence of what orders go through, as a state machine: executor, ledger and a venue that does its worst.

    submit, partial, cancel, replace, late fill, duplicate fill, overfill, crash and restart, a line that fails

What must hold after every step: nothing is sent twice, nothing is executed beyond its order, no replacement is larger
than what was left of its parent, and no order makes a step that the state machine does not have. What must hold at the
end: book and venue agree in cash and in units, but for the executions that are in dispute.
"""

import math
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from data.errors import ExecutionRefused
from tests.tools.execution.exchange import Exchange
from tests.tools.execution.miniature_desk import AT, NAMES, PRICES, LossyBroker
from tools.execution.brokers.base import RecordedGate
from tools.execution.executor import collect_late_fills, execute, replace_order, withdraw_open_orders
from tools.execution.ledger import Ledger
from tools.execution.settlement import close_book, new_book, open_book
from tools.execution.sizing import orders_for
from tools.execution.states import FOLLOWERS

FAULTS = st.just([]) | st.lists(st.sampled_from([None, None, None, "request", "answer", "busy"]), max_size=8)
SHARES = st.lists(st.sampled_from([0.0, 0.1, 0.2]), min_size=4, max_size=4)
CRASH = st.none() | st.integers(1, 12)
EVENT = st.tuples(
    st.sampled_from(["partial"] * 4 + ["fill"] * 2 + ["late"] * 3 + ["duplicate", "overfill"]),
    st.integers(0, 99),
    st.floats(0.01, 0.99),
    st.floats(0.8, 1.25),
)
DEPOSIT = 1e6
SCRATCH = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


def _reachable():
    """Which states an order may be found in later, by state."""
    found = {state: {state, *after} for state, after in FOLLOWERS.items()}
    for _ in found:
        found = {state: set().union(*(found[then] for then in after)) for state, after in found.items()}
    return found


REACHABLE = _reachable()


class Crash(Exception):
    """The process ends here."""


@dataclass
class Totals:
    """What all sequences of a run came to."""

    sequences: int = 0
    steps: int = 0
    executions: int = 0
    late: int = 0
    duplicates: int = 0
    overfills: int = 0
    replacements: int = 0
    crashes: int = 0
    cash_error: float = 0.0
    """Largest difference in cash between book and venue, as a fraction of the deposit."""
    position_error: float = 0.0
    """Largest difference in units, as a fraction of the units traded."""

    def add(self, other):
        for field in fields(self):
            join = max if field.name.endswith("error") else lambda a, b: a + b
            setattr(self, field.name, join(getattr(self, field.name), getattr(other, field.name)))


class OrderSequences(RuleBasedStateMachine):
    totals = Totals()

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=SCRATCH))
        self.venue, self.slot, self.seen = Exchange(RecordedGate(), AT), 0, Totals(sequences=1)
        self.ledger = Ledger(self.home / "desk.sqlite")
        self.ledger.create_book(new_book("b", DEPOSIT, short=True))
        self.orders = self.opening = None
        self.states, self.left_of_parent = {}, {}

    # --- the desk -------------------------------------------------------------------------------------------------

    @property
    def cycle(self):
        return f"c{self.slot:04d}"

    @initialize(shares=st.lists(st.sampled_from([0.1, 0.2]), min_size=4, max_size=4))
    def begin(self, shares):
        self.submit(shares, [])

    @rule(shares=SHARES, faults=FAULTS, settled=st.booleans())
    def next_cycle(self, shares, faults, settled):
        self.close()
        if settled:
            self.ledger.settle_disputes("b")
        self.submit(shares, faults)

    def submit(self, shares, faults):
        self.open_next(LossyBroker(self.venue, faults))
        wanted = dict(zip(NAMES, shares, strict=True))
        held = self.opening.weights()
        pending = {intent.order.symbol for intent in self.ledger.open_orders("b")}
        wanted = {s: held.get(s, 0.0) if s in pending else w for s, w in wanted.items()}
        self.orders = orders_for(wanted, self.opening, f"{self.slot:04d}")
        self.ledger.commit_decision(self.cycle, "{}", self.orders)
        self.send(faults, None, False)

    @rule(faults=FAULTS, crash=CRASH, halted=st.sampled_from([False, False, False, True]))
    def send(self, faults, crash, halted):
        with self.until(crash) as checkpoint:
            execute(
                self.orders, ledger=self.ledger, broker=LossyBroker(self.venue, faults), cycle_id=self.cycle,
                halted=lambda: halted, checkpoint=checkpoint, sleep=lambda seconds: None,
            )  # fmt: skip

    @rule(pick=st.integers(0, 99), share=st.floats(0.1, 1.0), faults=FAULTS, crash=CRASH)
    def replace(self, pick, share, faults, crash):
        intents = [i for i in self.ledger.intents(self.cycle) if i.state in ("accepted", "partial", "cancelled")]
        replaced = {intent.parent for intent in self.ledger.intents(self.cycle)}
        intents = [i for i in intents if i.order.order_id not in replaced]
        if not intents:
            return
        parent = intents[pick % len(intents)].order
        with self.until(crash) as checkpoint:
            replace_order(
                parent.order_id, ledger=self.ledger, broker=LossyBroker(self.venue, faults),
                halted=lambda: False, quantity=max(1e-6, round(parent.quantity * share, 6)),
                checkpoint=checkpoint, sleep=lambda seconds: None,
            )  # fmt: skip

    @rule(faults=FAULTS)
    def cancel(self, faults):
        with suppress(ExecutionRefused):
            withdraw_open_orders(self.ledger, LossyBroker(self.venue, faults), "b", sleep=lambda seconds: None)

    def close(self):
        self.send([], None, False)
        fills = self.ledger.fills(self.cycle)
        self.ledger.close_cycle(self.cycle, close_book(self.opening, fills), fills, b"{}")

    # --- the venue ------------------------------------------------------------------------------------------------

    def picked(self, pick, *states):
        """One of the venue's orders in these states, of those that the desk still asks after."""
        asked = {i.order.order_id for i in (*self.ledger.lately_cancelled("b"), *self.ledger.intents(self.cycle))}
        final = {i.order.order_id for i in self.every_intent() if i.state == "cancelled"} - asked
        found = [o for o in self.venue.received if self.venue.state(o.order_id) in states and o.order_id not in final]
        return found[pick % len(found)] if found else None

    @rule(events=st.lists(EVENT, min_size=1, max_size=5))
    def trade(self, events):
        for event in events:
            self.happens(*event)

    def happens(self, event, pick, share, move):
        """What the venue does next to one of its orders: a share of what is left of it, at a price that moved."""
        states = {"late": ("cancelled",), "duplicate": ("partial", "filled"), "overfill": ("partial", "filled")}
        order = self.picked(pick, *states.get(event, ("accepted", "partial")))
        if order is None:
            return
        left, price = self.venue.remainder(order.order_id), order.reference_price * move
        self.seen.late += event == "late"
        self.seen.duplicates += event == "duplicate"
        self.seen.overfills += event == "overfill"
        if event == "duplicate":
            self.venue.repeated.add(order.order_id)
        elif event == "overfill":
            self.venue.execute(order.order_id, left + share * order.quantity, price)
        else:
            self.venue.execute(order.order_id, left if event == "fill" else left * share, price)

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_sent_twice(self):
        self.seen.steps += 1
        ids = [order.order_id for order in self.venue.received]
        assert len(ids) == len(set(ids))

    @invariant()
    def orders_take_legal_steps_and_are_never_exceeded(self):
        for intent in self.every_intent():
            order, before = intent.order, self.states.get(intent.order.order_id, "intended")
            assert intent.state in REACHABLE[before], f"{order.order_id}: {before} -> {intent.state}"
            assert intent.filled <= order.quantity * (1.0 + 1e-9)
            self.states[order.order_id] = intent.state
            if intent.parent and order.order_id not in self.left_of_parent:
                parent = self.ledger.intent(intent.parent)
                self.seen.replacements += 1
                self.left_of_parent[order.order_id] = parent.order.quantity - parent.filled
                assert parent.state in ("cancelled", "filled")
            if intent.parent:
                assert order.quantity <= self.left_of_parent[order.order_id] * (1.0 + 1e-9)

    @invariant()
    def what_is_booked_is_what_the_venue_executed(self):
        known = {(f.order_id, f.execution_id): f for f in self.venue.all_fills()}
        for slot in range(1, self.slot + 1):
            booked = self.ledger.fills(f"c{slot:04d}")
            assert all(known[f.order_id, f.execution_id] == f for f in booked)
            assert len({(f.order_id, f.execution_id) for f in booked}) == len(booked)

    def teardown(self):
        """With line and people in order again, book and venue agree to the last unit and cent."""
        self.close()
        self.cancel([])
        self.open_next(self.venue)
        self.ledger.close_cycle(self.cycle, close_book(self.opening, ()), (), b"{}")
        self.reconcile(self.ledger.book("b"))
        self.totals.add(self.seen)
        self.ledger.close()
        shutil.rmtree(self.home)

    def reconcile(self, book):
        """Cash and units: deposit and fills of the venue, but for what is in dispute."""
        disputed = {(fill.order_id, fill.execution_id) for fill in self.venue.excess}
        booked = [f for f in self.venue.all_fills() if (f.order_id, f.execution_id) not in disputed]
        cash = DEPOSIT - math.fsum(f.signed_quantity * f.price + f.cost for f in booked)
        self.seen.executions = len(booked)
        self.seen.cash_error = abs(book.cash - cash) / DEPOSIT
        for symbol in NAMES:
            units = math.fsum(f.signed_quantity for f in booked if f.symbol == symbol)
            traded = max(1.0, math.fsum(f.quantity for f in booked if f.symbol == symbol))
            held = book.positions[symbol].quantity if symbol in book.positions else 0.0
            self.seen.position_error = max(self.seen.position_error, abs(held - units) / traded)
        assert self.seen.cash_error <= 1e-9
        assert self.seen.position_error <= 1e-9
        assert all(intent.state != "unknown" for intent in self.ledger.open_orders("b"))

    # --- helpers --------------------------------------------------------------------------------------------------

    def open_next(self, broker):
        """The next slot's cycle; an execution that is refused stops the first attempt that hears of it."""
        self.slot += 1
        self.ledger.open_cycle("b", f"{self.slot:04d}", self.cycle)
        late = None
        while late is None:
            with suppress(ExecutionRefused):
                late = collect_late_fills(self.ledger, broker, self.cycle, sleep=lambda seconds: None)
        self.opening = open_book(self.ledger.book("b"), late, PRICES)

    def every_intent(self):
        return [i for slot in range(1, self.slot + 1) for i in self.ledger.intents(f"c{slot:04d}")]

    def until(self, crash):
        """A checkpoint that ends the process at the n-th instant, and the errors a desk is told of."""
        machine, left = self, [crash]

        class Guard(suppress):
            def __enter__(self):
                def checkpoint(name):
                    left[0] = left[0] and left[0] - 1
                    if left[0] == 0:
                        raise Crash(name)

                return checkpoint

            def __exit__(self, kind, error, trace):
                if kind is Crash:
                    machine.seen.crashes += 1
                    machine.ledger.close()
                    machine.ledger = Ledger(machine.home / "desk.sqlite")
                return super().__exit__(kind, error, trace)

        return Guard(Crash, ExecutionRefused)


def run(count):
    """What `count` sequences come to, always the same ones; AssertionError with the shortest that breaks a rule."""

    class Counted(OrderSequences):
        totals = Totals()

    chosen = settings(max_examples=count, stateful_step_count=20, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(Counted, settings=chosen)
    return Counted.totals
