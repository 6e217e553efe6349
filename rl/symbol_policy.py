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
from data.market import Float32Array, FloatArray, Instrument, IntArray
from rl.observation import BLOCK_WIDTH, HEAD, INPUTS, MASK, OBS_ID, OWN, known_cells, market_block
from rl.store import PolicyBundle
from tools.strategies.scores import Scores

GENERIC = "*"
"""Name of the head that serves symbols without one of their own; it is the first."""
FLAT_TARGETS = np.array([0.0, 0.25, 0.5, 1.0, 0.0, 0.0, 0.0])
FULL_TARGETS = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 1.0])
FLAT_ALLOWED = np.array([True, True, True, True, False, False, False])
FULL_ALLOWED = np.array([True, False, False, False, True, True, False])
BUYS = np.array([0.0, 0.25, 0.5, 1.0, 0.0, 0.0, 0.25])
KEEPS = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 1.0])
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
        held = position[:, None]
        targets = np.where(BUYS > 0.0, np.minimum(1.0, held + BUYS), held * KEEPS)
        return (odds * targets).sum(axis=-1) / odds.sum(axis=-1)

    def best(self, obs: Float32Array) -> IntArray:
        """The most probable action of each row (N,)."""
        return np.argmax(self.logits(obs), axis=-1)


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
        self._heads = {symbol: i for i, symbol in enumerate(manifest.heads)}

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
        seen = np.where(known[:, :, None], block, 0.0).transpose(1, 0, 2)
        flat, flat_doubt = self._expected(seen, heads, 0.0, FLAT_ALLOWED, FLAT_TARGETS)
        full, full_doubt = self._expected(seen, heads, 1.0, FULL_ALLOWED, FULL_TARGETS)
        both = np.stack([flat + full - 1.0, 1.0 - 0.5 * (flat_doubt + full_doubt)]).transpose(0, 2, 1)
        return np.where(known, np.clip(both, [[[-1.0]], [[0.0]]], 1.0), np.nan)

    def _expected(
        self, seen: FloatArray, heads: IntArray, position: float, allowed: np.ndarray, targets: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Expected target and normalised entropy, each (S, T), of rows that hold `position` and have no history."""
        own = np.zeros(INPUTS.stop - BLOCK_WIDTH)
        own[OWN.start - BLOCK_WIDTH] = position
        own[MASK.start - BLOCK_WIDTH :] = allowed
        weight, bias = self.actor.layers[0]
        x = np.tanh(seen @ weight[:BLOCK_WIDTH] + (own @ weight[BLOCK_WIDTH:] + bias))
        for weight, bias in self.actor.layers[1:]:
            x = np.tanh(x @ weight + bias)
        logits = x @ self.actor.head_weight[heads] + self.actor.head_bias[heads][:, None, :]
        logits = logits[:, :, allowed]
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        p = odds / odds.sum(axis=-1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1) / np.log(int(allowed.sum()))
        return p @ targets[allowed], entropy
