"""Many books side by side: weights, value, peak and turnover, advanced by the accounting of `tools.market`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.compiled import njit
from data.market import BoolArray, FloatArray
from tools.market.accounting import portfolio_step


@dataclass(slots=True)
class Books:
    """W books. `held` (W, S + 1) weights with cash last; `value`, `peak`, `turnover` (W,), value 1 at the start."""

    held: FloatArray
    value: FloatArray
    peak: FloatArray
    turnover: FloatArray

    @property
    def drawdown(self) -> FloatArray:
        """1 - value / peak, (W,)."""
        return 1.0 - self.value / self.peak

    def advance(
        self, target: FloatArray, to_fill: FloatArray, to_close: FloatArray, cost_bps: FloatArray
    ) -> FloatArray:
        """Trade to `target` (W, S + 1) at the next fill and hold to the next close; growth of value (W,).

        `to_fill`, `to_close` (W, S) are simple returns, `cost_bps` (W, S).
        """
        growth, self.held, self.turnover = _advance(self.held, target, to_fill, to_close, cost_bps)
        self.value = self.value * growth
        self.peak = np.maximum(self.peak, self.value)
        return growth

    def restart(self, which: BoolArray, held: FloatArray) -> None:
        """Open the books `which` (W,) anew with `held` (sum(which), S + 1)."""
        self.held[which] = held
        self.value[which] = 1.0
        self.peak[which] = 1.0
        self.turnover[which] = 0.0


def open_books(held: FloatArray) -> Books:
    """Fresh books that hold `held` (W, S + 1)."""
    ones = np.ones(held.shape[0])
    return Books(held.copy(), ones.copy(), ones.copy(), np.zeros(held.shape[0]))


@njit(cache=True)
def _advance(
    held: FloatArray, target: FloatArray, to_fill: FloatArray, to_close: FloatArray, cost_bps: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    growth = np.empty(held.shape[0])
    after = np.empty_like(held)
    turnover = np.empty(held.shape[0])
    for w in range(held.shape[0]):
        growth[w], after[w], _, turnover[w] = portfolio_step(held[w], target[w], to_fill[w], to_close[w], cost_bps[w])
    return growth, after, turnover
