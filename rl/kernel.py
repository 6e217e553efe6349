"""The row kernel: N rows step at once, market data stay in place and are gathered by index.

A row is one symbol in one episode. One call steps every row: decide on the close of t, trade at the fill, be marked at
the close of t+1; then its next observation is gathered into place. Accounting is tools.market.accounting.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.compiled import njit
from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS, mask_bits, target_position
from rl.reward import RewardWeights
from tools.market.accounting import sleeve_step

# columns of a row's float state
POSITION, ENTRY, VALUE, PEAK, MEAN, SQUARE, COSTS, N_STATE = 0, 1, 2, 3, 4, 5, 6, 7
# columns of a row's integer state
SLOT, SYMBOL, HEAD, BARS, END, EPISODE, RESET, BLIND, N_INDEX = 0, 1, 2, 3, 4, 5, 6, 7, 8
# columns after the market block in an observation
N_OWN = 4
RUIN = 0.05
"""A sleeve that has lost all but this fraction of its start is terminated."""


class MarketArrays(NamedTuple):
    """What the kernel reads, in place. T slots, S symbols, K columns of market observation."""

    close: FloatArray
    """(T, S)"""
    fill: FloatArray
    """(T, S)"""
    ready: BoolArray
    """(T, S): where not, a row can only hold."""
    scale: FloatArray
    """(T, S): the volatility of one bar, a positive fraction."""
    cost_bps: FloatArray
    """(S,)"""
    hedge_gap: FloatArray
    """(T, S): the return, from close to fill, of what a symbol's rewards are measured against."""
    hedge_day: FloatArray
    """(T, S): the same from fill to the next close."""
    block: Float32Array
    """(S, T, K), finite: symbol first, so that a row walks forward in memory."""
    shared_from: int
    """Columns from here ..."""
    shared_to: int
    """... to here are the same for all symbols: what dates can be recognised by."""


class Starts(NamedTuple):
    """Where episodes may begin: slots[offsets[i] : offsets[i + 1]] for the i-th symbol of `symbols`."""

    symbols: IntArray
    offsets: IntArray
    slots: IntArray
    stop: IntArray
    """(T,): the last slot an episode that begins at t may be marked at."""


class Rules(NamedTuple):
    """How episodes are drawn."""

    horizon: int
    """Bars in an episode."""
    cost_low: float
    cost_high: float
    """Costs are multiplied, for a whole episode, by a uniform draw from this range."""
    generic: float
    """Probability that an episode trains the generic head (0) instead of the symbol's own (1 + symbol)."""
    random_position: float
    """Probability of starting with a position (a quarter to all) instead of flat."""
    noise: float
    """Standard deviation of the noise added to each market column."""
    blind: float
    """Probability that an episode sees zeros for the shared columns."""
    seed: int


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
) -> float:  # fmt: skip
    """Trade row i to `target` at the fill and mark it at the next close; returns the sleeve's net return."""
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
    net_of_hedge = net - position * gap - target * day
    parts[i, 0] = w.net * net_of_hedge * unit
    parts[i, 1] = -w.net * w.reference * (close1 / close0 - 1.0 - gap - day) * unit
    parts[i, 2] = -w.cost * cost * unit
    parts[i, 3] = -w.drawdown * max(0.0, before - value / peak) * unit
    parts[i, 4] = w.sharpe * differential_sharpe(state, i, net_of_hedge * unit, w.sharpe_rate)
    return net


@njit(cache=True)
def differential_sharpe(state: FloatArray, i: int, x: float, rate: float) -> float:
    """dS/d(rate) of the moving Sharpe ratio at return x, clipped to [-3, 3]; moves the row's moments on."""
    mean, square = state[i, MEAN], state[i, SQUARE]
    d_mean, d_square = x - mean, x * x - square
    variance = max(square - mean * mean, 0.05)
    state[i, MEAN], state[i, SQUARE] = mean + rate * d_mean, square + rate * d_square
    return min(3.0, max(-3.0, (square * d_mean - 0.5 * mean * d_square) / (variance * math.sqrt(variance))))


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
        net[i], traded[i], terminated[i], truncated[i] = 0.0, 0.0, False, False
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
            net[i] = trade_row(
                i, targets[i], close0, float(fill[t, s]), close1, float(scale[t, s]), bps,
                float(gap[t, s]), float(day[t, s]), state, index, weights, parts,
            )  # fmt: skip
            index[i, SLOT] = t + 1
            terminated[i] = state[i, VALUE] < RUIN
            truncated[i] = t + 1 >= index[i, END] and not terminated[i]
        index[i, RESET] = terminated[i] or truncated[i]
        reward[i] = parts[i, 0] + parts[i, 1] + parts[i, 2] + parts[i, 3] + parts[i, 4]
    observe_rows(state, index, market, rules, table, obs)
