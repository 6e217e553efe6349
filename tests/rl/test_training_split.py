"""Splits are disjoint, ordered and embargoed, whatever is asked for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from rl.training.preset import SplitPreset
from rl.training.split import Split, folds, make_split, rows_in

TIMES = np.datetime64("2010-01-04T21:00:00", "ns") + np.arange(1000) * np.timedelta64(1, "D")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(300, 1000),
    st.integers(0, 100),
    st.floats(0.3, 0.6),
    st.floats(0.15, 0.3),
    st.integers(1, 30),
    st.integers(2, 5),
)
def test_no_two_parts_come_closer_than_the_embargo(slots, first, train, validation, embargo, count):
    split = make_split(TIMES[:slots], SplitPreset(train=train, validation=validation, embargo_bars=embargo), first)
    assert split.train.start == first
    assert split.validation.start - split.train.stop >= embargo
    assert split.unseen.start - split.validation.stop >= embargo
    assert split.unseen.stop == slots
    covered = np.zeros(slots, dtype=int)
    train_bars = split.train.stop - split.train.start
    if train_bars * (count - 1) / count <= embargo + count:
        return
    for part, learn in folds(split.train, count, embargo, slots):
        covered[part] += 1
        around = np.zeros(slots, dtype=bool)
        around[max(0, part.start - embargo) : part.stop + embargo] = True
        assert not (learn & around).any()
        assert not (learn & ~rows_in(split.train, slots)).any()
        assert learn.any()
    assert (covered[split.train] == 1).all()


def test_dates_are_inclusive():
    split = make_split(TIMES, SplitPreset(train_until=date(2010, 12, 31), validation_until=date(2011, 12, 31)))
    days = TIMES.astype("datetime64[D]").astype(str)
    assert days[split.train.stop - 1] == "2010-12-31"
    assert days[split.validation.start] == "2011-01-22"
    assert days[split.validation.stop - 1] == "2011-12-31"


def test_dates_outside_the_history_are_refused():
    with pytest.raises(InputError, match="less than two slots"):
        make_split(TIMES, SplitPreset(train_until=date(2020, 1, 1), validation_until=date(2021, 1, 1)))


def test_too_few_dates_for_the_folds_are_refused():
    with pytest.raises(InputError, match="3 folds"):
        folds(slice(0, 60), 3, 60, 100)


def test_a_split_that_leaks_cannot_be_made():
    with pytest.raises(InputError, match="embargo"):
        Split(slice(0, 100), slice(110, 200), slice(230, 300), 21)
