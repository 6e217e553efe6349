"""Cutting the array blocks of a panel or its features by rows, and freezing what is handed out."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import numpy as np

from data.features.spec import Features
from data.panel import Panel

_T = TypeVar("_T")


def panel_from(panel: Panel, first: int) -> Panel:
    """The panel without the slots before row `first` (counted from the end where negative)."""
    cut = slice(first, None)
    return replace(
        panel, times=panel.times[cut], open=panel.open[cut], high=panel.high[cut], low=panel.low[cut],
        close=panel.close[cut], volume=panel.volume[cut], age=panel.age[cut],
    )  # fmt: skip


def features_from(features: Features, first: int) -> Features:
    """The features without the slots before row `first`."""
    return replace(features, values=features.values[first:], shared=features.shared[first:])


def freeze(value: _T) -> _T:
    """The same dataclass, every array in it (those of its dataclass fields too) made read-only."""
    if is_dataclass(value):
        for part in (getattr(value, field.name) for field in fields(value)):
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
            elif is_dataclass(part):
                freeze(part)
    return value
