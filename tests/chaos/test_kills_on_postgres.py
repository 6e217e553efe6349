"""With ledger and checkpoints in a real Postgres server kills lose nothing and double nothing either."""

from __future__ import annotations

import pytest

from tests.chaos.campaign import campaign
from tests.postgres import BINARIES

KILLS = 20


@pytest.mark.skipif(not BINARIES, reason="Debian's postgresql is not installed")
def test_nothing_is_lost_or_doubled_on_postgres():
    last, said = campaign("--kills", KILLS, "--seed", 20_000, "--which", "random", "--postgres")
    assert ", 0 lost, 0 doubled, 0 trials with anything amiss" in last, said
