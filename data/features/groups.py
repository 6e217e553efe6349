"""Groups of features that can be switched off together, and what a snapshot without one looks like.

A group that stands for a kind of data is absent as that kind is where the source has none: its rows are empty, and
`Snapshot.unavailable` says why. The others are unknown (NaN) at every slot, for every symbol, as before their window.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np

from data.features.spec import Features
from data.market import BoolArray
from data.sources.protocol import MACRO_ROLES, Kind

SWITCHED_OFF = "switched off"
"""The reason for whatever is absent because somebody asked for it."""

GROUPS: dict[str, tuple[str, ...]] = {
    "returns": ("ret_1", "ret_5", "ret_21"),
    "trend": ("sma_ratio_20", "sma_ratio_50", "sma_ratio_200", "ema_ratio_12", "ema_ratio_26", "macd_hist"),
    "reversion": ("rsi_14", "bollinger_20"),
    "volatility": ("atr_14", "vol_21", "vol_63", "rank_vol_21"),
    "volume": ("obv_slope_20", "volume_known"),
    "momentum": ("mom_21", "mom_63", "mom_252", "rank_mom_21", "rank_mom_63", "rank_mom_252"),
    "news": ("news_tone", "news_count"),
    "posts": ("post_tone", "post_count"),
    "macro": (*(f"macro_{role}" for role in MACRO_ROLES), "macro_known"),
    "regime": ("regime_calm", "regime_normal", "regime_turbulent"),
    "breadth": ("breadth",),
}
"""Every feature of the catalogue, per symbol or shared, stands in one group."""

KINDS: dict[str, Kind] = {"news": Kind.NEWS, "posts": Kind.POSTS, "macro": Kind.MACRO}
"""Groups that are a kind of data."""


def absent_kinds(off: AbstractSet[str]) -> frozenset[Kind]:
    """The kinds of data that the groups `off` take away."""
    return frozenset(KINDS[group] for group in off if group in KINDS)


def reasons(off: AbstractSet[str]) -> dict[str, str]:
    """What `Snapshot.unavailable` says of the groups `off`: the kind, or "features:<group>", and why."""
    return {KINDS[g].value if g in KINDS else f"features:{g}": SWITCHED_OFF for g in sorted(off)}


def group_of(feature: str) -> str:
    """The group of a feature; "" where it stands in none."""
    return next((group for group, names in GROUPS.items() if feature in names), "")


def without_groups(features: Features, off: AbstractSet[str]) -> Features:
    """The features with those of the groups `off` unknown; they themselves where none is."""
    names = _columns(off)
    if not names:
        return features
    values, shared = features.values.copy(order="K"), features.shared.copy(order="K")
    values[:, :, [i for i, name in enumerate(features.names) if name in names]] = np.nan
    shared[:, [i for i, name in enumerate(features.shared_names) if name in names]] = np.nan
    return Features(features.specs, values, features.shared_specs, shared)


def known_beside(features: Features, off: AbstractSet[str]) -> BoolArray:
    """(T, S): whether every per-symbol feature is known that is not in a group of `off`."""
    names = _columns(off)
    kept = [i for i, name in enumerate(features.names) if name not in names]
    whole = len(kept) == len(features.names)
    return np.all(np.isfinite(features.values if whole else features.values[:, :, kept]), axis=2)


def _columns(off: AbstractSet[str]) -> frozenset[str]:
    """Names of the features that are unknown without the groups `off`; those of kinds are computed from nothing."""
    return frozenset(name for group in off if group not in KINDS for name in GROUPS[group])
