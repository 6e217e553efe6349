"""A campaign of kills in a process of its own: desks are forked from one that has a single thread."""

from __future__ import annotations

import subprocess
import sys

from tests.desks import ROOT


def campaign(*arguments):
    """The last line of `python -m tests.chaos.kills`, and all that it said."""
    command = [sys.executable, "-m", "tests.chaos.kills", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    return done.stdout.splitlines()[-1] if done.stdout else "", done.stdout + done.stderr
