"""The settings of a cycle: everything that, beside data and policies, decides what it does.

A `CycleConfig` stands whole in the record, so that replay needs nothing else; it holds no path and no secret.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.market.costs import CostModel
from tools.market.schedule import LiquiditySchedule
from tools.risk.limits import RiskLimits

ApprovalPolicy = Literal["never", "always", "when_large"]


class CycleConfig(BaseModel):
    """How one book is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frequency: str = "1d"
    calendar: str = "XNYS"
    """exchange-calendars name: its sessions are the book's slots."""
    universe: tuple[str, ...] = ()
    """Symbols traded; empty means all the source carries."""
    initial_cash: float = Field(default=1_000_000.0, gt=0.0, allow_inf_nan=False)
    """Account currency."""
    cash_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """Cash of the prior, fraction of net asset value."""
    min_order_notional: float = Field(default=50.0, ge=0.0)
    """Smaller orders are not sent (account currency)."""
    approval: ApprovalPolicy = "when_large"
    llm: str = ""
    """init_chat_model string; empty means no chat model."""
    limits: RiskLimits = Field(default_factory=RiskLimits)
    costs: CostModel = Field(default_factory=CostModel)
    liquidity: LiquiditySchedule | None = None
    """Impact, participation and lots of the paper broker; None: every order is filled whole, whatever its size."""
