"""Backtests from the command line: files come out, the desk and the engine agree, and leaks are named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.backtesting.cycle_run import BacktestDesk, run_cycles
from app.backtesting.window import open_window
from tests.desks import bullpen, desk
from tools.backtest.event.engine import run_events
from tools.backtest.files import FILES, load
from tools.backtest.rules import Rules
from tools.backtest.taping import tape_from_history
from tools.execution.sizing import LOT
from tools.market.terms import terms_of

CORNER = ("--symbols", "NOVA,ORBT,GLDX", "--from", "2023-03-01", "--to", "2023-06-30")
LEAKY = """
class Leaky:
    name = "leaky"
    def indicators(self, panel):
        ahead = panel.close.copy()
        ahead[:-1] = panel.close[1:]
        return {"tomorrow": ahead}
    def decide(self, snapshot):
        up = snapshot.last("tomorrow") > snapshot.panel.close[-1]
        return {s: 0.3 * float(u) for s, u in zip(snapshot.symbols, up)}
"""


def run(home, *arguments):
    done = bullpen(home, "backtest", *arguments, *CORNER, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_a_run_leaves_parquet_json_and_a_report(home, tmp_path):
    told = run(home, "momentum", "--out", str(tmp_path / "run"))
    result, summary = load(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*FILES, "report.html", "plotly.min.js"}
    assert told["order_hash"] == summary["order_hash"] == result.order_hash()
    assert told["simulated"] is True
    assert "SIMULATED" in (tmp_path / "run" / "report.html").read_text()
    assert result.trades.slot.size == told["figures"]["this run"]["fills"] > 0
    assert result.equity[0] == 1_000_000.0


def test_the_same_run_again_is_the_same_to_the_last_bit(home, tmp_path):
    once = run(home, "momentum", "--out", str(tmp_path / "one"))
    again = run(home, "momentum", "--out", str(tmp_path / "two"))
    assert once["order_hash"] == again["order_hash"]
    assert once["figures"] == again["figures"]


def test_both_engines_make_the_same_fills(home, tmp_path):
    event = run(home, "momentum", "--no-risk", "--out", str(tmp_path / "event"))
    vectorised = run(home, "momentum", "--no-risk", "--engine", "vectorised", "--out", str(tmp_path / "vectorised"))
    assert event["order_hash"] == vectorised["order_hash"]
    for name, value in event["figures"]["this run"].items():
        assert vectorised["figures"]["this run"][name] == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_dearer_trading_never_pays(home, tmp_path):
    told = run(home, "momentum", "--no-risk", "--out", str(tmp_path / "run"))
    growth = [figures["total_return"] for figures in told["at_costs"].values()]
    assert growth == sorted(growth, reverse=True)
    assert len(set(growth)) == len(growth)
    assert told["at_costs"]["1 x"]["total_return"] == pytest.approx(told["figures"]["this run"]["total_return"])


def test_the_desk_and_the_engine_are_one_arithmetic(home, tmp_path):
    """The cycle's own graph, ledger and venue against the event engine on the weights that the desk allowed."""
    settings = desk(home, symbols="NOVA,ORBT,GLDX").settings
    backtest = BacktestDesk(settings, tmp_path / "run")
    lived, records = run_cycles(backtest, "2023-03-01T00:00:00Z", "2023-03-20T23:00:00Z", lambda done, total: None)
    history = open_window(backtest.market, "2023-03-01", "2023-03-20").history
    tape = tape_from_history(history)
    rows = [[r.verdict.weights.get(s, np.nan) for s in tape.symbols] for r in records]
    terms = terms_of(tape.instruments, backtest.market.config.costs)
    terms = terms._replace(lot=np.full(len(tape.symbols), LOT))
    config = backtest.market.config
    rules = Rules(initial_cash=config.initial_cash, min_notional=config.min_order_notional, borrow=True)
    simulated = run_events(tape, lambda slot: np.array(rows[slot]), terms, rules)
    assert lived.trades.slot.size == simulated.trades.slot.size > 0
    np.testing.assert_allclose(lived.equity, simulated.equity, rtol=1e-9)
    np.testing.assert_allclose(lived.cash, simulated.cash, rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("momentun",), "did you mean momentum"),
        (("momentum", "--costs", "cheap"), "default, size, none"),
        (("momentum", "--fill", "yesterday"), "next_open"),
        (("momentum", "--engine", "vectorised"), "--no-risk"),
        (("momentum", "--cash", "-5"), "positive amount"),
        (("nowhere.py:Mine",), "there is no file"),
        (("cycle", "--fill", "same_close"), "own book's settings"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_remedy(home, arguments, words):
    done = bullpen(home, "backtest", *arguments, *CORNER)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_leak_is_named_by_its_first_feature(home, tmp_path):
    (tmp_path / "leaky.py").write_text(LEAKY)
    done = bullpen(home, "lookahead", f"{tmp_path / 'leaky.py'}:Leaky", *CORNER, "--cuts", "2", "--json")
    assert done.returncode == 1
    first = json.loads(done.stdout)["leaks"][0]
    assert (first["kind"], first["name"]) == ("feature", "tomorrow")


def test_a_shipped_strategy_does_not_see_the_future(home):
    done = bullpen(home, "lookahead", "momentum", *CORNER, "--cuts", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing changed" in done.stdout
