"""What a row is rewarded for: net profit, with prices on drawdown, trading and uneven returns.

Every part is measured in units of the symbol's own volatility of a bar, so that currencies and coins teach alike.
"""

from rl.facts import StepFacts
from rl.reward.config import PARTS, REFERENCE, RewardConfig, RewardWeights
from rl.reward.shaper import RewardShaper, ShaperConfig

__all__ = ["PARTS", "REFERENCE", "RewardConfig", "RewardShaper", "RewardWeights", "ShaperConfig", "StepFacts"]
