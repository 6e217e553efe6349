"""What every EnvRunner builds its rows from, sent to each machine once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rl.kernel import Rules, Starts
from rl.market import RowMarket
from rl.reward import RewardConfig


@dataclass(frozen=True)
class EnvParts:
    """The arguments of TradingVectorEnv; one immutable value, which RLlib's deep copies of its configs share."""

    market: RowMarket
    starts: Starts
    rules: Rules
    reward: RewardConfig

    def __deepcopy__(self, memo: dict[int, Any]) -> EnvParts:
        return self


class StoredParts:
    """EnvParts in Ray's object store: a config that holds this is small, and actors of one machine share the market.

    The starts and the noise are copied out: compiled functions are one specialisation for arrays that may be written.
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
        return EnvParts(parts.market, starts, parts.rules, parts.reward)


def parts_in(env_config: dict[str, Any]) -> EnvParts:
    """The parts that an algorithm's `env_config` names."""
    found: EnvParts | StoredParts = env_config["parts"]
    return found.fetch() if isinstance(found, StoredParts) else found
