"""The state of an algorithm in a folder: tensors as safetensors, all else as JSON; nothing is pickled.

`state.json` holds the tree of dicts, lists and plain values with names in place of arrays, and the sha256 of
`state.safetensors`, which holds the arrays. A folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import CorruptFile, NotFound, StorageFailed

_TENSORS, _TREE = "state.safetensors", "state.json"
_VERSION = 1
Array = np.ndarray[Any, np.dtype[Any]]


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a tree of dicts, lists, arrays and plain values as `folder`, in place of an older one.

    Written aside and renamed: after a kill at any moment the folder holds the old state or the new one, or, between the
    two renames, nothing while the old one stands beside it. Raises StorageFailed with the old state in place.
    """
    from safetensors.numpy import save

    arrays: dict[str, Array] = {}
    tree = _packed(state, arrays)
    tensors = save(arrays)
    digest = hashlib.sha256(tensors).hexdigest()
    content = json.dumps({"version": _VERSION, "sha256": digest, "tree": tree})
    partial, replaced = (folder.with_name(f".{folder.name}.{word}") for word in ("partial", "replaced"))
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _write(partial / _TENSORS, tensors)
        _write(partial / _TREE, content.encode())
        if folder.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            folder.rename(replaced)
        partial.rename(folder)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)
        raise StorageFailed(f"a checkpoint could not be written: {error.strerror}", "free some disk space") from error


def read_state(folder: Path) -> dict[str, Any]:
    """The tree that `write_state` wrote; NotFound where there is none, CorruptFile where it is not what was written."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    replaced = folder.with_name(f".{folder.name}.replaced")
    found = folder if folder.exists() or not replaced.exists() else replaced
    try:
        content = json.loads((found / _TREE).read_text(encoding="utf-8"))
        tensors = (found / _TENSORS).read_bytes()
        if content["version"] != _VERSION or content["sha256"] != hashlib.sha256(tensors).hexdigest():
            raise CorruptFile(f"the checkpoint {folder.name} is not what was written", "train from the start")
        state: dict[str, Any] = _unpacked(content["tree"], load(tensors))
    except FileNotFoundError as error:
        raise NotFound(f"no checkpoint in folder {folder.name!r}", "train from the start") from error
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CorruptFile(f"the checkpoint {folder.name} cannot be read", "train from the start") from error
    return state


def _packed(value: Any, arrays: dict[str, Array]) -> Any:
    """A JSON tree: {"dict": [[key, value], ...]}, {"list": [...]}, {"array": name} or {"value": plain}."""
    if isinstance(value, dict):
        return {"dict": [[key, _packed(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_packed(item, arrays) for item in value]}
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = np.ascontiguousarray(value).reshape(value.shape)
        return {"array": name}
    return {"value": value.item() if isinstance(value, np.generic) else value}


def _unpacked(tree: dict[str, Any], arrays: dict[str, Array]) -> Any:
    """The value of a packed tree."""
    ((kind, content),) = tree.items()
    if kind == "dict":
        return {key: _unpacked(item, arrays) for key, item in content}
    if kind == "list":
        return [_unpacked(item, arrays) for item in content]
    return arrays[content] if kind == "array" else content


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
