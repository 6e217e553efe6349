"""A whole run on a small history: both policies, their manifests, and what must not reach them."""

from __future__ import annotations

import numpy as np
import pytest

from rl.meta.config import MetaConfig
from rl.meta.policy import MetaPolicy
from rl.store import PolicyStore
from rl.symbol_policy import SymbolPolicy
from rl.training.bundles import Origin
from rl.training.pipeline import train_all, train_meta_controller, train_symbol_agents
from rl.training.preset import PPOPreset, Preset, SplitPreset
from rl.training.progress import Progress
from tests.rl.histories import history

META = MetaConfig(
    worlds=8, symbols_per_world=3, episode_bars=8, hidden=8, mixed=8, critic_hidden=8, updates=6,
    updates_per_iteration=3, bars_per_iteration=4, batch_size=16, replay_bars=40, warmup_bars=20, checkpoints=2,
)  # fmt: skip
PRESET = Preset(
    name="tiny",
    ppo=PPOPreset(samples=8_000, rows=64, steps=16, minibatches=2, hidden=(8,), checkpoints=2),
    split=SplitPreset(train=0.6, validation=0.2, embargo_bars=5),
    folds=2,
    meta=META,
)


@pytest.fixture(scope="module")
def trained():
    told: list[Progress] = []
    given_history = history(320, 4, seed=2)
    return given_history, train_all(given_history, PRESET, 3, Origin({"seed": 7}, "bullpen train"), told.append), told


def test_both_policies_are_stored_and_serve(trained, tmp_path):
    given_history, made, _ = trained
    store = PolicyStore((tmp_path,))
    made.save(store)
    agents = SymbolPolicy(store.latest("symbol_agents", "synthetic"))
    controller = MetaPolicy(store.latest("meta_controller", "synthetic"))
    scores = agents.scores(given_history.features, given_history.panel.instruments)
    assert np.isfinite(scores.score[given_history.ready]).all()
    assert controller.kappa >= 0.0
    assert sorted(m.role for m in store.list()) == ["meta_controller", "symbol_agents"]


def test_both_manifests_tell_the_same_story(trained):
    given_history, made, _ = trained
    a, b = made.symbol_agents.manifest, made.meta_controller.manifest
    for name in ("source", "params", "data_hash", "seed", "trained_from", "trained_until", "command", "config", "lake"):
        assert getattr(a, name) == getattr(b, name)
    assert a.data_hash == given_history.fingerprint
    assert set(a.metrics) == set(b.metrics) == {"seen", "validation", "unseen"}
    assert a.obs_id == "obs-v1"
    assert b.heads == ()


def test_progress_goes_from_nothing_to_all_through_every_phase(trained):
    told = trained[2]
    fractions = [p.fraction for p in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    phases = list(dict.fromkeys(p.phase for p in told))
    assert phases == ["symbol agents, fold 1", "symbol agents, fold 2", "symbol agents", "meta-controller"]


def test_unseen_dates_reach_neither_policy(trained):
    _, made, _ = trained
    other = history(320, 4, seed=2)
    other.panel.close[270:] *= 1.0 + 0.1 * np.arange(50)[:, None]
    other.fill[270:] *= 1.3
    other.features.values[270:] += 0.5
    again = train_all(other, PRESET, 3, Origin({"seed": 7}, "bullpen train"))
    for one, two in ((made.symbol_agents, again.symbol_agents), (made.meta_controller, again.meta_controller)):
        assert one.manifest.sha256 == two.manifest.sha256
        assert one.manifest.metrics["seen"] == two.manifest.metrics["seen"]
        assert one.manifest.metrics["unseen"] != two.manifest.metrics["unseen"]


def test_ray_does_not_outlive_the_run(trained):
    import ray

    assert not ray.is_initialized()


def test_an_interrupted_run_leaves_nothing_behind(tmp_path, monkeypatch):
    import tempfile

    import ray

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt(progress: Progress) -> None:
        if progress.phase == "symbol agents":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_all(history(320, 4, seed=2), PRESET, 3, Origin({}, ""), interrupt)
    assert not ray.is_initialized()
    assert not list(tmp_path.glob("bullpen-*"))


def test_a_controller_alone_needs_no_folds(trained):
    given_history, made, _ = trained
    preset = PRESET.model_copy(update={"folds": 0})
    alone = train_meta_controller(given_history, preset, 3, Origin({}, "bullpen train"), made.symbol_agents)
    assert [p.manifest.role for p in alone.policies] == ["meta_controller"]


def test_a_manifest_says_how_many_settings_were_compared(trained):
    given_history, made, _ = trained
    assert made.symbol_agents.manifest.configurations == 1
    tuned = PRESET.model_copy(update={"configurations": 12})
    assert train_symbol_agents(given_history, tuned, 3, Origin({}, "")).symbol_agents.manifest.configurations == 12
