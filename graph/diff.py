"""What changed from one cycle to another, and why, ranked by what it did to the weights.

Every weight is a sum: prior, context and views, then a person's edit and the limits. So is its change, part by part,
and the parts of a change sum to it. Beside each part stands what is behind it: opinions, facts, book, settings, code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from graph.diff_causes import Changed, FactChange, ViewChange, book_changes, fact_changes, setting_changes, view_changes
from graph.record import CycleRecord
from tools.risk.steps import ROUNDING, steps

SAME = 1e-12
"""Weights closer than this did not change."""
PartKind = Literal["allocation", "limits"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the change of the weights: `changes` by symbol, and `effect`, half the sum of their sizes.

    `name` is a source of the allocation (prior, context, an agent), or a limit, a person's edit, a halt. An effect is a
    fraction of net asset value: what would have to be moved from some symbols to others.
    """

    kind: PartKind
    name: str
    effect: float
    changes: dict[str, float]


@dataclass(frozen=True, slots=True)
class WeightChange:
    """A symbol's allowed weight in the one and in the other; `parts` sum to `change` (1e-9), the largest first."""

    symbol: str
    before: float
    after: float
    parts: dict[str, float]

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Diff:
    """From cycle `one` to cycle `two`; all lists are ranked, the largest first."""

    one: str
    two: str
    slots: tuple[str, str]
    moved: float
    """Half the sum of all changes of weight."""
    parts: tuple[Part, ...]
    weights: tuple[WeightChange, ...]
    views: tuple[ViewChange, ...]
    facts: tuple[FactChange, ...]
    book: tuple[Changed, ...]
    settings: tuple[Changed, ...]
    """Config, policies, source, code, the kill switch, what a person said, what was decided."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        out = asdict(self)
        for written, change in zip(out["weights"], self.weights, strict=True):
            written["change"] = change.change
        return out


def diff(one: CycleRecord, two: CycleRecord) -> Diff:
    """Compare two records, of one book or of two."""
    before, after = _parts_of(one), _parts_of(two)
    parts = [_part(key, before.get(key, {}), after.get(key, {})) for key in _keys(before, after)]
    weights = _weights(one, two, parts)
    ranked = tuple(sorted((p for p in parts if p.effect > SAME), key=lambda p: (-p.effect, p.kind, p.name)))
    effects = {p.name: p.effect for p in parts if p.kind == "allocation"}
    return Diff(
        one=one.cycle_id,
        two=two.cycle_id,
        slots=(one.slot, two.slot),
        moved=math.fsum(abs(w.change) for w in weights) / 2.0,
        parts=ranked,
        weights=weights,
        views=view_changes(one, two, effects),
        facts=fact_changes(one.snapshot, two.snapshot),
        book=book_changes(one, two),
        settings=setting_changes(one, two),
    )


def _parts_of(record: CycleRecord) -> dict[tuple[PartKind, str], Mapping[str, float]]:
    """The terms that a record's weights are sums of, but for what rounding leaves."""
    sources: dict[tuple[PartKind, str], Mapping[str, float]] = {
        ("allocation", source): by for source, by in record.allocation.contributions.items()
    }
    taken = steps(record.allocation.weights, record.verdict, record.approval.weights)
    limits: dict[tuple[PartKind, str], Mapping[str, float]] = {
        ("limits", step.name): step.changes for step in taken if step.name != ROUNDING
    }
    return sources | limits


def _part(key: tuple[PartKind, str], before: Mapping[str, float], after: Mapping[str, float]) -> Part:
    changes = {symbol: after.get(symbol, 0.0) - before.get(symbol, 0.0) for symbol in _keys(before, after)}
    kept = {symbol: by for symbol, by in changes.items() if abs(by) > SAME}
    return Part(key[0], key[1], math.fsum(map(abs, kept.values())) / 2.0, kept)


def _weights(one: CycleRecord, two: CycleRecord, parts: list[Part]) -> tuple[WeightChange, ...]:
    before, after = one.verdict.weights, two.verdict.weights
    found: list[WeightChange] = []
    for symbol in _keys(before, after):
        own = {part.name: part.changes[symbol] for part in parts if symbol in part.changes}
        change = WeightChange(symbol, before.get(symbol, 0.0), after.get(symbol, 0.0), _ranked(own))
        if abs(change.change) > SAME or own:
            found.append(change)
    return tuple(sorted(found, key=lambda w: (-abs(w.change), w.symbol)))


def _ranked(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda item: (-abs(item[1]), item[0])))


def _keys(one: Iterable[Any], two: Iterable[Any]) -> tuple[Any, ...]:
    """All keys, those of the first in its order, then the others."""
    return tuple(dict.fromkeys((*one, *two)))
