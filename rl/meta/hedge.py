"""What training rewards leave out: the chance part of a return that a symbol shares with its class.

The controller chooses among symbols; that a whole class rose today says little about the choice and drowns what does.
Only rewards are hedged: books, observations and every evaluation are of plain net returns.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from data.market import BoolArray, FloatArray
from rl.meta.tape import Tape


def hedged(tape: Tape, rows: slice, peers: float, own_mean: float, held_out: slice | None = None) -> Tape:
    """The tape with `hedge_gap` and `hedge_day` for training on `rows` but `held_out`; zero outside them.

    `peers`: share of what the other tradable symbols of the asset class return beyond their average over `rows`, in
    volatilities, scaled to the symbol's own: noise of mean zero, a control variate. `own_mean`: share of what a symbol
    returns on average beyond its class: hindsight that says little about the next years. Premia of classes stay.
    """
    inside = np.zeros(tape.tradable.shape, dtype=np.bool_)
    inside[slice(rows.start, rows.stop - 1)] = True
    if held_out is not None:
        inside[held_out] = False
    known = tape.tradable & inside
    scale = np.where(known, tape.volatility, 1.0)
    gap, day = (np.where(known, block, 0.0) for block in (tape.to_fill, tape.to_close))
    classes = np.array([c.value for c in tape.classes])
    gap_shared, day_shared = (scale * _mean_of_others(block / scale, known, classes) for block in (gap, day))
    beyond = _mean(gap + day - gap_shared - day_shared, known)
    hedge_gap = peers * (gap_shared - _mean(gap_shared, known))
    hedge_day = peers * (day_shared - _mean(day_shared, known)) + own_mean * beyond
    return dataclasses.replace(
        tape, hedge_gap=np.where(known, hedge_gap, 0.0), hedge_day=np.where(known, hedge_day, 0.0)
    )


def _mean(values: FloatArray, known: BoolArray) -> FloatArray:
    """Mean of each symbol over its known slots, (S,)."""
    return np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _mean_of_others(values: FloatArray, known: BoolArray, classes: np.ndarray) -> FloatArray:
    """(T, S): at each slot the mean over the known other members of a symbol's class; 0 where there are none."""
    out = np.zeros(values.shape)
    for name in np.unique(classes):
        members = classes == name
        inside, counted = np.where(known[:, members], values[:, members], 0.0), known[:, members]
        total, count = inside.sum(axis=1, keepdims=True), counted.sum(axis=1, keepdims=True)
        out[:, members] = (total - inside) / np.maximum(count - counted, 1)
    return out
