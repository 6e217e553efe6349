"""Bad input ends in one line with a remedy, or in a recorded abstention; book, journal and lake stay as they were."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.settings import load_settings
from data.errors import BadConfig
from tests.desks import DATE, bullpen, desk


def contents(home: Path) -> dict[str, str]:
    """Hashes of all data files of a home; SQLite's own side files and locks are not data."""
    return {
        str(p.relative_to(home)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(home.rglob("*"))
        if p.is_file() and p.suffix not in (".sqlite-wal", ".sqlite-shm", ".lock") and "sqlite-" not in p.name
    }


def journalled(home: Path) -> list[str]:
    return [e.cycle_id for e in desk(home).entries()]


def prices(days: int = 400, symbol: str = "AAA", start: str = "2020-01-02") -> pd.DataFrame:
    dates = pd.bdate_range(start, periods=days)
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, days)))
    return pd.DataFrame(
        {"symbol": symbol, "date": dates.strftime("%Y-%m-%d"), "open": close, "high": close * 1.01,
         "low": close * 0.99, "close": close, "volume": 1e6}
    )  # fmt: skip


def refused(home: Path, *arguments: str) -> dict[str, str]:
    """Runs a cycle that must be refused: exit code 2, one JSON line with a remedy, no stack trace."""
    done = bullpen(home, "cycle", "--json", *arguments)
    assert done.returncode == 2, (done.returncode, done.stderr[-800:])
    (line,) = done.stderr.strip().splitlines()
    fault = json.loads(line)
    assert fault["remedy"]
    assert done.stdout == ""
    return fault


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "/absolute", "a\\b", ".hidden", "a\nb", "a\0b", "x" * 101])
def test_a_book_whose_lock_would_lie_outside_the_home_is_refused(name):
    with pytest.raises(BadConfig, match="name"):
        load_settings(book=name)


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (("--symbols", "NOSUCHNAME"), "UnknownSymbol", "NOSUCHNAME"),
        (("--as-of", "1999-01-04"), "OutOfRange", "1999"),
        (("--as-of", "not-a-date"), "InputError", "not-a-date"),
        (("--source", "simulatd"), "BadConfig", "simulatd"),
        (("--approval", "sometimes"), "BadConfig", "approval"),
        (("--source", "files", "--path", "no-such-folder"), "BadFile", "no-such-folder"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], kind: str, said: str) -> None:
    fault = refused(tmp_path, *arguments)
    assert fault["kind"] == kind
    assert said in fault["error"] + fault["remedy"]
    assert journalled(tmp_path) == []


def test_an_empty_folder_and_a_missing_column_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    assert refused(tmp_path / "home", "--source", "files", "--path", str(folder))["kind"] == "BadFile"
    prices().drop(columns="close").to_csv(folder / "aaa.csv", index=False)
    fault = refused(tmp_path / "home", "--source", "files", "--path", str(folder))
    assert "close" in fault["error"] + fault["remedy"]


def test_two_bars_of_one_day_that_disagree_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    frame = prices()
    double = frame.iloc[[10]].assign(close=frame["close"].iloc[10] * 1.005)
    pd.concat([frame, double]).to_csv(folder / "aaa.csv", index=False)
    assert "two different bars" in refused(tmp_path / "home", "--source", "files", "--path", str(folder))["error"]


@pytest.mark.parametrize("value", [np.nan, -5.0, 0.0, np.inf], ids=str)
def test_a_price_that_cannot_be_is_a_finding_and_the_symbol_is_not_traded(tmp_path: Path, value: float) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    good, bad = prices(symbol="AAA"), prices(symbol="BBB")
    bad.loc[bad.index[-1], ["open", "high", "low", "close"]] = value
    pd.concat([good, bad]).to_csv(folder / "two.csv", index=False)
    outcome = desk(tmp_path / "home", source="files", path=str(folder)).cycle()
    assert outcome.record is not None
    found = [f for f in outcome.record.snapshot["findings"] if f["symbol"] == "BBB"]
    assert found
    assert "BBB" not in outcome.record.snapshot["tradable"]
    assert outcome.record.allocation.weights["BBB"] == 0.0


def test_a_corrupt_policy_is_a_recorded_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    import rl.store

    shipped = tmp_path / "shipped"
    shutil.copytree(rl.store.SHIPPED, shipped)
    for tensors in shipped.rglob("*.safetensors"):
        body = bytearray(tensors.read_bytes())
        body[-1] ^= 1
        tensors.write_bytes(bytes(body))
    monkeypatch.setattr(rl.store, "SHIPPED", shipped)
    record = desk(tmp_path / "home").cycle(DATE).record
    assert record is not None
    first, *rest = record.allocation.fallback_chain
    assert not first.used
    assert first.reason
    assert rest[-1].used
    policy = next(v for v in record.views if v.agent == "policy")
    assert policy.abstained
    assert policy.reason


def test_a_policy_whose_graph_was_tampered_with_is_a_recorded_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    import rl.store

    shipped = tmp_path / "shipped"
    shutil.copytree(rl.store.SHIPPED, shipped)
    for graph in shipped.rglob("policy.onnx"):
        body = bytearray(graph.read_bytes())
        body[len(body) // 2] ^= 1
        graph.write_bytes(bytes(body))
    monkeypatch.setattr(rl.store, "SHIPPED", shipped)
    record = desk(tmp_path / "home").cycle(DATE).record
    assert record is not None
    first, *rest = record.allocation.fallback_chain
    assert first.name.startswith("policy:")
    assert not first.used
    assert "the graph of policy" in first.reason
    assert "sha256" in first.reason
    assert [link.used for link in rest] == [False] * (len(rest) - 1) + [True]
    assert record.allocation.policies == ()
    policy = next(v for v in record.views if v.agent == "policy")
    assert policy.abstained
    assert "the graph of policy" in policy.reason


def test_a_truncated_journal_stops_the_desk_and_changes_nothing(tmp_path: Path) -> None:
    desk(tmp_path).cycle(DATE)
    path = tmp_path / "desk.sqlite"
    for side in tmp_path.glob("desk.sqlite-*"):
        side.unlink()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = contents(tmp_path)
    done = bullpen(tmp_path, "cycle", "--json")
    assert done.returncode == 5
    assert json.loads(done.stderr)["remedy"]
    assert contents(tmp_path) == before


NO_SPACE = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.argv = ["bullpen", "cycle", "--json", "--home", sys.argv[1]]
from app.cli import main
main()
"""


@pytest.mark.parametrize("limit", [4_096, 100_000, 1_000_000])
def test_no_space_left_is_a_typed_error_and_the_cycle_can_be_run_later(tmp_path: Path, limit: int) -> None:
    import os
    import subprocess
    import sys

    from tests.desks import ROOT

    done = subprocess.run(
        [sys.executable, "-c", NO_SPACE, str(tmp_path), str(limit)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "numba")},
        check=False,
    )  # fmt: skip
    assert done.returncode == 6, (done.returncode, done.stderr[-1500:])
    assert json.loads(done.stderr.strip().splitlines()[-1])["remedy"]
    again = desk(tmp_path).cycle()
    assert again.record is not None
    assert again.record.orders
