"""The hash of facts: the same for the same facts, whatever built them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np

from data.clock import slot_text
from data.features.spec import Features
from data.panel import Panel


def content_hash(words: dict[str, Any], panel: Panel, features: Features, *arrays: np.ndarray) -> str:
    """sha256 over `words` as canonical JSON and over the bits of every array."""
    digest = hashlib.sha256()
    named = words | {"instruments": panel.instruments, "specs": (features.specs, features.shared_specs)}
    digest.update(json.dumps(_plain(named), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    blocks = np.moveaxis(features.values, -1, 0), np.moveaxis(features.shared, -1, 0)
    prices = (panel.times, panel.open, panel.high, panel.low, panel.close, panel.volume, panel.age, panel.closes_only)
    for array in (*prices, *blocks, *arrays):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Dataclasses, tuples and times as JSON knows them."""
    if isinstance(value, datetime):
        return slot_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value
