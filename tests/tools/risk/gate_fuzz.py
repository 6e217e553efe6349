"""Fuzzed orders for the last gate, a venue that only remembers, and a judge that does not know how the gate counts."""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from datetime import UTC, datetime

from data.errors import OrderRefused, StorageFailed
from tools.execution.broker import Answer
from tools.execution.brokers.base import GatedBroker
from tools.execution.orders import Fill, Order
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import AccountState, Listing

MARKS = {"A": 100.0, "B": 20.0, "C": 0.5, "D": 4_000.0, "E": 60.0, "R": 50.0, "J": 10.0, "S": 30.0, "N": math.nan}
RATES = {"USD": 1.0, "EUR": 1.1}
LISTINGS = dict.fromkeys(MARKS, Listing(lot=1e-3, tick=0.01)) | {
    "D": Listing(lot=1.0, tick=0.25), "E": Listing("EUR", 1e-3, 0.01), "J": Listing("JPY", 1e-3, 0.01),
}  # fmt: skip
STALE, RESTRICTED = frozenset({"S"}), ("R",)
HELD = {"A": 1_000.0, "D": 10.0, "R": 200.0, "S": 100.0}
CASH = 1_000_000.0
VOLUMES = {"A": 2e4, "B": 1e6, "C": 1e8, "D": 1e4, "E": 1e5, "R": 1e5}
LIMITS = GateLimits(
    restricted=RESTRICTED, max_order_notional_usd=300_000.0, max_order_quantity=200_000.0, max_participation=0.05,
    max_gross_usd=1_600_000.0, max_name_weight=0.4, max_net=1.1, max_leverage=1.2, max_messages_per_s=20,
    max_repeats=12, repeat_window_s=30.0, duplicate_window_s=2.0,
)  # fmt: skip
REGIMES = tuple(LIMITS.model_copy(update=changed) for changed in (
    {},
    {"allow_short": True, "max_net": 0.6, "max_name_weight": 2.0, "max_leverage": 0.7},
    {"allow_short": True, "max_leverage": 3.0, "max_net": 3.0, "max_borrow": 0.8, "max_gross_usd": 1_300_000.0},
    {"max_net": 3.0, "max_leverage": 3.0, "max_name_weight": 2.0, "max_unsettled": 0.02},
    {"max_net": 3.0, "max_leverage": 3.0, "max_name_weight": 2.0, "max_borrow": 0.01},
    {"max_messages_per_s": 4, "max_repeats": 10_000, "max_order_notional_usd": 60_000.0},
))  # fmt: skip
"""Limits of which another one binds each time."""
SLACK = 1.0 + 1e-6


class Switch:
    """A kill switch in memory; reading it may fail."""

    def __init__(self):
        self.on, self.broken, self.thrown = False, False, 0

    def read(self):
        if self.broken:
            raise StorageFailed("the disk is gone")
        return self.on

    def throw(self, reason):
        self.on, self.thrown = True, self.thrown + 1


class Venue(GatedBroker):
    """Takes whatever comes; every accepted order is shown to the judge."""

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})
    max_order_id = 10**9

    def __init__(self, gate, judge):
        super().__init__(gate)
        self.judge = judge

    def _send(self, order):
        self.judge.sees(order)
        return "accepted"

    def query(self, order_id):
        return Answer("unknown")

    def cancel(self, order_id):
        return "cancelled"

    def open_orders(self):
        return ()

    def positions(self):
        return {}

    def cash(self):
        return 0.0

    def server_time(self):
        return datetime(2020, 1, 1, tzinfo=UTC)


class Judge:
    """Recomputes from what the venue accepted, in plain lines, whether a limit was passed.

    An exposure is a breach where it is beyond its limit and greater than it was before the order; the net exposure only
    where the gross one grew as well, for letting a hedge go is not refused.
    """

    def __init__(self, limits, switch):
        self.limits, self.switch = limits, switch
        self.now, self.cash, self.held = 0.0, CASH, dict(HELD)
        self.working, self.times, self.latest, self.repeats, self.ids = {}, deque(), {}, {}, {}
        self.breaches, self.accepted = [], 0

    def sees(self, order):
        self.accepted += 1
        before = self.exposures()
        again = order.order_id in self.working
        for breach in self.faults_of(order, again):
            self.breaches.append((breach, order))
        self.working.setdefault(order.order_id, [order.symbol, order.side, order.quantity, self.dearest(order)])
        after, limits = self.exposures(), self.limits
        equity = self.equity()
        for name, limit in (
            ("name_weight", limits.max_name_weight * equity), ("gross", limits.max_gross_usd),
            ("net", limits.max_net * equity), ("leverage", limits.max_leverage * equity),
            ("borrow", limits.max_borrow * equity), ("unsettled", limits.max_unsettled * equity),
            ("short", math.inf if limits.allow_short else 0.0),
        ):  # fmt: skip
            grows = after[name] > before[name] + 1e-6 and (name != "net" or after["gross"] > before["gross"])
            if grows and after[name] > limit * SLACK + 1e-3:
                self.breaches.append((name, order))

    def faults_of(self, order, again):
        symbol, limits = order.symbol, self.limits
        if self.switch.on or self.switch.broken:
            yield "kill_switch"
        numbers = [order.quantity, order.reference_price, order.limit_price, order.stop_price]
        given = [n for n in numbers if n is not None]
        if not all(type(n) in (float, int) and math.isfinite(n) and n > 0 for n in given) or None in numbers[:2]:
            yield "malformed"
            return
        if symbol not in LISTINGS or symbol in STALE or symbol in ("N", "J"):
            yield "symbol"
            return
        low, high = self.range_of(symbol)
        reducing = order.quantity <= low + 1e-6 if order.side == "sell" else order.quantity <= 1e-6 - high
        if order.reduce_only and not reducing and not again:
            yield "reduce_only"
        if not reducing and not again:
            yield from self.size(order)
        if (
            abs((order.limit_price or order.reference_price) / MARKS[symbol] - 1.0)
            > limits.price_collar_bps * 1e-4 + 1e-9
        ):
            yield "price_collar"
        steps = order.quantity / LISTINGS[symbol].lot
        if abs(steps - round(steps)) > 1e-3 and order.quantity != self.held.get(symbol):
            yield "off_lot"
        yield from self.traffic(order)

    def size(self, order):
        symbol, limits = order.symbol, self.limits
        if symbol in RESTRICTED:
            yield "restricted"
        if order.quantity * MARKS[symbol] * RATES[LISTINGS[symbol].currency] > limits.max_order_notional_usd * SLACK:
            yield "order_notional"
        if order.quantity > limits.max_order_quantity * SLACK:
            yield "order_quantity"
        if order.quantity / VOLUMES[symbol] > limits.max_participation * SLACK:
            yield "participation"

    def traffic(self, order):
        if self.ids.setdefault(order.order_id, order) != order:
            yield "reused_id"
        self.times.append(self.now)
        if sum(t > self.now - 1.0 for t in self.times) > self.limits.max_messages_per_s:
            yield "message_rate"
        while self.times and self.times[0] < self.now - 1.0:
            self.times.popleft()
        alike = (order.symbol, order.side, order.quantity)
        earlier = self.latest.get(alike)
        if earlier and earlier[0] != order.order_id and self.now - earlier[1] < self.limits.duplicate_window_s:
            yield "duplicate"
        if not earlier or earlier[0] != order.order_id:
            self.latest[alike] = (order.order_id, self.now)
            pattern = self.repeats.setdefault((order.symbol, order.side), deque())
            pattern.append(self.now)
            while pattern[0] < self.now - self.limits.repeat_window_s:
                pattern.popleft()
            if len(pattern) > self.limits.max_repeats:
                yield "repeated_execution"

    def dearest(self, order):
        rate = RATES.get(LISTINGS[order.symbol].currency, 1.0) if order.symbol in LISTINGS else 1.0
        return max([MARKS.get(order.symbol, 0.0), *(p for p in (order.limit_price,) if p)]) * rate

    def value(self, symbol):
        return MARKS[symbol] * RATES[LISTINGS[symbol].currency]

    def range_of(self, symbol):
        low = high = self.held.get(symbol, 0.0)
        for name, side, units, _ in self.working.values():
            if name == symbol:
                low, high = (low, high + units) if side == "buy" else (low - units, high)
        return low, high

    def equity(self):
        return self.cash + sum(units * self.value(s) for s, units in self.held.items())

    def exposures(self):
        low, high = dict(self.held), dict(self.held)
        to_pay = to_get = 0.0
        for symbol, side, units, price in self.working.values():
            if side == "buy":
                high[symbol] = high.get(symbol, 0.0) + units
                low.setdefault(symbol, 0.0)
                to_pay += units * price
            else:
                low[symbol] = low.get(symbol, 0.0) - units
                high.setdefault(symbol, 0.0)
                to_get += units * self.value(symbol)
        known = [s for s in low if s in MARKS and MARKS[s] > 0.0 and s != "J"]
        worst = [max(abs(low[s]), abs(high[s])) * self.value(s) for s in known]
        return {
            "name_weight": max(worst, default=0.0), "gross": sum(worst), "leverage": sum(worst),
            "net": max(sum(high[s] * self.value(s) for s in known), -sum(low[s] * self.value(s) for s in known)),
            "borrow": to_pay - to_get - self.cash, "unsettled": to_pay - self.cash,
            "short": -min([low[s] * self.value(s) for s in known], default=0.0),
        }  # fmt: skip


BAD_NUMBERS = (
    math.nan, math.inf, -math.inf, -0.0, 0.0, -1.0, 1e308, 10**400, "100", None, [1.0], True, 1e-320, 1e17,
)  # fmt: skip
WORDS = ("A", "B", "C", "D", "E")


def fuzz(seed, orders):
    """Equal shares of `orders` under each regime; the runs."""
    runs = [Fuzz(seed + n, limits) for n, limits in enumerate(REGIMES)]
    for run in runs:
        run.run(orders // len(runs))
    return runs


class Fuzz:
    """A seeded run of orders at one gate; `run` returns the judge."""

    def __init__(self, seed, limits=LIMITS):
        self.random = random.Random(seed)
        self.switch = Switch()
        self.judge = Judge(limits, self.switch)
        self.gate = Gate(limits, halted=self.switch.read, throw=self.switch.throw, clock=lambda: self.judge.now)
        self.gate.open(AccountState(CASH, HELD, MARKS, LISTINGS, STALE, VOLUMES, RATES))
        self.venue = Venue(self.gate, self.judge)
        self.refused, self.sent, self.last = Counter(), 0, None
        self.creeping = ("A", "buy", 1.0)

    def run(self, orders):
        for _ in range(orders):
            self.judge.now += self.random.choice((0.0, 0.01, 0.01, 0.1, 0.5, 3.0)) if self.sent % 500 > 50 else 0.01
            order = self.order()
            try:
                self.venue.submit(order)
                self.last = order
            except OrderRefused as refused:
                self.refused[refused.rule] += 1
            self.meanwhile()
        return self.judge

    def order(self):
        self.sent += 1
        kind = self.random.random()
        if kind < 0.35:
            return self.creep()
        plain = self.plain()
        if kind < 0.55:
            return plain
        if kind < 0.75:
            return self.changed(
                plain, **{self.random.choice(tuple(Order.model_fields)): self.random.choice(BAD_NUMBERS)}
            )
        if kind < 0.85:
            symbol = self.random.choice(("R", "R", "J", "S", "N", "ZZZ", "a", "A ", ""))
            price = MARKS.get(symbol, plain.reference_price)
            return self.changed(plain, symbol=symbol, reference_price=price, kind="market", limit_price=None)
        if kind < 0.95 and self.last is not None:
            copy = self.random.choice(({}, {"quantity": 7.0}, {"order_id": plain.order_id}, {"side": "sell"}))
            return self.changed(self.last, **copy)
        return self.changed(plain, quantity=self.random.choice((1e4, 1e6, 1e12, 123.4567, 0.0004)), reduce_only=True)

    def plain(self):
        symbol = self.random.choice(WORDS)
        lot, tick = LISTINGS[symbol].lot, LISTINGS[symbol].tick
        quantity = (
            round(self.random.choice((1, 5, 20, 100, 1000)) * self.random.random() * 100.0 / MARKS[symbol] / lot) * lot
        )
        limit = self.random.random() < 0.5
        price = max(tick, round(MARKS[symbol] * self.random.uniform(0.85, 1.15) / tick) * tick)
        return Order.model_construct(
            order_id=f"o{self.sent}", symbol=symbol, side=self.random.choice(("buy", "buy", "sell")),
            quantity=round(quantity or lot, 3), reference_price=MARKS[symbol] * self.random.uniform(0.95, 1.05),
            kind="limit" if limit else "market", limit_price=price if limit else None,
            reduce_only=self.random.random() < 0.1,
        )  # fmt: skip

    def creep(self):
        """The same direction again and again, in pieces that each are small."""
        if self.random.random() < 0.02:
            symbol = self.random.choice(WORDS)
            self.creeping = (symbol, self.random.choice(("buy", "sell")), self.random.choice((5e3, 2e4, 6e4, 2e5)))
        symbol, side, notional = self.creeping
        lot = LISTINGS[symbol].lot
        steps = max(1, round(notional * self.random.uniform(0.5, 1.0) / MARKS[symbol] / lot))
        return Order.model_construct(
            order_id=f"o{self.sent}", symbol=symbol, side=side, quantity=round(steps * lot, 3),
            reference_price=MARKS[symbol], reduce_only=False,
        )  # fmt: skip

    def changed(self, order, **fields):
        return Order.model_construct(**(order.__dict__ | fields))

    def meanwhile(self):
        """Fills, cancels, halts and people who resume."""
        chance = self.random.random()
        if self.judge.working and chance < 0.25:
            order_id = self.random.choice(list(self.judge.working))
            if chance < 0.12:
                self.fill(order_id)
            else:
                del self.judge.working[order_id]
                self.gate.release(order_id)
        if self.random.random() < 0.002:
            self.switch.on = True
        if self.switch.on and self.random.random() < 0.1:
            self.switch.on = False
            self.judge.repeats.clear()
        self.switch.broken = self.random.random() < 0.005

    def fill(self, order_id):
        symbol, side, units, price = self.judge.working[order_id]
        quantity = units if self.random.random() < 0.5 else round(units * 0.4, 3) or units
        fill = Fill(
            order_id=order_id, symbol=symbol, side=side, quantity=quantity, price=MARKS[symbol], cost=0.1,
            convention="same_close", bar_time="2020-01-01T00:00:00Z", execution_id=f"e{self.sent}",
        )  # fmt: skip
        self.gate.note(fill)
        signed = fill.signed_quantity
        self.judge.held[symbol] = self.judge.held.get(symbol, 0.0) + signed
        self.judge.cash -= signed * self.judge.value(symbol) + fill.cost
        self.judge.working[order_id] = [symbol, side, units - quantity, price]
        if units - quantity <= 1e-9:
            del self.judge.working[order_id]
