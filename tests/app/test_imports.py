"""`bullpen --help` answers at once, and a cycle runs, without the libraries of training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.desks import DATE, ROOT

HEAVY = ("torch", "ray", "transformers", "pandas", "streamlit", "langgraph", "sklearn", "numba", "sqlalchemy")
PROBE = """
import sys
sys.argv = ["bullpen", *sys.argv[1:]]
from app.cli import main
try:
    main()
except SystemExit:
    pass
print("LOADED", *sorted(set(m.split(".")[0] for m in sys.modules)))
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


def test_help_loads_nothing_heavy() -> None:
    assert not loaded("--help") & set(HEAVY)


def test_a_cycle_loads_neither_torch_nor_ray(tmp_path: Path) -> None:
    assert not loaded("cycle", "--as-of", DATE, "--home", str(tmp_path)) & {"torch", "ray", "transformers", "psycopg"}
