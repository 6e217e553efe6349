"""Figures of a run as people read them: one form for the command line, the report and the panel."""

from __future__ import annotations

PERCENT = ("total_return", "annual_return", "annual_volatility", "max_drawdown", "var_95", "cvar_95")
"""Shown in percent; other figures are ratios."""
WHOLE = ("costs", "fills")
"""Shown without decimals."""


def figure_text(name: str, value: float | None) -> str:
    """A figure of `tools.backtest.metrics.summary`; "" where a run has none of that name."""
    if value is None:
        return ""
    if name in PERCENT:
        return f"{value:.2%}"
    return f"{value:,.0f}" if name in WHOLE else f"{value:.2f}"


def figure_name(name: str) -> str:
    """The name in words."""
    return name.replace("_", " ")
