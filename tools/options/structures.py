"""Well-known structures as legs in a fixed order, and the orders that open or close them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from data.errors import InputError
from tools.execution.orders import Order, order_id
from tools.options.contracts import Contract
from tools.options.payoffs import Leg

MULTIPLIER = 100.0
"""Shares a listed US equity option delivers (Options Clearing Corporation, standard contract)."""


class Quoted(NamedTuple):
    """A contract and the price of one unit of it, in currency."""

    contract: Contract
    price: float


class Line(NamedTuple):
    """One line of a structure: `contracts` of an option, or shares where `contract` is None; short is negative."""

    symbol: str
    contract: Contract | None
    quantity: float
    price: float
    """Currency a unit (a share)."""

    @property
    def units(self) -> float:
        """Shares it stands for."""
        return self.quantity if self.contract is None else self.quantity * MULTIPLIER


class Structure(NamedTuple):
    """`lines` in the order of their leg numbers; `cost` is paid (negative: received) to open it, before costs."""

    name: str
    lines: tuple[Line, ...]

    @property
    def cost(self) -> float:
        """Currency."""
        return sum(line.units * line.price for line in self.lines)

    def legs(self, today: date) -> tuple[Leg, ...]:
        """The same as payoff legs, years as Actual/365 Fixed."""
        return tuple(_leg(line, today) for line in self.lines)

    def orders(self, book: str, slot: str, decision_version: int = 1, *, close: bool = False) -> tuple[Order, ...]:
        """One order a line, numbered as its leg.

        What is bought comes before what it covers. `close` turns every side and the sequence around, so that shorts
        are bought back while they are still covered, and lets no leg pass zero.
        """
        sequence = list(enumerate(self.lines))
        return tuple(
            Order(
                order_id=order_id(book, slot, line.symbol, leg, decision_version),
                symbol=line.symbol,
                side="buy" if (line.quantity > 0.0) != close else "sell",
                quantity=abs(line.quantity),
                reference_price=line.price,
                leg=leg,
                decision_version=decision_version,
                reduce_only=close,
            )
            for leg, line in (reversed(sequence) if close else sequence)
        )


def covered_call(underlying: str, spot: float, call: Quoted, contracts: int = 1) -> Structure:
    """Shares, and a call sold on each."""
    return _structure("covered call", [_shares(underlying, spot, contracts), _option(_a(call, True), -contracts)])


def protective_put(underlying: str, spot: float, put: Quoted, contracts: int = 1) -> Structure:
    """Shares, and a put bought on each."""
    return _structure("protective put", [_shares(underlying, spot, contracts), _option(_a(put, False), contracts)])


def collar(underlying: str, spot: float, put: Quoted, call: Quoted, contracts: int = 1) -> Structure:
    """Shares with a put bought below and a call sold above."""
    if put.contract.strike >= call.contract.strike:
        raise InputError(f"A collar's put ({put.contract.symbol}) lies below its call ({call.contract.symbol})", "swap")
    _same_expiry(put, call)
    shares = _shares(underlying, spot, contracts)
    return _structure("collar", [shares, _option(_a(put, False), contracts), _option(_a(call, True), -contracts)])


def vertical(long: Quoted, short: Quoted, contracts: int = 1) -> Structure:
    """Two calls or two puts of one expiry: one bought, one sold at another strike."""
    _same_expiry(long, short)
    if long.contract.call != short.contract.call or long.contract.strike == short.contract.strike:
        names = f"{long.contract.symbol} and {short.contract.symbol}"
        raise InputError(f"{names} are no vertical", "two calls or two puts at two strikes")
    return _structure("vertical", [_option(long, contracts), _option(short, -contracts)])


def straddle(call: Quoted, put: Quoted, contracts: int = 1) -> Structure:
    """A call and a put of one strike and expiry, both bought, or both sold where `contracts` is negative."""
    _same_expiry(call, put)
    if call.contract.strike != put.contract.strike:
        raise InputError(f"{call.contract.symbol} and {put.contract.symbol} are no straddle", "take one strike")
    return _structure("straddle", [_option(_a(call, True), contracts), _option(_a(put, False), contracts)])


def calendar(near: Quoted, far: Quoted, contracts: int = 1) -> Structure:
    """The near expiry sold, a later one of the same right and strike bought."""
    same = near.contract._replace(expiry=far.contract.expiry) == far.contract
    if not same or near.contract.expiry >= far.contract.expiry:
        names = f"{near.contract.symbol} and {far.contract.symbol}"
        raise InputError(f"{names} are no calendar", "take one right and strike, the near expiry first")
    return _structure("calendar", [_option(far, contracts), _option(near, -contracts)])


def _structure(name: str, lines: Sequence[Line]) -> Structure:
    for line in lines:
        if not (0.0 < line.price < math.inf) or not line.quantity or not float(line.quantity).is_integer():
            raise InputError(
                f"{name}: {line.symbol} x {line.quantity:g} at {line.price:g}",
                "give a positive price and a whole number of contracts that is not 0",
            )
    roots = {line.contract.underlying if line.contract else line.symbol for line in lines}
    if len(roots) > 1:
        raise InputError(f"{name} on several underlyings: {', '.join(sorted(roots))}", "take one")
    if name != "straddle" and lines[0].quantity < 0.0:
        raise InputError(
            f"{name} of {lines[0].quantity:g} {lines[0].symbol}", "the first leg of this structure is bought"
        )
    return Structure(name, tuple(lines))


def _shares(underlying: str, spot: float, contracts: int) -> Line:
    return Line(underlying, None, contracts * MULTIPLIER, spot)


def _option(quoted: Quoted, contracts: float) -> Line:
    return Line(quoted.contract.symbol, quoted.contract, contracts, quoted.price)


def _a(quoted: Quoted, call: bool) -> Quoted:
    if quoted.contract.call != call:
        raise InputError(f"{quoted.contract.symbol} is no {'call' if call else 'put'}", "swap the legs")
    return quoted


def _same_expiry(one: Quoted, other: Quoted) -> None:
    if one.contract.expiry != other.contract.expiry:
        raise InputError(f"{one.contract.symbol} and {other.contract.symbol} expire on two days", "take one expiry")


def _leg(line: Line, today: date) -> Leg:
    if line.contract is None:
        return Leg("underlying", line.units, line.price)
    years = (line.contract.expiry - today).days / 365.0
    return Leg("call" if line.contract.call else "put", line.units, line.price, line.contract.strike, years)
