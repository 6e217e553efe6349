"""What an exported policy is fed: raw columns in the order of the observation schema, gathered from the features.

The transforms are inside the graph; here nothing is computed, values are only picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from data.errors import InputError
from data.features.spec import Features
from data.market import BoolArray, FloatArray, Instrument
from rl.observation import CLASSES, DAILY, ObservationSchema, Part, Transform, bar_volatility


class RawColumns(NamedTuple):
    """What the market tells of S symbols at T slots, as it is known; NaN where it is not."""

    bars: FloatArray
    """(T + W - 1, S, K): the bars of the first window first; NaN before the history begins."""
    volatility: FloatArray
    """(T + W - 1, S): of one bar, a fraction."""
    context: FloatArray
    """(T, S, C)"""
    year: float
    """sqrt(bars a year / 252)."""

    @property
    def known(self) -> BoolArray:
        """(T, S): where every column of the bar decided on is known, and its context."""
        bars = self.bars[len(self.bars) - len(self.context) :]
        return np.logical_not(np.isnan(bars).any(axis=2) | np.isnan(self.context).any(axis=2))

    def inputs(self, window: int) -> dict[str, FloatArray]:
        """The graph's market inputs for rows symbol by symbol, then slot by slot: S x T of them."""
        width = self.bars.shape[2]
        bars = sliding_window_view(self.bars, window, axis=0).transpose(1, 0, 3, 2)
        bars = bars.reshape(len(self.context) * self.bars.shape[1], window, width)
        volatility = sliding_window_view(self.volatility, window, axis=0).transpose(1, 0, 2).reshape(len(bars), window)
        context = self.context.transpose(1, 0, 2).reshape(len(bars), self.context.shape[2])
        found = {"bars": np.ascontiguousarray(bars), "volatility": np.ascontiguousarray(volatility)}
        found["year"] = np.array([self.year])
        return found | ({"context": np.ascontiguousarray(context)} if context.shape[1] else {})


def transforms(parts: tuple[Part, ...]) -> tuple[Transform, ...]:
    """The transforms of all columns, in order; a column that tells the class is taken as it is."""
    return tuple(Transform(c.feature) if p.source == "class" else c for p in parts for c in p.columns)


def raw_columns(
    schema: ObservationSchema, features: Features, instruments: Sequence[Instrument], rows: slice,
    per_year: float = DAILY, forecasts: FloatArray | None = None,
) -> RawColumns:  # fmt: skip
    """The raw columns of the slots in `rows`, T of them; arguments as of `rl.observation.observe` (InputError)."""
    schema.check(features)
    if schema.needs_forecasts and forecasts is None:
        raise InputError(f"{schema.id} shows forecasts and none were given", "fit them: rl.forecasts.fit_forecaster")
    first, stop, _ = rows.indices(len(features.values))
    seen = slice(max(0, first - schema.window + 1), stop)
    missing = seen.start - (first - schema.window + 1)
    bars, volatility = _picked(schema.bar, features, instruments, seen, None), bar_volatility(features, seen, per_year)
    if missing:
        bars = np.concatenate([np.full((missing, *bars.shape[1:]), np.nan), bars])
        volatility = np.concatenate([np.full((missing, volatility.shape[1]), np.nan), volatility])
    context = _picked(schema.context, features, instruments, slice(first, stop), forecasts)
    return RawColumns(bars, volatility, context, (per_year / DAILY) ** 0.5)


def _picked(
    parts: tuple[Part, ...], features: Features, instruments: Sequence[Instrument], rows: slice,
    forecasts: FloatArray | None,
) -> FloatArray:  # fmt: skip
    """(T, S, K) raw values of all columns."""
    values, shared = features.values[rows], features.shared[rows]
    out = np.empty((*values.shape[:2], sum(len(p.columns) for p in parts)))
    at = 0
    for part in parts:
        here = out[:, :, at : at + len(part.columns)]
        if part.source == "symbol":
            here[:] = values[:, :, _places(part, features.names)]
        elif part.source == "market":
            here[:] = shared[:, None, _places(part, features.shared_names)]
        elif part.source == "class":
            here[:] = [[i.asset_class is c for c in CLASSES] for i in instruments]
        else:
            here[:] = np.nan if forecasts is None else forecasts
        at += len(part.columns)
    return out


def _places(part: Part, names: tuple[str, ...]) -> list[int]:
    at = {name: k for k, name in enumerate(names)}
    return [at[c.feature] for c in part.columns]
