"""The step: every row trades to its target, is marked and rewarded, and sees its next observation; in one loop.

Decide on the close of t, trade at the fill, be marked at the close of t + 1. Market data stay in place and are gathered
by index. Accounting is tools.market.accounting.
"""

from __future__ import annotations

import math

from data.compiled import compiled, inlined
from data.market import FloatArray, IntArray
from data.prefetch import prefetch
from rl.actions import sized_target, target_position
from rl.kernel.arrays import Starts
from rl.kernel.draws import begin_row, jump_row
from rl.kernel.layout import N_OWN, Layout
from rl.kernel.observe import observe_row
from rl.kernel.packed import CLOSE, FILL, HIGH, LOW, N_CELL, READY, Packed
from rl.kernel.rules import SAME_STEP, Rules
from rl.kernel.state import BEST, END, ENTRY, LATE, POSITION, RESET, RUIN, SLOT, STEP, SYMBOL, VALUE, Held, Left
from rl.kernel.trade import ordered, remember, stop_room, trade_row, unrealised
from rl.reward import RewardWeights
from rl.reward.kernel import reward_row

AHEAD = 4
"""Rows ahead of the one that steps whose market data are asked for. Measured: 2 to 6 are alike, 12 is slower again, as
the lines come before there is room for them."""
LINE = 16
"""float32 in a line of the cache."""
MOST = 128
"""Bar columns that are asked for: what lies behind them is found by the processor itself, as it reads on."""


@compiled
def begin_rows(held: Held, left: Left, market: Packed, starts: Starts, rules: Rules, layout: Layout) -> None:
    """Draw an episode for every row and gather the first observations."""
    for i in range(held.place.shape[0]):
        begin_row(i, held, market, starts, rules)
        observe_row(i, held, market, rules, layout, left.obs)


@compiled
def observe_rows(held: Held, left: Left, market: Packed, rules: Rules, layout: Layout) -> None:
    """Gather every row's observation."""
    for i in range(held.place.shape[0]):
        observe_row(i, held, market, rules, layout, left.obs)


@compiled
def step_rows(
    actions: IntArray, levels: IntArray, targets: FloatArray, by_action: bool, held: Held, left: Left, market: Packed,
    starts: Starts, rules: Rules, layout: Layout, weights: RewardWeights,
) -> None:  # fmt: skip
    """Step every row by its action and size level or, unless `by_action`, to its target.

    A row ends at its horizon, where a price it needs is missing (truncated), or ruined (terminated). With NEXT_STEP it
    begins anew on the next step, whose reward is nothing; with SAME_STEP at once, and final_obs keeps what it saw last.
    """
    index = held.place
    for i in range(index.shape[0]):
        _fetch(min(i + AHEAD, index.shape[0] - 1), index, market, layout)
        _clear(i, left)
        if index[i, RESET] == 1:
            begin_row(i, held, market, starts, rules)
        else:
            wanted = _wanted(i, actions[i], levels[i], held, market) if by_action else targets[i]
            _step_row(i, wanted, held, left, market, starts, rules, layout, weights)
        if rules.autoreset == SAME_STEP and index[i, RESET] == 1:
            observe_row(i, held, market, rules, layout, left.final_obs)
            begin_row(i, held, market, starts, rules)
        observe_row(i, held, market, rules, layout, left.obs)


@inlined
def _fetch(i: int, index: IntArray, market: Packed, layout: Layout) -> None:
    """Ask for what row i will read when it steps: its next cell and the bars that it will see then."""
    s, t = index[i, SYMBOL], index[i, SLOT] + 1
    prefetch(market.cells, (s * market.cells.shape[1] + t) * N_CELL)
    bars = layout.own - market.context.shape[2]
    first = s * market.bars.shape[1] + (t + 1) * (bars // layout.window) - bars
    for k in range(0, min(bars, MOST) + LINE - 1, LINE):
        prefetch(market.bars, first + k)


@inlined
def _clear(i: int, left: Left) -> None:
    left.reward[i], left.net[i], left.traded[i] = 0.0, 0.0, 0.0
    left.terminated[i], left.truncated[i] = False, False
    for k in range(left.parts.shape[1]):
        left.parts[i, k] = 0.0


@inlined
def _wanted(i: int, action: int, level: int, held: Held, market: Packed) -> float:
    """The position row i's action asks for; the position held where its bar is not known."""
    t, s, position = held.place[i, SLOT], held.place[i, SYMBOL], held.state[i, POSITION]
    if not market.cells[s, t, READY] > 0.0:
        return position
    in_profit = unrealised(position, held.state[i, ENTRY], market.cells[s, t, CLOSE]) > 0.0
    target = target_position(action, position, in_profit, market.terms[s, LOW], market.terms[s, HIGH])
    return sized_target(target, position, level)


@inlined
def _step_row(
    i: int, wanted: float, held: Held, left: Left, market: Packed, starts: Starts, rules: Rules, layout: Layout,
    weights: RewardWeights,
) -> None:  # fmt: skip
    """One slot of a row whose episode goes on."""
    state, index = held.state, held.place
    t, s, position = index[i, SLOT], index[i, SYMBOL], state[i, POSITION]
    last = t + 1 >= market.cells.shape[1]
    if last or math.isnan(market.cells[s, t, FILL]) or math.isnan(market.cells[s, t + 1, CLOSE]):
        left.truncated[i] = True
    else:
        stopped = False
        if rules.stop > 0.0 or rules.trailing > 0.0:
            close = market.cells[s, t, CLOSE]
            profit = unrealised(position, state[i, ENTRY], close)
            stopped = stop_room(position, profit, state[i, BEST], close, rules.stop, rules.trailing) <= 0.0
        target = ordered(i, wanted, state, index[i, LATE] == 1, stopped, market.terms[s, LOW], market.terms[s, HIGH])
        facts = trade_row(i, target, held, market, rules)
        if layout.own_columns > N_OWN:
            remember(i, facts, state)
        left.net[i], left.traded[i] = facts.net, facts.traded
        left.reward[i] = reward_row(i, facts, state, weights, left.parts)
        index[i, SLOT], index[i, STEP] = t + 1, index[i, STEP] + 1
        left.terminated[i] = state[i, VALUE] < RUIN
        if rules.block > 0.0 and not left.terminated[i]:
            jump_row(i, held, market, starts, rules)
        left.truncated[i] = index[i, SLOT] >= index[i, END] and not left.terminated[i]
    index[i, RESET] = left.terminated[i] or left.truncated[i]
