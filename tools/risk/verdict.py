"""The Verdict: the weights that are allowed, and every clamp that made them so."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["approved", "reduced", "needs_approval", "halted"]


class Clamp(BaseModel):
    """One limit firing on one symbol; `before` and `after` are weights (fraction of net asset value)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: str
    symbol: str
    before: float
    after: float
    detail: str = ""


class Verdict(BaseModel):
    """`weights` sum to 1 with CASH. When halted they are the weights held, and no order follows.

    `measures` are named risk figures of the allowed weights: volatility, var_95, cvar_95 (fractions of net asset value
    per bar), volatility_annual, beta, stress_loss, gross, net, bought, turnover, drawdown, day_return.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Decision
    weights: dict[str, float]
    clamps: tuple[Clamp, ...] = ()
    measures: dict[str, float] = Field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    """Why it was halted or needs a person."""
    notes: tuple[str, ...] = ()
    """What else is to be known of how the weights came about: a projection that was not found, and why."""
