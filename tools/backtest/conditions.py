"""Under what conditions a tape is traded: actions, rates of exchange, and what cash, shorts and positions pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from data.errors import BadBar, InputError
from data.market import FloatArray, Instrument, TimeArray
from data.universe import select
from tools.backtest.actions import Action, slot_name
from tools.market.funding import accrued

Rate = float | FloatArray
"""One number, or one a slot (T,)."""
LARGEST_ANNUAL_BPS = 100_000.0
"""Ten times a position a year: above it a rate is an error of scale."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything a tape holds beside bars. Annual rates are basis points on actual/360, either sign; see
    tools.market.funding for what they mean and how to make them."""

    actions: tuple[Action, ...] = ()
    currency: str = "USD"
    """Of the account."""
    fx: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    """Account currency per unit of each other currency of the instruments."""
    interest_bps: Rate = 0.0
    """On cash; negative cash pays it."""
    borrow_bps: Rate | Mapping[str, Rate] = 0.0
    """On the value of shorts, for all symbols or by symbol (0 for the rest)."""
    funding_bps: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    """On the signed value of positions, by symbol: FX rollover and the like."""
    charges: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """By symbol, (T,): fraction of the signed value paid at each slot, such as a perpetual's funding."""
    rolls: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """By symbol, (T,): fraction of the value that either side pays at each slot (tools.market.roll.roll_charge)."""
    zero_volume: Literal["refuse", "wait"] = "refuse"
    """A bar in which nothing was traded is an error, or no bar: orders wait. Where a source writes 0 for an unknown
    volume, it must say NaN."""


def rates_of_exchange(conditions: Conditions, instruments: tuple[Instrument, ...], times: TimeArray) -> FloatArray:
    """(T, S): account currency per unit of each symbol's. BadBar where there is no such rate, or one that is none."""
    out = np.ones((len(times), len(instruments)))
    for column, one in enumerate(instruments):
        if one.currency == conditions.currency:
            continue
        if one.currency not in conditions.fx:
            rule = f"prices are in {one.currency}, and no rate to {conditions.currency} is given"
            raise BadBar(one.symbol, "every bar", rule, f"give a rate for {one.currency}, or leave the symbol out")
        out[:, column] = _row(conditions.fx[one.currency], times, f"the rate of {one.currency}")
        bad = np.flatnonzero(~(np.isfinite(out[:, column]) & (out[:, column] > 0.0)))
        if len(bad):
            rule = f"the rate of {one.currency} is not positive and finite"
            raise BadBar(one.symbol, slot_name(times, int(bad[0])), rule, "give a rate for every slot")
    return out


def carry(
    conditions: Conditions, instruments: tuple[Instrument, ...], times: TimeArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`interest` (T,), `borrow` (T, S) and `funding` (T, S) of a Tape. InputError for a rate that cannot be."""
    columns = {i.symbol: n for n, i in enumerate(instruments)}
    interest = _accrued(conditions.interest_bps, times, "interest on cash")
    borrow, funding = np.zeros((len(times), len(columns))), np.zeros((len(times), len(columns)))
    by_symbol = conditions.borrow_bps
    if not isinstance(by_symbol, Mapping):
        borrow[:] = _accrued(by_symbol, times, "borrow")[:, None]
        by_symbol = {}
    known = (*by_symbol, *conditions.funding_bps, *conditions.charges, *conditions.rolls)
    if known:
        select(instruments, known, "the tape")
    for symbol, rate in by_symbol.items():
        borrow[:, columns[symbol]] = _accrued(rate, times, f"borrow of {symbol}")
    for symbol, rate in conditions.funding_bps.items():
        funding[:, columns[symbol]] = _accrued(rate, times, f"funding of {symbol}")
    for symbol, charge in conditions.charges.items():
        funding[:, columns[symbol]] += _finite(_row(charge, times, f"charge of {symbol}"), f"charge of {symbol}")
    for symbol, charge in conditions.rolls.items():
        paid = _finite(_row(charge, times, f"roll of {symbol}"), f"roll of {symbol}")
        funding[:, columns[symbol]] += paid  # a long pays it, a short is given it and pays it twice:
        borrow[:, columns[symbol]] += 2.0 * paid
    return interest, borrow, funding


def _accrued(annual_bps: Rate, times: TimeArray, what: str) -> FloatArray:
    rate = _finite(_row(annual_bps, times, what), what)
    if np.abs(rate).max(initial=0.0) > LARGEST_ANNUAL_BPS:
        raise InputError(f"{what} is above {LARGEST_ANNUAL_BPS:g} bps a year", "give annual basis points")
    return accrued(rate, times)


def _row(rate: Rate, times: TimeArray, what: str) -> FloatArray:
    row = np.asarray(rate, dtype=np.float64)
    if row.shape not in ((), times.shape):
        raise InputError(f"{what} has shape {row.shape}", f"give one number, or one for each of {len(times)} slots")
    return np.broadcast_to(row, times.shape)


def _finite(row: FloatArray, what: str) -> FloatArray:
    if not np.isfinite(row).all():
        raise InputError(f"{what} is not finite", "give a number for every slot")
    return row
