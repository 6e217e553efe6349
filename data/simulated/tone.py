"""What is said and when: the tone of texts, and what it has to do with returns.

Tones that LEAD are drawn before the returns and put a drift into them; tones that FOLLOW are drawn after them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import CALENDARS, FloatArray, TimeArray
from data.simulated.config import Planted
from data.simulated.randomness import normals, uniforms
from data.simulated.timeline import sessions
from data.simulated.universe import FOLLOWS, LEADS, LISTINGS, PRIMARY, SILENT, rows_on

_POSITIVE, _NEGATIVE = 0.2533, -0.5244
"""Normal quantiles that make 40 % of the texts positive and 30 % negative."""
_MEAN = 0.1


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts of one kind by day and listing, (D, 60)."""

    purpose: str
    written: np.ndarray
    """True where a text appears; only on sessions of the symbol."""
    raw: FloatArray
    """Standard normal: the tone before it is cut into three."""
    group: tuple[str, ...]
    """LEADS, FOLLOWS, NOTHING or SILENT of each listing."""


def draw(purpose: str, group: tuple[str, ...], rate: float, days: TimeArray, seed: int) -> Drawn:
    """Where texts appear, at `rate` a session, and their raw tones."""
    shape = (len(days), len(LISTINGS))
    written = uniforms(seed, f"{purpose} written", *shape) <= rate
    on = np.zeros(shape, dtype=np.bool_)
    for calendar in sorted(set(CALENDARS.values())):
        on[np.ix_(sessions(calendar, days).day, rows_on(calendar, LISTINGS))] = True
    spoken = np.array([g != SILENT for g in group])
    return Drawn(purpose, written & on & spoken, normals(seed, f"{purpose} tone", *shape), group)


def cut(raw: FloatArray) -> FloatArray:
    """-1, 0 or +1 for normal numbers of any shape."""
    return (raw > _POSITIVE).astype(np.float64) - (raw < _NEGATIVE)


def announced_drift(drawn: Drawn, effect: float, planted: Planted, unit: FloatArray, days: TimeArray) -> FloatArray:
    """Drift that LEADS texts put into the sessions after them, (D, 46) over PRIMARY; `unit` (46,) is daily vol."""
    count = len(PRIMARY)
    leads = np.array([g == LEADS for g in drawn.group[:count]])
    push = effect * unit * leads * drawn.written[:, :count] * (cut(drawn.raw[:, :count]) - _MEAN)
    out = np.zeros_like(push)
    for calendar in sorted(set(CALENDARS.values())):
        rows = rows_on(calendar)
        day = sessions(calendar, days).day
        for lag, share in enumerate(planted.effect_decay, start=1):
            out[np.ix_(day[lag:], rows)] += share * push[np.ix_(day[:-lag], rows)]
    return out


def final_tone(drawn: Drawn, surprise: FloatArray, correlation: float) -> FloatArray:
    """Planted tone of every text (D, 60), NaN where none; `surprise` is the previous session's standardised return."""
    follows = np.array([g == FOLLOWS for g in drawn.group])
    mixed = correlation * np.clip(surprise, -3.0, 3.0) + (1.0 - correlation**2) ** 0.5 * drawn.raw
    return np.where(drawn.written, cut(np.where(follows, mixed, drawn.raw)), np.nan)


def last_session_return(cumulative: FloatArray, days: TimeArray) -> FloatArray:
    """Log return of the session before each session, (D, 60), 0 elsewhere; `cumulative` log prices (D, 60)."""
    out = np.zeros_like(cumulative)
    for calendar in sorted(set(CALENDARS.values())):
        rows = rows_on(calendar, LISTINGS)
        day = sessions(calendar, days).day
        level = cumulative[np.ix_(day, rows)]
        out[np.ix_(day[2:], rows)] = level[1:-1] - level[:-2]
    return out
