"""The policy store: what was written comes back, and nothing else is ever taken for it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from data.errors import CorruptFile, NotFound, StorageFailed
from rl.policies.files import sealed
from rl.store import MANIFEST, TENSORS, Manifest, PolicyBundle, PolicyStore, load_bundle, save_bundle, tensor_sha256
from tests.agents.desk_policies import meta_policy


def tiny_network(scale=1.0):
    """A sound MLP for two heads; its biases are `scale` times 0, 1, 2."""
    rng = np.random.default_rng(0)
    return {
        "encoder.0.weight": rng.normal(0.0, 0.3, (3, 56)).astype(np.float32),
        "encoder.0.bias": np.arange(3, dtype=np.float32) * scale,
        "head.weight": rng.normal(0.0, 0.5, (2, 3, 7)).astype(np.float32),
        "head.bias": np.ones((2, 7), dtype=np.float32),
    }


def bundle(name="ppo-a", source="simulated", role="symbol_agents", until="2021-12-31T21:00:00Z", scale=1.0):
    tensors = meta_policy().tensors if role == "meta_controller" else tiny_network(scale)
    manifest = Manifest(
        policy_id=name, role=role, algorithm="ppo", source=source, params={"seed": 7}, data_hash="d", lake={"bars": 1},
        obs_id="obs-v1", heads=("*", "AAA"), seed=0, config={}, trained_from="2017-01-03T21:00:00Z",
        trained_until=until, metrics={"seen": {"sharpe": 1.0}}, git_commit="", sha256=tensor_sha256(tensors),
        shapes={k: v.shape for k, v in tensors.items()}, versions={}, command="bullpen train",
    )  # fmt: skip
    return PolicyBundle(manifest, tensors)


def test_a_bundle_comes_back_whole(tmp_path):
    made = bundle()
    save_bundle(tmp_path / "p", made)
    found = load_bundle(tmp_path / "p", "obs-v1")
    assert found.manifest == sealed(made).manifest
    assert sorted(found.tensors) == sorted(made.tensors)
    assert all(np.array_equal(found.tensors[k], made.tensors[k]) for k in made.tensors)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["p"]


def test_the_same_tensors_have_the_same_bytes_in_any_order():
    made = bundle().tensors
    assert tensor_sha256(made) == tensor_sha256(dict(reversed(list(made.items()))))


@pytest.mark.parametrize("position", [0, 9, -1])
def test_any_flipped_byte_of_the_tensors_is_found(tmp_path, position):
    save_bundle(tmp_path / "p", bundle())
    file = tmp_path / "p" / TENSORS
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptFile, match="sha256"):
        load_bundle(tmp_path / "p")


def rewritten(path, tensors, **changes):
    """A bundle whose hash is right and whose content is not what a policy may hold."""
    from rl.store import tensor_bytes

    (path / TENSORS).write_bytes(tensor_bytes(tensors))
    manifest = json.loads((path / MANIFEST).read_text()) | {"sha256": tensor_sha256(tensors)} | changes
    (path / MANIFEST).write_text(json.dumps(manifest))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    save_bundle(tmp_path / "p", bundle())
    rewritten(tmp_path / "p", bundle().tensors | {"encoder.0.bias": np.array([1.0, np.nan, 1.0], dtype=np.float32)})
    with pytest.raises(CorruptFile, match="not finite"):
        load_bundle(tmp_path / "p")


@pytest.mark.parametrize(
    "tensors", [{"head.weight": np.ones((2, 7, 3), dtype=np.float32)}, {"extra": np.ones(1, dtype=np.float32)}]
)
def test_other_shapes_or_names_are_refused(tmp_path, tensors):
    save_bundle(tmp_path / "p", bundle())
    rewritten(tmp_path / "p", bundle().tensors | tensors)
    with pytest.raises(CorruptFile, match="shapes"):
        load_bundle(tmp_path / "p")


def test_another_observation_is_refused(tmp_path):
    save_bundle(tmp_path / "p", bundle())
    with pytest.raises(CorruptFile, match="obs-v1"):
        load_bundle(tmp_path / "p", "obs-v2")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"policy_id": "x"}', "\x00\xff"])
def test_a_broken_manifest_is_one_line_a_person_can_act_on(tmp_path, text):
    save_bundle(tmp_path / "p", bundle())
    (tmp_path / "p" / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(CorruptFile) as caught:
        load_bundle(tmp_path / "p")
    assert "\n" not in str(caught.value)
    assert "bullpen train" in caught.value.remedy


def test_an_unknown_manifest_field_is_refused(tmp_path):
    save_bundle(tmp_path / "p", bundle())
    rewritten(tmp_path / "p", bundle().tensors, surprise=1)
    with pytest.raises(CorruptFile, match="surprise"):
        load_bundle(tmp_path / "p")


def test_a_truncated_or_missing_tensor_file_is_refused(tmp_path):
    save_bundle(tmp_path / "p", bundle())
    file = tmp_path / "p" / TENSORS
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(CorruptFile):
        load_bundle(tmp_path / "p")
    file.unlink()
    with pytest.raises(CorruptFile):
        load_bundle(tmp_path / "p")


def test_a_full_disk_leaves_the_old_policy_in_place(tmp_path, monkeypatch):
    save_bundle(tmp_path / "p", bundle())

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        save_bundle(tmp_path / "p", bundle(scale=2.0))
    monkeypatch.undo()
    assert load_bundle(tmp_path / "p").tensors["encoder.0.bias"][2] == 2.0
    assert [f.name for f in tmp_path.iterdir()] == ["p"]


def test_a_failure_while_the_folders_change_places_brings_the_old_policy_back(tmp_path, monkeypatch):
    save_bundle(tmp_path / "p", bundle())
    rename = Path.rename

    def failing(self, target):
        if self.name.endswith(".partial"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StorageFailed, match="error"):
        save_bundle(tmp_path / "p", bundle(scale=2.0))
    monkeypatch.undo()
    assert load_bundle(tmp_path / "p").tensors["encoder.0.bias"][2] == 2.0
    assert [f.name for f in tmp_path.iterdir()] == ["p"]


def test_a_newer_policy_replaces_the_older_one(tmp_path):
    for scale in (1.0, 2.0):
        save_bundle(tmp_path / "p", bundle(scale=scale))
    assert load_bundle(tmp_path / "p").tensors["encoder.0.bias"][2] == 4.0
    assert [f.name for f in tmp_path.iterdir()] == ["p"]


def test_the_users_policy_comes_before_the_shipped_one(tmp_path):
    user, shipped = tmp_path / "user", tmp_path / "shipped"
    PolicyStore((shipped,)).save(bundle("ppo-shipped"))
    store = PolicyStore((user, shipped))
    assert store.latest("symbol_agents", "simulated").manifest.policy_id == "ppo-shipped"
    store.save(bundle("ppo-user"))
    store.save(bundle("ppo-user-2"), promote=True)
    assert store.latest("symbol_agents", "simulated").manifest.policy_id == "ppo-user-2"
    assert store.get("ppo-shipped").manifest.policy_id == "ppo-shipped"
    assert [m.policy_id for m in store.list()] == ["ppo-user", "ppo-user-2", "ppo-shipped"]


def test_roles_and_sources_are_kept_apart(tmp_path):
    store = PolicyStore((tmp_path,))
    store.save(bundle("ppo-a", "simulated"))
    store.save(bundle("sac-a", "simulated", "meta_controller"))
    store.save(bundle("ppo-b", "sample", until="2017-12-29T21:00:00Z"))
    assert store.latest("symbol_agents", "sample").manifest.policy_id == "ppo-b"
    assert store.latest("meta_controller", "simulated").manifest.policy_id == "sac-a"
    with pytest.raises(NotFound, match="files"):
        store.latest("symbol_agents", "files")
    assert store.latest("symbol_agents", None).manifest.policy_id == "ppo-a"


@pytest.mark.parametrize("name", ["nothing", "../user", "", "."])
def test_only_the_name_of_a_stored_policy_finds_one(tmp_path, name):
    PolicyStore((tmp_path / "user",)).save(bundle())
    with pytest.raises(NotFound):
        PolicyStore((tmp_path / "user",)).get(name)


def test_a_broken_table_of_policies_in_use_is_said_not_skipped(tmp_path):
    store = PolicyStore((tmp_path,))
    store.save(bundle())
    (tmp_path / "current.json").write_text("{")
    with pytest.raises(CorruptFile, match=r"current\.json"):
        store.latest("symbol_agents", "simulated")


def test_a_figure_that_is_no_number_is_kept_as_unknown(tmp_path):
    metrics = {"seen": {"a_sharpe": 1.0}, "unseen": {"a_sharpe": float("nan"), "turnover": float("inf"), "b": 0.25}}
    made = bundle()
    made = type(made)(made.manifest.model_copy(update={"metrics": metrics}), made.tensors)
    save_bundle(tmp_path / "p", made)
    found = load_bundle(tmp_path / "p").manifest
    assert found.metrics["unseen"]["b"] == 0.25
    assert np.isnan(
        [found.metrics["unseen"]["a_sharpe"], found.metrics["unseen"]["turnover"], found.gap["a_sharpe"]]
    ).all()
    json.dumps(found.model_dump(mode="json"), allow_nan=False)
