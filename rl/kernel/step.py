"""The step: N rows trade, are marked and rewarded; market data stay in place and are gathered by index.

A row is one symbol in one episode. One call steps every row: decide on the close of t, trade at the fill, be marked at
the close of t+1; then its next observation is gathered into place. Accounting is tools.market.accounting.
"""

from __future__ import annotations

import math

import numpy as np

from data.compiled import njit
from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS, mask_bits, target_position
from rl.facts import StepFacts
from rl.kernel.arrays import MarketArrays, Starts
from rl.kernel.layout import N_OWN
from rl.kernel.rules import Rules
from rl.kernel.state import (
    BARS,
    BLIND,
    COSTS,
    END,
    ENTRY,
    EPISODE,
    HEAD,
    MEAN,
    PEAK,
    POSITION,
    RESET,
    RUIN,
    SLOT,
    SQUARE,
    SYMBOL,
    VALUE,
)  # fmt: skip
from rl.reward import RewardWeights
from rl.reward.kernel import reward_row
from tools.market.accounting import sleeve_step


@njit(cache=True)
def uniform(seed: int, row: int, count: int, draw: int) -> float:
    """A number in [0, 1) from a hash of its arguments (splitmix64): no state, the same on every run."""
    x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(row) * np.uint64(0xD1B54A32D192ED03)
    x ^= np.uint64(count) * np.uint64(0x8CB92BA72F3D8DD7) ^ np.uint64(draw) * np.uint64(0xAAAAAAAAAAAAAAAB)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return float(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def begin_row(i: int, state: FloatArray, index: IntArray, market: MarketArrays, starts: Starts, rules: Rules) -> None:
    """Draw a new episode for row i: symbol, slot, head, costs and opening position."""
    index[i, EPISODE] += 1
    count = index[i, EPISODE]
    k = int(uniform(rules.seed, i, count, 0) * starts.symbols.size)
    first, last = starts.offsets[k], starts.offsets[k + 1]
    slot = starts.slots[first + int(uniform(rules.seed, i, count, 1) * (last - first))]
    symbol = starts.symbols[k]
    index[i, SLOT], index[i, SYMBOL], index[i, BARS], index[i, RESET] = slot, symbol, 0, 0
    index[i, END] = min(slot + rules.horizon, starts.stop[slot])
    index[i, HEAD] = 0 if uniform(rules.seed, i, count, 2) < rules.generic else 1 + symbol
    index[i, BLIND] = 1 if uniform(rules.seed, i, count, 3) < rules.blind else 0
    state[i, POSITION], state[i, ENTRY] = 0.0, 0.0
    if uniform(rules.seed, i, count, 4) < rules.random_position:
        state[i, POSITION] = 0.25 * (1 + int(4.0 * uniform(rules.seed, i, count, 5)))
        state[i, ENTRY] = market.close[slot, symbol]
    state[i, COSTS] = rules.cost_low + (rules.cost_high - rules.cost_low) * uniform(rules.seed, i, count, 6)
    state[i, VALUE], state[i, PEAK], state[i, MEAN], state[i, SQUARE] = 1.0, 1.0, 0.0, 1.0


@njit(cache=True)
def unrealised(state: FloatArray, i: int, close: float) -> float:
    """Return of the open position on its average entry price; 0 when flat."""
    return close / state[i, ENTRY] - 1.0 if state[i, POSITION] > 0.0 else 0.0


@njit(cache=True)
def trade_row(
    i: int, target: float, close0: float, fill: float, close1: float, scale: float, cost_bps: float,
    gap: float, day: float, state: FloatArray, index: IntArray, w: RewardWeights, parts: FloatArray,
) -> tuple[float, float]:  # fmt: skip
    """Trade row i to `target` at the fill and mark it at the next close; returns the sleeve's net return and reward."""
    position, unit = state[i, POSITION], 1.0 / scale
    after, net, cost = sleeve_step(position, target, close0, fill, close1, cost_bps)
    if target > position:
        kept = position * fill / close0
        state[i, ENTRY] = (kept * state[i, ENTRY] + (target - position) * fill) / (kept + target - position)
    state[i, POSITION] = after
    index[i, BARS] = index[i, BARS] + 1 if after > 0.0 else 0
    before = state[i, VALUE] / state[i, PEAK]
    value = state[i, VALUE] * (1.0 + net)
    peak = max(state[i, PEAK], value)
    state[i, VALUE], state[i, PEAK] = value, peak
    move = close1 / close0 - 1.0
    facts = StepFacts(
        net, net + cost, cost, move, position * gap + target * day, move - gap - day, position, target,
        abs(target - position), 1.0 - before, 1.0 - value / peak, float(index[i, BARS]), unit,
    )  # fmt: skip
    return net, reward_row(i, facts, state, w, parts)


@njit(cache=True)
def observe_rows(
    state: FloatArray, index: IntArray, market: MarketArrays, rules: Rules, table: Float32Array, obs: Float32Array
) -> None:
    """Gather every row's observation: market columns, own state, mask bits, zeros, head."""
    block, ready, close, scale, width = market.block, market.ready, market.close, market.scale, market.block.shape[2]
    for i in range(index.shape[0]):
        t, s, position = index[i, SLOT], index[i, SYMBOL], state[i, POSITION]
        known, unit = bool(ready[t, s]), 1.0 / float(scale[t, s])
        if known:
            for k in range(width):
                obs[i, k] = block[s, t, k]
        else:
            for k in range(width):
                obs[i, k] = np.float32(0.0)
        if index[i, BLIND] == 1:
            for k in range(market.shared_from, market.shared_to):
                obs[i, k] = np.float32(0.0)
        if rules.noise > 0.0:
            add_noise(obs, i, market.shared_to, rules, index[i, EPISODE], t, table)
        profit = unrealised(state, i, float(close[t, s]))
        own_state(obs, i, width, position, profit * unit, index[i, BARS], state[i, VALUE] / state[i, PEAK])
        mask_bits(obs, i, width + N_OWN, position, profit > 0.0, known)
        for k in range(width + N_OWN + N_ACTIONS, obs.shape[1] - 1):
            obs[i, k] = np.float32(0.0)
        obs[i, obs.shape[1] - 1] = index[i, HEAD]


@njit(cache=True)
def add_noise(
    obs: Float32Array, i: int, columns: int, rules: Rules, episode: int, slot: int, table: Float32Array
) -> None:
    """Add a stretch of the table of normal draws, chosen by row, episode and slot."""
    first = int(uniform(rules.seed, i, episode, 16 + slot) * (table.size - columns))
    for k in range(columns):
        obs[i, k] += np.float32(rules.noise) * table[first + k]


@njit(cache=True)
def own_state(obs: Float32Array, i: int, at: int, position: float, profit: float, bars: int, of_peak: float) -> None:
    """The four columns a row knows of itself; `profit` in bar volatilities, `of_peak` = value / peak."""
    obs[i, at] = position
    obs[i, at + 1] = min(3.0, max(-3.0, profit / 5.0))
    obs[i, at + 2] = min(3.0, math.sqrt(bars) / 8.0)
    obs[i, at + 3] = max(-3.0, 10.0 * (of_peak - 1.0))


@njit(cache=True)
def begin_rows(
    state: FloatArray, index: IntArray, market: MarketArrays, starts: Starts, rules: Rules, table: Float32Array,
    obs: Float32Array,
) -> None:  # fmt: skip
    """Draw an episode for every row and gather the first observations."""
    for i in range(state.shape[0]):
        begin_row(i, state, index, market, starts, rules)
    observe_rows(state, index, market, rules, table, obs)


@njit(cache=True)
def wanted(
    actions: IntArray, state: FloatArray, index: IntArray, close: FloatArray, ready: BoolArray, targets: FloatArray
) -> None:
    """The position each row's action asks for; the position held where its bar is not known."""
    for i in range(actions.size):
        t, s, position = index[i, SLOT], index[i, SYMBOL], state[i, POSITION]
        targets[i] = position
        if ready[t, s]:
            targets[i] = target_position(actions[i], position, unrealised(state, i, float(close[t, s])) > 0.0)


@njit(cache=True)
def step_rows(
    targets: FloatArray, state: FloatArray, index: IntArray, market: MarketArrays, starts: Starts, rules: Rules,
    weights: RewardWeights, table: Float32Array, obs: Float32Array, reward: FloatArray, parts: FloatArray,
    net: FloatArray, traded: FloatArray, terminated: BoolArray, truncated: BoolArray,
) -> None:  # fmt: skip
    """Step every row to its target (NEXT_STEP autoreset: a row that was done begins anew, its reward is nothing).

    A row ends at its horizon, where a price it needs is missing (truncated), or ruined (terminated).
    """
    close, fill, scale, gap, day = market.close, market.fill, market.scale, market.hedge_gap, market.hedge_day
    for i in range(targets.size):
        reward[i], net[i], traded[i], terminated[i], truncated[i] = 0.0, 0.0, 0.0, False, False
        for k in range(parts.shape[1]):
            parts[i, k] = 0.0
        t, s = index[i, SLOT], index[i, SYMBOL]
        if index[i, RESET] == 1:
            begin_row(i, state, index, market, starts, rules)
        elif math.isnan(fill[t, s]) or math.isnan(close[t + 1, s]):
            truncated[i] = True
        else:
            close0, close1, bps = float(close[t, s]), float(close[t + 1, s]), market.cost_bps[s] * state[i, COSTS]
            traded[i] = abs(targets[i] - state[i, POSITION])
            net[i], reward[i] = trade_row(
                i, targets[i], close0, float(fill[t, s]), close1, float(scale[t, s]), bps,
                float(gap[t, s]), float(day[t, s]), state, index, weights, parts,
            )  # fmt: skip
            index[i, SLOT] = t + 1
            terminated[i] = state[i, VALUE] < RUIN
            truncated[i] = t + 1 >= index[i, END] and not terminated[i]
        index[i, RESET] = terminated[i] or truncated[i]
    observe_rows(state, index, market, rules, table, obs)
