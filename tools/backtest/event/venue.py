"""The venue of a backtest: at most one order a symbol, filled at the opens and closes of the tape."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, FloatArray
from tools.backtest.arithmetic import Market, filled, room_for, trades_of
from tools.backtest.event.account import Account
from tools.backtest.result import Trades
from tools.market.terms import CostTerms


class Venue:
    """Orders of the last decision: `units` (S,) signed units not filled yet, or `weight` (S,) not sized yet (NaN: no
    order); those with `here` (S,) False are still on their way."""

    def __init__(self, symbols: int) -> None:
        self.units = np.zeros(symbols)
        self.weight = np.full(symbols, np.nan)
        self.here = np.zeros(symbols, dtype=np.bool_)
        self.busy = False
        """Whether there may be any order at all."""
        self._fills = room_for(symbols)

    def withdraw(self) -> None:
        """A new decision replaces whatever rests or is on its way."""
        self.units[:], self.weight[:], self.here[:], self.busy = 0.0, np.nan, False, False

    def columns(self) -> list[int]:
        """Symbols with an order, those that sell first."""
        found = np.flatnonzero((self.units != 0.0) | ~np.isnan(self.weight))
        return [*found[self.units[found] < 0.0].tolist(), *found[self.units[found] >= 0.0].tolist()]

    def arrive(self, column: int) -> None:
        """An order has reached the venue; -1 means all of them."""
        if column < 0:
            self.here[:] = True
        else:
            self.here[column] = True

    def sizeable(self, fresh: BoolArray) -> FloatArray:
        """Weights (S,) of orders to size now, NaN elsewhere; they are no longer unsized afterwards."""
        now = self.here & fresh & ~np.isnan(self.weight)
        out = np.where(now, self.weight, np.nan)
        self.weight[now] = np.nan
        return out

    def fill(
        self, market: Market, price: FloatArray, t: int, account: Account, terms: CostTerms, borrow: bool
    ) -> Trades | None:
        """Fill what rests at row t of `price` (T, S), sells first; cash and units of the account move with it."""
        account.cash, made = filled(
            market, price, t, self.units, self.here, account.cash, account.units, terms, borrow, self._fills, 0
        )
        self.busy = bool(self.units.any()) or not np.isnan(self.weight).all()
        return trades_of(self._fills, made) if made else None

    def drop(self, column: int) -> None:
        """The order of a symbol that is no longer traded."""
        self.units[column], self.weight[column] = 0.0, np.nan
