"""What the gate knows when it judges an order: the account at its worst, the switch, the traffic and the time.

Of orders that may still be filled the gate believes the worst in each direction: a position p with B units on order to
buy and S to sell may end anywhere from p - S to p + B.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tools.execution.broker import OpenOrder
from tools.execution.orders import Fill, Order, Side
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.traffic import Traffic

DUST = 1e-9
"""Units below which nothing is left of an order or a position."""
SLACK = 1e-9
"""Relative: what stands exactly at a limit is within it, whatever its last bit."""


class Listing(NamedTuple):
    """How a symbol is traded: its currency, and its smallest steps of quantity (units) and price; 0 is any."""

    currency: str = "USD"
    lot: float = 0.0
    tick: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account at the moment the gate opens on it."""

    cash: float
    """Account currency."""
    positions: Mapping[str, float]
    """Units by symbol; short is negative."""
    marks: Mapping[str, float]
    """Last known prices, in the symbol's currency."""
    listings: Mapping[str, Listing]
    """All symbols that may be traded."""
    stale: frozenset[str] = frozenset()
    """Symbols whose mark is too old, or that are halted: held at it, not traded."""
    volumes: Mapping[str, float] = field(default_factory=dict[str, float])
    """Average units traded a bar; a symbol that is not in it has no known volume."""
    rates: Mapping[str, float] = field(default_factory=lambda: {"USD": 1.0})
    """Account currency per unit of each currency that may be traded."""
    open_orders: tuple[OpenOrder, ...] = ()
    """What may still be filled."""


class Reservation(NamedTuple):
    """What is left of an open order: units, and the cash that each takes or brings (account currency)."""

    symbol: str
    side: Side
    units: float
    cash: float
    order: Order | None
    """None for one that was open before the gate opened on the account: this gate has not judged it."""


class GateState:
    """The account as it may become, kept by what the gate lets through and by what it is told."""

    def __init__(
        self, account: AccountState, limits: GateLimits, traffic: Traffic, known: dict[str, Order], flattening: bool
    ) -> None:
        """`known`: all orders that ever left, by id."""
        self.account, self.traffic, self.known, self.flattening = account, traffic, known, flattening
        self.halted = "the kill switch was not read"
        self.now = -math.inf
        self._costs = limits.cost_reserve_bps * 1e-4
        self.restricted = frozenset(limits.restricted)
        self.values = _values(account)
        self.positions = dict(account.positions)
        self.to_buy: dict[str, float] = {}
        self.to_sell: dict[str, float] = {}
        self.open: dict[str, Reservation] = {}
        self.cash = account.cash
        self.due_to_pay = self.due_to_get = 0.0
        worths = [units * self.values[symbol] for symbol, units in self.positions.items() if units != 0.0]
        self.held_value, self.gross = sum(worths), sum(map(abs, worths))
        self.longest = self.shortest = self.held_value
        for order in account.open_orders:
            cash = self.unit_cash(order.side, self.values.get(order.symbol, math.nan))
            left = order.quantity - order.filled
            self.restore(order.order_id, Reservation(order.symbol, order.side, left, cash, None))

    @property
    def equity(self) -> float:
        """Cash plus positions at their marks (account currency); NaN where something held has no mark."""
        return self.cash + self.held_value

    def ends(self, symbol: str) -> tuple[float, float]:
        """The fewest and the most units a position may become."""
        held = self.positions.get(symbol, 0.0)
        return held - self.to_sell.get(symbol, 0.0), held + self.to_buy.get(symbol, 0.0)

    def ends_after(self, order: Order) -> tuple[float, float]:
        """`ends` with one more order."""
        low, high = self.ends(order.symbol)
        return (low, high + order.quantity) if order.side == "buy" else (low - order.quantity, high)

    def reduces(self, order: Order) -> bool:
        """Whether an order can only bring its position nearer to zero, whatever else is filled before it."""
        low, high = self.ends(order.symbol)
        if order.side == "sell":
            return low > 0.0 and order.quantity <= low + DUST
        return high < 0.0 and order.quantity <= DUST - high

    def unit_price(self, order: Order) -> float:
        """The worst for the account among the mark and the prices that an order names (account currency)."""
        buys, worst, mark = order.side == "buy", order.reference_price, self.values[order.symbol]
        for price in (order.limit_price, order.stop_price):
            if price is not None and (price > worst) == buys:
                worst = price
        worst *= self._rate(order.symbol)
        return worst if (worst > mark) == buys else mark

    def unit_cash(self, side: Side, price: float) -> float:
        """What a unit at `price` takes (a buy) or brings (a sale), costs set aside (account currency)."""
        return price * (1.0 + self._costs) if side == "buy" else price * (1.0 - self._costs)

    def reserve(self, order: Order) -> None:
        """An order leaves: from now on it counts in full."""
        cash = self.unit_cash(order.side, self.unit_price(order))
        self.restore(order.order_id, Reservation(order.symbol, order.side, order.quantity, cash, order))

    def fill(self, fill: Fill) -> None:
        """An execution: units and cash move, and that much less of its order is open."""
        signed, rate = fill.signed_quantity, self.values.get(fill.symbol, math.nan)
        open_order = self.release(fill.order_id)
        self._count(fill.symbol, -1.0)
        self.positions[fill.symbol] = self.positions.get(fill.symbol, 0.0) + signed
        self._count(fill.symbol, +1.0)
        self.cash -= signed * fill.price * self._rate(fill.symbol) + fill.cost
        self.held_value += signed * rate
        if open_order is not None and open_order.units - fill.quantity > DUST:
            self.restore(fill.order_id, open_order._replace(units=open_order.units - fill.quantity))

    def release(self, order_id: str) -> Reservation | None:
        """Nothing more of an order can be filled; returns what was left of it."""
        found = self.open.pop(order_id, None)
        if found is not None:
            self._shift(found, -1.0)
        return found

    def restore(self, order_id: str, held: Reservation) -> None:
        """So much of an order is open."""
        self.open[order_id] = held
        self._shift(held, +1.0)

    def _shift(self, held: Reservation, sign: float) -> None:
        self._count(held.symbol, -1.0)
        book = self.to_buy if held.side == "buy" else self.to_sell
        book[held.symbol] = book.get(held.symbol, 0.0) + sign * held.units
        if held.side == "buy":
            self.due_to_pay += sign * held.units * held.cash
        else:
            self.due_to_get += sign * held.units * held.cash
        self._count(held.symbol, +1.0)

    def _count(self, symbol: str, sign: float) -> None:
        """Add (or take back) what a symbol gives to the sums of exposures."""
        low, high = self.ends(symbol)
        if low != 0.0 or high != 0.0:
            value = sign * self.values.get(symbol, math.nan)
            self.gross += value * max(abs(low), abs(high))
            self.longest += value * high
            self.shortest += value * low

    def _rate(self, symbol: str) -> float:
        listing = self.account.listings.get(symbol)
        return math.nan if listing is None else self.account.rates.get(listing.currency, math.nan)


def _values(account: AccountState) -> dict[str, float]:
    """A unit of each symbol at its mark (account currency); NaN where mark or rate is not a positive number, and for
    what is held but not listed. It is asked whenever the gate opens: in a backtest at every slot."""
    mark_of, rate_of, unknown, most = account.marks.get, account.rates.get, math.nan, math.inf
    out = dict.fromkeys(account.positions, unknown)
    for symbol, listing in account.listings.items():
        mark = mark_of(symbol, unknown)
        value = mark * rate_of(listing.currency, unknown)
        out[symbol] = value if mark > 0.0 and 0.0 < value < most else unknown  # so the rate is positive as well
    return out
