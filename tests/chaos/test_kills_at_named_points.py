"""A desk that is killed at any instant that has a name loses no order and doubles none; one without a ledger does."""

from __future__ import annotations

from tests.chaos.campaign import campaign
from tests.chaos.judge import Judgement

KILLS, NAIVE_KILLS = 100, 15


def test_nothing_is_lost_or_doubled_by_kills_at_named_points():
    last, said = campaign("--kills", KILLS)
    assert ", 0 lost, 0 doubled, 0 trials with anything amiss" in last, said
    assert int(last.split(" trials, ")[1].split(" kills")[0]) >= KILLS


def test_a_node_that_posts_without_a_ledger_doubles_orders_under_the_same_kills():
    last, said = campaign("--kills", NAIVE_KILLS, "--naive")
    assert " 0 doubled" not in last, said
    for durability in ("sync", "async", "exit"):
        assert f"--durability {durability}" in said


def test_an_order_that_is_not_there_or_there_twice_is_amiss():
    sound = Judgement([], {}, 0.0, {})
    assert sound.clean
    assert not any(
        found.clean
        for found in (
            sound._replace(lost=1), sound._replace(doubled=1), sound._replace(wrong_states=("o",)),
            sound._replace(unlike=("records",)),
        )
    )  # fmt: skip
