"""A row's order and trade: what is asked for, what stops, delay and limits make of it, and what it comes to."""

from __future__ import annotations

import math

from data.compiled import inlined
from data.market import FloatArray, IntArray
from rl.facts import StepFacts
from rl.kernel.draws import move_draw
from rl.kernel.packed import (
    BORROW,
    CLOSE,
    DAY,
    FILL,
    FINANCING,
    FUNDING,
    GAP,
    IMPACT,
    RATE,
    SCALE,
    VOLUME,
    Packed,
)  # fmt: skip
from rl.kernel.rules import Rules
from rl.kernel.state import (
    BARS,
    BEST,
    COSTS,
    ENTRY,
    EPISODE,
    PEAK,
    PENDING,
    POSITION,
    SLOT,
    STEP,
    SYMBOL,
    TURNOVER,
    VALUE,
    VARIANCE,
    Held,
)  # fmt: skip
from tools.market.accounting import carry_fraction, margin_step
from tools.market.impact import impact_bps

LEAST_MOVE = 0.05
"""What a renoised close keeps at least of the real one: prices stay positive."""
LATELY = 0.05
"""Step of the moving means of turnover and volatility that a row sees: a memory of 20 bars, a month of daily ones."""


@inlined
def unrealised(position: float, entry: float, close: float) -> float:
    """Profit of the open position as a fraction of its average entry price; 0 when flat."""
    if position == 0.0:
        return 0.0
    return close / entry - 1.0 if position > 0.0 else 1.0 - close / entry


@inlined
def stop_room(position: float, profit: float, best: float, close: float, stop: float, trailing: float) -> float:
    """How far the nearest stop is, from 1 (as far as at the entry, or no stop) to 0: it is hit. `profit`: unrealised.

    A stop is hit by a close; it closes the position at the next fill.
    """
    room = 1.0
    if position != 0.0:
        if stop > 0.0:
            room = min(room, 1.0 + profit / stop)
        if trailing > 0.0:
            fallen = 1.0 - close / best if position > 0.0 else close / best - 1.0
            room = min(room, 1.0 - fallen / trailing)
    return max(0.0, room)


@inlined
def ordered(i: int, wanted: float, state: FloatArray, late: bool, stopped: bool, low: float, high: float) -> float:
    """The weight that row i trades to at the next fill, for a policy that wants `wanted`.

    A stop comes before any order and is not late. A late episode carries out the order of the bar before and keeps
    this one. What drifted beyond a limit is brought back to it.
    """
    position, target = state[i, POSITION], wanted
    if stopped:
        target, state[i, PENDING] = 0.0, math.nan
    elif late:
        due = state[i, PENDING]
        state[i, PENDING] = math.nan if wanted == position else wanted
        target = position if math.isnan(due) else due
    return min(high, max(low, target))


@inlined
def trade_row(i: int, target: float, held: Held, market: Packed, rules: Rules) -> StepFacts:
    """Trade row i to `target` at the fill of its slot, pay, and mark it at the next close.

    In a renoised world that close is moved by a draw of its own.
    """
    state, index, cells, terms = held.state, held.place, market.cells, market.terms
    t, s, position = index[i, SLOT], index[i, SYMBOL], state[i, POSITION]
    close0, fill, real, scale = cells[s, t, CLOSE], cells[s, t, FILL], cells[s, t + 1, CLOSE], cells[s, t, SCALE]
    close1 = real
    if rules.renoise > 0.0:
        drawn = move_draw(rules.seed, i, index[i, EPISODE], index[i, STEP], held.table)
        close1 = real * max(LEAST_MOVE, 1.0 + rules.renoise * scale * drawn)
    carry = carry_fraction(position, terms[s, BORROW], terms[s, FINANCING], cells[s, t + 1, FUNDING])
    bps = terms[s, RATE]
    if rules.capital > 0.0 and target != position:
        notional = position * fill / close0
        size = abs(target * (1.0 - position + notional - carry) - notional) * rules.capital * state[i, VALUE]
        bps += impact_bps(size, cells[s, t, VOLUME], scale, terms[s, IMPACT])
    after, net, cost = margin_step(position, target, close0, fill, close1, bps * state[i, COSTS], carry)
    enter(i, position, target, close0, fill, state)
    mark(i, position, after, close1, real, state, index)
    before = state[i, VALUE] / state[i, PEAK]
    value = state[i, VALUE] * (1.0 + net)
    peak = max(state[i, PEAK], value)
    state[i, VALUE], state[i, PEAK] = value, peak
    gap, day, move = cells[s, t, GAP], cells[s, t, DAY], close1 / close0 - 1.0
    return StepFacts(
        net, net + cost, cost, move, position * gap + target * day, move - gap - day, position, target,
        abs(target - position), 1.0 - before, 1.0 - value / peak, float(index[i, BARS]), 1.0 / scale,
    )  # fmt: skip


@inlined
def enter(i: int, position: float, target: float, close0: float, fill: float, state: FloatArray) -> None:
    """What is opened or added at the fill enters row i's average price; what is closed leaves it as it is."""
    if position * target < 0.0:
        state[i, ENTRY] = state[i, BEST] = fill
    elif (target > position >= 0.0) or (target < position <= 0.0):
        kept = position * fill / close0
        state[i, ENTRY] = (kept * state[i, ENTRY] + (target - position) * fill) / (kept + target - position)
        if position == 0.0:
            state[i, BEST] = fill


@inlined
def mark(i: int, before: float, after: float, close1: float, real: float, state: FloatArray, index: IntArray) -> None:
    """Row i holds `after` at the close `close1`, which the data call `real`: prices of the entry follow the data, so
    that profit and stops are those of the world that the row is in."""
    state[i, POSITION] = after
    index[i, BARS] = 0 if after == 0.0 else 1 if before * after < 0.0 else index[i, BARS] + 1
    if after > 0.0:
        state[i, BEST] = max(state[i, BEST], close1)
    elif after < 0.0:
        state[i, BEST] = min(state[i, BEST], close1)
    if close1 != real:
        by = real / close1
        state[i, ENTRY], state[i, BEST] = state[i, ENTRY] * by, state[i, BEST] * by


@inlined
def remember(i: int, facts: StepFacts, state: FloatArray) -> None:
    """Move row i's means of turnover and volatility on, which only a wide observation shows."""
    moved = facts.net * facts.unit
    state[i, TURNOVER] += LATELY * (facts.traded - state[i, TURNOVER])
    state[i, VARIANCE] += LATELY * (moved * moved - state[i, VARIANCE])
