"""The snapshot as a record carries it: every figure and text a view may cite, as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from data.clock import slot_text
from data.features.spec import Features
from data.snapshot import Snapshot, Text


def summarise(snapshot: Snapshot, lake: Mapping[str, int]) -> dict[str, Any]:
    """Prices, features, macro, texts, chains and findings at `as_of`, and the lake versions they were read at or
    kept under; unknown figures are null, never zero."""
    return {
        "content_hash": snapshot.content_hash,
        "lake": dict(sorted(lake.items())),
        "unavailable": dict(sorted(snapshot.unavailable.items())),
        "tradable": [s for s, ok in zip(snapshot.symbols, snapshot.tradable, strict=True) if ok],
        "asset_class": {i.symbol: i.asset_class.value for i in snapshot.panel.instruments},
        "prices": {s: _known(p) for s, p in zip(snapshot.symbols, snapshot.panel.close[-1], strict=True)},
        "features": _per_symbol(snapshot.symbols, snapshot.features),
        "market": {
            name: _known(value)
            for name, value in zip(snapshot.features.shared_names, snapshot.features.shared[-1], strict=True)
        },
        "macro": {
            fact.series: {
                "role": fact.role,
                "unit": fact.unit,
                "value": fact.value,
                "change": _known(fact.change),
                "event_time": slot_text(fact.event_time),
                "known_at": slot_text(fact.known_at),
            }
            for fact in snapshot.macro
        },
        "news": [_text(t) for t in snapshot.news],
        "posts": [_text(t) for t in snapshot.posts],
        "chains": [
            {
                "underlying": c.underlying,
                "expiry": slot_text(c.expiry),
                "atm_iv": _known(c.atm_iv),
                "skew_25d": _known(c.skew_25d),
                "contracts": c.contracts,
            }
            for c in snapshot.chains
        ],
        "findings": [{"rule": f.rule, "symbol": f.symbol, "detail": f.detail} for f in snapshot.findings],
    }


def _per_symbol(symbols: tuple[str, ...], features: Features) -> dict[str, dict[str, float | None]]:
    names, last = features.names, features.values[-1]
    return {
        symbol: {name: _known(value) for name, value in zip(names, row, strict=True)}
        for symbol, row in zip(symbols, last, strict=True)
    }


def _known(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _text(text: Text) -> dict[str, Any]:
    return {
        "id": text.id,
        "symbol": text.symbol,
        "channel": text.channel,
        "known_at": slot_text(text.known_at),
        "text": text.text,
        "tone": text.tone,
    }
