"""A desk that is killed at any time at all loses no order and doubles none, whatever else fails."""

from __future__ import annotations

from tests.chaos.campaign import campaign

KILLS, FIRST_SEED = 100, 10_000


def test_nothing_is_lost_or_doubled_by_kills_at_random_times():
    last, said = campaign("--kills", KILLS, "--seed", FIRST_SEED, "--which", "random")
    assert ", 0 lost, 0 doubled, 0 trials with anything amiss" in last, said
    assert int(last.split(" trials, ")[1].split(" kills")[0]) >= KILLS
