"""A small market for tests: bars, macro, texts and chains in frames that a test may alter before it serves them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from data.clock import Slots, to_datetime64
from data.errors import SourceUnavailable
from data.market import AssetClass, Instrument
from data.sources.protocol import COLUMNS, Kind, Param

XNYS = Slots("XNYS")
START = datetime(2017, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)

Frames = dict[Kind, pd.DataFrame]


@dataclass
class ToySource:
    """Serves its frames; a kind without a frame is unavailable. A live one fingerprints as ""."""

    frames: Frames
    static: bool = True
    name: str = "toy"
    calendar: str = "XNYS"
    frequency: str = "1d"
    down: set[Kind] = field(default_factory=set)
    asked: list[tuple[Kind, datetime | None, datetime | None]] = field(default_factory=list)

    def params(self) -> dict[str, Param]:
        return {"size": 1}

    def fingerprint(self) -> str:
        if not self.static:
            return ""
        digest = hashlib.sha256()
        for kind in sorted(self.frames):
            digest.update(kind.encode() + pd.util.hash_pandas_object(self.frames[kind]).to_numpy().tobytes())
        return digest.hexdigest()

    def instruments(self) -> tuple[Instrument, ...]:
        names = sorted(set(self.frames[Kind.BARS]["symbol"]) | {"UNLISTED"})
        return tuple(Instrument(name, AssetClass.STOCK) for name in names)

    def span(self) -> tuple[datetime, datetime]:
        known = self.frames[Kind.BARS]["known_at"]
        return known.iloc[0].to_pydatetime(), known.iloc[-1].to_pydatetime()

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        self.asked.append((kind, since, until))
        if kind not in self.frames or kind in self.down:
            raise SourceUnavailable(f"toy has no {kind}")
        frame = self.frames[kind]
        kept = np.ones(len(frame), np.bool_)
        if since is not None:
            kept &= (frame["known_at"] > since).to_numpy()
        if until is not None:
            kept &= (frame["known_at"] <= until).to_numpy()
        return frame[kept].reset_index(drop=True)


def toy_frames(seed: int = 0, slots: int = 800) -> Frames:
    """All five tables. LATE lists after 300 slots, CLOSES has closes only, MUTE no volume, HALT stops for a while."""
    times = XNYS.between(START, datetime(2024, 1, 1, tzinfo=UTC))[:slots]
    return {
        Kind.BARS: toy_bars(times, seed),
        Kind.MACRO: toy_macro(times, seed),
        Kind.NEWS: toy_texts(times, seed, "publisher"),
        Kind.POSTS: toy_texts(times, seed + 1, "channel"),
        Kind.CHAINS: toy_chains(times),
    }


def toy_bars(times: np.ndarray, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level = np.where(np.arange(len(times)) % 400 > 250, 0.025, 0.008)
    parts: list[pd.DataFrame] = []
    for symbol in ("ALFA", "BETA", "CLOSES", "HALT", "LATE", "MUTE"):
        close = 50.0 * np.exp(np.cumsum(level * rng.standard_normal(len(times))))
        wide = 1.0 + 0.01 * rng.random(len(times))
        opens = close * (1.0 + 0.002 * rng.standard_normal(len(times)))
        frame = pd.DataFrame({"symbol": symbol, "event_time": utc(times), "close": close, "open": opens})
        frame["start"] = frame["event_time"] - pd.Timedelta(hours=6.5)
        frame["known_at"] = frame["event_time"]
        frame["high"] = np.maximum(opens, close) * wide
        frame["low"] = np.minimum(opens, close) / wide
        frame["volume"] = rng.integers(1_000, 9_000, len(times)).astype(np.float64)
        parts.append(_peculiar(symbol, frame))
    return ordered(Kind.BARS, pd.concat(parts))


def _peculiar(symbol: str, frame: pd.DataFrame) -> pd.DataFrame:
    if symbol == "CLOSES":
        return frame.assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
    if symbol == "MUTE":
        return frame.assign(volume=np.nan)
    if symbol == "HALT":
        return frame.drop(index=range(400, 420), errors="ignore")
    return frame.iloc[300:] if symbol == "LATE" else frame


def toy_macro(times: np.ndarray, seed: int) -> pd.DataFrame:
    """A monthly growth series with revisions a month after each release, and a daily volatility series."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for start in pd.date_range(utc(times)[0], utc(times)[-1], freq="MS"):
        first, value = start + pd.Timedelta(days=40, hours=13), float(rng.normal())
        rows.append(("GDP", "growth", "percent", start, first, value))
        rows.append(("GDP", "growth", "percent", start, first + pd.Timedelta(days=20), value + 0.1))
    for time in utc(times):
        rows.append(("FEAR", "volatility", "points", time, time, float(15.0 + rng.normal())))
    frame = pd.DataFrame(rows, columns=list(COLUMNS[Kind.MACRO]))
    return ordered(Kind.MACRO, frame)


def toy_texts(times: np.ndarray, seed: int, label: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    phrases = ("record profit, great outlook", "terrible loss and fraud", "holds a meeting", "wonderful growth")
    picked = np.flatnonzero(rng.random(len(times)) < 0.5)
    frame = pd.DataFrame(
        {
            "id": [f"{label}-{i}" for i in picked],
            "symbol": rng.choice(["ALFA", "BETA", "", "LATE"], len(picked)),
            "event_time": utc(times[picked]) - pd.Timedelta(hours=3),
            "known_at": utc(times[picked]) - pd.Timedelta(hours=2),
            label: "the paper",
            "text": rng.choice(phrases, len(picked)),
        }
    )
    if label == "channel":
        frame["score"] = 1.0
    return ordered(Kind.POSTS if label == "channel" else Kind.NEWS, frame)


def toy_chains(times: np.ndarray) -> pd.DataFrame:
    """Chains of ALFA on the last ten slots: volatility 20 % at the money, falling by 1 % for each 10 % of strike."""
    from data.black import black_prices

    parts: list[pd.DataFrame] = []
    strikes = np.arange(70.0, 131.0, 5.0)
    for time in utc(times[-10:]):
        for right in ("C", "P"):
            vol = 0.20 - 0.1 * (strikes / 100.0 - 1.0)
            calls = np.full(len(strikes), right == "C")
            price = black_prices(100.0, strikes, 30.0 / 365.0, vol, calls)
            frame = pd.DataFrame({"underlying": "ALFA", "strike": strikes, "bid": price - 0.001, "ask": price + 0.001})
            frame["right"], frame["iv"], frame["open_interest"] = right, np.nan, 10.0
            frame["event_time"] = frame["known_at"] = time
            frame["expiry"] = time + pd.Timedelta(days=30)
            parts.append(frame[frame["bid"] > 0.0])
    return ordered(Kind.CHAINS, pd.concat(parts))


def ordered(kind: Kind, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns, order and types as the contract has them."""
    columns = list(COLUMNS[kind])
    out = frame[columns].sort_values(["known_at", columns[0]], kind="stable", ignore_index=True)
    times = [name for name in columns if isinstance(out[name].dtype, pd.DatetimeTZDtype)]
    return out.astype(dict.fromkeys(times, "datetime64[ns, UTC]"))


def utc(times: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(times).tz_localize("UTC")


def moment(frame_time: pd.Timestamp) -> np.datetime64:
    return to_datetime64(frame_time.to_pydatetime())
