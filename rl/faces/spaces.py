"""Spaces of one row: what it sees and what it may do."""

from __future__ import annotations

from typing import Any, Final

import gymnasium as gym
import numpy as np

from data.errors import InputError
from data.market import IntArray
from rl.actions import N_ACTIONS, SIZES
from rl.market import RowMarket
from rl.modules.config import ActionsName
from rl.observation import OBS_V1, schema

OBS_LIMIT: Final = 8.0
"""Columns are clipped to 3 before noise, which training keeps below a deviation of 1."""


def observation_space(market: RowMarket) -> gym.spaces.Box:
    """The columns of the market's layout; the last is a head in [0, symbols], positions reach the market's limits."""
    layout, a = market.layout, market.arrays
    reach = [float(np.abs(limit).max()) for limit in (a.low, a.high) if limit is not None]
    high = np.full(layout.width, max(OBS_LIMIT, *reach) if reach else OBS_LIMIT, dtype=np.float32)
    low = -high
    low[layout.head], high[layout.head] = 0.0, len(market.symbols)
    return gym.spaces.Box(low, high, dtype=np.float32)


def action_space(actions: ActionsName = "seven") -> gym.spaces.Space[Any]:
    """`seven`: Discrete(7). `hybrid`: MultiDiscrete([7, 4]), an action and its size level (rl.actions.SIZES)."""
    if actions == "hybrid":
        return gym.spaces.MultiDiscrete(np.array([N_ACTIONS, len(SIZES)]))
    return gym.spaces.Discrete(N_ACTIONS)


def checked_actions(actions: object, space: gym.spaces.Space[Any]) -> IntArray:
    """The actions as int64, shaped as `space` is. InputError where they are not of it."""
    given = np.asarray(actions)
    if given.shape != space.shape or given.dtype.kind not in "iu":
        raise InputError(f"actions of shape {given.shape} and type {given.dtype}", f"give integers of {space}")
    return given.astype(np.int64)


def checked_market(market: RowMarket | None, observation: str | None = None) -> RowMarket:
    """The market; InputError where none is given or it is shown in another observation than `observation`."""
    if market is None:
        raise InputError("an environment needs a market", "pass market=rl.market.row_market(history)")
    if observation is not None and market.layout != (asked := schema(observation)).layout():
        known = "row_market(history)" if asked is OBS_V1 else f'row_market(history, schema=schema("{observation}"))'
        raise InputError(
            f"{observation} has {asked.width} columns, the market is shown in {market.layout.width} others",
            f"make it with {known}",
        )
    return market
