"""Does a strategy see the future? Runs on shortened data against the full run, and the first leak by name.

What was known at a slot is built again from the data that had arrived by then, and compared with the same slots of the
full run: first every price and feature (a strategy's own indicators are features too), then the decision itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.history import History
from data.market import BoolArray, FloatArray
from data.snapshot import Snapshot
from tools.backtest.indicators import with_indicators
from tools.backtest.strategy import Strategy

TOLERANCE = 1e-9
"""Relative difference under which two numbers are the same: rounding is no leak."""


@dataclass(frozen=True, slots=True)
class Leak:
    """The earliest slot at which something was different once the future was known."""

    kind: str
    """price | feature | decision"""
    name: str
    """Of the feature; the symbol's for a decision."""
    symbol: str
    slot: str
    """ISO time of the first slot that differs."""
    known_until: str
    """ISO time at which the shortened data ended."""
    with_future: float
    without: float


@dataclass(frozen=True, slots=True)
class LookaheadReport:
    """`leaks` in the order found: the first feature by slot, then decisions; empty means that none was found."""

    strategy: str
    cuts: int
    compared: int
    """Numbers compared."""
    leaks: tuple[Leak, ...]


def look_ahead(
    strategy: Strategy,
    full: History,
    known_at: Callable[[int], History],
    moment: Callable[[History], Snapshot],
    rows: Sequence[int],
) -> LookaheadReport:
    """Compare the full run with shortened ones.

    `known_at(row)` is the history as built from data known at slot `row` of `full` (its last slot); `moment` the
    snapshot at the last slot of a history. InputError where a shortened history has other slots or symbols.
    """
    informed = deepcopy(strategy)  # a strategy may keep what it is shown: each run has its own
    whole = with_indicators(full, informed)
    leaks: list[Leak] = []
    compared = 0
    for row in rows:
        ignorant = deepcopy(strategy)
        part = with_indicators(known_at(row), ignorant)
        start = _aligned(whole, part, row)
        compared += part.panel.close.size + part.features.values.size + part.features.shared.size
        leaks += _features(whole, part, start)
        leaks += _decision(informed.decide(moment(_until(whole, row + 1))), moment(part), ignorant)
    return LookaheadReport(strategy.name, len(rows), compared, _first_of_each(leaks))


def _until(history: History, rows: int) -> History:
    """The full run as an engine shows it at a slot: cut, but computed with all that came later."""
    panel, features = history.panel.until(rows), history.features
    cut = type(features)(features.specs, features.values[:rows], features.shared_specs, features.shared[:rows])
    return History(
        history.source, panel, cut, history.fill[:rows], history.ready[:rows], history.fingerprint, history.lake
    )


def _aligned(whole: History, part: History, row: int) -> int:
    """The row of `whole` at which `part` begins."""
    start = row + 1 - part.panel.times.size
    same = start >= 0 and part.panel.symbols == whole.panel.symbols
    if not same or not np.array_equal(part.panel.times, whole.panel.times[start : row + 1]):
        raise InputError("the shortened run has other slots or symbols than the full one", "name the universe")
    return start


def _features(whole: History, part: History, start: int) -> list[Leak]:
    """The first difference of each price and feature, by slot and then by name."""
    stop = start + part.panel.times.size
    blocks: list[tuple[str, str, FloatArray, FloatArray]] = [
        ("price", name, getattr(whole.panel, name)[start:stop], getattr(part.panel, name))
        for name in ("open", "high", "low", "close", "volume")
    ]
    for n, name in enumerate(part.features.names):
        blocks.append(("feature", name, whole.features.values[start:stop, :, n], part.features.values[:, :, n]))
    for n, name in enumerate(part.features.shared_names):
        blocks.append(("feature", name, whole.features.shared[start:stop, [n]], part.features.shared[:, [n]]))
    found = [_first(kind, name, there, here, part) for kind, name, there, here in blocks]
    return sorted((leak for leak in found if leak is not None), key=lambda leak: (leak.slot, leak.kind, leak.name))


def _first(kind: str, name: str, there: FloatArray, here: FloatArray, part: History) -> Leak | None:
    wrong = ~_same(there, here)
    if not wrong.any():
        return None
    row = int(np.flatnonzero(wrong.any(axis=1))[0])
    column = int(np.flatnonzero(wrong[row])[0])
    symbol = part.panel.symbols[column] if there.shape[1] == len(part.panel.symbols) else ""
    return Leak(
        kind, name, symbol, _iso(part, row), _iso(part, -1), float(there[row, column]), float(here[row, column])
    )


def _decision(with_future: Mapping[str, float], here: Snapshot, ignorant: Strategy) -> list[Leak]:
    without = ignorant.decide(here)
    slot = here.as_of.isoformat().replace("+00:00", "Z")
    return [
        Leak("decision", symbol, symbol, slot, slot, a, b)
        for symbol in sorted({*with_future, *without})
        for a, b in [(with_future.get(symbol, np.nan), without.get(symbol, np.nan))]
        if not _same(np.array([a]), np.array([b]))[0]
    ]


def _same(a: FloatArray, b: FloatArray) -> BoolArray:
    close = np.abs(a - b) <= TOLERANCE * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
    return close | (np.isnan(a) & np.isnan(b)) | (a == b)


def _first_of_each(leaks: list[Leak]) -> tuple[Leak, ...]:
    """The earliest of each kind and name; features before decisions, since they explain them."""
    earliest: dict[tuple[str, str], Leak] = {}
    for leak in sorted(leaks, key=lambda k: (k.slot, k.kind, k.name, k.symbol)):
        earliest.setdefault((leak.kind, leak.name), leak)
    return tuple(sorted(earliest.values(), key=lambda k: (k.kind == "decision", k.slot, k.kind, k.name)))


def _iso(history: History, row: int) -> str:
    return f"{np.datetime_as_string(history.panel.times[row], unit='s')}Z"
