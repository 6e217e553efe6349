"""What a run is worth in figures: the textbook statistics of an equity curve, and what trading it took.

Returns are simple per slot and the risk-free rate is 0. Each formula equals empyrical's of the same name, over the
calendar length of the run (`periods_per_year` slots a year).
"""

from __future__ import annotations

import math

import numpy as np

from data.errors import InputError
from data.market import FloatArray
from tools.backtest.result import Result
from tools.risk.measures import bars_per_year, conditional_value_at_risk, value_at_risk, volatility

DUST = 1e-12
"""A deviation under this is rounding: a ratio over it says nothing."""


def summary(result: Result, periods_per_year: float | None = None) -> dict[str, float]:
    """The figures of a run by name; a figure that is not defined (a Sharpe ratio without risk) is absent.

    Fractions unless named otherwise; `costs` in account currency, `fills` a count, `turnover_annual` the notional
    traded a year over the mean value. InputError for fewer than three slots.
    """
    if result.equity.size < 3:
        raise InputError("a run of fewer than three slots has no statistics", "choose a longer window")
    returns = result.returns()
    periods = bars_per_year(result.times) if periods_per_year is None else periods_per_year
    figures = {
        "total_return": total_return(returns),
        "annual_return": annual_return(returns, periods),
        "annual_volatility": volatility(returns) * math.sqrt(periods),
        "max_drawdown": max_drawdown(returns),
        "sharpe": sharpe(returns, periods),
        "sharpe_error": sharpe_error(returns, periods),
        "sortino": sortino(returns, periods),
        "calmar": calmar(returns, periods),
        "var_95": value_at_risk(returns),
        "cvar_95": conditional_value_at_risk(returns),
        "turnover_annual": turnover(result) * periods / returns.size,
        "costs": float(result.trades.cost.sum()),
        "fills": float(result.trades.slot.size),
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def total_return(returns: FloatArray) -> float:
    """Growth over the run, from simple returns (R,)."""
    return float(np.prod(1.0 + returns)) - 1.0


def annual_return(returns: FloatArray, periods: float) -> float:
    """Compound growth a year; -1 where everything was lost."""
    growth = 1.0 + total_return(returns)
    return growth ** (periods / returns.size) - 1.0 if growth > 0.0 else -1.0


def sharpe(returns: FloatArray, periods: float) -> float:
    """Mean over standard deviation, annualised; NaN without deviation."""
    deviation = volatility(returns)
    return float(returns.mean()) / deviation * math.sqrt(periods) if deviation > DUST else math.nan


def sharpe_error(returns: FloatArray, periods: float) -> float:
    """Standard error of `sharpe` for independent returns (Lo 2002, "The Statistics of Sharpe Ratios", equation 9): one
    path says no more than this. NaN without deviation."""
    per_slot = sharpe(returns, 1.0)
    return math.sqrt((1.0 + 0.5 * per_slot**2) / returns.size * periods)


def sortino(returns: FloatArray, periods: float) -> float:
    """Mean over the root mean square of losses, annualised; NaN without losses."""
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(returns.mean()) / downside * math.sqrt(periods) if downside > DUST else math.nan


def drawdowns(returns: FloatArray) -> FloatArray:
    """(R + 1,): fall from the highest value so far, 0 or negative; the start counts as a high."""
    value = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    return value / np.maximum.accumulate(value) - 1.0


def max_drawdown(returns: FloatArray) -> float:
    """The deepest of `drawdowns`, 0 or negative."""
    return float(drawdowns(returns).min())


def calmar(returns: FloatArray, periods: float) -> float:
    """Annual return over the size of the deepest drawdown; NaN without one."""
    deepest = max_drawdown(returns)
    return annual_return(returns, periods) / -deepest if deepest < -DUST else math.nan


def turnover(result: Result) -> float:
    """Notional traded over the mean value of the account; each fill at the value of money of its slot."""
    trades = result.trades
    notional = np.abs(trades.quantity) * trades.price * trades.fx
    return float(notional.sum() / result.equity.mean())
