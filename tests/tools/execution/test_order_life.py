"""Whatever line, crashes, switches and restarts do: a venue that cannot tell doubles apart never sees one."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from miniature_desk import AT, NAMES, PRICES, LossyBroker

from tools.execution.broker import Answer
from tools.execution.executor import collect_late_fills, execute, withdraw_open_orders
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.execution.reconcile import differences
from tools.execution.settlement import close_book, mark_book, new_book, open_book
from tools.execution.sizing import orders_for

FAULTS = st.lists(st.sampled_from([None, None, "request", "answer"]), max_size=12)


class Crash(Exception):
    """The process ends here."""


class NaiveVenue:
    """Takes every submission for a new order, as a venue without client ids does; tells the truth when asked."""

    def __init__(self):
        self.received, self.filled, self.withdrawn, self.open_for_trading = [], {}, set(), False

    def submit(self, order):
        self.received.append(order)
        return self.query(order.order_id).state

    def query(self, order_id):
        order = next((o for o in self.received if o.order_id == order_id), None)
        if order is None:
            return None
        if order_id in self.withdrawn:
            return Answer("cancelled")
        if self.open_for_trading and order_id not in self.filled:
            self.filled[order_id] = Fill(
                order_id=order_id, symbol=order.symbol, side=order.side, quantity=order.quantity,
                price=order.reference_price, cost=0.0, convention="next_open", bar_time=AT.isoformat(),
            )  # fmt: skip
        return Answer("filled", (self.filled[order_id],)) if order_id in self.filled else Answer("accepted")

    def cancel(self, order_id):
        if order_id not in self.filled:
            self.withdrawn.add(order_id)
        return self.query(order_id).state

    def positions(self):
        held = dict.fromkeys(NAMES, 0.0)
        for fill in self.filled.values():
            held[fill.symbol] += fill.quantity if fill.side == "buy" else -fill.quantity
        return held


class OrderLife(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.venue, self.halted, self.slot = NaiveVenue(), False, 0
        self.ledger = Ledger(self.home / "desk.sqlite")
        self.ledger.create_book(new_book("b", 1e6))
        self.orders = self.opening = None

    @property
    def cycle(self):
        return f"c{self.slot:04d}"

    @precondition(lambda self: self.orders is None)
    @rule(shares=st.lists(st.sampled_from([0.0, 0.1, 0.2]), min_size=4, max_size=4), faults=FAULTS)
    def decide(self, shares, faults):
        self.slot += 1
        self.ledger.open_cycle("b", f"{self.slot:04d}", self.cycle)
        late = collect_late_fills(self.ledger, LossyBroker(self.venue, faults), self.cycle)
        self.opening = open_book(self.ledger.book("b"), late, PRICES)
        pending = {intent.order.symbol for intent in self.ledger.open_orders("b")}
        held = self.opening.weights()
        wanted = {s: held.get(s, 0.0) if s in pending else w for s, w in zip(NAMES, shares, strict=True)}
        self.orders = orders_for(wanted, self.opening, f"{self.slot:04d}")
        assert self.ledger.commit_decision(self.cycle, "{}", self.orders)

    @precondition(lambda self: self.orders is not None)
    @rule(faults=FAULTS, crash=st.none() | st.integers(1, 12))
    def send(self, faults, crash):
        left = [crash]

        def checkpoint(name):
            left[0] = left[0] and left[0] - 1
            if left[0] == 0:
                raise Crash(name)

        with suppress(Crash):
            self.execute(LossyBroker(self.venue, faults), checkpoint)

    def execute(self, broker, checkpoint):
        return execute(
            self.orders, ledger=self.ledger, broker=broker, cycle_id=self.cycle, halted=lambda: self.halted,
            checkpoint=checkpoint,
        )  # fmt: skip

    @rule()
    def restart(self):
        self.ledger.close()
        self.ledger = Ledger(self.home / "desk.sqlite")

    @rule()
    def the_market_opens_or_closes(self):
        self.venue.open_for_trading = not self.venue.open_for_trading

    @rule()
    def someone_turns_the_switch(self):
        self.halted = not self.halted

    @rule(faults=FAULTS)
    def withdraw(self, faults):
        withdraw_open_orders(self.ledger, LossyBroker(self.venue, faults), "b")

    @precondition(lambda self: self.orders is not None)
    @rule()
    def close(self):
        fills = self.execute(self.venue, lambda name: None)
        self.ledger.close_cycle(self.cycle, close_book(self.opening, fills), fills, b"{}")
        self.orders = None

    @invariant()
    def no_order_reached_the_venue_twice(self):
        ids = [order.order_id for order in self.venue.received]
        assert len(ids) == len(set(ids))

    @invariant()
    def the_ledger_never_claims_a_fill_the_venue_does_not_know(self):
        for slot in range(1, self.slot + 1):
            for fill in self.ledger.fills(f"c{slot:04d}"):
                assert self.venue.filled[fill.order_id] == fill

    def teardown(self):
        """With line and market in order again, book and venue agree to the last unit."""
        self.venue.open_for_trading, self.halted = True, False
        if self.orders is not None:
            self.close()
        self.slot += 1
        self.ledger.open_cycle("b", f"{self.slot:04d}", self.cycle)
        late = collect_late_fills(self.ledger, self.venue, self.cycle)
        opening = mark_book(open_book(self.ledger.book("b"), late, PRICES), PRICES)
        self.ledger.close_cycle(self.cycle, close_book(opening, ()), (), b"{}")
        assert differences(self.ledger.book("b"), self.venue.positions()) == ()
        assert self.ledger.open_orders("b") == ()
        self.ledger.close()
        shutil.rmtree(self.home)


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
