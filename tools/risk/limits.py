"""The limits of a book: what no model may exceed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.market import AssetClass
from tools.risk.stress import Scenario

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A fraction of net asset value, without leverage."""
Exposure = Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]
"""A fraction of net asset value that may be borrowed against: 10 is ten times the book."""
Loss = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
"""A positive fraction of net asset value, or of a position, that may be lost."""
Bars = Annotated[int, Field(ge=1, le=10_000)]
"""A number of slots."""

VarMethod = Literal["historical", "parametric", "cornish_fisher"]
ProjectionMethod = Literal["clamp", "least_change"]
EVERY_OTHER = "*"
"""In a table of caps by name: the cap of each name that is not in it."""


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
    """Weights are fractions of net asset value; sums are of absolute weights unless they are called signed.

    None means that there is no such limit. As it comes the book is long only and never borrows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # --- what is held -------------------------------------------------------------------------------------------

    long_only: bool = True
    """Whether negative weights are refused; a book that is short all the same is halted."""
    restricted: tuple[str, ...] = ()
    """Symbols of which nothing is opened; what is held of them may be reduced."""
    max_name_weight: Share = 0.15
    """Largest absolute weight of one symbol."""
    max_class_weight: dict[AssetClass, Exposure] = Field(default_factory=_class_caps)
    """Largest sum of an asset class; a class that is not named has no cap of its own."""
    max_sector_weight: dict[str, Exposure] = Field(default_factory=dict)
    """Largest sum of a sector, by name, "*" for every other; symbols without a sector are not counted."""
    max_currency_weight: dict[str, Exposure] = Field(default_factory=dict)
    """Largest sum of what is priced in a currency, by its code, "*" for every other."""
    max_gross: Exposure = 1.0
    """Largest sum of all weights."""
    max_leverage: Exposure = 10.0
    """Largest sum of weights, each times the `notional_per_weight` of its class."""
    notional_per_weight: dict[AssetClass, Annotated[float, Field(gt=0.0, le=1000.0)]] = Field(default_factory=dict)
    """Market exposure for a unit of weight, 1 where not named; above 1 where a premium or a margin is what is paid."""
    max_net: Exposure = 1.0
    """Largest signed sum, either way."""

    # --- what is traded -----------------------------------------------------------------------------------------

    max_turnover_per_cycle: Exposure = 0.6
    """Most that is opened (bought, or sold short) in one cycle; reductions are never restricted."""
    max_participation: Annotated[float, Field(gt=0.0, le=10.0, allow_inf_nan=False)] | None = None
    """Most of a symbol that is opened in one cycle, as a fraction of the money its average day trades."""
    participation_window_bars: Bars = 20
    """Slots over which that average is taken; a symbol whose volume is not known in all of them is not capped."""
    approval_turnover: float = Field(default=0.9, ge=0.0, le=20.0, allow_inf_nan=False)
    """Notional bought and sold in one cycle, as a fraction of value, above which a person is asked."""

    # --- what may be lost, by the past --------------------------------------------------------------------------

    max_var_95: Loss = 0.03
    """Value at risk of one bar, 95 %, over `risk_window_bars`."""
    max_cvar_95: Loss = 0.045
    """Mean loss of one bar beyond that, same window."""
    var_method: VarMethod = "historical"
    """How both are measured: past returns, a normal distribution, or one with their skewness and kurtosis."""
    max_volatility_annual: Loss = 0.3
    """Standard deviation of returns, annualised, same window."""
    max_beta: Exposure | None = None
    """Largest sensitivity to the benchmark, either way, same window."""
    beta_benchmark: str = ""
    """A symbol of the panel; "" is the equal-weighted panel."""
    max_stress_loss: Loss | None = None
    """Largest loss in the worst of `stress_scenarios` and of any `stress_window_bars` of the window."""
    stress_scenarios: tuple[Scenario, ...] = ()
    stress_window_bars: Bars = 5
    risk_window_bars: int = Field(default=252, ge=20, le=10_000)
    min_history_bars: int = Field(default=60, ge=20, le=10_000)
    """With fewer returns in the window risk is unknown, and nothing is opened."""

    # --- what was lost ------------------------------------------------------------------------------------------

    max_position_loss: Loss | None = None
    """Loss of a position from its average price at which it is closed."""
    max_trailing_loss: Loss | None = None
    """Loss of a position from its best price since it was entered at which it is closed."""
    stop_lock_bars: Bars = 5
    """Slots for which a symbol is not held after a stop closed it."""
    max_drawdown: Loss = 0.25
    """Fall from the peak value that locks the book until a person resumes it."""
    max_daily_loss: Loss = 0.06
    """Loss since the previous slot, or in the present day (UTC), that locks the book for `lock_bars` slots."""
    lock_bars: Bars = 5
    max_weekly_loss: Loss = 0.12
    """Loss in the present ISO week (UTC) that locks the book for `weekly_lock_bars` slots."""
    weekly_lock_bars: Bars = 5

    # --- what is known, and how limits are met ------------------------------------------------------------------

    max_stale_bars: int = Field(default=5, ge=0, le=10_000)
    """A held symbol without a new bar for more slots than this halts the book."""
    projection: ProjectionMethod = "clamp"
    """Limit by limit, or at once to the nearest weights within all of them (the limits act after it all the same)."""
