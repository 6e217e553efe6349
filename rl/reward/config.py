"""What a row is rewarded for, as a person sets it, and the weights the kernel takes."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

PARTS = ("net", "reference", "cost", "timing", "sharpe", "drawdown", "utilisation", "diversification", "hold")
"""Columns of the reward components, already weighted and signed; they sum to the reward."""
Weight = Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)]


class RewardWeights(NamedTuple):
    """The weights as the kernel takes them."""

    net: float
    reference: float
    cost: float
    drawdown: float
    sharpe: float
    sharpe_rate: float
    timing: float = 0.0
    utilisation: float = 0.0
    diversification: float = 0.0
    hold: float = 0.0
    hold_bars: float = 63.0
    bounded: bool = False


class RewardConfig(BaseModel):
    """reward = net * r - net * reference * m - cost * c - drawdown * d + sharpe * D + timing * t + utilisation * u
    + diversification * v - hold * h, over one slot, where

    r is the sleeve's net return (costs already off), m the symbol's own return, c the costs paid, d how much deeper
    the drawdown became, D the differential Sharpe ratio (Moody and Saffell, "Learning to trade via direct
    reinforcement", IEEE Transactions on Neural Networks 12 (2001) 875-889); r, m, c, d are divided by the symbol's
    volatility of a bar known at the decision. t, u, v, h are in [-1, 1] (rl.reward.kernel).

    `bounded` brings r, m, c, d, D into [-1, 1] as well (full mark at 3, 3, 1, 3 volatilities and a D of 3) and divides
    the weights by their sum, so that the reward lies in [-1, 1] too: what counts is how the weights compare.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    net: Weight = 1.0
    reference: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.5
    """The position rewards are counted from. The term does not depend on the actions, so the best policy is the same
    for every value; near the mean position it removes most of the noise that the market adds to an advantage."""
    cost: Weight = 0.0
    """Price on costs beyond what they take off the return."""
    drawdown: Weight = 0.05
    sharpe: Weight = 0.05
    sharpe_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.02
    """Step of the moving moments in D; 0.02 is a memory of about 50 bars."""
    timing: Weight = 0.0
    """Whether what was traded agreed with the move after it."""
    utilisation: Weight = 0.0
    """Whether the size of the position suited the move; idle money in a rise counts against it."""
    diversification: Weight = 0.0
    """How evenly the money lies on what is held and cash."""
    hold: Weight = 0.0
    """Price on a position that is left alone for long."""
    hold_bars: int = Field(default=63, ge=1, le=100_000)
    """Bars after which that price is full; 63 daily bars are a quarter."""
    bounded: bool = False

    def total(self) -> float:
        """Sum of the weights: the most that the components can come to where each is in [-1, 1]."""
        return (
            self.net * (1.0 + self.reference) + self.cost + self.drawdown + self.sharpe + self.timing
            + self.utilisation + self.diversification + self.hold
        )  # fmt: skip

    def weights(self) -> RewardWeights:
        """As the kernel takes them; divided by their sum where `bounded`."""
        by = self.total() if self.bounded and self.total() > 0.0 else 1.0
        return RewardWeights(
            self.net / by, self.reference, self.cost / by, self.drawdown / by, self.sharpe / by, self.sharpe_rate,
            self.timing / by, self.utilisation / by, self.diversification / by, self.hold / by, float(self.hold_bars),
            self.bounded,
        )  # fmt: skip


REFERENCE: Final = RewardConfig(
    net=10.0, reference=0.0, cost=5.0, timing=2.0, sharpe=3.0, drawdown=5.0, utilisation=0.5, diversification=1.0,
    bounded=True,
)  # fmt: skip
"""The reference weighting: profit 10, cost 5, timing 2, Sharpe 3, drawdown 5, utilisation 0.5, diversification 1; the
price on holding is off, and so is the reference position. Each component is in [-1, 1]."""
