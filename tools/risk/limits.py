"""The limits of a book: what no model may exceed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.market import AssetClass

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A fraction of net asset value, without leverage."""
Loss = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
"""A positive fraction of net asset value that may be lost."""


def _class_caps() -> dict[AssetClass, float]:
    return {
        AssetClass.STOCK: 1.0,
        AssetClass.ETF: 1.0,
        AssetClass.COMMODITY: 0.3,
        AssetClass.OPTION: 0.1,
        AssetClass.FOREX: 0.4,
        AssetClass.CRYPTO: 0.15,
        AssetClass.INDEX_FUTURE: 0.4,
    }


class RiskLimits(BaseModel):
    """Shares are fractions of net asset value; the book is long only and never borrows, so no share is above 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_name_weight: Share = 0.15
    """Largest weight of one symbol."""
    max_class_weight: dict[AssetClass, Share] = Field(default_factory=_class_caps)
    """Largest sum of weights of an asset class; a class that is not named has no cap of its own."""
    max_gross: Share = 1.0
    """Largest sum of absolute weights."""
    max_net: Share = 1.0
    """Largest sum of signed weights."""
    max_turnover_per_cycle: Share = 0.6
    """Most that is bought in one cycle; sales are never restricted."""
    max_var_95: Loss = 0.03
    """Historical value at risk of one bar, 95 %, over `risk_window_bars`."""
    max_cvar_95: Loss = 0.045
    """Mean loss of one bar beyond that, same window."""
    max_volatility_annual: Loss = 0.3
    """Standard deviation of returns, annualised, same window."""
    max_drawdown: Loss = 0.25
    """Fall from the peak value that locks the book until a person resumes it."""
    max_daily_loss: Loss = 0.06
    """Loss since the previous slot that locks the book for `lock_bars` slots."""
    lock_bars: int = Field(default=5, ge=1, le=10_000)
    max_stale_bars: int = Field(default=5, ge=0, le=10_000)
    """A held symbol without a new bar for more slots than this halts the book."""
    approval_turnover: float = Field(default=0.9, ge=0.0, le=2.0, allow_inf_nan=False)
    """Notional bought and sold in one cycle, as a fraction of value, above which a person is asked."""
    risk_window_bars: int = Field(default=252, ge=20, le=10_000)
    min_history_bars: int = Field(default=60, ge=20, le=10_000)
    """With fewer returns in the window risk is unknown, and nothing is bought."""
