"""The law of tools/backtest/rules.py in plain Python loops: slow, short, and what both engines must equal."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from data.market import FloatArray
from tools.backtest.result import Result, Trades
from tools.backtest.rules import Rules
from tools.backtest.tape import Tape
from tools.market.terms import CostTerms, fill_cost


def plain_backtest(tape: Tape, weights: FloatArray, terms: CostTerms, rules: Rules) -> Result:
    """`weights` (T, S), as in the rules."""
    account = PlainAccount(tape, terms, rules)
    shape = tape.close.shape
    equity, cash, units = np.empty(shape[0]), np.empty(shape[0]), np.empty(shape)
    for t in range(shape[0]):
        account.begin(t)
        if rules.fill != "same_close":
            account.fill(t, tape.open if rules.fill == "next_open" else tape.close)
        if not np.isnan(weights[t]).all():
            account.decide(t, weights[t])
        if rules.fill == "same_close":
            account.fill(t, tape.close)
        account.delist(t)
        equity[t], cash[t], units[t] = account.value(t, tape.close), account.cash, account.units
    made = np.array(account.trades, dtype=np.float64).reshape(-1, 6).T
    trades = Trades(made[0].astype(np.int64), made[1].astype(np.int64), made[2], made[3], made[4], made[5])
    return Result(tape.symbols, tape.times, equity, cash, units, trades)


class PlainAccount:
    def __init__(self, tape: Tape, terms: CostTerms, rules: Rules) -> None:
        self.tape, self.terms, self.rules = tape, terms, rules
        self.columns = range(len(tape.instruments))
        self.cash = rules.initial_cash
        self.units = [0.0 for _ in self.columns]
        self.left = [0.0 for _ in self.columns]  # pending units
        self.target = [math.nan for _ in self.columns]  # pending weights, not sized yet
        self.trades: list[tuple[int, int, float, float, float, float]] = []

    def value(self, t: int, price: FloatArray) -> float:
        held = [s for s in self.columns if self.units[s] != 0]
        return self.cash + sum(self.units[s] * float(price[t, s] * self.tape.fx[t, s]) for s in held)

    def begin(self, t: int) -> None:
        """Carry, then corporate actions."""
        tape, before = self.tape, self.cash
        self.cash += before * float(tape.interest[t]) if t > 0 else 0.0
        for s in self.columns:
            if self.units[s] != 0:
                worth = self.units[s] * float(tape.close[t - 1, s] * tape.fx[t - 1, s])
                self.cash -= max(0.0, -worth) * float(tape.borrow[t, s]) + worth * float(tape.funding[t, s])
        for s in self.columns:
            self.units[s] *= float(tape.split[t, s])
            self.left[s] *= float(tape.split[t, s])
            if self.units[s] != 0:
                self.cash += self.units[s] * float(tape.dividend[t, s] * tape.fx[t, s])

    def order(self, t: int, s: int, weight: float, value: float, price: FloatArray) -> float:
        unit = float(price[t, s] * self.tape.fx[t, s])
        wanted = lots(weight * max(value, 0.0) / unit, float(self.terms.lot[s]))
        change = wanted - self.units[s]
        closing = wanted == 0 and self.units[s] != 0
        if not closing and abs(change) <= 1e-12 * abs(self.units[s]):
            return 0.0
        return change if closing or abs(change) * unit >= self.rules.min_notional else 0.0

    def decide(self, t: int, weights: FloatArray) -> None:
        value = self.value(t, self.tape.close)
        for s in self.columns:
            self.left[s], self.target[s] = 0.0, math.nan
            known = not math.isnan(self.tape.close[t, s]) and not 0 <= self.tape.delisted[s] < t
            if known and not math.isnan(weights[s]):
                if self.rules.sizing == "decision":
                    self.left[s] = self.order(t, s, float(weights[s]), value, self.tape.close)
                else:
                    self.target[s] = float(weights[s])

    def fill(self, t: int, price: FloatArray) -> None:
        value = self.value(t, price)
        fresh = [s for s in self.columns if self.tape.fresh[t, s]]
        for s in fresh:
            if not math.isnan(self.target[s]):
                self.left[s], self.target[s] = self.order(t, s, self.target[s], value, price), math.nan
        for s in [s for s in fresh if self.left[s] < 0] + [s for s in fresh if self.left[s] > 0]:
            self.trade(t, s, float(price[t, s]))

    def trade(self, t: int, s: int, price: float) -> None:
        fx, volume = float(self.tape.fx[t, s]), float(self.tape.volume[t, s])
        lot, cap = float(self.terms.lot[s]), float(self.terms.cap[s])

        def cost(units: float) -> float:
            return fill_cost(units, price, fx, volume, float(self.tape.volatility[t, s]), self.terms, s)

        quantity = self.left[s]
        if cap < math.inf and abs(quantity) > cap * volume:
            quantity = math.copysign(lots(cap * volume, lot), quantity)
        self.left[s] -= quantity
        if quantity > 0 and not self.rules.borrow:
            asked = quantity
            quantity = payable(asked, lot, self.cash, lambda units: units * price * fx + cost(units))
            self.left[s] *= quantity == asked  # what is cut is dropped
        if quantity != 0:
            self.cash -= quantity * price * fx + cost(quantity)
            self.units[s] += quantity
            self.trades.append((t, s, quantity, price, cost(quantity), fx))

    def delist(self, t: int) -> None:
        for s in self.columns:
            if self.tape.delisted[s] == t:
                if self.units[s] != 0:
                    self.cash += self.units[s] * float(self.tape.close[t, s] * self.tape.fx[t, s]) * self.rules.recovery
                self.units[s], self.left[s], self.target[s] = 0.0, 0.0, math.nan


def lots(units: float, lot: float) -> float:
    return math.copysign(math.floor(abs(units) / lot) * lot, units) if lot > 0 else units


def payable(order: float, lot: float, cash: float, paid: Callable[[float], float]) -> float:
    """The most units up to `order`, in whole lots, for which `paid` with costs is at most `cash`: by bisection."""
    if paid(order) <= cash:
        return order
    low, high = (0, math.floor(order / lot) + 1) if lot > 0 else (0, 2**60)
    unit = lot if lot > 0 else order / 2**60
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if paid(middle * unit) <= cash else (low, middle)
    return low * unit
