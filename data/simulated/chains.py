"""Option chains quoted on the moving surface, for the days that are asked for and no others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.market import FloatArray, IntArray, TimeArray
from data.simulated.bars import utc
from data.simulated.randomness import normals
from data.simulated.surface import YEAR, Surface, black_scholes, implied_vol
from data.sources.protocol import COLUMNS, Kind

EXPIRIES, STRIKES = 3, 9
_NEAREST = np.timedelta64(5, "D")
"""An expiry nearer than this is no longer quoted."""
_NICE = np.array((1.0, 2.0, 2.5, 5.0, 10.0))


@dataclass(frozen=True, slots=True)
class Quoted:
    """One underlying at each session's close (N,)."""

    symbol: str
    close: FloatArray
    surface: Surface


def monthly_expiries(days: TimeArray, open_days: IntArray) -> TimeArray:
    """16:00 New York of each month's third Friday (of the Thursday before where that is a holiday), (M,).

    It reaches half a year beyond the days, (D,), of which rows `open_days` are sessions.
    """
    first, last = days[0].astype("datetime64[M]"), days[-1].astype("datetime64[M]")
    months = np.arange(first, last + np.timedelta64(7, "M")).astype("datetime64[D]")
    fridays = np.busday_offset(months, 2, roll="forward", weekmask="Fri")
    shut = (fridays <= days[-1]) & ~np.isin(fridays, days[open_days].astype("datetime64[D]"))
    dates = pd.DatetimeIndex((fridays - shut.astype("timedelta64[D]")).astype("datetime64[ns]"))
    local = (dates + pd.Timedelta(hours=16)).tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
    return local.to_numpy().astype("datetime64[ns]")


def strikes_around(spot: FloatArray) -> FloatArray:
    """Nine strikes (N, 9) on a round grid of at most 2.5 % of the spot."""
    target = 0.025 * spot
    scale = 10.0 ** np.floor(np.log10(target))
    step = scale * _NICE[np.searchsorted(_NICE, target / scale, side="right") - 1]
    around = np.arange(STRIKES) - STRIKES // 2
    return np.round((np.round(spot / step)[:, None] + around) * step[:, None], 6)


def chain_frame(
    quoted: list[Quoted], times: TimeArray, rate: FloatArray, expiries: TimeArray, rows: IntArray, seed: int
) -> pd.DataFrame:
    """Chains of all underlyings at sessions `rows` (R,), columns of Kind.CHAINS, sorted by known_at and contract."""
    tables = [_one(q, times, rate, expiries, rows, seed) for q in quoted]
    order = ["known_at", "underlying", "expiry", "strike", "right"]
    return pd.concat(tables, ignore_index=True).sort_values(by=order, kind="stable", ignore_index=True)


def _one(
    quoted: Quoted, times: TimeArray, rate: FloatArray, expiries: TimeArray, rows: IntArray, seed: int
) -> pd.DataFrame:
    shape = (len(rows), EXPIRIES, STRIKES, 2)
    time, spot = times[rows], quoted.close[rows]
    expiry = expiries[np.searchsorted(expiries, time + _NEAREST)[:, None] + np.arange(EXPIRIES)]
    strike = strikes_around(spot)[:, None, :]
    years = ((expiry - time[:, None]).astype(np.float64) / 1e9 / YEAR)[:, :, None]
    level, interest, price = (a[:, None, None] for a in (quoted.surface.now[rows], rate[rows], spot))
    vol = implied_vol(level, quoted.surface.long_run, years, np.log(strike / price) - interest * years)
    fair = np.stack([black_scholes(price, strike, years, vol, interest, call) for call in (True, False)], axis=-1)
    noise = normals(seed, f"quotes {quoted.symbol}", len(times), *shape[1:], 2)[rows]
    bid, ask = _quotes(fair, spot, noise[..., 0])
    distance = np.abs(np.arange(STRIKES) - STRIKES // 2)[:, None]
    when = utc(_wide(time[:, None, None, None], shape))
    cells: dict[str, object] = {
        "underlying": pd.Index([quoted.symbol], dtype="str").repeat(when.size), "event_time": when, "known_at": when,
        "expiry": utc(_wide(expiry[:, :, None, None], shape)), "strike": _wide(strike[..., None], shape),
        "right": pd.Index(["C", "P"], dtype="str").take(np.tile([0, 1], when.size // 2)),
        "bid": bid.reshape(-1), "ask": ask.reshape(-1), "iv": _wide(vol[..., None], shape),
        "open_interest": np.round(np.exp(7.0 - 0.25 * distance + 0.5 * noise[..., 1])).reshape(-1),
    }  # fmt: skip
    return pd.DataFrame(cells, columns=list(COLUMNS[Kind.CHAINS]))


def _quotes(fair: FloatArray, spot: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bid and ask in whole cents around a middle that strays from the fair price by less than half the spread."""
    half = 0.01 + 0.008 * fair + 0.0004 * spot[:, None, None, None]
    middle = fair + 0.2 * half * np.clip(noise, -2.0, 2.0)
    bid = np.maximum(np.floor((middle - half) * 100.0), 0.0)
    ask = np.maximum(np.ceil((middle + half) * 100.0), bid + 1.0)
    return bid / 100.0, ask / 100.0


def _wide(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(values, shape).reshape(-1)
