"""Trials under Ray Tune: the worse are stopped, the best is found, faults stay their own, nothing lands in the home."""

from __future__ import annotations

import json

import pytest

from data.errors import InputError
from data.market import AssetClass
from rl.ray_session import ray_session
from rl.tuning import SearchOrder, read_search, search
from rl.tuning.result import TABLE
from tests.rl.histories import history
from tests.rl.tuning.toy_trials import CHECKPOINTS, fails_above, fails_once, steady


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(2):
        yield


def space_of(tmp_path, text="space: {ppo.gamma: {uniform: [0.1, 0.9]}}"):
    file = tmp_path / "space.yaml"
    file.write_text(text, "utf-8")
    return read_search(file)[1]


def test_asha_stops_the_worse_trials_and_the_best_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    (tmp_path / "person").mkdir()
    space = space_of(tmp_path, "space: {ppo.gamma: {choice: [0.3, 0.8, 0.1]}}")
    order = SearchOrder(tmp_path / "out", 3, "grid", checkpoints=CHECKPOINTS, grace=1)
    result = search(space, steady, order)
    assert [trial.params["ppo.gamma"] for trial in result.trials] == [0.8, 0.3, 0.1]
    assert result.best.figure == pytest.approx(0.8 * CHECKPOINTS)
    assert [trial.fraction for trial in result.trials] == [1.0, 1.0, pytest.approx(1 / CHECKPOINTS)]
    assert result.compared == 3
    table = json.loads((tmp_path / "out" / TABLE).read_text("utf-8"))
    assert table == result.as_json()
    assert not list((tmp_path / "person").iterdir())


@pytest.mark.slow
def test_a_trial_that_fails_is_told_and_the_others_go_on(tmp_path):
    space = space_of(tmp_path, "space: {ppo.gamma: {choice: [0.9, 0.5]}}")
    result = search(space, fails_above, SearchOrder(tmp_path / "out", 2, "grid", checkpoints=1))
    assert [trial.error for trial in result.trials] == ["", "ValueError: gamma is too much"]
    assert (result.best.params, result.compared) == ({"ppo.gamma": 0.5}, 1)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["random", "optuna"])
def test_the_same_seed_draws_the_same_trials(tmp_path, method):
    space = space_of(tmp_path)
    found = []
    for n, seed in enumerate((1, 1, 2)):
        order = SearchOrder(tmp_path / str(n), 4, method, seed=seed, checkpoints=CHECKPOINTS, grace=1)
        found.append(search(space, steady, order).trials)
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert all(0.1 <= trial.params["ppo.gamma"] <= 0.9 for trial in found[0])


@pytest.mark.slow
def test_a_search_goes_on_where_it_ended(tmp_path):
    space, train = space_of(tmp_path), fails_once(tmp_path)
    order = SearchOrder(tmp_path / "out", 2, checkpoints=1)
    with pytest.raises(InputError, match="all 2 trials failed: ValueError: not yet"):
        search(space, train, order)
    (tmp_path / "go").touch()
    result = search(space, train, SearchOrder(tmp_path / "out", 2, checkpoints=1, resume=True))
    assert result.compared == 2
    calls = len((tmp_path / "calls").read_text("utf-8"))
    again = search(space, train, SearchOrder(tmp_path / "out", 2, checkpoints=1, resume=True))
    assert again == result
    assert len((tmp_path / "calls").read_text("utf-8")) == calls


@pytest.mark.slow
def test_symbol_agents_are_searched_on_a_tiny_market(tmp_path):
    from rl.tuning.symbol_agents import symbol_agent_trials

    text = """
preset: quick
fixed: {ppo.samples: 24000, ppo.rows: 128, ppo.steps: 32, ppo.hidden: [16], ppo.checkpoints: 3, ppo.entropy: 0.01,
        ppo.weight_decay: 0.0, episodes.noise: 0.0, episodes.blind: 0.0, benchmark.peers: 0.0}
space:
  ppo.learning_rate: {choice: [1.0e-7, 3.0e-3]}
grace: 1
reduction: 2
"""
    space = space_of(tmp_path, text)
    planted = history(600, 4, memory=0.3, seed=4, classes=(AssetClass.STOCK,))
    train = symbol_agent_trials(planted, space, 1)
    result = search(space, train, SearchOrder(tmp_path / "out", 2, "grid", seed=1, checkpoints=3, grace=1))
    assert [trial.error for trial in result.trials] == ["", ""]
    assert result.best.params == {"ppo.learning_rate": 3e-3}
    assert result.best.figure > result.trials[1].figure
