"""What lies behind a change of weights: opinions, the facts they rest on, the book, the settings and the code."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.specs import SPECS
from agents.view import View, by_agent
from graph.record import CycleRecord
from rl.meta.inputs import AGENTS, RAW_FEATURES

MOST = 5
"""Symbols or figures named of each thing that changed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A value at a JSON path of the record: `before` and `after` are plain JSON, None where it was not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ViewChange:
    """An agent that changed its mind. `effect` is that of its part of the weights; `opinions` are score x confidence.

    `inputs` are the facts its rule reads that moved the most (paths of FactChange), for an agent with a rule.
    """

    agent: str
    effect: float
    silent: tuple[str, str]
    """Why it abstained in the one and in the other; "" where it spoke."""
    models: tuple[str, str]
    opinions: dict[str, tuple[float, float]]
    """The MOST symbols whose opinion moved the most: before and after, 0 where it had none."""
    symbols: int
    """How many moved."""
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact that moved. `size` tells how far, in its own spread over symbols (features) or as it is (the rest)."""

    path: str
    size: float
    before: float | None
    after: float | None
    examples: dict[str, tuple[float | None, float | None]]
    """Of a fact of each symbol: the MOST that moved the most."""


def view_changes(one: CycleRecord, two: CycleRecord, effects: Mapping[str, float]) -> tuple[ViewChange, ...]:
    """Agents whose views differ, by `effects` of theirs on the weights."""
    before, after = by_agent(one.views), by_agent(two.views)
    moved = {fact.path: fact.size for fact in fact_changes(one.snapshot, two.snapshot)}
    found: list[ViewChange] = []
    for agent in (a for a in AGENTS if a in before and a in after):
        old, new = before[agent], after[agent]
        shifts = {s: pair for s, pair in _opinions(old, new) if pair[0] != pair[1]}
        if old.abstained != new.abstained or shifts or (old.model, old.reason) != (new.model, new.reason):
            largest = sorted(shifts, key=lambda s: (-abs(shifts[s][1] - shifts[s][0]), s))[:MOST]
            read = sorted(filter(moved.__contains__, _reads(agent)), key=lambda path: (-moved[path], path))
            found.append(
                ViewChange(agent, effects.get(agent, 0.0), (old.reason, new.reason), (old.model, new.model),
                           {s: shifts[s] for s in largest}, len(shifts), tuple(read[:MOST]))
            )  # fmt: skip
    return tuple(sorted(found, key=lambda v: (-v.effect, v.agent)))


def _opinions(old: View, new: View) -> Iterator[tuple[str, tuple[float, float]]]:
    for symbol in sorted({*old.opinions, *new.opinions}):
        one, two = (v.opinions.get(symbol) for v in (old, new))
        yield symbol, (one.score * one.confidence if one else 0.0, two.score * two.confidence if two else 0.0)


def _reads(agent: str) -> tuple[str, ...]:
    """Paths of the facts an agent goes by."""
    inputs = next((spec.inputs for spec in SPECS if spec.name == agent), RAW_FEATURES)
    return tuple(path for name in inputs for path in (f"features.{name}", f"market.{name}"))


def fact_changes(one: Mapping[str, Any], two: Mapping[str, Any]) -> tuple[FactChange, ...]:
    """Facts of two snapshots (as records carry them) that differ, the largest move of its kind first."""
    found = [*_features(one, two), _prices(one, two), *_plain(one, two), *_texts(one, two)]
    return tuple(sorted((f for f in found if f.size > 0.0), key=lambda f: (-f.size, f.path)))


def _features(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[FactChange]:
    """Each feature by the mean of its moves, in standard deviations over the symbols of the first."""
    old, new = one["features"], two["features"]
    common = [symbol for symbol in old if symbol in new]
    for name in dict.fromkeys(name for symbol in common for name in (*old[symbol], *new[symbol])):
        pairs = {s: (old[s].get(name), new[s].get(name)) for s in common}
        known = [value for value, _ in pairs.values() if value is not None]
        spread = statistics.pstdev(known) if len(known) > 1 else 0.0
        yield _each(f"features.{name}", pairs, spread or 1.0)


def _prices(one: Mapping[str, Any], two: Mapping[str, Any]) -> FactChange:
    """Prices by the mean of their relative moves."""
    old, new = one["prices"], two["prices"]
    pairs = {s: (old[s], new[s]) for s in old if s in new}
    moves = {s: abs(_log_ratio(a, b)) for s, (a, b) in pairs.items()}
    return _ranked("prices", pairs, moves)


def _log_ratio(one: float | None, two: float | None) -> float:
    if one is None or two is None or one <= 0.0 or two <= 0.0:
        return 0.0 if one == two else 1.0
    return math.log(two / one)


def _each(path: str, pairs: Mapping[str, tuple[float | None, float | None]], spread: float) -> FactChange:
    moves = {s: _move(*pair) / spread for s, pair in pairs.items()}
    return _ranked(path, pairs, moves)


def _move(one: float | None, two: float | None) -> float:
    """How far a figure moved; becoming known or unknown counts as one."""
    if one is None or two is None:
        return 0.0 if one is two else 1.0
    return abs(two - one)


def _ranked(
    path: str, pairs: Mapping[str, tuple[float | None, float | None]], moves: Mapping[str, float]
) -> FactChange:
    largest = [s for s in sorted(moves, key=lambda s: (-moves[s], s)) if moves[s] > 0.0][:MOST]
    size = math.fsum(moves.values()) / len(moves) if moves else 0.0
    return FactChange(path, size, None, None, {s: pairs[s] for s in largest})


def _plain(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[FactChange]:
    """Figures of the whole market, and macro releases."""
    for name in dict.fromkeys((*one["market"], *two["market"])):
        a, b = one["market"].get(name), two["market"].get(name)
        yield FactChange(f"market.{name}", _move(a, b), a, b, {})
    for series in dict.fromkeys((*one["macro"], *two["macro"])):
        a, b = (facts["macro"].get(series, {}).get("value") for facts in (one, two))
        yield FactChange(f"macro.{series}", _move(a, b), a, b, {})


def _texts(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[FactChange]:
    """News and posts that are only in the one or in the other, as a share of all."""
    for kind in ("news", "posts"):
        old, new = ({text["id"] for text in facts[kind]} for facts in (one, two))
        if old | new:
            yield FactChange(kind, len(old ^ new) / len(old | new), float(len(old)), float(len(new)), {})


def book_changes(one: CycleRecord, two: CycleRecord) -> tuple[Changed, ...]:
    """What the desk stood with: cash, value, positions and locks as each cycle opened."""
    parts = ("cash", "positions", "peak_value", "locks")
    old, new = (
        {k: v for k, v in r.opening.model_dump(mode="json").items() if k in parts}
        | {"net_asset_value": r.opening.net_asset_value}
        for r in (one, two)
    )
    return tuple(changed(old, new, "opening"))


def setting_changes(one: CycleRecord, two: CycleRecord) -> tuple[Changed, ...]:
    """What the desk decided by, and how it ended."""
    return tuple(changed(_settings(one), _settings(two)))


def _settings(record: CycleRecord) -> dict[str, Any]:
    whole = record.model_dump(mode="json", include={"book", "source", "config", "halt", "approval"})
    links = record.allocation.fallback_chain
    chain = [link.name if link.used else f"{link.name} failed: {link.reason}" for link in links]
    return whole | {
        "allocation": {"fallback_chain": chain, "prior": record.allocation.prior},
        "verdict": {"decision": record.verdict.decision, "reasons": list(record.verdict.reasons)},
        "hashes": {"policies": record.hashes["policies"], "code": record.hashes["code"]},
        "snapshot": {name: record.snapshot[name] for name in ("unavailable", "tradable")},
    }


def changed(one: Any, two: Any, path: str = "") -> Iterator[Changed]:
    """Where two JSON values differ, down to the smallest parts; lists are compared whole."""
    if isinstance(one, dict) and isinstance(two, dict):
        old: dict[str, Any] = one
        new: dict[str, Any] = two
        for key in sorted({*old, *new}):
            yield from changed(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif one != two:
        yield Changed(path, one, two)
