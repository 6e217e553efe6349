"""Rewards for aligned rows stepped in Python: the kernel's arithmetic, a user's components, and what teams share."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.compiled import compiled
from data.errors import BadConfig, InputError
from data.market import BoolArray, FloatArray, IntArray
from rl.config_file import nearest
from rl.facts import MEAN, SQUARE, StepFacts
from rl.reward.config import PARTS, RewardConfig, RewardWeights
from rl.reward.custom import CustomPart, Facts, load_part
from rl.reward.kernel import reward_row
from rl.reward.statistics import EpisodeStatistics
from rl.reward.teams import cooperation, crowding, spread

CROWDING, COOPERATION = "crowding", "cooperation"
_DIVERSIFICATION = PARTS.index("diversification")
_WIDTH = max(MEAN, SQUARE) + 1


class ShaperConfig(BaseModel):
    """What RewardShaper adds to the components of a row; with the defaults, nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reward: RewardConfig = RewardConfig()
    custom: tuple[CustomPart, ...] = ()
    """A user's components; clipped to [-1, 1] where `reward` is bounded."""
    cooperation: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.0
    """Share of a row's reward that is its team's mean."""
    crowding: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)] = 0.0
    """Price on trading where the other rows of the asset class trade (rl.reward.teams.crowding)."""


class RewardShaper:
    """Rewards of N rows, step by step; it remembers each row's moments and the statistics of episodes.

    `teams` and `groups` (N,) number the team and the asset class of each row. Without `teams` each row is its own: the
    components are those of the kernel, to the bit. After `step`: `parts` (N, P) in the order of `names`, weighted and
    signed; they sum to the rewards.
    """

    def __init__(
        self, config: ShaperConfig, rows: int, teams: IntArray | None = None, groups: IntArray | None = None
    ) -> None:
        """BadConfig for components that do not fit, or a price on crowding without `groups`."""
        self.config, self.rows = config, rows
        self._custom = [load_part(part) for part in config.custom]
        self._teams, self._groups = _numbered(teams, rows, "teams"), _numbered(groups, rows, "groups")
        if config.cooperation > 0.0 and self._teams is None:
            raise BadConfig("cooperation needs teams", "pass teams=, the team of each row")
        if config.crowding > 0.0 and self._groups is None:
            raise BadConfig("a price on crowding needs groups", "pass groups=, the asset class of each row")
        self.names = (*PARTS, *(part.config.name for part in self._custom), CROWDING, COOPERATION)
        if len(set(self.names)) < len(self.names):
            raise BadConfig("two reward components have one name", "rename a function: its name is its column")
        self._weights, self._own, self._added = _scaled(config)
        self.parts: FloatArray = np.zeros((rows, len(self.names)))
        self.statistics = EpisodeStatistics(rows, self.names)
        self._state: FloatArray = np.zeros((rows, _WIDTH))
        self._state[:, SQUARE] = 1.0

    def step(self, facts: Facts, done: BoolArray | None = None) -> FloatArray:
        """Rewards (N,) of one step from the fields of StepFacts, each (N,); `done` (N,): whose episodes end.

        Raises InputError for a fact that is missing, misnamed, of another shape or not finite, and for a reward that
        is none; rows that are `done` forget their moments.
        """
        table, parts = _table(facts, self.rows), self.parts
        _rows(table, self._state, self._weights, parts)
        parts[:, : len(PARTS)] *= self._own
        if self._teams is not None and self._weights.diversification > 0.0:
            team = spread(facts["target"], self._teams)
            parts[:, _DIVERSIFICATION] = self._own * self._weights.diversification * team
        for column, part in enumerate(self._custom, start=len(PARTS)):
            values = part.values(facts, self.rows)
            bounded = np.clip(values, -1.0, 1.0) if self.config.reward.bounded else values
            parts[:, column] = self._added * part.config.weight * bounded
        parts[:, -2:] = 0.0
        if self._groups is not None:
            crowd = crowding(facts["target"] - facts["position"], self._groups)
            parts[:, -2] = -self._added * self.config.crowding * crowd
        reward = parts.sum(axis=1)
        if self._teams is not None:
            parts[:, -1] = cooperation(reward, self._teams, self.config.cooperation)
            reward = reward + parts[:, -1]
        if not np.isfinite(reward).all():
            raise InputError("a reward is too large to be a number", "use bounded rewards, or mend the facts")
        self._end(reward, np.zeros(self.rows, dtype=np.bool_) if done is None else done)
        return reward

    def _end(self, reward: FloatArray, done: BoolArray) -> None:
        self.statistics.add(self.parts, reward, done)
        self._state[done, MEAN], self._state[done, SQUARE] = 0.0, 1.0


def _scaled(config: ShaperConfig) -> tuple[RewardWeights, float, float]:
    """The kernel's weights, and what they and the added ones are multiplied by: bounded weights have a sum of 1."""
    if not config.reward.bounded:
        return config.reward.weights(), 1.0, 1.0
    own = config.reward.total()
    added = sum(abs(part.weight) for part in config.custom) + config.crowding
    total = own + added if own + added > 0.0 else 1.0
    return config.reward.weights(), own / total if added else 1.0, 1.0 / total


def _numbered(values: IntArray | None, rows: int, name: str) -> IntArray | None:
    if values is None:
        return None
    found = np.asarray(values)
    if found.shape != (rows,) or found.dtype.kind not in "iu" or (rows and found.min() < 0):
        raise BadConfig(f"{name} is not one number from 0 on for each of {rows} rows", "number them from 0")
    return found.astype(np.int64)


def _table(facts: Facts, rows: int) -> FloatArray:
    """The facts as (N, fields), checked."""
    for name in facts:
        if name not in StepFacts._fields:
            raise InputError(f"no step has the fact {name!r}", nearest(name, StepFacts._fields))
    missing = [name for name in StepFacts._fields if name not in facts]
    if missing:
        raise InputError(f"a step lacks {', '.join(missing)}", "see rl.facts.StepFacts")
    table = np.empty((rows, len(StepFacts._fields)))
    for column, name in enumerate(StepFacts._fields):
        values = np.asarray(facts[name], dtype=np.float64)
        if values.shape != (rows,):
            raise InputError(f"{name} has shape {values.shape} for {rows} rows", "give one number a row")
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise InputError(f"{name} of row {row} is {values[row]}", "a step that cannot be marked has no reward")
        table[:, column] = values
    if not (table[:, -1] > 0.0).all():
        raise InputError("unit is 1 / volatility: it must be positive", "floor the volatility of quiet symbols")
    return table


@compiled
def _rows(table: FloatArray, state: FloatArray, weights: RewardWeights, parts: FloatArray) -> None:
    """reward_row of every row of the table of facts."""
    for i in range(table.shape[0]):
        x = table[i]
        facts = StepFacts(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11], x[12])
        reward_row(i, facts, state, weights, parts)
