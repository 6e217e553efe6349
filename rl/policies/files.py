"""A policy on disk: a folder of manifest, safetensors and ONNX graph, written whole and checked before it is used.

Nothing is unpickled. The graph is made from the tensors when the folder is written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from data.errors import CorruptFile, NotFound, StorageFailed
from data.market import Float32Array
from rl.policies.manifest import Manifest, PolicyBundle, seen_less_unseen, tensor_bytes

MANIFEST = "manifest.json"
TENSORS = "tensors.safetensors"
GRAPH = "policy.onnx"
_RETRAIN = "train it again with `bullpen train`, or remove the folder"


def sealed(bundle: PolicyBundle) -> PolicyBundle:
    """The bundle with its graph, the graph's hash and the gap: version 2. As it is where it has its graph already.

    Raises CorruptFile where the tensors are not the network that the manifest says.
    """
    if bundle.onnx is not None:
        return bundle
    from rl.export.export import export_policy

    content, manifest = export_policy(bundle), bundle.manifest
    found = {
        "schema_version": 2,
        "onnx_sha256": hashlib.sha256(content).hexdigest(),
        "gap": manifest.gap or seen_less_unseen(manifest.metrics),
    }
    return replace(bundle, manifest=manifest.model_copy(update=found), onnx=content)


def save_bundle(path: Path, bundle: PolicyBundle) -> None:
    """Write the folder `path`, replacing an older one, or leave everything as it was and raise StorageFailed.

    The graph is written with it (CorruptFile where there can be none: see `sealed`).
    """
    whole = sealed(bundle)
    assert whole.onnx is not None
    partial = path.with_name(f".{path.name}.partial")
    replaced = path.with_name(f".{path.name}.replaced")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write_file(partial / TENSORS, tensor_bytes(whole.tensors))
        write_file(partial / GRAPH, whole.onnx)
        write_file(partial / MANIFEST, (whole.manifest.model_dump_json(indent=1) + "\n").encode())
        if path.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            path.rename(replaced)
        partial.rename(path)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if replaced.exists() and not path.exists():
            replaced.rename(path)
        raise StorageFailed(
            f"policy {bundle.manifest.policy_id} could not be written: {error.strerror}", "free some disk space"
        ) from error


def load_bundle(path: Path, obs_id: str | None = None) -> PolicyBundle:
    """Read and check a policy folder.

    Raises NotFound where there is none; CorruptFile where the manifest cannot be read, tensors or graph are not those
    it vouches for (sha256, names, shapes), a weight is not finite, the graph's inputs are not the observation's or its
    answers to a fixed probe not the tensors', or the observation id is not `obs_id` (if given). A policy of version 1
    has no graph.
    """
    bundle = load_tensors(path)
    manifest = bundle.manifest
    if obs_id is not None and manifest.obs_id != obs_id:
        raise CorruptFile(
            f"policy {manifest.policy_id} reads {manifest.obs_id}, this version builds {obs_id}", _RETRAIN
        )
    if manifest.schema_version == 1:
        return bundle
    from rl.export.check import check_graph

    content = _vouched(path / GRAPH, manifest.onnx_sha256, f"the graph of policy {manifest.policy_id}")
    check_graph(bundle, content)
    return replace(bundle, onnx=content)


def load_tensors(path: Path) -> PolicyBundle:
    """Manifest and tensors, checked as by `load_bundle`, whatever the graph is."""
    manifest = read_manifest(path)
    name = manifest.policy_id
    tensors = _parse(_vouched(path / TENSORS, manifest.sha256, f"the tensors of policy {name}"), name)
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    if shapes != dict(manifest.shapes):
        raise CorruptFile(f"policy {name}: tensor names or shapes differ from the manifest", _RETRAIN)
    if not all(bool(np.isfinite(value).all()) for value in tensors.values()):
        raise CorruptFile(f"policy {name} holds weights that are not finite", _RETRAIN)
    return PolicyBundle(manifest, tensors)


def read_manifest(path: Path) -> Manifest:
    """The manifest of a policy folder (NotFound, CorruptFile)."""
    try:
        text = (path / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"no policy in folder {path.name!r}", "see `bullpen train --help`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptFile(f"the manifest of policy {path.name} cannot be read", _RETRAIN) from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CorruptFile(f"the manifest of policy {path.name} is not valid at {where}", _RETRAIN) from error


def write_file(path: Path, content: bytes) -> None:
    """Write and flush to the disk (OSError)."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _vouched(path: Path, sha256: str, what: str) -> bytes:
    """A file's content, if it is what the manifest vouches for."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"{what} cannot be read", _RETRAIN) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CorruptFile(f"{what}: not what its manifest vouches for (sha256)", _RETRAIN)
    return content


def _parse(content: bytes, name: str) -> dict[str, Float32Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        loaded = load(content)
    except SafetensorError as error:
        raise CorruptFile(f"the tensor file of policy {name} cannot be read", _RETRAIN) from error
    return {key: np.asarray(loaded[key], dtype=np.float32) for key in sorted(loaded)}
