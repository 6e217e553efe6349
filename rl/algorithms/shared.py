"""What every EnvRunner builds its rows from, sent to each machine once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from data.errors import BadConfig
from rl.env import TradingVectorEnv
from rl.kernel import SAME_STEP, Rules, Starts
from rl.market import RowMarket
from rl.modules.config import ActionsName
from rl.reward import RewardConfig


@dataclass(frozen=True)
class EnvParts:
    """The arguments of TradingVectorEnv; one immutable value, which RLlib's deep copies of its configs share."""

    market: RowMarket
    starts: Starts
    rules: Rules
    reward: RewardConfig
    actions: ActionsName = "seven"

    def env(self, rows: int) -> TradingVectorEnv:
        """That many rows of the market; BadConfig where they begin anew at once: columns count on NEXT_STEP."""
        if self.rules.autoreset == SAME_STEP:
            raise BadConfig("the columnar sampler does not take SAME_STEP autoreset", "train with NEXT_STEP (0)")
        return TradingVectorEnv(rows, self.market, self.starts, self.rules, self.reward, self.actions)

    def __deepcopy__(self, memo: dict[int, Any]) -> EnvParts:
        return self


class StoredParts:
    """EnvParts in Ray's object store: a config that holds this is small, and actors of one machine share the market.

    The starts are copied out: compiled functions are one specialisation for arrays that may be written.
    """

    def __init__(self, parts: EnvParts) -> None:
        import ray

        self._ref: Any = ray.put(parts)

    def __deepcopy__(self, memo: dict[int, Any]) -> StoredParts:
        return self

    def fetch(self) -> EnvParts:
        """The parts, whose market lies read-only in memory that is shared."""
        import ray

        parts: EnvParts = ray.get(self._ref)
        starts = Starts(*(array.copy() for array in parts.starts))
        return replace(parts, starts=starts)


def parts_in(env_config: dict[str, Any]) -> EnvParts:
    """The parts that an algorithm's `env_config` names."""
    found: EnvParts | StoredParts = env_config["parts"]
    return found.fetch() if isinstance(found, StoredParts) else found
