"""Runs on disk: the same run comes back, a broken one is refused, and nothing is half-written."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from data.errors import CorruptFile, InputError, NotFound, StorageFailed
from tools.backtest.files import FILES, SUMMARY, TRADES, load, save
from tools.backtest.result import Result, Trades

TIMES = np.datetime64("2020-01-01T21:00:00", "ns") + np.arange(4) * np.timedelta64(1, "D")


def a_run(price=10.1):
    trades = Trades(
        np.array([1, 2]), np.array([0, 1]), np.array([3.0, -1.5]), np.array([price, 20.3]), np.array([0.1, 0.2]),
        np.array([1.0, 1.1]),
    )  # fmt: skip
    return Result(("A", "B"), TIMES, np.linspace(1.0, 2.0, 4), np.ones(4), np.arange(8.0).reshape(4, 2), trades)


def test_a_run_comes_back_bit_for_bit(tmp_path):
    save(tmp_path / "run", a_run(), {"strategy": "x"})
    result, summary = load(tmp_path / "run")
    assert summary["strategy"] == "x"
    assert result.order_hash() == summary["order_hash"] == a_run().order_hash()
    for name in ("times", "equity", "cash", "units"):
        np.testing.assert_array_equal(getattr(result, name), getattr(a_run(), name))
    np.testing.assert_array_equal(result.trades.cost, a_run().trades.cost)
    np.testing.assert_array_equal(result.trades.fx, a_run().trades.fx)


def test_a_second_run_replaces_the_first(tmp_path):
    save(tmp_path / "run", a_run(), {"n": 1})
    save(tmp_path / "run", a_run(11.0), {"n": 2})
    assert load(tmp_path / "run")[1]["n"] == 2
    assert sorted(os.listdir(tmp_path)) == ["run"]


def test_changed_fills_are_found(tmp_path):
    save(tmp_path / "run", a_run(), {})
    frame = pd.read_parquet(tmp_path / "run" / TRADES)
    frame.loc[0, "price"] += 1e-9
    frame.to_parquet(tmp_path / "run" / TRADES, index=False)
    with pytest.raises(CorruptFile, match="not those that were written"):
        load(tmp_path / "run")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="other things"):
        save(tmp_path / "run", a_run(), {})
    assert (tmp_path / "run" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("missing", FILES)
def test_a_run_that_lacks_a_file_is_not_there(tmp_path, missing):
    save(tmp_path / "run", a_run(), {})
    (tmp_path / "run" / missing).unlink()
    with pytest.raises(NotFound):
        load(tmp_path / "run")


def test_a_disk_that_refuses_leaves_the_run_before(tmp_path):
    save(tmp_path / "run", a_run(), {"n": 1})

    def full(_folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageFailed, match="No space"):
        save(tmp_path / "run", a_run(11.0), {"n": 2}, extra=full)
    assert json.loads((tmp_path / "run" / SUMMARY).read_text())["n"] == 1
    assert os.listdir(tmp_path) == ["run"]


def test_a_run_without_trades_comes_back(tmp_path):
    none = np.zeros(0)
    quiet = Result(("A",), TIMES, np.ones(4), np.ones(4), np.zeros((4, 1)),
                   Trades(none.astype(np.int64), none.astype(np.int64), none, none, none, none))  # fmt: skip
    save(tmp_path / "quiet", quiet, {})
    assert load(tmp_path / "quiet")[0].order_hash() == quiet.order_hash()
