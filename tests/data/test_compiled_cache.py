"""The cache of compiled functions forgets when any of their sources changes."""

import subprocess
import sys
from pathlib import Path

import numba

from data import compiled

SOURCES = {
    "tools/rate.py": "from data.compiled import njit\n\n@njit(cache=True)\ndef rate(x):\n    return x * 2.0\n",
    "tools/engine.py": "from data.compiled import njit\nfrom tools.rate import rate\n\n"
    "@njit(cache=True)\ndef run(x):\n    return rate(x) + 1.0\n",
}


def project(folder: Path) -> Path:
    for layer in compiled.LAYERS:
        (folder / layer).mkdir(parents=True)
        (folder / layer / "__init__.py").write_text("")
    (folder / "data" / "compiled.py").write_text(Path(compiled.__file__).read_text())
    for name, source in SOURCES.items():
        (folder / name).write_text(source)
    return folder


def run(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from tools.engine import run; print(run(3.0))"], cwd=folder, text=True,
        env={"NUMBA_CACHE_DIR": str(folder / "cache"), "PATH": ""}, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_a_changed_callee_is_compiled_into_its_callers(tmp_path):
    folder = project(tmp_path / "project")
    assert run(folder) == "7.0"
    (folder / "tools" / "rate.py").write_text(SOURCES["tools/rate.py"].replace("2.0", "5.0"))
    assert run(folder) == "16.0"


def test_the_same_sources_share_a_cache(tmp_path):
    folder = project(tmp_path / "project")
    run(folder)
    run(folder)
    assert [p.name for p in (folder / "cache").iterdir()] == [compiled.digest(folder)]


def test_a_source_without_compiled_functions_changes_nothing(tmp_path):
    folder = project(tmp_path / "project")
    before = compiled.digest(folder)
    (folder / "tools" / "words.py").write_text("HELLO = 1\n")
    assert compiled.digest(folder) == before
    (folder / "tools" / "words.py").write_text("# uses njit\n")
    assert compiled.digest(folder) != before


def test_old_caches_are_removed_and_strangers_left(tmp_path):
    (tmp_path / "notes").mkdir()
    for n in range(6):
        compiled.open_cache(tmp_path, f"{n:016x}")
    assert sorted(p.name for p in tmp_path.iterdir()) == [*(f"{n:016x}" for n in (2, 3, 4, 5)), "notes"]


def test_numba_uses_it_here():
    assert Path(numba.config.CACHE_DIR).name == compiled.digest()
