"""The symbol agents in use: numpy only, from a policy bundle to scores. No torch, no Ray.

The view is stateless: asked as if flat and as if full, score = E[target | flat] + E[target | full] - 1, so that "buy
when flat, keep when full" is +1, "stay out, sell all" is -1 and "leave it as it is" is 0. Confidence is 1 less the mean
normalised entropy of the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from data.errors import CorruptFile
from data.features.spec import Features
from data.market import BoolArray, Float32Array, FloatArray, Instrument, IntArray
from rl.actions import MEDIUM, SMALL
from rl.observation import BLOCK_WIDTH, HEAD, INPUTS, MASK, OBS_ID, OWN, known_cells, market_block
from rl.store import PolicyBundle
from tools.strategies.scores import Scores

GENERIC = "*"
"""Name of the head that serves symbols without one of their own; it is the first."""
FLAT_ALLOWED = np.array([True, True, True, True, False, False, False])
FULL_ALLOWED = np.array([True, False, False, False, True, True, False])
BUYS = np.array([0.0, SMALL, MEDIUM, 1.0, 0.0, 0.0, SMALL])
"""What each action adds (rl.actions.target_position says the same to the kernel) ..."""
KEEPS = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 1.0])
"""... and what it keeps of the position."""
_SLOTS_AT_ONCE = 512


class Actor:
    """The policy network on observations: tanh encoder, then the head each row names. float64 throughout."""

    def __init__(self, tensors: Mapping[str, Float32Array]) -> None:
        depth = sum(name.startswith("encoder.") and name.endswith(".weight") for name in tensors)
        self.layers = [
            (tensors[f"encoder.{i}.weight"].T.astype(np.float64), tensors[f"encoder.{i}.bias"].astype(np.float64))
            for i in range(depth)
        ]
        self.head_weight: FloatArray = tensors["head.weight"].astype(np.float64)
        """(H, width, 7)"""
        self.head_bias: FloatArray = tensors["head.bias"].astype(np.float64)
        """(H, 7)"""

    def logits(self, obs: Float32Array) -> FloatArray:
        """Masked logits (N, 7) for observations (N, 64); -inf where not allowed."""
        x = obs[:, INPUTS].astype(np.float64)
        for weight, bias in self.layers:
            x = np.tanh(x @ weight + bias)
        heads = obs[:, HEAD].astype(np.int64)
        out = np.matmul(x[:, None, :], self.head_weight[heads])[:, 0] + self.head_bias[heads]
        return np.where(obs[:, MASK] > 0.5, out, -np.inf)

    def expected_target(self, obs: Float32Array, position: FloatArray) -> FloatArray:
        """The mean of the positions (N,) that the actions ask for, from the `position` (N,) held."""
        logits = self.logits(obs)
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return (odds * asked_for(position)).sum(axis=-1) / odds.sum(axis=-1)


class SymbolPolicy:
    """Scores of the symbol agents. Raises CorruptFile where the bundle is not theirs or reads another observation."""

    def __init__(self, bundle: PolicyBundle) -> None:
        manifest = bundle.manifest
        if manifest.role != "symbol_agents" or manifest.obs_id != OBS_ID:
            raise CorruptFile(
                f"policy {manifest.policy_id} is {manifest.role} on {manifest.obs_id}, not symbol agents on {OBS_ID}",
                "train it again",
            )
        self.manifest = manifest
        self.actor = Actor(bundle.tensors)
        self._heads = {symbol: i for i, symbol in enumerate(manifest.heads) if i > 0}

    def head_of(self, symbol: str) -> Literal["own", "generic"]:
        """Which head answers for a symbol."""
        return "own" if symbol in self._heads else "generic"

    def scores(self, features: Features, instruments: Sequence[Instrument], rows: slice | None = None) -> Scores:
        """Scores (T', S) for the slots in `rows` (all unless given); NaN where any of a symbol's columns is unknown."""
        heads = np.array([self._heads.get(i.symbol, 0) for i in instruments], dtype=np.int64)
        first, last, _ = (rows or slice(None)).indices(len(features.values))
        parts = [
            self._chunk(features, instruments, heads, slice(t, min(t + _SLOTS_AT_ONCE, last)))
            for t in range(first, last, _SLOTS_AT_ONCE)
        ]
        both = np.concatenate(parts, axis=1) if parts else np.empty((2, 0, len(heads)))
        return Scores(both[0], both[1])

    def _chunk(self, features: Features, instruments: Sequence[Instrument], heads: IntArray, rows: slice) -> FloatArray:
        block = market_block(features, instruments, rows)
        known = known_cells(block)
        view = stateless_view(self.actor, np.where(known[:, :, None], block, 0.0).transpose(1, 0, 2), heads)
        return np.where(known, view.transpose(0, 2, 1), np.nan)


def stateless_view(actor: Actor, block: FloatArray | Float32Array, heads: IntArray) -> FloatArray:
    """Score and confidence, (2, S, T), for the finite market columns `block` (S, T, K) of symbols with `heads` (S,)."""
    flat, flat_doubt = _expected(actor, block, heads, 0.0, FLAT_ALLOWED)
    full, full_doubt = _expected(actor, block, heads, 1.0, FULL_ALLOWED)
    score = np.clip(flat + full - 1.0, -1.0, 1.0)
    return np.stack([score, np.clip(1.0 - 0.5 * (flat_doubt + full_doubt), 0.0, 1.0)])


def _expected(
    actor: Actor, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Expected target and normalised entropy, each (S, T), of rows that hold `position` and have no history."""
    own = np.zeros(INPUTS.stop - BLOCK_WIDTH)
    own[OWN.start - BLOCK_WIDTH] = position
    own[MASK.start - BLOCK_WIDTH :] = allowed
    weight, bias = actor.layers[0]
    x = np.tanh(block @ weight[:BLOCK_WIDTH] + (own @ weight[BLOCK_WIDTH:] + bias))
    for weight, bias in actor.layers[1:]:
        x = np.tanh(x @ weight + bias)
    logits = x @ actor.head_weight[heads][:, :, allowed] + actor.head_bias[heads][:, None, allowed]
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = odds / odds.sum(axis=-1, keepdims=True)
    entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1) / np.log(int(allowed.sum()))
    return p @ asked_for(np.array([position]))[0, allowed], entropy


def asked_for(position: FloatArray) -> FloatArray:
    """The position each of the seven actions asks for, (N, 7), from the `position` (N,) held, winners winning."""
    held = position[:, None]
    return np.where(BUYS > 0.0, np.minimum(1.0, held + BUYS), held * KEEPS)
