"""Fitted classifiers, one for each calendar year, and what they say of a slot. numpy only, so that a policy carries it.

A year's classifier was fitted before the year began: what it says is out of sample and known at the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.errors import CorruptFile
from data.features.spec import Features
from data.market import Float32Array, FloatArray, Instrument, IntArray, TimeArray
from rl.observation import BLOCK_WIDTH, DAILY, FORECAST_HORIZONS, SHARED, market_block

YEARS, WEIGHT, BIAS = "forecast.years", "forecast.weight", "forecast.bias"
"""Names of the tensors in a policy."""
_SHAPE = (len(FORECAST_HORIZONS), BLOCK_WIDTH)


@dataclass(frozen=True, slots=True)
class Forecaster:
    """Logistic regressions on the market columns of obs-v1 (K = 45), pooled over symbols."""

    years: IntArray
    """(M,), ascending: calendar years (UTC). A classifier serves from its year on, until the next one does."""
    weight: Float32Array
    """(M, 3, K): log-odds of a rise, by horizon, for one unit of a column."""
    bias: Float32Array
    """(M, 3)"""

    def forecasts(
        self, features: Features, instruments: Sequence[Instrument], times: TimeArray, rows: slice = slice(None),
        per_year: float = DAILY,
    ) -> FloatArray:  # fmt: skip
        """The four forecast columns of `rows`, (T', S, 4); `times` (T,) are the slots of all rows."""
        return self.of_block(forecast_columns(features, instruments, rows, per_year), times[rows])

    def of_block(self, block: Float32Array, times: TimeArray) -> FloatArray:
        """P(up) over 1, 5 and 21 bars, and 1 where a classifier had been fitted by then, (T, S, 4).

        `block` (T, S, K) as `forecast_columns` gives it. Without a classifier the probabilities are 0.5; NaN where a
        column is unknown. A slot's figures are the same bits whatever other slots are asked for.
        """
        out = np.full((*block.shape[:2], len(FORECAST_HORIZONS) + 1), 0.5)
        out[:, :, -1] = 0.0
        which = np.searchsorted(self.years, calendar_years(times), side="right") - 1
        for m in np.unique(which[which >= 0]).tolist():
            rows = np.flatnonzero(which == m)
            columns = np.ascontiguousarray(block[rows].transpose(2, 0, 1), dtype=np.float64)
            for horizon in range(len(FORECAST_HORIZONS)):
                odds = np.full(columns.shape[1:], float(self.bias[m, horizon]))
                # Column by column: a matrix product may round a row differently among other rows.
                for column, weight in zip(columns, self.weight[m, horizon].tolist(), strict=True):
                    odds += weight * column
                out[rows, :, horizon] = 1.0 / (1.0 + np.exp(-odds))
            out[rows, :, -1] = 1.0
        return out

    def tensors(self) -> dict[str, Float32Array]:
        """What a policy stores, by name."""
        return {YEARS: self.years.astype(np.float32), WEIGHT: self.weight, BIAS: self.bias}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Float32Array]) -> Forecaster:
        """The forecaster that a policy carries; CorruptFile where it carries none that can be used."""
        missing = [name for name in (YEARS, WEIGHT, BIAS) if name not in tensors]
        if missing:
            raise CorruptFile(f"the policy lacks {', '.join(missing)}, which its observation needs", "train it again")
        years, weight, bias = tensors[YEARS], tensors[WEIGHT], tensors[BIAS]
        fitted = len(years)
        if weight.shape != (fitted, *_SHAPE) or bias.shape != (fitted, _SHAPE[0]) or (np.diff(years) <= 0).any():
            raise CorruptFile(f"the policy's forecasts are {weight.shape} for {fitted} years", "train it again")
        if not all(np.isfinite(tensors[name]).all() for name in (YEARS, WEIGHT, BIAS)):
            raise CorruptFile("the policy's forecasts hold numbers that are not finite", "train it again")
        return cls(years.astype(np.int64), weight, bias)


def forecast_columns(
    features: Features, instruments: Sequence[Instrument], rows: slice = slice(None), per_year: float = DAILY
) -> Float32Array:
    """What classifiers read, (T', S, K): the market columns of obs-v1; market-wide ones that are unknown are zero."""
    block = market_block(features, instruments, rows, per_year)
    shared = block[:, :, SHARED]
    np.copyto(shared, np.float32(0.0), where=~np.isfinite(shared))
    return block


def calendar_years(times: TimeArray) -> IntArray:
    """The year (UTC) of each slot, (T,)."""
    return times.astype("datetime64[Y]").astype(np.int64) + 1970
