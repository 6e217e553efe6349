"""Trained policies on disk: safetensors beside a JSON manifest, checked before use and never unpickled.

A policy is a folder `<root>/<policy_id>/` with `manifest.json` and `tensors.safetensors`. `<root>/current.json` says
which policy of each role and source is in use. Folders appear whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import CorruptFile, NotFound, StorageFailed
from data.market import Float32Array
from data.sources.protocol import Param

Role = Literal["symbol_agents", "meta_controller"]
MANIFEST = "manifest.json"
TENSORS = "tensors.safetensors"
CURRENT = "current.json"
SHIPPED = Path(__file__).parent / "shipped"
"""Policies that come with the package."""
_RETRAIN = "train it again with `bullpen train`, or remove the folder"


class Manifest(BaseModel):
    """Where a policy comes from and how it did on dates it saw and did not see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    policy_id: str
    role: Role
    algorithm: str
    source: str
    params: dict[str, Param]
    """What, with `source`, rebuilds the source."""
    data_hash: str
    """History.fingerprint of the training data."""
    lake: dict[str, int]
    """Delta table name -> version."""
    obs_id: str
    heads: tuple[str, ...]
    """Symbol of each head; the generic head is "*"."""
    seed: int
    config: dict[str, Any]
    trained_from: str
    trained_until: str
    """Last slot (ISO, UTC) that training or checkpoint selection looked at."""
    metrics: dict[str, dict[str, float]]
    """"seen" | "validation" | "unseen" -> figure name -> value."""
    git_commit: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the tensor file."""
    shapes: dict[str, tuple[int, ...]]
    versions: dict[str, str]
    command: str
    """What a person types to make it again."""


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """A manifest and the float32 tensors it vouches for."""

    manifest: Manifest
    tensors: Mapping[str, Float32Array]


def tensor_bytes(tensors: Mapping[str, Float32Array]) -> bytes:
    """The tensor file's content; a function of names and values only."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(tensors[name], dtype=np.float32) for name in sorted(tensors)})


def tensor_sha256(tensors: Mapping[str, Float32Array]) -> str:
    """sha256 of `tensor_bytes`."""
    return hashlib.sha256(tensor_bytes(tensors)).hexdigest()


def save_bundle(path: Path, bundle: PolicyBundle) -> None:
    """Write the folder `path`, replacing an older one, or leave everything as it was and raise StorageFailed."""
    partial = path.with_name(f".{path.name}.partial")
    replaced = path.with_name(f".{path.name}.replaced")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _write(partial / TENSORS, tensor_bytes(bundle.tensors))
        _write(partial / MANIFEST, (bundle.manifest.model_dump_json(indent=1) + "\n").encode())
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

    Raises NotFound where there is none; CorruptFile where the manifest cannot be read, the tensors are not those it
    vouches for (sha256, names, shapes), a weight is not finite, or the observation id is not `obs_id` (if given).
    """
    manifest = read_manifest(path)
    name = manifest.policy_id
    try:
        content = (path / TENSORS).read_bytes()
    except OSError as error:
        raise CorruptFile(f"policy {name} has no readable tensors", _RETRAIN) from error
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise CorruptFile(f"the tensors of policy {name} are not those its manifest vouches for (sha256)", _RETRAIN)
    tensors = _parse(content, name)
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    if shapes != dict(manifest.shapes):
        raise CorruptFile(f"policy {name}: tensor names or shapes differ from the manifest", _RETRAIN)
    if not all(bool(np.isfinite(value).all()) for value in tensors.values()):
        raise CorruptFile(f"policy {name} holds weights that are not finite", _RETRAIN)
    if obs_id is not None and manifest.obs_id != obs_id:
        raise CorruptFile(f"policy {name} reads {manifest.obs_id}, this version builds {obs_id}", _RETRAIN)
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


class PolicyStore:
    """Policies under several roots; an earlier root wins (the user's, then the shipped ones)."""

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self.roots = roots

    def latest(self, role: Role, source: str | None, obs_id: str | None = None) -> PolicyBundle:
        """The policy in use for a role and source, or for any source with None.

        Raises NotFound where no root has one. A corrupt policy raises CorruptFile: what to fall back on, and that it
        was done, is the caller's to decide and record.
        """
        for root in self.roots:
            name = _chosen(root, role, source)
            if name:
                return load_bundle(root / name, obs_id)
        of = f"source {source!r}" if source else "any source"
        raise NotFound(f"no {role} policy for {of}", "make one with `bullpen train`")

    def get(self, policy_id: str) -> PolicyBundle:
        """The policy of that id (NotFound, CorruptFile)."""
        for root in self.roots:
            if policy_id in (folder.name for folder in _folders(root)):
                return load_bundle(root / policy_id)
        raise NotFound(f"no policy {policy_id!r}", "list them with `bullpen doctor`")

    def list(self) -> tuple[Manifest, ...]:
        """All manifests, by root and name; a policy whose manifest is broken raises CorruptFile."""
        return tuple(read_manifest(folder) for root in self.roots for folder in _folders(root))

    def save(self, bundle: PolicyBundle) -> Path:
        """Write a policy under the first root and put it in use for its role and source."""
        root, manifest = self.roots[0], bundle.manifest
        path = root / manifest.policy_id
        save_bundle(path, bundle)
        current = _current(root) | {f"{manifest.role}/{manifest.source}": manifest.policy_id}
        try:
            partial = root / f".{CURRENT}.partial"
            _write(partial, (json.dumps(current, sort_keys=True, indent=1) + "\n").encode())
            partial.replace(root / CURRENT)
        except OSError as error:
            raise StorageFailed(f"{CURRENT} could not be written: {error.strerror}", "free some disk space") from error
        return path


def _chosen(root: Path, role: Role, source: str | None) -> str:
    """The policy id in use under one root, or ""; with no source, the one whose training ends last."""
    current = _current(root)
    if source is not None:
        return current.get(f"{role}/{source}", "")
    names = [name for key, name in sorted(current.items()) if key.startswith(f"{role}/")]
    return max(names, key=lambda name: (read_manifest(root / name).trained_until, name), default="")


def _current(root: Path) -> dict[str, str]:
    try:
        content = json.loads((root / CURRENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CorruptFile(f"{CURRENT} of the policy store cannot be read", "remove it and train again") from error
    if not isinstance(content, dict):
        raise CorruptFile(f"{CURRENT} of the policy store is not a table", "remove it and train again")
    return {str(key): str(value) for key, value in content.items()}


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith((".", "_")))


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _parse(content: bytes, name: str) -> dict[str, Float32Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        loaded = load(content)
    except SafetensorError as error:
        raise CorruptFile(f"the tensor file of policy {name} cannot be read", _RETRAIN) from error
    return {key: np.asarray(loaded[key], dtype=np.float32) for key in sorted(loaded)}
