"""The columns there are: of a symbol, of the market, of a sleeve and its book, and of what a master agent says."""

from __future__ import annotations

from typing import Final

import numpy as np

from data.market import AssetClass
from rl.observation.transform import Transform

TECHNICAL_COLUMNS: Final = (
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
)
"""What a symbol's own bars tell."""

SENTIMENT_COLUMNS: Final = (
    Transform("news_tone", scale=0.3),
    Transform("news_count"),
    Transform("post_tone", scale=0.3),
    Transform("post_count"),
)
"""What is written of a symbol."""

SYMBOL_COLUMNS: Final = (*TECHNICAL_COLUMNS, *SENTIMENT_COLUMNS)
"""Per-symbol features in column order."""

MACRO_COLUMNS: Final = (
    *(Transform(f"macro_{role}") for role in ("growth", "inflation", "rate", "credit", "volatility", "oil")),
    Transform("macro_known"),
)
"""How surprising the latest releases were."""

REGIME_COLUMNS: Final = (
    Transform("regime_calm", center=1 / 3, scale=0.4),
    Transform("regime_normal", center=1 / 3, scale=0.4),
    Transform("regime_turbulent", center=1 / 3, scale=0.4),
    Transform("breadth", center=0.5, scale=0.25),
)
"""The state of the whole market."""

SHARED_COLUMNS: Final = (*MACRO_COLUMNS, *REGIME_COLUMNS)
"""Market-wide features in column order."""

FORECAST_HORIZONS: Final = (1, 5, 21)
"""Bars ahead."""
FORECAST_COLUMNS: Final = (
    *(Transform(f"up_{bars}", center=0.5, scale=0.1) for bars in FORECAST_HORIZONS),
    Transform("forecast_known"),
)
"""P(up) over each horizon (rl.forecasts), and whether a classifier had been fitted by then."""

CLASSES: Final = tuple(AssetClass)
CLASS_COLUMNS: Final = tuple(Transform(c.value) for c in CLASSES)
"""One column a class: 1 for the symbol's own."""

OWN_COLUMNS: Final = ("position", "unrealised", "bars_held", "drawdown")
"""What a sleeve knows of itself, obs-v1 (rl.kernel writes them)."""
ROOM_COLUMNS: Final = ("stop_room", "cost_level")
"""Further own columns of obs-v2."""
PORTFOLIO_COLUMNS: Final = ("cash", "profit", "turnover", "volatility")
"""The sleeve's book: cash, profit since the start, turnover and volatility lately."""

DIRECTIVE_COLUMNS: Final = (
    "weight", "weight_limit", "gross_limit", "risk_budget", "turnover_budget", "tilt", "confidence", "spoken",
)  # fmt: skip
"""What a master agent tells a symbol agent, each in [-1, 1]: the weight it wants, the most it allows for the symbol and
for the book, the shares of risk and of turnover it grants, its opinion, how sure it is, and 1 where it spoke at all."""
