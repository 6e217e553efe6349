"""Rows that follow a policy as it learns, with what each of their actions would have paid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from data.market import FloatArray, IntArray
from rl import kernel as k
from rl.actions import N_ACTIONS
from rl.kernel import Rules, Starts
from rl.market import RowMarket
from rl.modules.config import SIZES
from rl.modules.network import SymbolNetwork
from rl.reward import RewardConfig
from rl.rows import Rows
from rl.supervised.hindsight import action_values, limits, returns_ahead


class Lesson(NamedTuple):
    """B rows whose next bar is known."""

    obs: Tensor
    """(B, width)."""
    utility: Tensor
    """(B, 7, 1 or 4): of each action, at each size where there are any, in bar volatilities."""
    slot: Tensor
    """(B,)."""


class HindsightRows:
    """N rows stepped by a network's own draws, so that it is taught on positions that it comes to hold."""

    def __init__(
        self, market: RowMarket, starts: Starts, rules: Rules, count: int, horizon: int, discount: float, seed: int
    ) -> None:
        self.rows = Rows(market, starts, rules, RewardConfig(), count)
        self.ahead = returns_ahead(market, starts, horizon, discount)
        self.begin(seed)

    def begin(self, seed: int) -> None:
        """Draw new episodes; the same seed draws the same."""
        self.obs = self.rows.begin(seed)
        self.random = torch.Generator().manual_seed(seed)

    def lesson(self, network: SymbolNetwork, steps: int) -> Lesson:
        """What `steps` steps show, shuffled."""
        found = [self._step(network) for _ in range(steps)]
        obs, utility, slot = (torch.cat(parts) for parts in zip(*found, strict=True))
        order = torch.randperm(len(obs), generator=self.random)
        return Lesson(obs[order], utility[order], slot[order])

    def _step(self, network: SymbolNetwork) -> Lesson:
        obs, slot = torch.from_numpy(self.obs.copy()), self.rows.index[:, k.SLOT].copy()
        utility = self._utility(slot, len(SIZES_OF[network.config.actions]))
        known = torch.from_numpy(np.isfinite(utility[:, 0, 0]))
        with torch.no_grad():
            actions = drawn(network.logits(obs), self.random)
        self.obs = self.rows.step(actions.squeeze(1).numpy())
        return Lesson(obs[known], torch.from_numpy(utility).float()[known], torch.from_numpy(slot)[known])

    def _utility(self, slot: IntArray, levels: int) -> FloatArray:
        rows, arrays = self.rows, self.rows.market.arrays
        symbol = rows.index[:, k.SYMBOL]
        out = np.empty((len(slot), N_ACTIONS, levels))
        ahead = np.where(arrays.ready[slot, symbol], self.ahead[slot, symbol], np.nan)
        cost_bps = arrays.cost_bps[symbol] * rows.state[:, k.COSTS]
        low, high = limits(rows.market, symbol)
        action_values(ahead, arrays.scale[slot, symbol], cost_bps, rows.positions.copy(), low, high, out)
        return out


SIZES_OF = {"seven": range(1), "hybrid": range(SIZES)}
"""Size levels by the name of the actions."""


def drawn(logits: Tensor, random: torch.Generator) -> Tensor:
    """An action for each row, (N, 1), or one and its size, (N, 2), by the Gumbel trick."""
    noise = torch.empty_like(logits).exponential_(generator=random).log()
    parts = (logits - noise).split([N_ACTIONS, logits.shape[1] - N_ACTIONS], dim=1)
    return torch.stack([part.argmax(dim=1) for part in parts if part.shape[1]], dim=1)
