"""Lost requests and replies, errors after an order was taken, hangs and resets: nothing twice, nothing wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.chaos.venue_faults import FAULTS
from tests.desks import ROOT

ORDERS = 100


@pytest.fixture(scope="module")
def found():
    """What each fault came to, by its name."""
    command = [sys.executable, "-m", "tests.chaos.venue_faults", "--orders", str(ORDERS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(FAULTS), done.stderr
    return {line["fault"]: line for line in lines}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_line_doubles_nothing_and_leaves_no_wrong_state(found, fault):
    line = found[fault]
    assert line["orders"] >= ORDERS
    assert line["struck"] >= ORDERS / 4
    assert (line["lost"], line["doubled"], line["wrong"]) == (0, 0, 0), line["amiss"]
