"""The last gate in a backtest: the very gate of the brokers, opened on the simulated account at the simulated time."""

from __future__ import annotations

import numpy as np

from data.clock import MAX_AGE
from data.market import BoolArray, FloatArray, IntArray
from tools.backtest.event.account import Account
from tools.backtest.tape import Tape
from tools.execution.broker import OpenOrder
from tools.execution.orders import Order
from tools.market.terms import CostTerms
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import AccountState, Listing

VOLUME_SLOTS = 21
"""Slots over which a symbol's average volume is taken: a month."""
STALE_SLOTS = MAX_AGE["1d"]
"""Slots without a bar after which a mark is stale, as in snapshots."""


class AccountGate:
    """Keeps `LastGate` for one run, by simulated time; no kill switch is on."""

    def __init__(self, limits: GateLimits, tape: Tape, terms: CostTerms) -> None:
        self._gate = Gate(limits, halted=lambda: False, clock=lambda: self._now)
        self._now = 0.0
        self._tape, self._names = tape, tape.symbols
        currencies = [i.currency for i in tape.instruments]
        self._listings = [Listing(i.currency, n) for i, n in zip(tape.instruments, terms.lot.tolist(), strict=True)]
        self._currencies = {currency: currencies.index(currency) for currency in sorted(set(currencies))}
        self._volumes, self._stale = _average(tape.volume), _age(tape.fresh) > STALE_SLOTS
        self._any_stale: BoolArray = np.any(self._stale, axis=1)

    def open(
        self, t: int, time: int, account: Account, price: FloatArray, ordered: IntArray, waiting: tuple[OpenOrder, ...]
    ) -> None:
        """Judge orders from now on, `time` (ns), by the account at row `t` of `price` (T, S), at which they are sized.

        It is shown what it needs to know of: the symbols `ordered` (N,) now, those held, and what is still `waiting`.
        """
        self._now = time * 1e-9
        names, listings, stale = self._names, self._listings, self._stale[t]
        held, asked = np.flatnonzero(account.units).tolist(), ordered.tolist()
        known = [*held, *asked, *(names.index(order.symbol) for order in waiting)]
        self._gate.open(
            AccountState(
                cash=account.cash,
                positions={names[s]: units for s, units in zip(held, account.units[held].tolist(), strict=True)},
                marks={names[s]: mark for s, mark in zip(known, price[t, known].tolist(), strict=True)},
                listings={names[s]: listings[s] for s in known},
                stale=frozenset(names[s] for s in known if stale[s]) if self._any_stale[t] else frozenset(),
                volumes={names[s]: v for s, v in zip(asked, self._volumes[t][ordered].tolist(), strict=True) if v == v},
                rates={currency: float(self._tape.fx[t, s]) for currency, s in self._currencies.items()},
                open_orders=waiting,
            )
        )

    def check(self, order: Order) -> None:
        """Raises OrderRefused."""
        self._gate.check(order)


def _average(volume: FloatArray) -> FloatArray:
    """Mean (T, S) of the known volumes of the last VOLUME_SLOTS slots; NaN where none is known."""
    known = ~np.isnan(volume)
    total, count = (_trailing(x) for x in (np.where(known, volume, 0.0), known.astype(np.float64)))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0.0)


def _trailing(values: FloatArray) -> FloatArray:
    sums = np.cumsum(values, axis=0)
    sums[VOLUME_SLOTS:] -= sums[:-VOLUME_SLOTS].copy()
    return sums


def _age(fresh: BoolArray) -> IntArray:
    """Slots (T, S) since the last bar of each symbol; before the first one, slots since the tape began."""
    rows = np.arange(len(fresh))[:, None]
    return rows - np.maximum.accumulate(np.where(fresh, rows, 0), axis=0)
