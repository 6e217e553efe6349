"""Typed, disjoint stretches of dates: learned from, selected on, never seen, with an embargo between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from data.errors import InputError
from data.market import BoolArray, TimeArray
from rl.training.preset import SplitPreset


@dataclass(frozen=True, slots=True)
class Split:
    """Row ranges of one history; `embargo` rows lie between two of them and belong to none."""

    train: slice
    validation: slice
    unseen: slice
    embargo: int

    def __post_init__(self) -> None:
        """Ordered, not empty, apart."""
        parts = (self.train, self.validation, self.unseen)
        if any(p.stop - p.start < 2 for p in parts):
            raise InputError("a part of the split has less than two slots", "choose a longer history or other dates")
        if any(b.start - a.stop < self.embargo for a, b in pairwise(parts)):
            raise InputError("the parts of the split are closer than the embargo", "choose other dates")

    def parts(self) -> dict[str, slice]:
        """By the names that manifests use."""
        return {"seen": self.train, "validation": self.validation, "unseen": self.unseen}


def make_split(times: TimeArray, chosen: SplitPreset, first: int = 0) -> Split:
    """Split the slots `times` (T,) from row `first` on. Raises InputError where a part would be empty."""
    if chosen.train_until and chosen.validation_until:
        ends = [_row_after(times, day) for day in (chosen.train_until, chosen.validation_until)]
    else:
        span = len(times) - first
        ends = [first + int(span * chosen.train), first + int(span * (chosen.train + chosen.validation))]
    gap = chosen.embargo_bars
    return Split(slice(first, ends[0]), slice(ends[0] + gap, ends[1]), slice(ends[1] + gap, len(times)), gap)


def folds(train: slice, count: int, embargo: int, slots: int) -> list[tuple[slice, BoolArray]]:
    """`count` equal parts of the training rows, each with the rows (slots,) to learn from while it is held out."""
    edges = np.linspace(train.start, train.stop, count + 1).astype(int)
    found: list[tuple[slice, BoolArray]] = []
    for start, stop in pairwise(edges.tolist()):
        learn = rows_in(train, slots)
        learn[max(0, start - embargo) : stop + embargo] = False
        if not learn.any():
            raise InputError(
                f"the training dates are too few for {count} folds", "choose a longer history or fewer folds"
            )
        found.append((slice(start, stop), learn))
    return found


def rows_in(part: slice, slots: int) -> BoolArray:
    """(slots,): True within the part."""
    inside = np.zeros(slots, dtype=np.bool_)
    inside[part] = True
    return inside


def longest_stretch(inside: BoolArray, most: int) -> slice:
    """The end of the longest run of True in `inside` (T,), at most `most` rows of it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    stop = int(stops[longest])
    return slice(max(int(starts[longest]), stop - most), stop)


def _row_after(times: TimeArray, day: date) -> int:
    return int(np.searchsorted(times, np.datetime64(day, "ns") + np.timedelta64(1, "D"), side="left"))
