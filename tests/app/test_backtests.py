"""Backtests from the command line: files come out, the desk and the engine agree, and leaks are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.backtesting.conditions_file import read_conditions
from app.backtesting.cycle_run import BacktestDesk, run_cycles
from app.backtesting.request import BacktestRequest
from app.backtesting.window import open_window
from data.errors import BadConfig, InputError
from tests.desks import bullpen, desk
from tools.backtest.event.engine import run_events
from tools.backtest.files import FILES, load
from tools.backtest.rules import Rules
from tools.backtest.shipped import SHIPPED
from tools.backtest.taping import tape_from_history
from tools.execution.sizing import LOT
from tools.market.terms import terms_of

SYMBOLS = "NOVALIN,AEROLIN,ALLFUND"
CORNER = ("--symbols", SYMBOLS, "--from", "2023-03-01", "--to", "2023-06-30")
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


def quiet(done, total):
    assert 0 < done <= total


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """One desk for all runs: its lake is filled once."""
    return desk(tmp_path_factory.mktemp("home"), symbols=SYMBOLS)


def run(shop, out, strategy="mean_reversion", **asked):
    request = BacktestRequest(strategy, "2023-03-01", "2023-06-30", **asked)
    return shop.backtest(request, out, quiet).summary


def test_a_run_leaves_parquet_json_and_a_report(shop, tmp_path):
    told = run(shop, tmp_path / "run")
    result, summary = load(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*FILES, "report.html", "plotly.min.js"}
    assert told["order_hash"] == summary["order_hash"] == result.order_hash()
    assert told["simulated"] is True
    assert "SIMULATED" in (tmp_path / "run" / "report.html").read_text()
    assert result.trades.slot.size == told["figures"]["this run"]["fills"] > 0
    assert result.equity[0] == 1_000_000.0


def test_the_same_run_again_is_the_same_to_the_last_bit(shop, tmp_path):
    once = run(shop, tmp_path / "one")
    again = run(shop, tmp_path / "two")
    assert once["order_hash"] == again["order_hash"]
    assert once["figures"] == again["figures"]


def test_both_engines_make_the_same_fills(shop, tmp_path):
    event = run(shop, tmp_path / "event", risk=False)
    vectorised = run(shop, tmp_path / "vectorised", risk=False, engine="vectorised")
    assert event["order_hash"] == vectorised["order_hash"]
    for name, value in event["figures"]["this run"].items():
        assert vectorised["figures"]["this run"][name] == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_dearer_trading_never_pays(shop, tmp_path):
    told = run(shop, tmp_path / "run", risk=False)
    growth = [figures["total_return"] for figures in told["at_costs"].values()]
    assert growth == sorted(growth, reverse=True)
    assert len(set(growth)) == len(growth)
    assert told["at_costs"]["1 x"]["total_return"] == pytest.approx(told["figures"]["this run"]["total_return"])


def test_the_desk_and_the_engine_are_one_arithmetic(shop, tmp_path):
    """The cycle's own graph, ledger and venue against the event engine on the weights that the desk allowed."""
    backtest = BacktestDesk(shop.settings, tmp_path / "run")
    lived, records = run_cycles(backtest, "2023-03-01T00:00:00Z", "2023-03-10T23:00:00Z", quiet)
    window = open_window(backtest.market, "2023-03-01", "2023-03-10")
    tape = tape_from_history(window.history)
    rows = np.full(tape.close.shape, np.nan)
    rows[window.first :] = [[r.verdict.weights[s] for s in tape.symbols] for r in records]
    terms = terms_of(tape.instruments, backtest.market.config.costs)
    terms = terms._replace(lot=np.full(len(tape.symbols), LOT))
    config = backtest.market.config
    rules = Rules(initial_cash=config.initial_cash, min_notional=config.min_order_notional, borrow=True)
    simulated = window.of(run_events(tape, lambda slot: rows[slot], terms, rules))
    assert lived.trades.slot.size == simulated.trades.slot.size > 0
    np.testing.assert_allclose(lived.equity, simulated.equity, rtol=1e-9)
    np.testing.assert_allclose(lived.cash, simulated.cash, rtol=1e-9)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"strategy": "mean_reversal"}, "did you mean mean_reversion"),
        ({"costs": "cheap"}, "default, size, listed"),
        ({"costs": "-3"}, "default, size, listed"),
        ({"fill": "yesterday"}, "next_open"),
        ({"engine": "vectorised"}, "--no-risk"),
        ({"engine": "warp"}, "event or vectorised"),
        ({"cash": -5.0}, "positive amount"),
        ({"strategy": "nowhere.py:Mine"}, "there is no file"),
        ({"strategy": "cycle", "fill": "same_close"}, "own book's settings"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_remedy(shop, tmp_path, asked, words):
    with pytest.raises(InputError, match=words):
        run(shop, tmp_path / "run", **asked)
    assert list(tmp_path.iterdir()) == []


def test_a_leak_is_named_by_its_first_feature(shop, tmp_path):
    (tmp_path / "leaky.py").write_text(LEAKY)
    done = bullpen(shop.settings.home, "lookahead", f"{tmp_path / 'leaky.py'}:Leaky", *CORNER, "--cuts", "2", "--json")
    assert done.returncode == 1, done.stderr
    first = json.loads(done.stdout)["leaks"][0]
    assert (first["kind"], first["name"]) == ("feature", "tomorrow")


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_no_shipped_strategy_sees_the_future(shop, name):
    report = shop.lookahead(name, "2023-03-01", "2023-06-30", 2, quiet)
    assert report.leaks == ()
    assert report.compared > 100_000


def test_the_command_prints_what_it_keeps(shop, tmp_path):
    done = bullpen(shop.settings.home, "backtest", "equal_weight", *CORNER, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert "sharpe error" in done.stdout
    assert load(tmp_path / "run")[1]["order_hash"][:16] in done.stdout


def test_the_strategy_on_the_page_runs_and_is_honest(shop, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "backtests.md").read_text()
    (tmp_path / "dip.py").write_text(page.split("```python\n")[1].split("```")[0])
    name = f"{tmp_path / 'dip.py'}:Dip"
    assert run(shop, tmp_path / "run", name)["strategy"] == "dip"
    assert shop.lookahead(name, "2023-03-01", "2023-06-30", 2, quiet).leaks == ()


def test_conditions_come_from_a_file(shop, tmp_path):
    (tmp_path / "c.yaml").write_text(
        "interest_bps: 300\ndividends: [{symbol: NOVALIN, day: 2023-04-03, amount: 1.5}]\n"
    )
    given, asked = read_conditions(tmp_path / "c.yaml"), {"costs": "none", "risk": False}
    plain = run(shop, tmp_path / "plain", "buy_and_hold", **asked)
    paid = run(shop, tmp_path / "paid", "buy_and_hold", conditions=given, **asked)
    result, _ = load(tmp_path / "paid")
    held = result.units[:, result.symbols.index("NOVALIN")].max()
    gained = result.equity[-1] - load(tmp_path / "plain")[0].equity[-1]
    interest = gained - 1.5 * held
    assert held > 0
    assert result.equity[0] == 1_000_000.0
    assert 0.5 * 300e-4 / 3 < interest / result.cash[1:].mean() < 1.5 * 300e-4 / 3  # four months of 3 % on the cash
    assert plain["order_hash"] == paid["order_hash"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("splits: [{symbol: X, day: soon, ratio: 2}]", "splits.0.day"),
        ("intrest_bps: 3", "intrest_bps"),
        ("a: [", "not YAML"),
    ],
)
def test_conditions_that_cannot_be_read_name_the_field(tmp_path, text, words):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(BadConfig, match=words):
        read_conditions(tmp_path / "c.yaml")


def test_the_example_of_conditions_is_readable():
    assert read_conditions(Path(__file__).parents[2] / "configs" / "conditions.yaml").zero_volume == "wait"
