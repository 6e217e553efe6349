"""Any sequence of orders gives the trades and the resting book of a plain list that is sorted for each trade."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from naive_book import NaiveBook

from tools.market.orderbook import codes as c
from tools.market.orderbook.book import cancel, expire_day, has_room, replace, submit
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.queues import units_ahead
from tools.market.orderbook.state import drain, new_book

TICKS = 12
ORDERS = 60
SIDES = st.sampled_from(list(Side))
PRICES = st.integers(0, TICKS - 1)
QUANTITIES = st.integers(1, 9)
LIMIT_TIFS = st.sampled_from(list(TimeInForce))
STOP_TIFS = st.sampled_from([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.IOC])
SEQUENCES = 10_000
STEPS = 30
seen = {"sequences": 0, "steps": 0, "trades": 0}


class BookAgainstList(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.book, self.naive, self.next = new_book(TICKS, ORDERS, 400), NaiveBook(TICKS), 1
        self.entered, self.cancelled = {}, {}
        self.filled = dict.fromkeys(range(1, ORDERS + 1), 0)
        seen["sequences"] += 1

    def enter(self, side, kind, tif, quantity, price, stop):
        reason = submit(self.book, self.next, int(side), int(kind), int(tif), quantity, price, stop)
        self.naive.submit(self.next, side, kind, tif, quantity, price, stop)
        if reason == Reason.NONE:
            self.entered[self.next] = quantity
            self.next += 1

    room = precondition(lambda self: self.next <= ORDERS)

    @room
    @rule(side=SIDES, tif=LIMIT_TIFS, quantity=QUANTITIES, price=PRICES)
    def limit(self, side, tif, quantity, price):
        self.enter(side, Kind.LIMIT, tif, quantity, price, 0)

    @room
    @rule(side=SIDES, quantity=QUANTITIES, tif=st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]))
    def market(self, side, quantity, tif):
        self.enter(side, Kind.MARKET, tif, quantity, 0, 0)

    @room
    @rule(side=SIDES, quantity=QUANTITIES, stop=PRICES, tif=STOP_TIFS)
    def stop(self, side, quantity, stop, tif):
        self.enter(side, Kind.STOP, tif, quantity, 0, stop)

    @room
    @rule(side=SIDES, quantity=QUANTITIES, price=PRICES, stop=PRICES, tif=STOP_TIFS)
    def stop_limit(self, side, quantity, price, stop, tif):
        self.enter(side, Kind.STOP_LIMIT, tif, quantity, price, stop)

    @precondition(lambda self: self.naive.orders or self.naive.stops)
    @rule(pick=st.integers(0, ORDERS))
    def withdraw(self, pick):
        live = self.naive.orders + self.naive.stops
        order = live[pick % len(live)].order
        assert cancel(self.book, order) == Reason.NONE
        self.naive.cancel(order)

    @precondition(lambda self: self.naive.orders)
    @rule(pick=st.integers(0, ORDERS), more=st.integers(-4, 4), price=st.one_of(st.none(), PRICES))
    def change(self, pick, more, price):
        o = self.naive.orders[pick % len(self.naive.orders)]
        order, price = o.order, o.price if price is None else price
        quantity = max(o.quantity - o.left + 1, o.quantity + more)
        reason = replace(self.book, order, quantity, price)
        self.naive.replace(order, quantity, price)
        if reason == Reason.NONE:
            self.entered[order] = quantity

    @rule()
    def end_of_day(self):
        expire_day(self.book)
        live = self.naive.orders + self.naive.stops
        for o in sorted((o for o in live if o.tif == TimeInForce.DAY), key=lambda o: o.order):
            self.naive.cancel(o.order, Reason.DAY_ENDED)

    @rule(bad=st.sampled_from(["id", "duplicate", "side", "kind", "tif", "quantity", "price", "stop", "unknown"]))
    def nonsense(self, bad):
        before = [a.copy() for a in self.book[:5]]
        refuse(self.book, bad, self.next)
        for was, now in zip(before, self.book[:5], strict=True):
            assert np.array_equal(np.delete(was, c.LOGGED) if was.ndim == 1 else was,
                                  np.delete(now, c.LOGGED) if now.ndim == 1 else now)  # fmt: skip
        assert drain(self.book)[-1, c.EV_KIND] == EventKind.REJECTED

    @invariant()
    def agrees(self):
        self.same_events()
        self.same_resting_book_in_the_same_order()
        self.uncrossed()
        self.quantity_is_conserved()

    def same_events(self):
        assert has_room(self.book)
        columns = [c.EV_KIND, c.EV_ORDER, c.EV_MAKER, c.EV_PRICE, c.EV_QUANTITY, c.EV_REASON]
        events = drain(self.book)[:, columns]
        expected, self.naive.log = self.naive.log, []
        assert [tuple(e) for e in events.tolist()] == [tuple(map(int, e)) for e in expected]
        for kind, order, maker, _, lots, _ in events.tolist():
            if kind == EventKind.TRADED:
                self.filled[order] += lots
                self.filled[maker] += lots
                seen["trades"] += 1
            elif kind == EventKind.CANCELLED:
                self.cancelled[order] = lots
        seen["steps"] += 1

    def same_resting_book_in_the_same_order(self):
        for side, queue in ((Side.BUY, c.BIDS), (Side.SELL, c.ASKS)):
            own = [o for o in self.naive.orders if o.side == side]
            prices = sorted({o.price for o in own}, reverse=side == Side.BUY)
            assert self.book.state[queue] == (prices[0] if prices else -1)
            for price in range(TICKS):
                fifo = [(o.order, o.left) for o in own if o.price == price]
                assert walk(self.book, queue, price) == fifo
        assert self.book.state[c.LIVE] == len(self.naive.orders) + len(self.naive.stops)

    def uncrossed(self):
        bid, ask = self.book.state[c.BIDS], self.book.state[c.ASKS]
        assert bid < 0 or ask < 0 or bid < ask

    def quantity_is_conserved(self):
        live = {o.order: o.left for o in self.naive.orders + self.naive.stops}
        for order, quantity in self.entered.items():
            filled = self.filled[order]
            assert filled <= quantity
            assert live.get(order, 0) + filled + self.cancelled.get(order, 0) == quantity
            assert self.book.orders[order, c.FILLED] == filled
            state = self.book.orders[order, c.STATE]
            assert (state in (State.OPEN, State.WAITING)) == (order in live)
            assert (state == State.FILLED) == (filled == quantity)


def walk(book, queue, tick):
    """(order, left) of a level from the front; counts, sizes, links and units ahead agree on the way."""
    head, tail, count, _ = book.levels[queue, tick].tolist()
    size = book.lots[queue, tick]
    found, order, before = [], head, 0
    while order:
        assert book.orders[order, c.PREVIOUS] == before
        assert units_ahead(book, order) == sum(left for _, left in found)
        found.append((order, int(book.orders[order, c.LEFT])))
        before, order = order, int(book.orders[order, c.NEXT])
    assert (tail, size, count) == (before, sum(left for _, left in found), len(found))
    return found


def refuse(book, bad, new):
    """Hand in one wrong order or cancel and expect its reason."""
    good = {"order": min(new, ORDERS), "side": 1, "kind": Kind.LIMIT, "tif": 0, "quantity": 1, "price": 3, "stop": 0}
    change, reason = {
        "id": ({"order": ORDERS + 1}, Reason.BAD_ID),
        "duplicate": ({"order": new - 1}, Reason.DUPLICATE_ID if new > 1 else Reason.BAD_ID),
        "side": ({"side": 0}, Reason.BAD_CODE),
        "kind": ({"kind": 4}, Reason.BAD_CODE),
        "tif": ({"kind": Kind.STOP, "tif": TimeInForce.FOK}, Reason.BAD_CODE),
        "quantity": ({"quantity": 0}, Reason.BAD_QUANTITY),
        "price": ({"price": TICKS}, Reason.BAD_PRICE),
        "stop": ({"kind": Kind.STOP_LIMIT, "stop": -1}, Reason.BAD_STOP),
        "unknown": ({}, Reason.UNKNOWN_ORDER),
    }[bad]
    if bad == "unknown":
        assert cancel(book, ORDERS + 5) == reason
        assert replace(book, -1, 3, 3) == reason
        return
    if new > ORDERS and bad != "id":
        reason = Reason.DUPLICATE_ID
    assert submit(book, *map(int, (good | change).values())) == reason


def check(examples):
    rules = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(BookAgainstList, settings=rules)


def test_the_book_trades_and_rests_like_a_sorted_list():
    check(100)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_sequences_trade_and_rest_like_a_sorted_list(record_property):
    seen.update(sequences=0, steps=0, trades=0)
    check(SEQUENCES)
    assert seen["sequences"] >= SEQUENCES
    for name, count in seen.items():
        record_property(name, count)
