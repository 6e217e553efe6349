"""The account: cash and units, and what carry, corporate actions and delistings do to them."""

from __future__ import annotations

import numpy as np

from data.market import FloatArray
from tools.backtest.arithmetic import Market, acted, carried, worth


class Account:
    """Money is in the account currency; `units` (S,) are signed."""

    def __init__(self, symbols: int, cash: float) -> None:
        self.cash = cash
        self.units = np.zeros(symbols)

    def carry(self, market: Market, t: int) -> None:
        """Interest, borrow and funding from the last slot to this one, on what that slot ended with."""
        self.cash = carried(market, t, self.cash, self.units)

    def act(self, market: Market, t: int, pending: FloatArray) -> None:
        """Splits of units and `pending` units (S,), then dividends, before the open."""
        self.cash = acted(market, t, self.cash, self.units, pending)

    def value(self, market: Market, price: FloatArray, t: int) -> float:
        """Cash and positions at row t of `price` (T, S)."""
        return worth(price, market.fx, t, self.cash, self.units)

    def delist(self, market: Market, t: int, column: int, recovery: float) -> None:
        """A symbol's last bar: its units become cash at the close times `recovery`."""
        units = float(self.units[column])
        if units != 0.0:
            self.cash += units * float(market.close[t, column] * market.fx[t, column]) * recovery
            self.units[column] = 0.0
