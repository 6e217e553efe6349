"""The report on trained agents: figures by hand, degenerate agents named, nothing that flatters."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from data.errors import InputError, StorageFailed
from data.market import AssetClass
from rl.actions import Action
from rl.market import row_market
from rl.observation import MASK, OWN
from rl.training.figures import max_drawdown, sharpe
from rl.training.report import training_report
from rl.training.report_text import as_json, markdown, summary, write_training_report
from tests.rl.histories import from_prices

PER_YEAR = 252.0
PARTS = {"seen": slice(40, 120), "validation": slice(125, 150), "unseen": slice(155, 200)}
COST = 1e-4


class Scripted:
    """Gives the allowed one of its actions all probability but a little; which one may depend on the symbol."""

    def __init__(self, *wanted: Action, doubt: float = 0.0):
        self.wanted, self.doubt = wanted, doubt

    def odds(self, obs):
        out = np.full((len(obs), 7), self.doubt / 6.0)
        allowed = obs[:, MASK] > 0.5
        for row, head in enumerate(obs[:, -1].astype(int)):
            action = self.wanted[(head - 1) % len(self.wanted)]
            out[row, action if allowed[row, action] else Action.HOLD] = 1.0 - self.doubt
        return out

    def logits(self, obs):
        return np.log(np.maximum(self.odds(obs), 1e-300))


@pytest.fixture(scope="module")
def market():
    rng = np.random.default_rng(5)
    close = 100.0 * np.cumprod(1.0 + rng.normal(0.0005, 0.01, (200, 4)), axis=0)
    history = from_prices(close, close.copy(), rng, (AssetClass.STOCK,))
    found = row_market(history)
    return replace(found, arrays=found.arrays._replace(cost_bps=np.full(4, COST * 1e4)))


@pytest.fixture(scope="module")
def mixed(market):
    """Two agents that buy and two that stay out, the same for two seeds."""
    actor = Scripted(Action.BUY_LARGE, Action.HOLD)
    return training_report(market, PARTS, [actor, actor], PER_YEAR)


def bought(market, symbol, part):
    close = market.arrays.close[part, symbol]
    returns = close[1:] / close[:-1] - 1.0
    returns[0] = (1.0 + returns[0]) / (1.0 + COST) - 1.0
    return returns


def test_each_agents_figures_are_those_of_its_own_sleeve(market, mixed):
    for s in (0, 2):
        line, returns = mixed.agents[s], bought(market, s, PARTS["unseen"])
        assert line.sharpe.value == pytest.approx(sharpe(returns, PER_YEAR), abs=1e-9)
        assert line.sharpe.low == line.sharpe.high == pytest.approx(line.sharpe.value)
        assert line.total_return == pytest.approx(np.prod(1.0 + returns) - 1.0, abs=1e-9)
        assert line.max_drawdown == pytest.approx(max_drawdown(returns), abs=1e-9)
        assert line.turnover == pytest.approx(PER_YEAR / len(returns))
        assert line.actions["buy_large"] == pytest.approx(1.0 / len(returns))
        assert line.actions["hold"] == pytest.approx(1.0 - 1.0 / len(returns))


def test_agents_that_decide_nothing_are_named(mixed):
    assert mixed.agents[0].flags == ("one action", "always full")
    assert mixed.agents[1].flags == ("one action", "never trades", "always out")
    assert len(mixed.degenerate) == 4


def test_an_agent_that_moves_is_not_degenerate(market):
    class Turning(Scripted):
        def odds(self, obs):
            held = obs[:, OWN.start] > 0.5
            return np.eye(7)[np.where(held, Action.SELL_ALL, Action.BUY_LARGE)]

    report = training_report(market, PARTS, [Turning()], PER_YEAR)
    assert report.degenerate == ()
    assert report.agents[0].turnover == pytest.approx(PER_YEAR)
    assert report.actions["buy_large"] == report.actions["sell_all"] == pytest.approx(0.5)


def test_a_flag_needs_half_of_the_seeds(market):
    lazy, busy = Scripted(Action.HOLD), Scripted(Action.BUY_LARGE, doubt=0.3)
    flags = [training_report(market, PARTS, m, PER_YEAR).agents[0].flags for m in ([lazy, busy], [lazy, busy, busy])]
    assert flags[0] == ("one action", "never trades", "always out")
    assert flags[1] == ()


def test_agents_that_always_buy_equal_the_baselines(market):
    report = training_report(market, PARTS, [Scripted(Action.BUY_LARGE)], PER_YEAR)
    unseen = report.parts["unseen"]
    assert report.together.value == pytest.approx(report.baselines["equal weight"]["sharpe"], abs=1e-9)
    assert unseen["agent_sharpe"] == pytest.approx(unseen["held_agent_sharpe"], abs=1e-9)
    assert unseen["together_sharpe"] == pytest.approx(unseen["held_together_sharpe"], abs=1e-9)
    value = np.mean([np.cumprod(1.0 + bought(market, s, PARTS["unseen"])) for s in range(4)], axis=0)
    held = np.diff(value, prepend=1.0) / np.concatenate([[1.0], value[:-1]])
    assert report.baselines["buy and hold"]["sharpe"] == pytest.approx(sharpe(held, PER_YEAR), abs=1e-9)


def test_summary_figures_follow_from_the_lines(market, mixed):
    ratios = [agent.sharpe.value for agent in mixed.agents]
    assert mixed.share_good == np.mean([ratio > 0.2 for ratio in ratios])
    assert mixed.worst_loss.total_return == min(a.total_return for a in mixed.agents)
    assert mixed.deepest.max_drawdown == max(a.max_drawdown for a in mixed.agents)
    assert mixed.gap == pytest.approx(mixed.parts["seen"]["agent_sharpe"] - mixed.parts["unseen"]["agent_sharpe"])
    assert mixed.parts["unseen"]["agent_sharpe"] == pytest.approx(np.median(ratios))


def test_nothing_outside_the_reported_dates_moves_their_figures(market, mixed):
    a = market.arrays
    close = a.close.copy()
    close[:150] *= 1.5
    fill = a.fill.copy()
    fill[:150] *= 1.5
    other = replace(market, arrays=a._replace(close=close, fill=fill))
    actor = Scripted(Action.BUY_LARGE, Action.HOLD)
    assert training_report(other, PARTS, [actor, actor], PER_YEAR).agents == mixed.agents


def test_a_symbol_without_prices_is_left_out(market):
    ready = market.arrays.ready.copy()
    ready[155:, 1] = False
    fewer = replace(market, arrays=market.arrays._replace(ready=ready))
    report = training_report(fewer, PARTS, [Scripted(Action.BUY_LARGE)], PER_YEAR)
    assert [agent.symbol for agent in report.agents] == ["S00", "S02", "S03"]


def test_nothing_to_report_on_is_refused(market):
    with pytest.raises(InputError):
        training_report(market, PARTS, [], PER_YEAR)
    nowhere = replace(market, arrays=market.arrays._replace(ready=np.zeros_like(market.arrays.ready)))
    with pytest.raises(InputError):
        training_report(nowhere, PARTS, [Scripted(Action.HOLD)], PER_YEAR)


def test_it_is_written_as_json_and_as_words(tmp_path, market, mixed):
    one = training_report(market, PARTS, [Scripted(Action.BUY_LARGE)], PER_YEAR)
    for report in (mixed, one):
        write_training_report(tmp_path / "run", report)
        content = json.loads((tmp_path / "run" / "report.json").read_text())
        assert content == json.loads(json.dumps(as_json(report)))
        assert content["agents"][0]["symbol"] == "S00"
        assert (tmp_path / "run" / "report.md").read_text() == markdown(report)
        assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["report.json", "report.md"]
    assert content["agents"][0]["sharpe"]["low"] is None
    text = markdown(mixed)
    assert text.startswith(summary(mixed))
    assert "Degenerate agents: 4 of 4 (always full 2, always out 2, never trades 2, one action 4)" in text
    widths = {len(line) for line in text.split("## Agents")[1].splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_a_disk_that_refuses_is_an_error_of_ours(tmp_path, mixed):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed):
        write_training_report(tmp_path / "file" / "run", mixed)
