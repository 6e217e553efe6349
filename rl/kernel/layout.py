"""Where each part of an observation row lies."""

from __future__ import annotations

from typing import NamedTuple

from rl.actions import N_ACTIONS

N_OWN = 4
"""Own columns of obs-v1: position, unrealised, bars_held, drawdown."""
N_BOOK = 10
"""Own columns where the sleeve's book is shown too: stop_room, cost_level; cash, profit, turnover, volatility."""


class Layout(NamedTuple):
    """Columns of one observation (float32): window of bars, oldest first, context, own state, directives, mask, zeros,
    head. Bar and context columns end where `own` begins."""

    window: int
    """Bars shown, W >= 1; each has the K columns of the market's block."""
    own: int
    """First own column: W x K + C."""
    own_columns: int
    """N_OWN or N_BOOK."""
    directives: int
    """First column of the directives ..."""
    directive_columns: int
    """... and how many: D."""
    mask: int
    """First of the seven mask bits."""
    head: int
    """Column of the head that answers."""
    shared_from: int
    """Columns from here ..."""
    shared_to: int
    """... to here are the same for all symbols: what dates can be recognised by. Noise is added to all columns
    before this one."""
    width: int
    """Columns in all."""


def one_bar(columns: int, shared_from: int, shared_to: int, width: int) -> Layout:
    """The layout of one bar of `columns` columns and four own ones, the head last (obs-v1); at least `width` wide."""
    mask = columns + N_OWN
    width = max(width, mask + N_ACTIONS + 1)
    return Layout(1, columns, N_OWN, mask, 0, mask, width - 1, shared_from, shared_to, width)
