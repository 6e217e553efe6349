"""Macro series with the delays of real ones: monthly figures weeks later, growth revised once, markets the next day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.market import FloatArray, TimeArray
from data.simulated.bars import utc
from data.simulated.latent import Latent
from data.simulated.randomness import ar1, normals
from data.simulated.surface import YEAR, Surface, atm_vol
from data.simulated.timeline import DAY, HOUR

GROWTH_LAG, REVISION_LAG, INFLATION_LAG = 28, 58, 13
"""Days from the end of the reference month to the first release, growth's revision, inflation's release."""
_RELEASE = HOUR * 13 + HOUR // 2
_MORNING = HOUR * 12
_VIX_YEARS = np.array(30 * 86_400.0 / YEAR)


@dataclass(frozen=True, slots=True)
class Market:
    """What markets say at each XNYS session (N,): rows into the days, the broad surface, the crude price."""

    day: TimeArray
    row: np.ndarray
    surface: Surface
    oil: FloatArray


def macro_frame(latent: Latent, market: Market, seed: int) -> pd.DataFrame:
    """All series with the columns of Kind.MACRO, sorted by known_at; nothing is released after the last day."""
    tables = [*_monthly(latent, seed), *_daily(latent, market, seed)]
    table = pd.concat(tables, ignore_index=True)
    known = table["known_at"] < utc(latent.days[-1:] + DAY)[0]
    return table.loc[known].sort_values(by=["known_at", "series", "event_time"], kind="stable", ignore_index=True)


def _monthly(latent: Latent, seed: int) -> list[pd.DataFrame]:
    first = latent.days[0].astype("datetime64[M]")
    months = first + np.arange(len(latent.growth))
    period_end = ((months + 1).astype("datetime64[D]") - np.timedelta64(1, "D")).astype("datetime64[ns]")
    growth = 2.2 + 1.4 * latent.growth
    error = normals(seed, "growth error", len(months))
    inflation = 2.4 + 1.1 * latent.inflation + 0.15 * normals(seed, "inflation error", len(months))
    complete = period_end <= latent.days[-1]
    ended = period_end[complete]
    releases = (
        ("growth", GROWTH_LAG, growth + 0.5 * error), ("growth", REVISION_LAG, growth),
        ("inflation", INFLATION_LAG, inflation),
    )  # fmt: skip
    return [
        _table(f"SIM_{role.upper()}", role, "percent a year", ended, _release(ended, lag), value[complete])
        for role, lag, value in releases
    ]


def _daily(latent: Latent, market: Market, seed: int) -> list[pd.DataFrame]:
    rate = 100.0 * latent.short_rate[market.row]
    stress = 100.0 * market.surface.now
    credit = 0.5 + 0.07 * stress + 0.25 * ar1(normals(seed, "credit", len(rate)), 0.98)
    index = 100.0 * atm_vol(market.surface.now, market.surface.long_run, _VIX_YEARS)
    event = market.day + HOUR * 21
    known = _next_workday(market.day) + _MORNING
    return [
        _table("SIM_RATE", "rate", "percent", event, known, rate),
        _table("SIM_CREDIT", "credit", "percent over government", event, known, np.maximum(credit, 0.1)),
        _table("SIM_VOLATILITY", "volatility", "index points", event, known, index),
        _table("SIM_OIL", "oil", "USD", event, known, market.oil),
    ]


def _release(period_end: TimeArray, lag: int) -> TimeArray:
    """13:30 UTC on the first working day at or after the lag."""
    return np.busday_offset((period_end + lag * DAY).astype("datetime64[D]"), 0, roll="forward") + _RELEASE


def _next_workday(day: TimeArray) -> TimeArray:
    return np.busday_offset(day.astype("datetime64[D]"), 1, roll="forward").astype("datetime64[ns]")


def _table(
    series: str, role: str, unit: str, event: TimeArray, known: TimeArray, value: FloatArray
) -> pd.DataFrame:  # fmt: skip
    size = len(value)
    words = {"series": series, "role": role, "unit": unit}
    text = {name: pd.Index([word], dtype="str").repeat(size) for name, word in words.items()}
    times = {"event_time": utc(event), "known_at": utc(known)}
    return pd.DataFrame({**text, **times, "value": np.round(value, 4)})
