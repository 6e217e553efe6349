"""Where each part of an observation row lies."""

from __future__ import annotations

from typing import NamedTuple

from data.errors import InputError
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


def checked_layout(layout: Layout, bar: int, context: int) -> Layout:
    """The layout, if it fits `bar` columns a bar and `context` columns, and its parts follow each other; else
    InputError."""
    ends = (layout.own + layout.own_columns, layout.directives + layout.directive_columns, layout.mask + N_ACTIONS)
    fits = (
        layout.window >= 1 and layout.own == layout.window * bar + context
        and layout.own_columns in (N_OWN, N_BOOK) and layout.directive_columns >= 0
        and ends[0] <= layout.directives and ends[1] <= layout.mask and ends[2] <= layout.head == layout.width - 1
        and 0 <= layout.shared_from <= layout.shared_to <= layout.own
    )  # fmt: skip
    if not fits:
        raise InputError(f"{layout} does not fit bars of {bar} and {context} context columns", "see rl.kernel.Layout")
    return layout
