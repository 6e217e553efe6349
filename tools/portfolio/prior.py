"""Priors: the allocation before any view.

A symbol that cannot be traded keeps the weight it has; the prior spreads what is left over the others and cash.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from data.errors import PriorUnavailable
from data.market import BoolArray, FloatArray
from tools.portfolio.balance import Aim, balanced

PriorName = Literal["inverse_volatility", "equal_weight", "risk_parity", "minimum_variance"]
CASH_SHARE = 0.05
"""Share of the free part that stays in cash: room for costs and for opening gaps."""


def inverse_volatility(
    vol: FloatArray, tradable: BoolArray, held: FloatArray, cash_share: float = CASH_SHARE
) -> FloatArray:
    """Weights in proportion to 1 / volatility: (S + 1,), cash last, summing to 1.

    `vol` (S,) in any one unit, `tradable` (S,), `held` (S + 1,) with cash last. Equal to skfolio's InverseVolatility on
    the tradable symbols, times the free part without cash. Raises PriorUnavailable where a tradable volatility is not a
    positive number.
    """
    known = _known(vol, tradable)
    return _spread(np.divide(1.0, vol, out=np.zeros_like(vol), where=known), tradable, held, cash_share)


def balanced_risk(
    aim: Aim, vol: FloatArray, correlation: FloatArray, tradable: BoolArray, held: FloatArray,
    cash_share: float = CASH_SHARE,
) -> FloatArray:  # fmt: skip
    """Risk parity or long-only minimum variance of the covariance `vol` `correlation` `vol`: (S + 1,), cash last.

    `correlation` (S, S) as of `tools.portfolio.covariance`; else as `inverse_volatility`. Equal to skfolio's
    RiskBudgeting and MeanRisk on the tradable symbols, times the free part without cash.
    """
    _known(vol, tradable)
    at, columns = np.zeros(1, dtype=np.int64), np.arange(tradable.size)[None]
    shares = balanced(aim, correlation[None].astype(np.float32), at, columns, vol[None], tradable[None])[0]
    return _spread(shares, tradable, held, cash_share)


def equal_weight(tradable: BoolArray, held: FloatArray, cash_share: float = CASH_SHARE) -> FloatArray:
    """The same weight for every tradable symbol: (S + 1,), cash last, summing to 1."""
    return _spread(np.ones(tradable.size), tradable, held, cash_share)


def _known(vol: FloatArray, tradable: BoolArray) -> BoolArray:
    """Where a volatility is a positive number; PriorUnavailable where a tradable one is not."""
    known = np.isfinite(vol) & (vol > 0.0)
    if not known[tradable].all():
        columns = np.flatnonzero(tradable & ~known).tolist()
        raise PriorUnavailable(f"no volatility for the symbols in columns {columns}", "fall back to equal weight")
    return known


def _spread(shares: FloatArray, tradable: BoolArray, held: FloatArray, cash_share: float) -> FloatArray:
    """The free part of value spread over tradable symbols in proportion to `shares` (S,)."""
    if not tradable.any():
        raise PriorUnavailable("no symbol is tradable", "hold what is held")
    if not np.isfinite(held).all():
        raise PriorUnavailable("the weights held are not all numbers", "mark the book at known prices first")
    frozen = np.where(tradable, 0.0, held[:-1])
    free = max(0.0, 1.0 - float(frozen.sum()))
    wanted = np.where(tradable, shares, 0.0)
    symbols = frozen + wanted / wanted.sum() * free * (1.0 - cash_share)
    return np.append(symbols, 1.0 - symbols.sum())
