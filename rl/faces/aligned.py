"""All symbols of one market on the same date, one row each: what environments of many agents step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from data.errors import InputError, UnknownSymbol
from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS, Action
from rl.faces.spaces import action_space, checked_actions, checked_market, observation_space
from rl.kernel import Rules
from rl.market import RowMarket, starts_in
from rl.modules.config import ActionsName
from rl.nearest import nearest
from rl.reward import RewardConfig
from rl.reward.teams import cooperation
from rl.rows import PLAIN, Rows

Int8Array = npt.NDArray[np.int8]
Agent = Any
"""A symbol; libraries of many agents know them as anything that can be hashed."""


class Told(NamedTuple):
    """What agents are told of a step, by agent."""

    obs: dict[Agent, Float32Array]
    """(width,) each."""
    rewards: dict[Agent, float]
    terminated: dict[Agent, bool]
    """Ruined."""
    truncated: dict[Agent, bool]
    """The episode's bars have passed."""
    infos: dict[Agent, dict[str, Any]]
    """`action_mask` (7,) int8: 1 where allowed, others are carried out as HOLD; `net_return`, a fraction."""


class AlignedRows:
    """S rows from a common date on, for `horizon` bars; each has its symbol's own head, and begins flat.

    `allowed` (T,): slots whose prices may be used (all unless given). `share` in [0, 1] of a row's reward is the mean
    of its asset class. A symbol without a price on a bar can only hold, and goes on when it has one again; one whose
    sleeve is ruined is out until the next episode.
    """

    def __init__(
        self, market: RowMarket | None, horizon: int = 128, allowed: BoolArray | None = None, rules: Rules = PLAIN,
        reward: RewardConfig | None = None, actions: ActionsName = "seven", observation: str | None = None,
        share: float = 0.0,
    ) -> None:  # fmt: skip
        self.market = market = checked_market(market, observation)
        self.symbols = market.symbols
        self.space, self.actions = observation_space(market), action_space(actions)
        self.share, self.horizon = share, horizon
        starts = starts_in(market, np.ones(market.slots, dtype=np.bool_) if allowed is None else allowed, horizon)
        self._slots: IntArray = np.unique(starts.slots)
        self._numbers = np.arange(len(self.symbols), dtype=np.int64)
        self.rows = Rows(market, starts, rules, reward or RewardConfig(), len(self.symbols))
        self.reward: FloatArray = np.zeros(len(self.symbols))
        self.ruined: BoolArray = np.ones(len(self.symbols), dtype=np.bool_)
        self.slot = self.last = 0

    def begin(self, random: np.random.Generator) -> None:
        """Draw the date of a new episode."""
        self.slot = int(random.choice(self._slots))
        self.last = self.slot + self.horizon
        self.ruined[:], self.rows.net[:] = False, 0.0
        self.reward = np.zeros(len(self.symbols))
        slots = np.full(len(self.symbols), self.slot, dtype=np.int64)
        self.rows.place(slots, self._numbers, 1 + self._numbers, self.last)

    def step(self, actions: Mapping[Agent, object]) -> None:
        """Step all symbols by the actions of those that are in.

        Then `reward` (S,) is what each earned and `ruined` (S,) who is out. Raises InputError for an action that is
        missing or none, UnknownSymbol for one of a symbol that is not there.
        """
        rows = self.rows
        rows.step(self._gathered(actions))
        self.slot += 1
        self.ruined |= rows.terminated
        self.reward = rows.reward + cooperation(rows.reward, self.market.groups, self.share)
        rows.resume(self.slot)
        rows.look()

    def told(self, agents: Sequence[Agent]) -> Told:
        """What these agents are told now."""
        number = {symbol: i for i, symbol in enumerate(self.symbols)}
        obs, net, mask = self.rows.obs.copy(), self.rows.net.tolist(), self._mask()
        reward, ruined = self.reward.tolist(), self.ruined.tolist()
        at = {agent: number[agent] for agent in agents}
        return Told(
            {a: obs[i] for a, i in at.items()},
            {a: reward[i] for a, i in at.items()},
            {a: ruined[i] for a, i in at.items()},
            {a: self.over and not ruined[i] for a, i in at.items()},
            {a: {"action_mask": mask[i], "net_return": net[i]} for a, i in at.items()},
        )

    @property
    def over(self) -> bool:
        """Whether the episode's bars have passed."""
        return self.slot >= self.last

    def agents(self) -> list[Agent]:
        """Symbols that are in."""
        return [s for s, out in zip(self.symbols, self.ruined.tolist(), strict=True) if not out]

    def _mask(self) -> Int8Array:
        first = self.rows.layout.mask
        return (self.rows.obs[:, first : first + N_ACTIONS] > 0.5).astype(np.int8)

    def _gathered(self, actions: Mapping[Agent, object]) -> IntArray:
        unknown = next((name for name in actions if name not in self.symbols), None)
        if unknown is not None:
            raise UnknownSymbol(f"no agent {unknown!r} in this market", nearest(str(unknown), self.symbols))
        hold = np.full(self.actions.shape or (), int(Action.HOLD), dtype=np.int64)
        out: list[Any] = []
        for symbol, ruined in zip(self.symbols, self.ruined.tolist(), strict=True):
            if not ruined and symbol not in actions:
                raise InputError(f"no action for {symbol}", "give one for each agent that is in")
            out.append(hold if ruined else checked_actions(actions[symbol], self.actions))
        return np.array(out, dtype=np.int64)
