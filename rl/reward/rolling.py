"""Reward components as they come about: a way of acting rolled over a history, one sleeve a symbol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from data.errors import InputError
from data.market import Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS, Action
from rl.market import RowMarket, starts_in
from rl.reward.config import RewardConfig
from rl.rows import PLAIN, Rows

Choose = Callable[[Float32Array], IntArray]
"""Observations (N, width) to actions (N,); what is not allowed is carried out as HOLD."""


class Answers(Protocol):
    """A trained network, as far as it is asked here."""

    def logits(self, obs: Float32Array) -> FloatArray:
        """(N, 7 or more) for observations (N, width); -inf where an action is not allowed."""
        ...


def at_random(seed: int) -> Choose:
    """Each of the seven actions as often as the others."""
    rng = np.random.default_rng(seed)
    return lambda obs: rng.integers(0, N_ACTIONS, len(obs))


def buy_and_hold(obs: Float32Array) -> IntArray:
    """Buy all there is to buy, always: from the second bar on there is nothing left to buy."""
    return np.full(len(obs), Action.BUY_LARGE, dtype=np.int64)


def sampled(network: Answers, seed: int) -> Choose:
    """Actions drawn from the probabilities of a network, as in training (Gumbel's trick)."""
    rng = np.random.default_rng(seed)

    def choose(obs: Float32Array) -> IntArray:
        logits = network.logits(obs)[:, :N_ACTIONS]
        return np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)

    return choose


def roll(market: RowMarket, reward: RewardConfig, part: slice, heads: IntArray, choose: Choose) -> FloatArray:
    """Components (bars, S, P) of every symbol from flat through `part`, NaN where a symbol has no complete bar.

    `heads` (S,) answer. Prices outside `part` are not used. InputError where the part is shorter than two bars, or has
    no complete bar.
    """
    bars, symbols = part.stop - 1 - part.start, np.arange(len(market.symbols), dtype=np.int64)
    if bars < 1:
        raise InputError("a reward needs at least two bars", "choose a longer span")
    allowed = np.zeros(market.slots, dtype=np.bool_)
    allowed[part] = True
    rows = Rows(market, starts_in(market, allowed, 1), PLAIN, reward, len(symbols))
    obs = rows.place(np.full(len(symbols), part.start, dtype=np.int64), symbols, heads, part.stop - 1)
    a, found = market.arrays, np.full((bars, *rows.parts.shape), np.nan)
    for t in range(bars):
        slot = part.start + t
        rows.resume(slot)
        obs = rows.step(np.ascontiguousarray(choose(obs), dtype=np.int64))
        complete = a.ready[slot] & np.isfinite(a.fill[slot]) & np.isfinite(a.close[slot + 1])
        found[t, complete] = rows.parts[complete]
    return found
