"""The rows that a preset's symbol agents learn from: a history, observed as its network asks."""

from __future__ import annotations

from data.history import History
from rl.forecasts import Forecaster, fit_forecaster
from rl.market import RowMarket, row_market
from rl.observation import schema
from rl.training.preset import Preset


def open_rows(history: History, preset: Preset) -> tuple[RowMarket, Forecaster | None]:
    """The market at the preset's costs, and the classifiers whose forecasts it shows (None where it shows none)."""
    shown = schema(preset.network.observation)
    forecaster = fit_forecaster(history) if shown.needs_forecasts else None
    return row_market(history, preset.meta.costs, shown, forecaster), forecaster
