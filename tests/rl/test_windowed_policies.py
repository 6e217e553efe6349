"""Symbol agents on obs-v2, from training to the desk: windows, forecasts that the policy carries, daily and hourly."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from agents.policies.chosen import Chosen
from agents.policies.symbol_agents import PolicyAgent
from data.errors import CorruptFile, InputError
from rl.forecasts import Forecaster, fit_forecaster
from rl.market import row_market
from rl.modules.config import ModuleConfig
from rl.observation import OBS_V2
from rl.policies.opinion import stateless_view
from rl.policies.plain import numpy_network
from rl.policies.window import windows
from rl.ray_session import ray_session
from rl.store import PolicyBundle, PolicyStore, tensor_sha256
from rl.symbol_policy import SymbolPolicy
from rl.training import evaluation
from rl.training.bundles import Origin
from rl.training.evaluation import score_returns
from rl.training.pipeline import train_symbol_agents
from rl.training.preset import PPOPreset, Preset, SplitPreset
from rl.training.symbol_agents import own_heads
from rl.training.views import HeldOut, agent_scores
from tests.agents.desk_snapshots import a_snapshot
from tests.rl.histories import history, hourly

MLP = ModuleConfig(observation="obs-v2", hidden=(8,))
TRANSFORMER = ModuleConfig(
    observation="obs-v2", encoder="transformer", encoder_config={"width": 8, "feedforward": 8}, actions="hybrid"
)
KINDS = {
    "mlp daily": (MLP, history(700, 3, seed=5)),
    "transformer daily": (TRANSFORMER, history(700, 3, seed=5)),
    "mlp hourly": (MLP, hourly(1700, 3, seed=5)),
}
"""The second calendar year of each has a classifier."""


def preset(module: ModuleConfig) -> Preset:
    ppo = PPOPreset(samples=2_000, rows=32, steps=16, minibatches=2, checkpoints=1)
    split = SplitPreset(train=0.7, validation=0.15, embargo_bars=5)
    return Preset(name="tiny", ppo=ppo, split=split, folds=0, seeds=2, module=module)


@pytest.fixture(scope="module")
def _ray():
    with ray_session(1):
        yield


@pytest.fixture(scope="module", params=KINDS)
def trained(request, tmp_path_factory, _ray):
    """The history, the policy as it was trained and as it was stored and loaded."""
    module, given = KINDS[request.param]
    made = train_symbol_agents(given, preset(module), 1, Origin({}, "")).symbol_agents
    store = PolicyStore((tmp_path_factory.mktemp("policies"),))
    store.save(made)
    return given, made, store.latest("symbol_agents", "synthetic")


def scores(bundle, given, rows=None):
    return SymbolPolicy(bundle).scores(given.features, given.panel.instruments, rows, given.panel.times)


def test_a_trained_policy_carries_its_forecasts_and_serves_by_onnx_what_numpy_says(trained):
    given, made, stored = trained
    carried = Forecaster.from_tensors(stored.tensors)
    fitted = fit_forecaster(given)
    assert np.array_equal(carried.weight, fitted.weight)
    assert len(carried.years) == 1
    assert set(made.manifest.metrics) == {"seen", "validation", "unseen"}
    assert SymbolPolicy(stored).runtime == "onnx"
    by_onnx, by_numpy = scores(stored, given), scores(PolicyBundle(made.manifest, made.tensors), given)
    assert np.isfinite(by_onnx.score[24:-1]).any(axis=1).mean() > 0.9
    for a, b in zip((by_onnx.score, by_onnx.confidence), (by_numpy.score, by_numpy.confidence), strict=True):
        assert np.allclose(a, b, rtol=0.0, atol=1e-5, equal_nan=True)


def test_what_is_served_is_what_was_judged(trained):
    given, made, stored = trained
    market = row_market(given, None, OBS_V2, Forecaster.from_tensors(made.tensors))
    a, part = market.arrays, slice(400, 460)
    network = numpy_network(made.manifest.module, made.tensors)
    judged = stateless_view(network, windows(a.block, a.context, 24, part), own_heads(market))[0].T
    served = scores(stored, given, part).score
    assert a.ready[part].all()
    assert np.allclose(judged, served, rtol=0.0, atol=1e-5)
    assert np.ptp(served) > 1e-3


def test_forecasts_reach_the_scores(trained):
    given, made, stored = trained
    name = "forecast.bias"
    other = PolicyBundle(made.manifest, dict(made.tensors) | {name: made.tensors[name] + 3.0})
    changed = np.abs(scores(other, given).score - scores(stored, given).score).max(axis=1)
    served = np.flatnonzero(given.panel.times.astype("datetime64[Y]") == np.datetime64("2011"))
    assert changed[served[:-1]].min() > 1e-6
    assert np.nanmax(changed[: served[0]]) < 1e-5


def test_later_bars_change_no_score(trained):
    given, _, stored = trained
    values, cut = given.features.values.copy(), len(given.panel.times) - 40
    values[cut:] *= -2.0
    later = replace(given, features=replace(given.features, values=values))
    one, other = (scores(stored, h).score for h in (given, later))
    assert np.array_equal(one[:cut], other[:cut], equal_nan=True)
    assert not np.array_equal(one[cut:], other[cut:], equal_nan=True)


def test_a_slot_alone_scores_as_among_the_others(trained):
    given, _, stored = trained
    whole = scores(stored, given).score
    for row in (-1, 500):
        alone = scores(stored, given, slice(row, row + 1 or None)).score
        assert np.allclose(alone, whole[row : row + 1 or None], rtol=0.0, atol=1e-6)


def test_without_its_forecasts_a_policy_is_refused(trained, tmp_path):
    given, made, _ = trained
    bare = {n: v for n, v in made.tensors.items() if not n.startswith("forecast.")}
    shapes = {n: v.shape for n, v in bare.items()}
    manifest = made.manifest.model_copy(update={"sha256": tensor_sha256(bare), "shapes": shapes})
    for refuse in (SymbolPolicy, lambda b: PolicyStore((tmp_path,)).save(b)):
        with pytest.raises(CorruptFile, match=r"lacks forecast\.years"):
            refuse(PolicyBundle(manifest, bare))
    with pytest.raises(InputError, match="times"):
        SymbolPolicy(made).scores(given.features, given.panel.instruments)


def test_the_desk_asks_it_about_the_last_slot(trained):
    _, _, stored = trained
    snapshot = a_snapshot()
    view = PolicyAgent(Chosen(stored)).view(snapshot)
    expected = SymbolPolicy(stored).scores(
        snapshot.features, snapshot.panel.instruments, slice(-1, None), snapshot.panel.times
    )
    assert view.opinions
    assert "numpy" not in view.flags
    for column, symbol in enumerate(snapshot.symbols):
        assert view.opinions[symbol].score == pytest.approx(expected.score[-1, column], abs=1e-6)


def test_windows_are_judged_in_stretches(trained, monkeypatch):
    given, made, _ = trained
    market = row_market(given, None, OBS_V2, Forecaster.from_tensors(made.tensors))
    market = replace(market, groups=np.zeros_like(market.groups))
    network, heads = numpy_network(made.manifest.module, made.tensors), own_heads(market)
    whole = score_returns(market, slice(300, 400), heads, network)
    monkeypatch.setattr(evaluation, "_ROWS_AT_ONCE", 21)
    assert np.allclose(score_returns(market, slice(300, 400), heads, network), whole, rtol=0.0, atol=1e-12)
    assert np.ptp(whole) > 0.0


def test_the_controller_is_shown_the_agents_views(trained):
    given, made, stored = trained
    policy = SymbolPolicy(stored)
    shown = agent_scores(given, policy, [HeldOut(slice(400, 450), SymbolPolicy(made))])["policy"]
    assert np.allclose(shown.score, scores(stored, given).score, rtol=0.0, atol=1e-5, equal_nan=True)


def test_a_cycle_needs_no_library_of_training_to_foretell():
    code = "import sys, agents.policies.symbol_agents; print(sorted({'torch', 'ray', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
