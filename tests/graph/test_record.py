"""The record's one JSON form, and what a replay calls a difference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CorruptFile
from graph.decision import read_decision
from graph.record import canonical, cycle_id_of, digest
from graph.replay import differences

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=6))
def test_key_order_does_not_reach_the_bytes(value: dict) -> None:
    assert canonical(value) == canonical(dict(reversed(list(value.items()))))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError):
        canonical({"weight": bad})


@given(json_values)
def test_a_value_does_not_differ_from_itself(value: object) -> None:
    assert list(differences(value, value)) == []


@given(json_values, json_values)
def test_no_difference_means_the_same_digest(left: object, right: object) -> None:
    if not list(differences(left, right)) and type(left) is type(right):
        assert left == right


def test_a_difference_is_named_by_its_path() -> None:
    left = {"a": {"b": [1, 2, {"c": 3}]}, "d": 1}
    right = {"a": {"b": [1, 2, {"c": 4}]}, "e": 1}
    assert list(differences(left, right)) == ["a.b[2].c", "d", "e"]


def test_a_cycle_is_named_by_book_and_slot_alone() -> None:
    assert cycle_id_of("a", "t") == cycle_id_of("a", "t")
    assert len({cycle_id_of(b, s) for b in ("a", "b") for s in ("t", "u")}) == 4
    assert digest({"a": 1}) != digest({"a": 1.5})


def test_a_decision_of_another_version_is_named_not_guessed() -> None:
    with pytest.raises(CorruptFile, match="cy-1 was stored in another form"):
        read_decision('{"verdict": {}}', "cy-1")
