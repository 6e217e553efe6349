"""The symbol agents in use: stateless scores from a bundle, by numpy alone."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from data.errors import CorruptFile
from data.market import AssetClass, Instrument
from rl.store import Manifest, PolicyBundle, tensor_sha256
from rl.symbol_policy import SymbolPolicy
from tests.rl.histories import history


def bundle(role="symbol_agents", obs_id="obs-v1", symbols=("S00", "S01", "S02", "S03"), scale=1.0):
    rng = np.random.default_rng(0)

    def drawn(*shape):
        return (scale * rng.normal(0.0, 0.4, shape)).astype(np.float32)

    heads = 1 + len(symbols)
    tensors = {
        "encoder.0.weight": drawn(8, 56), "encoder.0.bias": drawn(8), "encoder.1.weight": drawn(8, 8),
        "encoder.1.bias": drawn(8), "head.weight": drawn(heads, 8, 7), "head.bias": drawn(heads, 7),
    }  # fmt: skip
    manifest = Manifest(
        policy_id="ppo-test", role=role, algorithm="ppo", source="synthetic", params={}, data_hash="", lake={},
        obs_id=obs_id, heads=("*", *symbols), seed=0, config={}, trained_from="", trained_until="", metrics={},
        git_commit="", sha256=tensor_sha256(tensors), shapes={k: v.shape for k, v in tensors.items()}, versions={},
        command="",
    )  # fmt: skip
    return PolicyBundle(manifest, tensors)


def test_scores_are_bounded_and_differ():
    h = history()
    scores = SymbolPolicy(bundle()).scores(h.features, h.panel.instruments)
    known = h.ready
    assert scores.score.shape == (400, 4)
    assert (np.abs(scores.score[known]) <= 1.0).all()
    assert ((scores.confidence[known] >= 0.0) & (scores.confidence[known] <= 1.0)).all()
    assert scores.score[known].std() > 0.01


def test_what_is_not_known_is_nan_and_only_that():
    h = history()
    h.features.values[200, 1, 4] = np.nan
    scores = SymbolPolicy(bundle()).scores(h.features, h.panel.instruments)
    known = np.isfinite(h.features.values).all(axis=-1)
    assert not known[200, 1]
    assert np.array_equal(np.isfinite(scores.score), known)
    assert np.array_equal(np.isfinite(scores.confidence), known)


@pytest.mark.parametrize("rows", [slice(-1, None), slice(100, 130), slice(0, 0), slice(500, 600)])
def test_some_rows_are_those_rows_of_all(rows):
    h = history(700)
    policy = SymbolPolicy(bundle())
    whole, some = (policy.scores(h.features, h.panel.instruments, r) for r in (None, rows))
    assert some.score.shape == whole.score[rows].shape
    assert np.allclose(some.score, whole.score[rows], atol=1e-12, equal_nan=True)
    assert np.allclose(some.confidence, whole.confidence[rows], atol=1e-12, equal_nan=True)


def test_later_features_change_nothing():
    one, other = history(), history()
    other.features.values[300:] += 1.0
    other.features.shared[300:] += 1.0
    policy = SymbolPolicy(bundle())
    a, b = (policy.scores(h.features, h.panel.instruments).score[:300] for h in (one, other))
    assert np.array_equal(a, b, equal_nan=True)


def test_a_symbol_keeps_its_head_wherever_it_stands_and_strangers_get_the_generic_one():
    h = history()
    policy = SymbolPolicy(bundle())
    swapped = [3, 2, 1, 0]
    features = dataclasses.replace(h.features, values=h.features.values[:, swapped])
    instruments = [h.panel.instruments[i] for i in swapped]
    a = policy.scores(h.features, h.panel.instruments).score[:, swapped]
    assert np.allclose(a, policy.scores(features, instruments).score, atol=1e-12, equal_nan=True)
    strangers = [Instrument(f"X{i}", AssetClass.STOCK) for i in range(4)]
    alike = dataclasses.replace(h.features, values=np.repeat(h.features.values[:, :1], 4, axis=1))
    generic = policy.scores(alike, strangers).score[100]
    assert np.ptp(generic) == pytest.approx(0.0, abs=1e-12)
    assert policy.head_of("S01") == "own"
    assert policy.head_of("X0") == policy.head_of("*") == "generic"


def test_a_large_network_still_gives_numbers():
    h = history()
    scores = SymbolPolicy(bundle(scale=100.0)).scores(h.features, h.panel.instruments)
    assert np.isfinite(scores.score[h.ready]).all()
    assert np.isfinite(scores.confidence[h.ready]).all()


@pytest.mark.parametrize("change", [{"role": "meta_controller"}, {"obs_id": "obs-v0"}])
def test_a_policy_of_another_kind_is_refused(change):
    with pytest.raises(CorruptFile, match="train it again"):
        SymbolPolicy(bundle(**change))


def test_the_cycle_needs_neither_torch_nor_ray():
    code = "import sys, rl.symbol_policy, rl.store; print(sorted({'torch', 'ray', 'gymnasium'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
