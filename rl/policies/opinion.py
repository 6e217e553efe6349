"""What a network thinks of a symbol, whatever the book holds: a score and a confidence.

The view is stateless: asked as if flat, as if at the upper limit and, where shorts are allowed, as if at the lower one.
The score is the sum of the moves it expects to make, over the most it could be. Long only, that is
E[target | flat] + E[target | full] - 1: "buy when flat, keep when full" is +1, "stay out, sell all" is -1 and "leave it
as it is" is 0. Confidence is 1 less the mean normalised entropy of the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import MEDIUM, N_ACTIONS, SIZES, SMALL
from rl.policies.network import Follower, Network

FLAT_ALLOWED = np.array([True, True, True, True, False, False, False])
"""Nothing to sell; also at the lower limit, where only buying is left."""
OPEN_ALLOWED = np.array([True, True, True, True, True, True, False])
"""Flat, where shorts are allowed."""
FULL_ALLOWED = np.array([True, False, False, False, True, True, False])
BUYS = slice(1, 4)
ADDED = np.array([SMALL, MEDIUM, np.inf])
"""What the buys add, up to the upper limit."""
_SIZES = np.array(SIZES)

Members = IntArray | slice
Ask = Callable[[Members, float, BoolArray], FloatArray]
"""(symbols, position, allowed (7,)) -> logits (S', T, n), as `Network.asked`."""


def stateless_view(
    network: Network, block: FloatArray | Float32Array, heads: IntArray,
    low: FloatArray | None = None, high: FloatArray | None = None,
) -> FloatArray:  # fmt: skip
    """Score and confidence, (2, S, T), for the finite market columns `block` (S, T, K) of symbols with `heads` (S,).

    K are all columns before the own state: the bars of the window, then the context. `low` and `high` (S,) are the
    position limits, 0 and 1 unless given.
    """

    def ask(members: Members, position: float, allowed: BoolArray) -> FloatArray:
        return network.asked(block[members], heads[members], position, allowed)

    return opinions(ask, len(heads), low, high)


def opinions(ask: Ask, symbols: int, low: FloatArray | None, high: FloatArray | None) -> FloatArray:
    """`stateless_view` of whoever answers `ask`."""
    if low is None and high is None:
        return _opinion(ask, slice(None), 0.0, 1.0)
    limits = np.stack([np.zeros(symbols) if low is None else low, np.ones(symbols) if high is None else high], axis=1)
    found: list[tuple[IntArray, FloatArray]] = []
    for pair in np.unique(limits, axis=0):
        members = np.flatnonzero((limits == pair).all(axis=1))
        found.append((members, _opinion(ask, members, float(pair[0]), float(pair[1]))))
    out = np.empty((2, symbols, found[0][1].shape[2])) if found else np.empty((2, 0, 0))
    for members, opinion in found:
        out[:, members] = opinion
    return out


def _opinion(ask: Ask, members: Members, low: float, high: float) -> FloatArray:
    """(2, S', T) of symbols whose positions lie in [low, high]."""
    questions = [(0.0, OPEN_ALLOWED if low < 0.0 else FLAT_ALLOWED), (high, FULL_ALLOWED)]
    if low < 0.0:
        questions.append((low, FLAT_ALLOWED))
    answers = [_expected(ask(members, p, allowed), p, allowed, low, high) for p, allowed in questions]
    targets, doubts = ([pair[k] for pair in answers] for k in (0, 1))
    moves = reduce(np.add, targets) - sum(p for p, _ in questions)
    up, down = (2.0 * high - low, high - low) if low < 0.0 else (high, high)
    score = np.clip(np.where(moves > 0.0, moves / max(up, 1e-12), moves / max(down, 1e-12)), -1.0, 1.0)
    return np.stack([score, np.clip(1.0 - reduce(np.add, doubts) / len(doubts), 0.0, 1.0)])


def _expected(
    logits: FloatArray, position: float, allowed: BoolArray, low: float, high: float
) -> tuple[FloatArray, FloatArray]:
    """Expected target and normalised entropy, each (S, T), from logits (S, T, n) of the allowed actions and sizes."""
    count = int(allowed.sum())
    p, entropy = _odds(logits[..., :count])
    target = p @ asked_for(np.array([position]), low, high)[0, allowed]
    if logits.shape[-1] == count:
        return target, entropy / np.log(count)
    sizes, more = _odds(logits[..., count:])
    return position + sizes @ _SIZES * (target - position), (entropy + more) / np.log(count * len(_SIZES))


def _odds(logits: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities and their entropy in nats, over the last axis."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = odds / odds.sum(axis=-1, keepdims=True)
    return p, -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)


def expected_target(
    network: Follower, obs: Float32Array, position: FloatArray, low: FloatArray | float = 0.0,
    high: FloatArray | float = 1.0,
) -> FloatArray:  # fmt: skip
    """The mean of the positions (N,) that the actions ask for, from the `position` (N,) held."""
    logits = network.logits(obs)
    actions = logits[:, :N_ACTIONS]
    odds = np.exp(actions - actions.max(axis=-1, keepdims=True))
    target = (odds * asked_for(position, low, high)).sum(axis=-1) / odds.sum(axis=-1)
    if logits.shape[1] == N_ACTIONS:
        return target
    return position + _odds(logits[:, N_ACTIONS:])[0] @ _SIZES * (target - position)


def asked_for(position: FloatArray, low: FloatArray | float = 0.0, high: FloatArray | float = 1.0) -> FloatArray:
    """The position each of the seven actions asks for, (N, 7), from the `position` (N,) held, winners winning.

    `low` <= 0 <= `high` are the limits, (N,) or one for all. It is rl.actions.target_position for many at once.
    """
    held = np.repeat(position[:, None], N_ACTIONS, axis=1)
    least, most = (np.broadcast_to(np.asarray(x, dtype=np.float64), position.shape) for x in (low, high))
    held[:, BUYS] = np.maximum(position[:, None], np.minimum(most[:, None], position[:, None] + ADDED))
    lower = np.minimum(position, np.maximum(least, position - SMALL))
    held[:, 4] = np.where(position > 0.0, 0.5 * position, lower)
    held[:, 5] = np.where(position > 0.0, 0.0, np.minimum(position, least))
    held[:, 6] = np.where(position > 0.0, held[:, 1], np.where(position < 0.0, lower, position))
    return held
