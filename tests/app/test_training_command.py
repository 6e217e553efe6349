"""`bullpen train` as a person meets it: typos, a run on their own prices, champions and challengers, trackers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from app.stores import open_stores
from app.training import TrainingOrder, train_policies
from data.errors import BadConfig, InputError, UnknownSymbol
from data.market import AssetClass
from rl.ray_session import ray_session
from rl.tracking.json_lines import read_steps
from tests.rl.histories import history

TINY = """
ppo: {samples: 6000, rows: 64, steps: 16, minibatches: 2, hidden: [8], checkpoints: 2}
split: {train: 0.6, validation: 0.2, embargo_bars: 5}
folds: 0
seeds: 2
"""


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(2):
        yield


@pytest.fixture
def preset(tmp_path):
    def written(more=""):
        folder = tmp_path / f"presets-{len(more)}"
        folder.mkdir(exist_ok=True)
        (folder / "tiny.yaml").write_text(TINY + more)
        return str(folder / "tiny.yaml")

    return written


def market():
    """What of an opened source training looks at."""
    given = history(320, 4, seed=2, classes=(AssetClass.STOCK,))
    return SimpleNamespace(
        source=SimpleNamespace(name="synthetic", span=lambda: ("first", "last"), params=lambda: {"seed": 2}),
        builder=SimpleNamespace(history=lambda first, last: given),
        slots=SimpleNamespace(at_or_before=lambda last: last),
    )


def train(home, **order):
    told = []
    report = train_policies(market(), open_stores(home), TrainingOrder(**order), told.append, "bullpen train")
    return report, told


def test_typos_are_answered_before_time_is_spent(tmp_path, preset):
    for order, error, said in (
        ({"what": "symbl-agents"}, BadConfig, "did you mean symbol-agents"),
        ({"preset": "quik"}, BadConfig, "did you mean 'quick'"),
        ({"preset": preset("ppq: {}\n")}, BadConfig, "did you mean 'ppo'"),
        ({"preset": preset("curriculum: {first: [S0X]}\n")}, UnknownSymbol, "did you mean 'S0"),
        ({"preset": preset("grouping: {groups: {mine: [S99]}}\n")}, UnknownSymbol, "S99"),
        ({"preset": preset(), "trackers": "tensorbord"}, BadConfig, "did you mean 'tensorboard'"),
        ({"preset": preset("module: {observation: obs-v3}\n")}, BadConfig, "obs-v"),
    ):
        with pytest.raises(error) as caught:
            train(tmp_path / "home", **({"what": "symbol-agents"} | order))
        assert said in f"{caught.value.message} {caught.value.remedy}"
    assert not list((tmp_path / "home").glob("policies/*-*"))


def test_a_second_policy_waits_as_challenger(tmp_path, preset):
    first, told = train(tmp_path, what="symbol-agents", preset=preset(), trackers="jsonl")
    second, _ = train(tmp_path, what="symbol-agents", preset=preset(), seed=1)
    third, _ = train(tmp_path, what="symbol-agents", preset=preset(), seed=2, promote=True)
    names = [report["policies"]["symbol_agents"]["policy_id"] for report in (first, second, third)]
    standings = [report["policies"]["symbol_agents"]["standing"] for report in (first, second, third)]
    assert standings == ["champion", f"challenger of {names[0]}", "champion"]
    assert len(set(names)) == 3
    written = json.loads((tmp_path / "training" / names[0] / "report.json").read_text())
    assert written["seeds"] == 2
    assert len(written["agents"]) == 4
    steps = read_steps(tmp_path / "tracking" / "jsonl", "symbol-agents-synthetic-tiny-seed0")
    assert steps
    assert any("gap" in p.metrics for p in told)


def test_a_controller_is_trained_only_for_agents_of_the_same_data(tmp_path, preset):
    train(tmp_path, what="symbol-agents", preset=preset())
    store = open_stores(tmp_path).policies
    manifest = store.latest("symbol_agents", "synthetic").manifest
    assert manifest.seeds == (0, 100)
    other = market()
    strangers = history(320, 4, seed=3, classes=(AssetClass.STOCK,))
    other.builder = SimpleNamespace(history=lambda first, last: strangers)
    order = TrainingOrder(what="meta-controller", preset=preset())
    with pytest.raises(InputError, match="trained on other data"):
        train_policies(other, open_stores(tmp_path), order, lambda progress: None, "")
