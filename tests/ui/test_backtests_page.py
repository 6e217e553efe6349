"""The page of backtests: what it shows of a kept run, and of none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from app.backtesting.kept import Comparison, keep
from app.backtesting.request import BacktestRequest
from tools.backtest.result import Result, Trades


def a_result(growth: float) -> Result:
    slots = 40
    times = np.datetime64("2023-01-02T21:00:00", "ns") + np.arange(slots) * np.timedelta64(1, "D")
    wiggle = 1.0 + 0.01 * np.sin(np.arange(slots))
    equity = 1_000_000.0 * np.linspace(1.0, growth, slots) * wiggle
    one, whole = np.array([1.0]), np.array([1], dtype=np.int64)
    trades = Trades(whole, whole * 0, one * 10.0, one * 100.0, one * 12.5, one)
    return Result(("AAA",), times, equity, equity * 0.1, np.full((slots, 1), 10.0), trades)


def a_kept_run(home: Path, name: str = "dip-0123abcd") -> None:
    compared = Comparison(
        "dip<b>", "simulated", True, a_result(1.3), {"buy_and_hold": a_result(1.1)}, {"2 x": a_result(1.2)},
        {"fill": "next_open"}, {"clamps: max_name_weight": 7}, ("Mind the <script>gap</script>.",),
    )  # fmt: skip
    keep(home / "backtests" / name, BacktestRequest("dip"), compared)


def page(panel: AppTest) -> AppTest:
    panel.run()
    panel.switch_page("app_pages/backtests.py").run()
    assert not panel.exception, [e.value for e in panel.exception]
    return panel


def test_without_a_run_it_says_how_to_make_one(panel: AppTest) -> None:
    assert "bullpen backtest" in page(panel).info[0].value


def test_a_kept_run_is_shown_with_its_error_baselines_and_notes(panel: AppTest, home: Path) -> None:
    a_kept_run(home)
    shown = page(panel)
    figures = {m.label: m.value for m in shown.metric}
    assert "±" in figures["Sharpe ratio ± error"]
    assert figures["Costs, ccy"] == "12"
    tables = [frame.value for frame in shown.dataframe]
    assert list(tables[0].columns) == ["figure", "this run", "buy and hold"]
    assert "clamps: max_name_weight" in tables[2]["what"].tolist()
    words = " ".join(str(e.value) for e in (*shown.caption, *shown.markdown, *shown.title))
    assert "standard error" in words
    assert "gap" in words
    assert "<script>" not in words


def test_the_newest_run_is_shown_first(panel: AppTest, home: Path) -> None:
    a_kept_run(home, "older-00000000")
    a_kept_run(home, "newer-11111111")
    (home / "backtests" / "older-00000000" / "summary.json").touch()
    assert page(panel).selectbox(key="backtest_name").value == "older-00000000"
