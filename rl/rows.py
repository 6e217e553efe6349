"""N rows of the kernel with their state: what environments, the sampler and evaluation step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.errors import InputError
from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl import kernel as k
from rl.actions import SIZES
from rl.kernel import Held, Left, Rules, Starts, begin_rows, checked_rules, observe_rows, step_rows
from rl.market import RowMarket
from rl.reward import PARTS, RewardConfig

PLAIN = Rules(
    horizon=1 << 30, cost_low=1.0, cost_high=1.0, generic=0.0, random_position=0.0, noise=0.0, blind=0.0, seed=0
)
"""Nothing random but the start: for evaluation."""
NOISE_TABLE = 1 << 16
"""Normal draws that noise is taken from."""


class Rows:
    """State of N rows. Arrays are reused: copy what must outlive the next step.

    After `step`: `reward` (N,) float64, `parts` (N, len(rl.reward.PARTS)) its components, `net` (N,) net returns,
    `traded` (N,) change of weight that was ordered, `terminated` and `truncated` (N,), `obs` (N, layout.width) float32.
    A row that ended begins anew as gymnasium's autoreset says: with NEXT_STEP on the next step, which ignores its
    action; with SAME_STEP at once, and `final_obs` (N, layout.width) keeps what it saw last. `directives` (N, D),
    zeros, is the caller's to fill.

    Raises InputError (BadBar, BadConfig) for a market, rules or starts that cannot be stepped.
    """

    def __init__(self, market: RowMarket, starts: Starts, rules: Rules, reward: RewardConfig, count: int) -> None:
        self.market, self.starts, self.rules = market, starts, checked_rules(rules)
        self.weights = reward.weights()
        self.layout = layout = market.layout
        self._packed = market.packed
        bar = layout.own - self._packed.context.shape[2]
        columns = bar // layout.window + self._packed.context.shape[2]
        final = count if rules.autoreset == k.SAME_STEP else 1
        self.state: FloatArray = np.zeros((count, k.N_STATE))
        self.index: IntArray = np.zeros((count, k.N_INDEX), dtype=np.int64)
        self.directives: Float32Array = np.zeros((count, layout.directive_columns), dtype=np.float32)
        self.obs: Float32Array = np.zeros((count, layout.width), dtype=np.float32)
        self.final_obs: Float32Array = np.zeros((final, layout.width), dtype=np.float32)
        self.reward: FloatArray = np.zeros(count)
        self.parts: FloatArray = np.zeros((count, len(PARTS)))
        self.net: FloatArray = np.zeros(count)
        self.traded: FloatArray = np.zeros(count)
        self.terminated: BoolArray = np.zeros(count, dtype=np.bool_)
        self.truncated: BoolArray = np.zeros(count, dtype=np.bool_)
        keep = np.ones((count, columns) if rules.dropout > 0.0 else (1, 1), dtype=np.float32)
        table = np.random.default_rng(0).standard_normal(NOISE_TABLE, dtype=np.float32)
        self._held = Held(self.state, self.index, keep, self.directives, table)
        self._left = Left(
            self.obs, self.final_obs, self.reward, self.parts, self.net, self.traded, self.terminated, self.truncated
        )
        self._targets: FloatArray = np.zeros(count)
        self._full: IntArray = np.full(count, len(SIZES) - 1, dtype=np.int64)

    def begin(self, seed: int) -> Float32Array:
        """Draw an episode for every row; the same seed draws the same episodes."""
        self.rules = self.rules._replace(seed=seed)
        self.index[:] = 0
        begin_rows(self._held, self._left, self._packed, self.starts, self.rules, self.layout)
        return self.obs

    def place(self, slots: IntArray, symbols: IntArray, heads: IntArray, last: int) -> Float32Array:
        """Put flat rows at given slots and symbols, to be stepped until slot `last`; `heads` answer them.

        They see every column, order without delay and never jump.
        """
        self.index[:], self.state[:] = 0, 0.0
        self.index[:, k.SLOT], self.index[:, k.SYMBOL] = slots, symbols
        self.index[:, k.HEAD], self.index[:, k.END], self.index[:, k.START] = heads, last, -1
        self.state[:, (k.VALUE, k.PEAK, k.SQUARE, k.COSTS, k.VARIANCE)] = 1.0
        self.state[:, k.PENDING], self._held.keep[:] = np.nan, 1.0
        observe_rows(self._held, self._left, self._packed, self.rules, self.layout)
        return self.obs

    def step(self, actions: IntArray) -> Float32Array:
        """Step every row by its action; returns the next observations.

        `actions` (N,) int64, or (N, 2) with a size level in the second column: SIZES of rl.actions.
        """
        levels = self._full
        if actions.ndim == 2:
            actions, levels = np.ascontiguousarray(actions[:, 0]), np.ascontiguousarray(actions[:, 1])
        if actions.shape != self._full.shape:
            raise InputError(f"{len(actions)} actions for {len(self._full)} rows", "give (N,) or (N, 2) int64")
        self._step(actions, levels, self._targets, True)
        return self.obs

    def step_to(self, targets: FloatArray) -> Float32Array:
        """Step every row to a target position (N,); the position held, bit for bit, is no trade.

        Targets are kept within the symbol's limits. Raises InputError where one is not a number.
        """
        if not np.isfinite(targets).all():
            raise InputError(f"the target of row {int(np.isfinite(targets).argmin())} is not a number", "give weights")
        self._step(self._full, self._full, targets, False)
        return self.obs

    def _step(self, actions: IntArray, levels: IntArray, targets: FloatArray, by_action: bool) -> None:
        step_rows(
            actions, levels, targets, by_action, self._held, self._left, self._packed, self.starts, self.rules,
            self.layout, self.weights,
        )  # fmt: skip

    def resume(self, slot: int) -> None:
        """Let placed rows go on at `slot` even where the step before ended them for want of a price."""
        self.index[:, k.SLOT], self.index[:, k.RESET] = slot, 0

    def look(self) -> Float32Array:
        """Gather the observations anew, as after `resume`, `directives` included."""
        observe_rows(self._held, self._left, self._packed, self.rules, self.layout)
        return self.obs

    def snapshot(self) -> dict[str, Any]:
        """Copies of what decides how the rows go on: the arrays of every row, and the seed of its episodes."""
        arrays = {name: value.copy() for name, value in self._arrays().items()}
        return {"arrays": arrays, "seed": int(self.rules.seed)}

    def restore(self, found: Mapping[str, Any]) -> None:
        """Go on where a snapshot of as many rows, in the same market, was taken; KeyError, ValueError for others."""
        self.rules = self.rules._replace(seed=int(found["seed"]))
        for name, value in self._arrays().items():
            value[...] = found["arrays"][name]

    def _arrays(self) -> dict[str, Any]:
        held = {"state": self.state, "index": self.index, "keep": self._held.keep, "directives": self.directives}
        return held | {name: getattr(self._left, name) for name in self._left._fields}

    @property
    def positions(self) -> FloatArray:
        """Weight held by each row, (N,)."""
        return self.state[:, k.POSITION]
