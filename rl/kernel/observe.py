"""A row's observation, gathered into place: bars and context of the market, its own state, directives, mask, head."""

from __future__ import annotations

import math

import numpy as np

from data.compiled import inlined
from data.market import Float32Array
from rl.actions import N_ACTIONS, mask_bits
from rl.kernel.draws import NOISE_DRAW, uniform
from rl.kernel.layout import N_OWN, Layout
from rl.kernel.packed import CLOSE, HIGH, LOW, RATE, READY, SCALE, Packed
from rl.kernel.rules import Rules
from rl.kernel.state import (
    BARS,
    BEST,
    BLIND,
    COSTS,
    ENTRY,
    EPISODE,
    HEAD,
    PEAK,
    POSITION,
    SLOT,
    SYMBOL,
    TURNOVER,
    VALUE,
    VARIANCE,
    Held,
)  # fmt: skip
from rl.kernel.trade import stop_room, unrealised

CLIP = 3.0
"""No own column but the position goes beyond this."""


@inlined
def observe_row(i: int, held: Held, market: Packed, rules: Rules, layout: Layout, obs: Float32Array) -> None:
    """Write row i's observation into obs[i]."""
    state, index = held.state, held.place
    t, s, position = index[i, SLOT], index[i, SYMBOL], state[i, POSITION]
    close, known = market.cells[s, t, CLOSE], market.cells[s, t, READY] > 0.0
    unit = 1.0 / market.cells[s, t, SCALE]
    gather(obs, i, t, s, known, market.bars, market.context, layout)
    if index[i, BLIND] == 1:
        for k in range(layout.shared_from, layout.shared_to):
            obs[i, k] = np.float32(0.0)
    if rules.noise > 0.0:
        drawn = uniform(rules.seed, i, index[i, EPISODE], NOISE_DRAW + t)
        add_noise(obs, i, layout.shared_to, rules.noise, held.table, int(drawn * (held.table.size - layout.shared_to)))
    if rules.dropout > 0.0:
        drop(obs, i, layout.own, market.context.shape[2], held.keep)
    profit = unrealised(position, state[i, ENTRY], close)
    own_state(obs, i, layout.own, position, profit * unit, index[i, BARS], state[i, VALUE] / state[i, PEAK])
    room = 1.0
    if rules.stop > 0.0 or rules.trailing > 0.0:
        room = stop_room(position, profit, state[i, BEST], close, rules.stop, rules.trailing)
    if layout.own_columns > N_OWN:
        level = market.terms[s, RATE] * 1e-4 * state[i, COSTS] * unit
        turnover, variance = state[i, TURNOVER], state[i, VARIANCE]
        book_state(obs, i, layout.own + N_OWN, room, level, position, state[i, VALUE], turnover, variance)
    for k in range(layout.directive_columns):
        obs[i, layout.directives + k] = held.directives[i, k]
    low, high = market.terms[s, LOW], market.terms[s, HIGH]
    mask_bits(obs, i, layout.mask, position, profit > 0.0, known and room > 0.0, low, high)
    for k in range(layout.mask + N_ACTIONS, layout.head):
        obs[i, k] = np.float32(0.0)
    obs[i, layout.head] = index[i, HEAD]


@inlined
def gather(
    obs: Float32Array, i: int, t: int, s: int, known: bool, bars: Float32Array, context: Float32Array, layout: Layout
) -> None:
    """The window of bars that ends at slot t, and the context of t; zeros where the bar is not known, and for bars
    before the first."""
    own = layout.own
    if not known:
        for k in range(own):
            obs[i, k] = np.float32(0.0)
        return
    seen = own - context.shape[2]
    at = (t + 1) * (seen // layout.window) - seen
    for k in range(min(seen, -at)):
        obs[i, k] = np.float32(0.0)
    for k in range(max(0, -at), seen):
        obs[i, k] = bars[s, at + k]
    for k in range(seen, own):
        obs[i, k] = context[s, t, k - seen]


@inlined
def add_noise(obs: Float32Array, i: int, columns: int, noise: float, table: Float32Array, first: int) -> None:
    """Add a stretch of the table of normal draws."""
    for k in range(columns):
        obs[i, k] += np.float32(noise) * table[first + k]


@inlined
def drop(obs: Float32Array, i: int, own: int, context: int, keep: Float32Array) -> None:
    """Zeros for what the episode does not see: the same column in every bar of the window, and context columns."""
    width, seen = keep.shape[1] - context, own - context
    for k in range(seen):
        if keep[i, k % width] == np.float32(0.0):
            obs[i, k] = np.float32(0.0)
    for k in range(context):
        if keep[i, width + k] == np.float32(0.0):
            obs[i, seen + k] = np.float32(0.0)


@inlined
def own_state(obs: Float32Array, i: int, at: int, position: float, profit: float, bars: int, of_peak: float) -> None:
    """The four columns a row knows of itself; `profit` in bar volatilities, `of_peak` = value / peak."""
    obs[i, at] = position
    obs[i, at + 1] = min(CLIP, max(-CLIP, profit / 5.0))
    obs[i, at + 2] = min(CLIP, math.sqrt(bars) / 8.0)
    obs[i, at + 3] = max(-CLIP, 10.0 * (of_peak - 1.0))


@inlined
def book_state(
    obs: Float32Array, i: int, at: int, room: float, level: float, position: float, value: float, turnover: float,
    variance: float,
) -> None:  # fmt: skip
    """Six columns more: room to the nearest stop (1 far, 0 hit); cost of a side in tenths of a bar's volatility; cash,
    a weight; profit since the start in tenths; turnover lately, in quarters of the sleeve a bar; volatility lately, in
    the symbol's own."""
    obs[i, at] = room
    obs[i, at + 1] = min(CLIP, 10.0 * level)
    obs[i, at + 2] = min(CLIP, max(-CLIP, 1.0 - position))
    obs[i, at + 3] = min(CLIP, max(-CLIP, 10.0 * (value - 1.0)))
    obs[i, at + 4] = min(CLIP, 4.0 * turnover)
    obs[i, at + 5] = min(CLIP, math.sqrt(variance))
