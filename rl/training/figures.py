"""What a series of returns is worth: the few figures every report shows, and nothing that flatters."""

from __future__ import annotations

import numpy as np

from data.market import FloatArray, TimeArray


def bars_per_year(times: TimeArray) -> float:
    """Slots in a year, counted from the slots themselves."""
    years = (times[-1] - times[0]) / np.timedelta64(1, "D") / 365.25
    return (len(times) - 1) / float(years)


def sharpe(returns: FloatArray, per_year: float) -> float:
    """Annualised mean over standard deviation of simple returns (no risk-free rate); 0 where they do not vary."""
    spread = float(returns.std())
    return float(returns.mean()) / spread * per_year**0.5 if spread > 1e-12 else 0.0


def max_drawdown(returns: FloatArray) -> float:
    """Deepest fall from a peak of the compounded value, as a positive fraction."""
    value = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    return float((1.0 - value / np.maximum.accumulate(value)).max())


def figures(returns: FloatArray, per_year: float) -> dict[str, float]:
    """Sharpe, annual return (compounded), annual volatility, deepest drawdown."""
    growth = float(np.prod(1.0 + returns))
    return {
        "sharpe": sharpe(returns, per_year),
        "annual_return": growth ** (per_year / len(returns)) - 1.0,
        "annual_volatility": float(returns.std()) * per_year**0.5,
        "max_drawdown": max_drawdown(returns),
    }
