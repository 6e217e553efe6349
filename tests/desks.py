"""Desks for tests: whole ones, on a small corner of the simulated market or on the packaged sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.settings import load_settings

SMALL = "AEROLIN,BANKORA,BIOLUMA,CHEMORA,CUPRAL,GRANUM,NOVALIN,ORBTEK"
DATE = "2023-03-15"
SAMPLE_DATE = "2020-03-16"
ROOT = Path(__file__).parents[1]


def desk(home: Path, **settings: Any) -> Desk:
    """A desk at `home`."""
    return Desk(load_settings(home=home, **settings))


def bullpen(home: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        env={**os.environ, "BULLPEN_HOME": str(home), **(env or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def cycle_json(home: Path, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The record a `bullpen cycle` prints."""
    done = bullpen(home, "cycle", "--json", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
