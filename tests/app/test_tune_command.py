"""`bullpen tune symbol-agents`: what is wrong is said before a source is opened; the best becomes a preset."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from app import tuning
from app.cli_tune import commands
from app.tuning import BEST, TuneOrder, tune_symbol_agents
from data.errors import BadConfig
from rl.training.preset import load_preset
from rl.tuning import SearchResult, TrialRow
from tests.rl.histories import history


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--search", "optnua"], "did you mean 'optuna'"),
        (["--space", "gone.yaml"], "cannot read gone.yaml"),
    ],
)
def test_a_wrong_order_is_refused_before_a_source_is_opened(given, said, monkeypatch):
    monkeypatch.setattr("app.cli_tune.desk_of", lambda **settings: pytest.fail("the desk was opened"))
    with pytest.raises(BadConfig, match=said):
        CliRunner().invoke(commands, ["symbol-agents", *given], catch_exceptions=False)


def test_the_best_settings_become_a_preset_that_can_be_trained(tmp_path, monkeypatch):
    trials = (TrialRow(3, {"ppo.gamma": 0.75, "ppo.hidden": [32, 32]}, 1.5, 1.0), TrialRow(0, {}, 0.5, 0.2))
    asked = []

    def searched(space, train, order):
        asked.append(order)
        return SearchResult("random", 4, trials)

    monkeypatch.setattr(tuning, "search", searched)
    market = SimpleNamespace(
        source=SimpleNamespace(name="simulated", span=lambda: ("first", "last")),
        builder=SimpleNamespace(history=lambda first, last: history()),
        slots=SimpleNamespace(at_or_before=lambda last: last),
    )
    report = tune_symbol_agents(market, TuneOrder(None, 2, "random", 4, 1, False), tmp_path)
    assert (asked[0].trials, asked[0].seed, asked[0].checkpoints) == (2, 4, load_preset("quick").ppo.checkpoints)
    assert (report["compared"], report["figure_sd"]) == (2, pytest.approx(0.5**0.5))
    best = load_preset(str(tmp_path / BEST))
    assert (best.ppo.gamma, best.ppo.hidden) == (0.75, (32, 32))
    assert best.ppo.entropy == load_preset("quick").ppo.entropy
