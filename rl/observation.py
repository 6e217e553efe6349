"""The observation of a symbol agent, `obs-v1`: 64 float32 columns in named slices.

Training and the trading cycle build it with the same functions. Transforms are declared here and fitted on nothing, so
an observation depends on its own slot alone. A changed column, order, scale or clip is a new id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from data.errors import InputError
from data.features.spec import Features
from data.market import AssetClass, BoolArray, Float32Array, FloatArray, Instrument
from rl.actions import Action

OBS_ID: Final = "obs-v1"
OBS_WIDTH: Final = 64
BAR_FRACTION: Final = 252.0**-0.5
"""Annual volatility times this is the volatility of one daily bar."""
VOL_FLOOR: Final = 0.01
"""Annualised; keeps pegged prices from dividing by nothing."""


@dataclass(frozen=True, slots=True)
class Transform:
    """column = clip((x - center) / scale, -limit, limit); with `bars`, scale is in volatilities of that many bars."""

    feature: str
    center: float = 0.0
    scale: float = 1.0
    bars: float = 0.0
    log: bool = False
    limit: float = 3.0


SYMBOL_COLUMNS: Final = (
    Transform("ret_1", scale=1.0, bars=1),
    Transform("ret_5", scale=1.0, bars=5),
    Transform("ret_21", scale=1.0, bars=21),
    Transform("sma_ratio_20", scale=0.6, bars=20),
    Transform("sma_ratio_50", scale=0.6, bars=50),
    Transform("sma_ratio_200", scale=0.6, bars=200),
    Transform("ema_ratio_12", scale=0.6, bars=12),
    Transform("ema_ratio_26", scale=0.6, bars=26),
    Transform("macd_hist", scale=0.4, bars=1),
    Transform("rsi_14", center=0.5, scale=0.15),
    Transform("bollinger_20", scale=0.6),
    Transform("atr_14", center=1.4, scale=0.5, bars=1),
    Transform("obv_slope_20", scale=0.25),
    Transform("vol_21", center=np.log(0.2), scale=0.7, log=True),
    Transform("vol_63", center=np.log(0.2), scale=0.7, log=True),
    Transform("mom_21", scale=1.0, bars=21),
    Transform("mom_63", scale=1.0, bars=63),
    Transform("mom_252", scale=1.0, bars=252),
    Transform("rank_mom_21", scale=0.6),
    Transform("rank_mom_63", scale=0.6),
    Transform("rank_mom_252", scale=0.6),
    Transform("rank_vol_21", scale=0.6),
    Transform("volume_known"),
    Transform("news_tone", scale=0.3),
    Transform("news_count"),
    Transform("post_tone", scale=0.3),
    Transform("post_count"),
)
"""Per-symbol features in column order."""

SHARED_COLUMNS: Final = (
    *(Transform(f"macro_{role}") for role in ("growth", "inflation", "rate", "credit", "volatility", "oil")),
    Transform("macro_known"),
    Transform("regime_calm", center=1 / 3, scale=0.4),
    Transform("regime_normal", center=1 / 3, scale=0.4),
    Transform("regime_turbulent", center=1 / 3, scale=0.4),
    Transform("breadth", center=0.5, scale=0.25),
)
"""Market-wide features in column order."""

CLASSES: Final = tuple(AssetClass)
OWN_COLUMNS: Final = ("position", "unrealised", "bars_held", "drawdown")

FEATURES: Final = slice(0, len(SYMBOL_COLUMNS))
SHARED: Final = slice(FEATURES.stop, FEATURES.stop + len(SHARED_COLUMNS))
CLASS: Final = slice(SHARED.stop, SHARED.stop + len(CLASSES))
OWN: Final = slice(CLASS.stop, CLASS.stop + len(OWN_COLUMNS))
MASK: Final = slice(OWN.stop, OWN.stop + len(Action))
PADDING: Final = slice(MASK.stop, OBS_WIDTH - 1)
"""Zeros, kept for later columns."""
HEAD: Final = OBS_WIDTH - 1
"""Index of the head that answers; not an input of the network."""
BLOCK_WIDTH: Final = CLASS.stop
"""Columns that depend on the market alone."""
INPUTS: Final = slice(0, MASK.stop)
"""Columns the network reads."""

SCHEMA: Final[dict[str, slice]] = {
    "features": FEATURES, "shared": SHARED, "class": CLASS, "own": OWN, "mask": MASK, "padding": PADDING,
    "head": slice(HEAD, OBS_WIDTH),
}  # fmt: skip


def bar_volatility(features: Features, rows: slice = slice(None)) -> FloatArray:
    """Volatility of one bar known at each slot, (T, S), a fraction >= VOL_FLOOR / sqrt(252); NaN where unknown."""
    return np.maximum(features["vol_21"][rows], VOL_FLOOR) * BAR_FRACTION


def market_block(features: Features, instruments: Sequence[Instrument], rows: slice = slice(None)) -> Float32Array:
    """The market columns of the observation, (T, S, BLOCK_WIDTH) for the slots in `rows`.

    A column is NaN where its feature is unknown. Raises InputError where a declared feature is missing altogether.
    """
    missing = [c.feature for c in SYMBOL_COLUMNS if c.feature not in features.names]
    missing += [c.feature for c in SHARED_COLUMNS if c.feature not in features.shared_names]
    if missing:
        raise InputError(f"features lack {', '.join(missing)}, which {OBS_ID} needs", "rebuild the gold tables")
    vol = bar_volatility(features, rows)
    block = np.empty((*vol.shape, BLOCK_WIDTH), dtype=np.float32)
    for k, column in enumerate(SYMBOL_COLUMNS):
        block[:, :, k] = _transformed(column, features[column.feature][rows], vol)
    for k, column in enumerate(SHARED_COLUMNS, start=SHARED.start):
        block[:, :, k] = _transformed(column, features.market(column.feature)[rows], vol[:, 0])[:, None]
    block[:, :, CLASS] = [[i.asset_class is c for c in CLASSES] for i in instruments]
    return block


def _transformed(column: Transform, values: FloatArray, vol: FloatArray) -> FloatArray:
    x = np.log(np.maximum(values, VOL_FLOOR)) if column.log else values
    unit = vol * np.sqrt(column.bars) if column.bars else 1.0
    return np.clip((x / unit - column.center) / column.scale, -column.limit, column.limit)


def known_cells(block: Float32Array) -> BoolArray:
    """(T, S): True where every market column is known."""
    known: BoolArray = np.logical_and.reduce(np.isfinite(block), axis=-1)
    return known
