"""What is random in a row: drawn by hashing, so that no generator has a state and the same seed draws the same."""

from __future__ import annotations

import math

import numpy as np

from data.compiled import inlined
from data.market import Float32Array
from rl.kernel.arrays import Starts
from rl.kernel.packed import CLOSE, HIGH, LOW, Packed
from rl.kernel.rules import Rules
from rl.kernel.state import (
    BARS,
    BEST,
    BLIND,
    COSTS,
    END,
    ENTRY,
    EPISODE,
    HEAD,
    LATE,
    MEAN,
    PEAK,
    PENDING,
    POSITION,
    RESET,
    SLOT,
    SQUARE,
    START,
    STEP,
    SYMBOL,
    TURNOVER,
    VALUE,
    VARIANCE,
    Held,
)  # fmt: skip

# numbers of the draws of an episode: the first few are its own, the rest go by slot, bar or column
NOISE_DRAW, DROPOUT_DRAW, BLOCK_DRAW, MOVE_DRAW = 16, 1 << 40, 1 << 41, 1 << 42


@inlined
def uniform(seed: int, row: int, count: int, draw: int) -> float:
    """A number in [0, 1) from a hash of its arguments (splitmix64): no state, the same on every run."""
    x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(row) * np.uint64(0xD1B54A32D192ED03)
    x ^= np.uint64(count) * np.uint64(0x8CB92BA72F3D8DD7) ^ np.uint64(draw) * np.uint64(0xAAAAAAAAAAAAAAAB)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return float(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inlined
def move_draw(seed: int, row: int, count: int, bar: int, table: Float32Array) -> float:
    """A draw of the normal table with a sign of its own: its mean is exactly zero over all that may come."""
    place = int(uniform(seed, row, count, MOVE_DRAW + bar) * (2 * table.size))
    return float(table[place >> 1]) * (1.0 if place & 1 == 0 else -1.0)


@inlined
def begin_row(i: int, held: Held, market: Packed, starts: Starts, rules: Rules) -> None:
    """Draw a new episode for row i: symbol, slot, head, costs and opening position."""
    state, index, seed = held.state, held.place, rules.seed
    index[i, EPISODE] += 1
    count = index[i, EPISODE]
    k = int(uniform(seed, i, count, 0) * starts.symbols.size)
    slot, symbol = _start(uniform(seed, i, count, 1), k, starts), starts.symbols[k]
    index[i, SLOT], index[i, SYMBOL], index[i, START] = slot, symbol, k
    index[i, BARS], index[i, RESET], index[i, STEP] = 0, 0, 0
    index[i, END] = min(slot + rules.horizon, starts.stop[slot])
    index[i, HEAD] = 0 if uniform(seed, i, count, 2) < rules.generic else 1 + symbol
    index[i, BLIND] = 1 if uniform(seed, i, count, 3) < rules.blind else 0
    index[i, LATE] = 1 if uniform(seed, i, count, 8) < rules.delay else 0
    state[i, POSITION], state[i, ENTRY], state[i, BEST], state[i, PENDING] = 0.0, 0.0, 0.0, math.nan
    if uniform(seed, i, count, 4) < rules.random_position:
        low, high = market.terms[symbol, LOW], market.terms[symbol, HIGH]
        limit = low if low < 0.0 and uniform(seed, i, count, 7) * (high - low) < -low else high
        state[i, POSITION] = limit * (0.25 * (1 + int(4.0 * uniform(seed, i, count, 5))))
        if limit != 0.0:
            state[i, ENTRY] = state[i, BEST] = market.cells[symbol, slot, CLOSE]
    state[i, COSTS] = rules.cost_low + (rules.cost_high - rules.cost_low) * uniform(seed, i, count, 6)
    state[i, VALUE], state[i, PEAK], state[i, MEAN], state[i, SQUARE] = 1.0, 1.0, 0.0, 1.0
    state[i, TURNOVER], state[i, VARIANCE] = 0.0, 1.0
    if rules.dropout > 0.0:
        for column in range(held.keep.shape[1]):
            drawn = uniform(seed, i, count, DROPOUT_DRAW + column)
            held.keep[i, column] = np.float32(0.0 if drawn < rules.dropout else 1.0)


@inlined
def _start(drawn: float, k: int, starts: Starts) -> int:
    """One of the slots of the k-th symbol."""
    first, last = starts.offsets[k], starts.offsets[k + 1]
    return int(starts.slots[first + int(drawn * (last - first))])


@inlined
def jump_row(i: int, held: Held, market: Packed, starts: Starts, rules: Rules) -> None:
    """Where row i's block of bars ends, go on at another start of its symbol: the position and its profit stay.

    A block ends with probability 1 / rules.block after each bar (lengths are geometric), and where the allowed stretch
    of slots ends. Prices of the entry are turned into those of the new place.
    """
    state, index = held.state, held.place
    k, count, draw = index[i, START], index[i, EPISODE], BLOCK_DRAW + 2 * index[i, STEP]
    left = rules.horizon - index[i, STEP]
    slot, symbol = index[i, SLOT], index[i, SYMBOL]
    if k < 0 or left <= 0:
        return
    if slot < starts.stop[slot] and uniform(rules.seed, i, count, draw) * rules.block >= 1.0:
        return
    to = _start(uniform(rules.seed, i, count, draw + 1), k, starts)
    by = market.cells[symbol, to, CLOSE] / market.cells[symbol, slot, CLOSE]
    state[i, ENTRY], state[i, BEST] = state[i, ENTRY] * by, state[i, BEST] * by
    index[i, SLOT], index[i, END] = to, min(to + left, starts.stop[to])
