"""The strategies by name, with the features each one reads and how far it looks ahead."""

from __future__ import annotations

from tools.strategies.macro import macro
from tools.strategies.mean_reversion import mean_reversion
from tools.strategies.momentum import momentum
from tools.strategies.news import news
from tools.strategies.risk import risk
from tools.strategies.scores import Strategy
from tools.strategies.social import social

STRATEGIES: dict[str, Strategy] = {
    "news": news,
    "social": social,
    "macro": macro,
    "momentum": momentum,
    "mean_reversion": mean_reversion,
    "risk": risk,
}
"""Each is pure and causal; the order is the order of agents."""

INPUTS: dict[str, tuple[str, ...]] = {
    "news": ("news_tone", "news_count"),
    "social": ("post_tone", "post_count"),
    "macro": (
        "macro_growth", "macro_credit", "macro_volatility", "macro_rate", "macro_known", "breadth", "regime_calm",
        "regime_turbulent", "rank_vol_21",
    ),
    "momentum": ("mom_21", "mom_63", "mom_252", "vol_63"),
    "mean_reversion": ("rsi_14", "bollinger_20", "ret_5", "vol_21", "regime_calm"),
    "risk": ("rank_vol_21", "vol_21", "vol_63", "regime_calm", "regime_normal", "regime_turbulent"),
}  # fmt: skip
"""The features each strategy reads: what its view cites as evidence."""

HORIZON_BARS: dict[str, int] = {
    "news": 5, "social": 5, "macro": 63, "momentum": 63, "mean_reversion": 5, "risk": 21,
}  # fmt: skip
"""How many slots ahead each opinion is meant."""
