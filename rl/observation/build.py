"""From features to the market columns of an observation: the same functions in training and in the trading cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.errors import InputError
from data.features.spec import Features
from data.market import BoolArray, Float32Array, FloatArray, Instrument
from rl.observation.catalog import OBS_V1
from rl.observation.columns import CLASSES
from rl.observation.parts import ObservationSchema, Part
from rl.observation.transform import DAILY, Transform, bar_volatility, transformed


class Observed(NamedTuple):
    """The columns that depend on the market alone; NaN where a feature is unknown."""

    block: Float32Array
    """(T, S, K): shown for each bar of a window."""
    context: Float32Array
    """(T, S, C): shown for the bar decided on."""


def observe(
    schema: ObservationSchema, features: Features, instruments: Sequence[Instrument], rows: slice = slice(None), *,
    per_year: float = DAILY, forecasts: FloatArray | None = None,
) -> Observed:  # fmt: skip
    """The market columns of the slots in `rows`, T of them.

    `per_year`: bars a year of the book (`bars_a_year`). `forecasts` (T, S, 4) for the same slots, where the schema
    shows them: three probabilities and whether they are known (rl.forecasts). Raises InputError where a declared
    feature is missing altogether.
    """
    schema.check(features)
    if schema.needs_forecasts and forecasts is None:
        raise InputError(f"{schema.id} shows forecasts and none were given", "fit them: rl.forecasts.fit_forecaster")
    given = _Given(features, instruments, rows, per_year, bar_volatility(features, rows, per_year), forecasts)
    return Observed(_columns(schema.bar, given), _columns(schema.context, given))


class _Given(NamedTuple):
    features: Features
    instruments: Sequence[Instrument]
    rows: slice
    per_year: float
    volatility: FloatArray
    forecasts: FloatArray | None


def _columns(parts: tuple[Part, ...], given: _Given) -> Float32Array:
    """The columns of all parts, (T, S, K)."""
    width = sum(len(part.columns) for part in parts)
    out = np.empty((*given.volatility.shape, width), dtype=np.float32)
    at = 0
    for part in parts:
        for number, column in enumerate(part.columns):
            out[:, :, at] = _column(part, number, column, given)
            at += 1
    return out


def _column(part: Part, number: int, column: Transform, given: _Given) -> FloatArray:
    """One column, (T, S) or what is broadcast to it."""
    if part.source == "class":
        return np.array([i.asset_class is CLASSES[number] for i in given.instruments], dtype=np.float64)
    if part.source == "symbol":
        return transformed(column, given.features[column.feature][given.rows], given.volatility, given.per_year)
    if part.source == "market":
        series = given.features.market(column.feature)[given.rows, None]
        return transformed(column, series, given.volatility[:, :1], given.per_year)
    assert given.forecasts is not None
    return transformed(column, given.forecasts[:, :, number], given.volatility, given.per_year)


def market_block(
    features: Features, instruments: Sequence[Instrument], rows: slice = slice(None), per_year: float = DAILY
) -> Float32Array:
    """The market columns of obs-v1, (T, S, BLOCK_WIDTH) for the slots in `rows`.

    A column is NaN where its feature is unknown. Raises InputError where a declared feature is missing altogether.
    """
    return observe(OBS_V1, features, instruments, rows, per_year=per_year).block


def known_cells(block: Float32Array) -> BoolArray:
    """(T, S): True where every market column is known."""
    known: BoolArray = np.logical_and.reduce(np.isfinite(block), axis=-1)
    return known


def without_market_wide(schema: ObservationSchema, observed: Observed) -> Observed:
    """The same with zeros where market-wide columns are unknown, as blinded episodes see them. Changes the arrays."""
    for values, (first, end) in zip(observed, schema.market_wide(), strict=True):
        shared = values[:, :, first:end]
        np.copyto(shared, np.float32(0.0), where=~np.isfinite(shared))
    return observed


def shown_at(schema: ObservationSchema, observed: Observed, row: int) -> Float32Array:
    """The market columns of one observation of each symbol, (S, W x K + C), decided on the slot `row`.

    Bars before the first are zeros, as are unknown cells. The kernel gathers the same (rl.kernel).
    """
    first = row - schema.window + 1
    bars = observed.block[max(0, first) : row + 1]
    missing = np.zeros((schema.window - len(bars), *bars.shape[1:]), dtype=np.float32)
    window = np.concatenate([missing, bars]).transpose(1, 0, 2).reshape(bars.shape[1], -1)
    shown = np.concatenate([window, observed.context[row]], axis=1)
    return np.where(np.isfinite(shown), shown, np.float32(0.0))
