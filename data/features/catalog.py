"""The catalogue of features: every name with its window, inputs and unit, and how all of them are computed.

All features are causal to the bit: the values of a panel's first rows do not depend on the rows that follow.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.alignment import fresh
from data.features.cross_section import breadth, ranks
from data.features.macro import macro_features
from data.features.regime import regime_features
from data.features.regime_fit import RegimeFits
from data.features.spec import Features, FeatureSpec
from data.features.technical import technical
from data.features.text import text_features
from data.market import FloatArray
from data.panel import Panel
from data.sources.protocol import MACRO_ROLES


def _spec(name: str, window: int, inputs: str, unit: str) -> FeatureSpec:
    return FeatureSpec(name, window, tuple(inputs.split()), unit)


SPECS: tuple[FeatureSpec, ...] = (
    _spec("ret_1", 2, "close", "fraction"),
    _spec("ret_5", 6, "close", "fraction"),
    _spec("ret_21", 22, "close", "fraction"),
    _spec("sma_ratio_20", 20, "close", "ratio"),
    _spec("sma_ratio_50", 50, "close", "ratio"),
    _spec("sma_ratio_200", 200, "close", "ratio"),
    _spec("ema_ratio_12", 12, "close", "ratio"),
    _spec("ema_ratio_26", 26, "close", "ratio"),
    _spec("macd_hist", 34, "close", "ratio"),
    _spec("rsi_14", 15, "close", "fraction"),
    _spec("bollinger_20", 20, "close", "ratio"),
    _spec("atr_14", 15, "high low close", "ratio"),
    _spec("obv_slope_20", 21, "close volume", "ratio"),
    _spec("vol_21", 22, "close", "fraction"),
    _spec("vol_63", 64, "close", "fraction"),
    _spec("mom_21", 22, "close", "fraction"),
    _spec("mom_63", 64, "close", "fraction"),
    _spec("mom_252", 253, "close", "fraction"),
    _spec("rank_mom_21", 22, "mom_21", "rank"),
    _spec("rank_mom_63", 64, "mom_63", "rank"),
    _spec("rank_mom_252", 253, "mom_252", "rank"),
    _spec("rank_vol_21", 22, "vol_21", "rank"),
    _spec("volume_known", 1, "volume", "fraction"),
    _spec("news_tone", 1, "news", "tone"),
    _spec("news_count", 1, "news", "count"),
    _spec("post_tone", 1, "posts", "tone"),
    _spec("post_count", 1, "posts", "count"),
)
"""Per-symbol features, in order. The windows count from a symbol's first bar."""

SHARED_SPECS: tuple[FeatureSpec, ...] = (
    *(_spec(f"macro_{role}", 1, "macro", "zscore") for role in MACRO_ROLES),
    _spec("macro_known", 1, "macro", "fraction"),
    _spec("regime_calm", 421, "ret_1", "probability"),
    _spec("regime_normal", 421, "ret_1", "probability"),
    _spec("regime_turbulent", 421, "ret_1", "probability"),
    _spec("breadth", 50, "sma_ratio_50", "fraction"),
)
"""Features of the whole market, in order. The regime is also unknown until the first year's end after its window."""


def compute_features(
    panel: Panel,
    news: pd.DataFrame,
    posts: pd.DataFrame,
    macro: pd.DataFrame,
    *,
    fits: RegimeFits | None = None,
    max_age: int = 3,
) -> Features:
    """Every feature at every slot of the panel (T, S).

    `news` and `posts` need symbol, known_at, tone; `macro` needs COLUMNS[MACRO]; rows known after a slot have no
    influence on it. Where a kind could not be had its frame is empty: tones, counts and macro changes are then 0, and
    `Snapshot.unavailable` says that this means unknown. `fits` keeps regime models; a price is stale after `max_age`
    slots.
    """
    alive = fresh(panel, max_age)
    columns = technical(panel)
    for name in ("mom_21", "mom_63", "mom_252", "vol_21"):
        columns[f"rank_{name}"] = ranks(columns[name], alive)
    columns |= text_features("news", news, panel) | text_features("post", posts, panel)
    market = macro_features(macro, panel.times)
    market |= regime_features(panel, columns["ret_1"], fits or RegimeFits(None))
    market["breadth"] = breadth(columns["sma_ratio_50"], alive)
    return Features(SPECS, _stack(SPECS, columns), SHARED_SPECS, _stack(SHARED_SPECS, market))


def _stack(specs: tuple[FeatureSpec, ...], columns: dict[str, FloatArray]) -> FloatArray:
    """The columns as one block with the feature axis last, each feature contiguous, one bit pattern for unknown."""
    block = np.empty((len(specs), *columns[specs[0].name].shape))
    for place, spec in enumerate(specs):
        row: FloatArray = block[place]
        np.copyto(row, columns[spec.name])
        np.copyto(row, np.nan, where=np.isnan(row))
    return np.moveaxis(block, 0, -1)
