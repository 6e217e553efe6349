"""N rows of the kernel with their state: what environments, the sampler and evaluation step."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl import kernel as k
from rl.kernel import Rules, Starts, begin_rows, observe_rows, step_rows, wanted
from rl.market import RowMarket
from rl.observation import OBS_WIDTH
from rl.reward import PARTS, RewardConfig

PLAIN = Rules(
    horizon=1 << 30, cost_low=1.0, cost_high=1.0, generic=0.0, random_position=0.0, noise=0.0, blind=0.0, seed=0
)
"""Nothing random but the start: for evaluation."""
_NOISE_TABLE = 1 << 16


class Rows:
    """State of N rows. Arrays are reused: copy what must outlive the next step.

    After `step`: `reward` (N,) float64, `parts` (N, 5) its components (rl.reward.PARTS), `net` (N,) net returns,
    `traded` (N,) change of weight that was ordered, `terminated` and `truncated` (N,), `obs` (N, 64) float32. A row
    that ended begins anew on the next step, which ignores its action (gymnasium's NEXT_STEP autoreset).
    """

    def __init__(self, market: RowMarket, starts: Starts, rules: Rules, reward: RewardConfig, count: int) -> None:
        self.market, self.starts, self.rules = market, starts, rules
        self.weights = reward.weights()
        self.state: FloatArray = np.zeros((count, k.N_STATE))
        self.index: IntArray = np.zeros((count, k.N_INDEX), dtype=np.int64)
        self.obs: Float32Array = np.zeros((count, OBS_WIDTH), dtype=np.float32)
        self.reward: FloatArray = np.zeros(count)
        self.parts: FloatArray = np.zeros((count, len(PARTS)))
        self.net: FloatArray = np.zeros(count)
        self.traded: FloatArray = np.zeros(count)
        self.terminated: BoolArray = np.zeros(count, dtype=np.bool_)
        self.truncated: BoolArray = np.zeros(count, dtype=np.bool_)
        self._targets: FloatArray = np.zeros(count)
        self._table: Float32Array = np.random.default_rng(0).standard_normal(_NOISE_TABLE, dtype=np.float32)

    def begin(self, seed: int) -> Float32Array:
        """Draw an episode for every row; the same seed draws the same episodes."""
        self.rules = self.rules._replace(seed=seed)
        self.index[:] = 0
        begin_rows(self.state, self.index, self.market.arrays, self.starts, self.rules, self._table, self.obs)
        return self.obs

    def place(self, slots: IntArray, symbols: IntArray, heads: IntArray, last: int) -> Float32Array:
        """Put flat rows at given slots and symbols, to be stepped until slot `last`; `heads` answer them."""
        self.index[:], self.state[:] = 0, 0.0
        self.index[:, k.SLOT], self.index[:, k.SYMBOL] = slots, symbols
        self.index[:, k.HEAD], self.index[:, k.END] = heads, last
        self.state[:, (k.VALUE, k.PEAK, k.SQUARE, k.COSTS)] = 1.0
        observe_rows(self.state, self.index, self.market.arrays, self.rules, self._table, self.obs)
        return self.obs

    def step(self, actions: IntArray) -> Float32Array:
        """Step every row by its action (N,) int64; returns the next observations."""
        arrays = self.market.arrays
        wanted(actions, self.state, self.index, arrays.close, arrays.ready, self._targets)
        return self.step_to(self._targets)

    def step_to(self, targets: FloatArray) -> Float32Array:
        """Step every row to a target position (N,) in [0, 1]; the position held, bit for bit, is no trade."""
        step_rows(
            targets, self.state, self.index, self.market.arrays, self.starts, self.rules, self.weights, self._table,
            self.obs, self.reward, self.parts, self.net, self.traded, self.terminated, self.truncated,
        )  # fmt: skip
        return self.obs

    def resume(self, slot: int) -> None:
        """Let placed rows go on at `slot` even where the step before ended them for want of a price."""
        self.index[:, k.SLOT], self.index[:, k.RESET] = slot, 0

    @property
    def positions(self) -> FloatArray:
        """Weight held by each row, (N,)."""
        return self.state[:, k.POSITION]
