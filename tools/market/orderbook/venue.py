"""A venue for one symbol: the matching core behind names, decimals and typed refusals.

What can never be an order (not a number, off the tick, an id used twice, an id nobody knows) raises OrderRefused and
changes nothing. What the market refuses (a post-only order that would trade, a fill-or-kill that would not fill, a
cancel that comes too late) is an event of kind REJECTED with its reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from data.errors import OrderRefused
from tools.market.orderbook import book as core
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.grid import Grid, Number
from tools.market.orderbook.queues import units_ahead, worse
from tools.market.orderbook.state import drain, enlarged, new_book


class Event(NamedTuple):
    """One thing that happened; prices in quote currency a unit, quantities in units."""

    kind: EventKind
    time: int
    order_id: str
    maker_id: str
    """The resting order of a trade; empty elsewhere."""
    price: Decimal
    """Of the trade, the limit or the stop; an order without a limit shows the end of the window it may trade to."""
    quantity: Decimal
    left: Decimal
    """Open quantity of `order_id` afterwards."""
    reason: Reason


class Level(NamedTuple):
    """One price of one side."""

    price: Decimal
    quantity: Decimal
    orders: int


class Status(NamedTuple):
    """Where an order stands; filled + left is the quantity, unless the rest was cancelled."""

    state: State
    quantity: Decimal
    filled: Decimal
    left: Decimal


class Venue:
    """Orders under ids of the caller's; `now` is any integer clock, copied into the events. Room grows as needed."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._book = new_book(grid.ticks, orders=1023, log=4096)
        self._names: list[str] = [""]
        self._rows: dict[str, int] = {}

    def submit(
        self,
        order_id: str,
        side: Side,
        quantity: Number,
        *,
        kind: Kind = Kind.LIMIT,
        limit_price: Number | None = None,
        stop_price: Number | None = None,
        time_in_force: TimeInForce = TimeInForce.GTC,
        now: int = 0,
    ) -> tuple[Event, ...]:
        """Hand in an order; returns all that it caused, in order. OrderRefused: nothing was changed."""
        if not order_id or order_id in self._rows:
            raise self._refused(order_id, "is empty or used already", "order_id", "give each order an id of its own")
        lots = self.grid.lots_of(quantity)
        price = self._tick(order_id, limit_price, kind in (Kind.LIMIT, Kind.STOP_LIMIT), "limit_price")
        stop = self._tick(order_id, stop_price, kind in (Kind.STOP, Kind.STOP_LIMIT), "stop_price")
        row = len(self._names)
        self._make_room(row, now)
        self._names.append(order_id)
        reason = core.submit(self._book, row, int(side), int(kind), int(time_in_force), lots, price, stop)
        events = self._events()
        if reason == Reason.NONE:
            self._rows[order_id] = row
            return events
        self._names.pop()
        if reason == Reason.BAD_CODE:
            problem = f"cannot be {kind.name} with {time_in_force.name}"
            raise self._refused(order_id, problem, "time_in_force", "see TimeInForce for what goes together")
        return events

    def cancel(self, order_id: str, *, now: int = 0) -> tuple[Event, ...]:
        """Withdraw what is open; REJECTED with NOT_OPEN where nothing is. OrderRefused for an unknown id."""
        row = self._row(order_id)
        self._make_room(row, now)
        core.cancel(self._book, row)
        return self._events()

    def replace(self, order_id: str, quantity: Number, limit_price: Number, *, now: int = 0) -> tuple[Event, ...]:
        """Change quantity (in all, fills included) and price of a resting order; see `book.replace` for priority."""
        row = self._row(order_id)
        lots, price = self.grid.lots_of(quantity), self.grid.tick_of(limit_price)
        self._make_room(row, now)
        core.replace(self._book, row, lots, price)
        return self._events()

    def expire_day(self, *, now: int = 0) -> tuple[Event, ...]:
        """End the session: DAY orders are cancelled."""
        self._make_room(0, now)
        core.expire_day(self._book)
        return self._events()

    def best(self) -> tuple[Decimal | None, Decimal | None]:
        """Best bid and ask; None where a side is empty."""
        bid, ask = (int(self._book.state[queue]) for queue in (c.BIDS, c.ASKS))
        return None if bid < 0 else self.grid.price(bid), None if ask < 0 else self.grid.price(ask)

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """Up to `levels` prices of a side from the best."""
        queue = c.BIDS if side is Side.BUY else c.ASKS
        found: list[Level] = []
        tick = int(self._book.state[queue])
        while tick >= 0 and len(found) < levels:
            lots, orders = int(self._book.lots[queue, tick]), int(self._book.levels[queue, tick, c.COUNT])
            found.append(Level(self.grid.price(tick), self.grid.quantity(lots), orders))
            tick = int(worse(self._book.bits, queue, tick))
        return tuple(found)

    def ahead(self, order_id: str) -> Decimal | None:
        """Units that trade before this order does at its price; None where it does not rest."""
        lots = units_ahead(self._book, self._row(order_id))
        return None if lots < 0 else self.grid.quantity(lots)

    def status(self, order_id: str) -> Status:
        """OrderRefused for an unknown id."""
        row = self._book.orders[self._row(order_id)]
        quantity, filled, left = (self.grid.quantity(int(row[field])) for field in (c.QUANTITY, c.FILLED, c.LEFT))
        return Status(State(int(row[c.STATE])), quantity, filled, left)

    def _tick(self, order_id: str, price: Number | None, needed: bool, what: str) -> int:
        if (price is not None) != needed:
            problem = f"{'needs' if needed else 'takes no'} {what}"
            raise self._refused(order_id, problem, what, "give the prices that its kind reads, and no others")
        return 0 if price is None else self.grid.tick_of(price)

    def _row(self, order_id: str) -> int:
        row = self._rows.get(order_id)
        if row is None:
            raise self._refused(order_id, "was never accepted here", "order_id", "check the id")
        return row

    def _refused(self, order_id: str, problem: str, rule: str, remedy: str) -> OrderRefused:
        return OrderRefused(f"{self.grid.symbol}: order {order_id!r} {problem}", rule, self.grid.symbol, remedy)

    def _make_room(self, row: int, now: int) -> None:
        self._book.state[c.NOW] = now
        if row >= self._book.orders.shape[0] or not core.has_room(self._book):
            self._book = enlarged(self._book, 2 * row + 1, 2 * self._book.log.shape[0])

    def _events(self) -> tuple[Event, ...]:
        return tuple(self._event(row) for row in drain(self._book).tolist())

    def _event(self, row: list[int]) -> Event:
        kind, time, order, maker, price, quantity, left, reason = row
        grid = self.grid
        return Event(
            EventKind(kind), time, self._names[order], self._names[maker], grid.price(price), grid.quantity(quantity),
            grid.quantity(left), Reason(reason),
        )  # fmt: skip
