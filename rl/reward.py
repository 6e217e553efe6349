"""What a row is rewarded for: net profit, with prices on drawdown, trading and uneven returns.

Every part is measured in units of the symbol's own daily volatility, so that currencies and coins teach alike.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class RewardWeights(NamedTuple):
    """The weights as the kernel takes them."""

    net: float
    reference: float
    cost: float
    drawdown: float
    sharpe: float
    sharpe_rate: float


class RewardConfig(BaseModel):
    """reward = net * r - net * reference * m - cost * c - drawdown * d + sharpe * D, over one slot, where

    r is the sleeve's net return (costs already off), m the symbol's own return, c the costs paid, d how much deeper
    the drawdown became, D the differential Sharpe ratio (Moody and Saffell 2001); r, m, c, d are divided by the
    symbol's daily volatility known at the decision.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    net: float = Field(default=1.0, ge=0.0, le=10.0)
    reference: float = Field(default=0.5, ge=0.0, le=1.0)
    """The position rewards are counted from. The term does not depend on the actions, so the best policy is the same
    for every value; near the mean position it removes most of the noise that the market adds to an advantage."""
    cost: float = Field(default=0.0, ge=0.0, le=10.0)
    """Price on costs beyond what they take off the return."""
    drawdown: float = Field(default=0.05, ge=0.0, le=10.0)
    sharpe: float = Field(default=0.05, ge=0.0, le=10.0)
    sharpe_rate: float = Field(default=0.02, gt=0.0, lt=1.0)
    """Step of the moving moments in D; 0.02 is a memory of about 50 bars."""

    def weights(self) -> RewardWeights:
        """As the kernel takes them."""
        return RewardWeights(self.net, self.reference, self.cost, self.drawdown, self.sharpe, self.sharpe_rate)


PARTS = ("net", "reference", "cost", "drawdown", "sharpe")
"""Columns of the reward components, already weighted and signed; they sum to the reward."""
