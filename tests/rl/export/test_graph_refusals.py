"""A policy whose graph is not what the manifest vouches for, reads something else or answers otherwise is not used."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from agents.policies.chosen import choose
from data.errors import CorruptFile
from rl.export.symbol_agents import policy_graph
from rl.modules.config import ModuleConfig
from rl.policies.files import GRAPH, MANIFEST, sealed
from rl.store import PolicyStore, load_bundle, save_bundle
from tests.agents.desk_policies import meta_policy, symbol_policy, without_graph


@pytest.fixture(params=["symbol_agents", "meta_controller"])
def made(request):
    return symbol_policy() if request.param == "symbol_agents" else meta_policy()


def replaced(folder, content, **changes):
    """Another graph under a hash that is right."""
    (folder / GRAPH).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text()) | {"onnx_sha256": hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))


def test_a_policy_is_written_with_its_graph_and_comes_back_with_it(tmp_path, made):
    save_bundle(tmp_path / "p", made)
    found = load_bundle(tmp_path / "p")
    assert found.onnx == made.onnx
    assert found.manifest.schema_version == 2
    assert sorted(f.name for f in (tmp_path / "p").iterdir()) == ["manifest.json", "policy.onnx", "tensors.safetensors"]


@pytest.mark.parametrize("position", [0, 99, -1])
def test_any_flipped_byte_of_the_graph_is_found(tmp_path, made, position):
    save_bundle(tmp_path / "p", made)
    content = bytearray((tmp_path / "p" / GRAPH).read_bytes())
    content[position] ^= 1
    (tmp_path / "p" / GRAPH).write_bytes(bytes(content))
    with pytest.raises(CorruptFile, match="sha256"):
        load_bundle(tmp_path / "p")


def test_a_missing_graph_is_found(tmp_path, made):
    save_bundle(tmp_path / "p", made)
    (tmp_path / "p" / GRAPH).unlink()
    with pytest.raises(CorruptFile, match="graph"):
        load_bundle(tmp_path / "p")


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x08"])
def test_a_graph_that_cannot_be_run_is_refused(tmp_path, made, content):
    save_bundle(tmp_path / "p", made)
    replaced(tmp_path / "p", content)
    with pytest.raises(CorruptFile, match="ONNX Runtime"):
        load_bundle(tmp_path / "p")


def test_a_graph_that_answers_otherwise_than_the_tensors_is_refused(tmp_path, made):
    save_bundle(tmp_path / "p", made)
    other = symbol_policy(1) if made.manifest.role == "symbol_agents" else meta_policy(1)
    replaced(tmp_path / "p", other.onnx)
    with pytest.raises(CorruptFile, match="does not answer as its tensors do"):
        load_bundle(tmp_path / "p")


def test_a_single_weight_that_differs_by_little_is_found(tmp_path):
    made = symbol_policy()
    nudged = {name: value.copy() for name, value in made.tensors.items()}
    nudged["head.bias"][1, 0] += 0.01
    save_bundle(tmp_path / "p", made)
    replaced(tmp_path / "p", policy_graph(ModuleConfig(), nudged))
    with pytest.raises(CorruptFile, match="does not answer as its tensors do"):
        load_bundle(tmp_path / "p")


def test_a_graph_with_the_inputs_of_another_observation_is_refused(tmp_path):
    save_bundle(tmp_path / "p", symbol_policy())
    replaced(tmp_path / "p", meta_policy().onnx)
    with pytest.raises(CorruptFile, match="does not read obs-v1"):
        load_bundle(tmp_path / "p")


def test_a_manifest_that_names_another_observation_is_refused(tmp_path):
    made = symbol_policy()
    save_bundle(tmp_path / "p", made)
    replaced(tmp_path / "p", made.onnx, obs_id="obs-v2")
    with pytest.raises(CorruptFile):
        load_bundle(tmp_path / "p")
    replaced(tmp_path / "p", made.onnx, obs_id="obs-v9")
    with pytest.raises(CorruptFile, match="obs-v9"):
        load_bundle(tmp_path / "p")


def test_tensors_that_are_no_network_are_never_written(tmp_path):
    made = without_graph(symbol_policy())
    broken = {name: value for name, value in made.tensors.items() if name != "head.bias"}
    with pytest.raises(CorruptFile, match="no network"):
        save_bundle(tmp_path / "p", type(made)(made.manifest, broken))
    assert not (tmp_path / "p").exists()


def test_old_checkpoint_loads(tmp_path, made):
    """A folder as version 1 wrote it: no graph, no field that came later."""
    save_bundle(tmp_path / "p", made)
    (tmp_path / "p" / GRAPH).unlink()
    manifest = json.loads((tmp_path / "p" / MANIFEST).read_text())
    for name in ("onnx_sha256", "network", "gap", "parents", "seeds", "configurations"):
        del manifest[name]
    (tmp_path / "p" / MANIFEST).write_text(json.dumps(manifest | {"schema_version": 1}))
    found = load_bundle(tmp_path / "p")
    assert found.onnx is None
    assert sealed(found).onnx == made.onnx
    assert all(np.array_equal(found.tensors[k], made.tensors[k]) for k in made.tensors)


def test_a_version_of_the_future_is_refused(tmp_path, made):
    save_bundle(tmp_path / "p", made)
    replaced(tmp_path / "p", made.onnx, schema_version=3)
    with pytest.raises(CorruptFile, match="schema_version"):
        load_bundle(tmp_path / "p")


def test_exporting_gives_an_old_policy_its_graph(tmp_path):
    store = PolicyStore((tmp_path,))
    store.save(symbol_policy())
    (tmp_path / "toy-symbols-0" / GRAPH).write_bytes(b"damaged")
    assert "sha256" in choose(store, "symbol_agents", "sample").reason
    assert store.export("toy-symbols-0").onnx == symbol_policy().onnx
    assert choose(store, "symbol_agents", "sample").policy_id == "toy-symbols-0"


def test_lineage_stands_in_the_manifest(tmp_path):
    metrics = {"seen": {"sharpe": 1.5, "turnover": 3.0}, "unseen": {"sharpe": 0.5, "turnover": 2.0}}
    made = symbol_policy(parents=("a", "b"), seeds=(0, 100), configurations=20, metrics=metrics)
    save_bundle(tmp_path / "p", made)
    found = load_bundle(tmp_path / "p").manifest
    assert (found.parents, found.seeds, found.configurations) == (("a", "b"), (0, 100), 20)
    assert found.gap == {"sharpe": 1.0}
