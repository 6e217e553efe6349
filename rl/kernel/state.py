"""Columns of a row's state."""

from __future__ import annotations

from rl.facts import MEAN, SQUARE

POSITION, ENTRY, VALUE, PEAK, COSTS, N_STATE = 0, 1, 2, 3, 6, 7
"""Of the float state, beside MEAN and SQUARE."""
SLOT, SYMBOL, HEAD, BARS, END, EPISODE, RESET, BLIND, N_INDEX = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Of the integer state."""
RUIN = 0.05
"""A sleeve that has lost all but this fraction of its start is terminated."""

__all__ = [
    "BARS", "BLIND", "COSTS", "END", "ENTRY", "EPISODE", "HEAD", "MEAN", "N_INDEX", "N_STATE", "PEAK", "POSITION",
    "RESET", "RUIN", "SLOT", "SQUARE", "SYMBOL", "VALUE",
]  # fmt: skip
