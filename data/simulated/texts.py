"""Headlines and posts: the planted tones put into words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.market import CALENDARS, AssetClass, FloatArray, IntArray, TimeArray
from data.simulated.bars import utc
from data.simulated.phrases import (
    ASSET,
    CHANNELS,
    COMPANY,
    MARKET_SUBJECTS,
    NEWS_TAILS,
    POST,
    POST_TAILS,
    PUBLISHERS,
)  # fmt: skip
from data.simulated.randomness import stream
from data.simulated.timeline import Sessions, sessions
from data.simulated.universe import LISTINGS, Listing
from data.sources.protocol import COLUMNS, Kind

_FIRST, _LAST = 0.05, 0.80
"""Part of the session in which texts appear: all of them before New York closes."""
_VENDOR_LAG = np.timedelta64(60, "s")


@dataclass(frozen=True, slots=True)
class _Timed:
    """Texts in order of time, (N,): row of LISTINGS (60: the market), planted tone, time of publication."""

    row: IntArray
    tone: IntArray
    time: TimeArray


def news_frame(tone: FloatArray, market_tone: FloatArray, days: TimeArray, seed: int) -> pd.DataFrame:
    """Headlines with the columns of Kind.NEWS, sorted by known_at.

    `tone` (D, 60) over LISTINGS and `market_tone` (D,) for texts about no symbol are planted tones, NaN for no text.
    """
    everything = np.column_stack([tone, market_tone])
    table = _timed(everything, days, "news", seed)
    rng = stream(seed, "news words")
    forms, picks, tails = _choices(rng, len(table.row))
    subjects = [(x.name, f"{x.name} ({x.symbol})", x.symbol) for x in LISTINGS]
    banks = [COMPANY if x.asset_class is AssetClass.STOCK else ASSET for x in LISTINGS] + [ASSET]
    words: list[str] = []
    for row, mood, form, pick, tail in zip(table.row.tolist(), table.tone.tolist(), forms, picks, tails, strict=True):
        bank = banks[row][mood]
        subject = subjects[row][form % 3] if row < len(LISTINGS) else MARKET_SUBJECTS[form % len(MARKET_SUBJECTS)]
        text = bank[pick % len(bank)].format(s=subject) + NEWS_TAILS[tail % len(NEWS_TAILS)]
        words.append(text[0].upper() + text[1:])
    publishers = [PUBLISHERS[i] for i in rng.integers(len(PUBLISHERS), size=len(table.row)).tolist()]
    return _finish(table, "n", seed, {"publisher": _strings(publishers), "text": _strings(words)}, Kind.NEWS)


def post_frame(tone: FloatArray, days: TimeArray, seed: int) -> pd.DataFrame:
    """Posts with the columns of Kind.POSTS, sorted by known_at; `tone` as in `news_frame`. `score` counts approvals."""
    table = _timed(tone, days, "posts", seed)
    rng = stream(seed, "post words")
    forms, picks, tails = _choices(rng, len(table.row))
    subjects = [(f"${x.symbol}", x.symbol, x.name) for x in LISTINGS]
    words: list[str] = []
    for row, mood, form, pick, tail in zip(table.row.tolist(), table.tone.tolist(), forms, picks, tails, strict=True):
        bank = POST[mood]
        words.append(bank[pick % len(bank)].format(s=subjects[row][form % 3]) + POST_TAILS[tail % len(POST_TAILS)])
    channels = [_channel(LISTINGS[row]) for row in table.row.tolist()]
    score = np.floor(np.exp(1.5 + 1.2 * rng.standard_normal(len(table.row)))) - 2.0
    extra: dict[str, object] = {"channel": _strings(channels), "text": _strings(words), "score": score}
    return _finish(table, "p", seed, extra, Kind.POSTS)


def _channel(listing: Listing) -> str:
    special = {AssetClass.STOCK: CHANNELS[1], AssetClass.CRYPTO: CHANNELS[2]}
    return special.get(listing.asset_class, CHANNELS[0])


def _choices(rng: np.random.Generator, size: int) -> tuple[list[int], list[int], list[int]]:
    drawn = rng.integers(720_720, size=(3, size)).tolist()
    return drawn[0], drawn[1], drawn[2]


def _timed(tone: FloatArray, days: TimeArray, purpose: str, seed: int) -> _Timed:
    when = np.zeros(tone.shape, dtype=np.int64)
    place = stream(seed, f"{purpose} time").random(tone.shape)
    for calendar in sorted(set(CALENDARS.values())):
        rows = [r for r in range(tone.shape[1]) if _calendar(r) == calendar]
        when[:, rows] = _within(sessions(calendar, days), place[:, rows])
    day, row = np.nonzero(~np.isnan(tone))
    order = np.lexsort((row, when[day, row]))
    day, row = day[order], row[order]
    return _Timed(row, tone[day, row].astype(np.int64), when[day, row].astype("datetime64[ns]"))


def _calendar(row: int) -> str:
    return CALENDARS[LISTINGS[row].asset_class] if row < len(LISTINGS) else "XNYS"


def _within(found: Sessions, place: FloatArray) -> IntArray:
    """Whole seconds inside each day's session (D, R); days without a session stay 0 and carry no text."""
    out = np.zeros(place.shape, dtype=np.int64)
    begin, length = found.open.astype(np.int64), (found.close - found.open).astype(np.int64)
    share = _FIRST + (_LAST - _FIRST) * place[found.day]
    second = 1_000_000_000
    out[found.day] = (begin[:, None] + (share * length[:, None]).astype(np.int64)) // second * second
    return out


def _finish(table: _Timed, letter: str, seed: int, extra: dict[str, object], kind: Kind) -> pd.DataFrame:
    names = pd.Index([*(x.symbol for x in LISTINGS), ""], dtype="str")
    cells: dict[str, object] = {
        "id": pd.Index([f"sim{seed}-{letter}{i:06d}" for i in range(len(table.row))], dtype="str"),
        "symbol": names.take(table.row),
        "event_time": utc(table.time),
        "known_at": utc(table.time + _VENDOR_LAG),
    }
    return pd.DataFrame(cells | extra, columns=list(COLUMNS[kind]))


def _strings(values: list[str]) -> pd.Index:
    return pd.Index(values, dtype="str")
