"""What a snapshot says in rows instead of arrays: macro releases, texts, and findings about the present."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.clock import slot_text, to_datetime
from data.features.macro import releases
from data.features.spec import Features
from data.frames import moments, numbers, where, words
from data.market import IntArray
from data.panel import Panel
from data.quality import CONTRADICTS
from data.snapshot import Finding, MacroFact, Text

JUMP = 0.6
"""A one-slot move beyond this fraction is worth a look; it is not refused, for such moves are sometimes real."""


def macro_facts(macro: pd.DataFrame) -> tuple[MacroFact, ...]:
    """The latest release of each series with its change, by name; a series with one release only is absent."""
    latest = releases(macro).drop_duplicates("series", keep="last")
    values, changes = numbers(latest, "value"), numbers(latest, "change")
    labels = zip(words(latest, "series"), words(latest, "role"), words(latest, "unit"), strict=True)
    times = zip(moments(latest, "event_time"), moments(latest, "known_at"), strict=True)
    return tuple(
        MacroFact(*label, float(value), float(change), to_datetime(event), to_datetime(known))
        for label, value, change, (event, known) in zip(labels, values, changes, times, strict=True)
        if np.isfinite(change)
    )


def texts_of(frame: pd.DataFrame, channel: str, symbols: tuple[str, ...]) -> tuple[Text, ...]:
    """Texts about the symbols or the whole market, by known_at and id; `channel` names the column with their origin."""
    about = where(frame, np.isin(words(frame, "symbol"), [*symbols, ""]))
    labels = zip(words(about, "id"), words(about, "symbol"), words(about, channel), strict=True)
    told = zip(moments(about, "known_at"), words(about, "text"), numbers(about, "tone"), strict=True)
    return tuple(
        Text(*label, to_datetime(known), text, float(tone))
        for label, (known, text, tone) in zip(labels, told, strict=True)
    )


def find(
    panel: Panel, features: Features, refused: pd.DataFrame, unavailable: dict[str, str], max_age: int
) -> tuple[Finding, ...]:
    """What is wrong or odd at the panel's last slot, by symbol; `refused` holds the bars refused so far."""
    out = [Finding("unavailable", "", f"{kind}: {reason}") for kind, reason in sorted(unavailable.items())]
    if np.isnan(features.market("regime_calm")[-1]):
        out.append(Finding("short_history", "", "no regime: less than two years of data, or no model fits them"))
    unknown = ~np.isfinite(features.values[-1]).all(axis=1)
    jumps = features["ret_1"][-1]
    for s, symbol in enumerate(panel.symbols):
        age = int(panel.age[-1, s])
        if age < 0:
            out.append(Finding("missing", symbol, "no bar is known yet"))
        elif age > max_age:
            out.append(Finding("stale", symbol, f"the last bar is {age} slots old"))
        elif unknown[s]:
            out.append(Finding("short_history", symbol, _short(features, s, panel.age[:, s])))
        if age == 0 and abs(jumps[s]) > JUMP:
            out.append(Finding("jump", symbol, f"moved by {jumps[s]:+.1%} within one slot"))
    return (*out, *_refusals(refused, panel.symbols))


def _short(features: Features, column: int, age: IntArray) -> str:
    missing = [spec for spec, v in zip(features.specs, features.values[-1, column], strict=True) if not np.isfinite(v)]
    needed = max(spec.window for spec in missing)
    return f"{len(missing)} features unknown: {int((age >= 0).sum())} slots of history, {needed} needed"


def _refusals(refused: pd.DataFrame, symbols: tuple[str, ...]) -> list[Finding]:
    """One finding a symbol: how many of its bars were refused, and why the latest was."""
    out: list[Finding] = []
    for symbol, rows in refused.groupby("symbol", sort=True):
        if symbol in symbols:
            reason, when = words(rows, "reason")[-1], slot_text(to_datetime(moments(rows, "event_time")[-1]))
            rule = "duplicate" if reason == CONTRADICTS else "refused"
            out.append(Finding(rule, str(symbol), f"{len(rows)} bars refused, the last of {when}: {reason}"))
    return out
