"""Replays give the same bytes in whatever process, folder, hash seed and number of threads, and never call out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pasts import FEW, carried, make, replay_in, results


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    home = tmp_path_factory.mktemp("past") / "home"
    return home, make(home, FEW)


def test_a_record_of_each_sort_replays_to_the_last_byte_in_four_processes(
    past: tuple[Path, list[str]], tmp_path: Path
) -> None:
    home, ids = past
    elsewhere = carried(home, tmp_path / "another machine" / "home")
    one = {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    two = {"PYTHONHASHSEED": "4242", "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    running = [replay_in(home, ids, 2, tmp_path / "a", **one), replay_in(elsewhere, ids, 2, tmp_path / "b", **two)]
    found = [one for process in running for one in results(process)]
    assert len(found) == 4 * len(ids) >= 40
    assert len({one["pid"] for one in found}) == 4
    assert {one["cycle_id"]: one["at"] for one in found if one["differing"]} == {}
    assert len({(one["cycle_id"], one["sha256"]) for one in found}) == len(ids)
