"""Replay: run the recorded cycle again through the same graph and compare the bytes.

The parts are scratch ones (a ledger and a venue in a temporary folder, answers from the record), the facts are read
from the lake versions the record names, and nothing calls out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from agents.deadlines import OVERDUE
from graph.context import CycleContext
from graph.cycle import build_cycle
from graph.record import CycleRecord

MAX_DIFFERENCES = 50


@dataclass(frozen=True, slots=True)
class Replay:
    """`identical` speaks of bytes; `differences` names the JSON paths that differ (at most 50)."""

    cycle_id: str
    identical: bool
    differences: tuple[str, ...]
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """The comparison as plain JSON."""
        return asdict(self)


def run_again(record: CycleRecord, context: CycleContext) -> bytes:
    """The bytes a fresh run of the recorded cycle gives with the parts in `context`."""
    context.ledger.create_book(record.opening)
    context.ledger.open_cycle(record.book, record.slot, record.cycle_id)
    graph = build_cycle()
    graph.invoke({"book": record.book, "slot": record.slot, "cycle_id": record.cycle_id}, context=context)
    payload = context.ledger.record(record.cycle_id)
    return payload if payload is not None else b""


def overdue_nodes(record: CycleRecord) -> frozenset[str]:
    """The nodes that were cut off by the deadline when the cycle ran; agents by their names."""
    said = {view.agent: view.reason for view in record.views if view.abstained}
    said["meta_controller"] = record.allocation.fallback_chain[0].reason
    judged_last = "approval" if record.approval.answer == "edited" else "risk_check"
    said[judged_last] = "; ".join(record.verdict.reasons) if record.verdict.decision == "halted" else ""
    return frozenset(node for node, reason in said.items() if OVERDUE in reason)


def compare(cycle_id: str, first: bytes, again: bytes) -> Replay:
    """Two runs of one cycle, byte for byte, and where they part."""
    paths: tuple[str, ...] = ()
    if first != again:
        both = differences(json.loads(first), json.loads(again or b"null"))
        paths = tuple(path for path, _ in zip(both, range(MAX_DIFFERENCES), strict=False))
    return Replay(cycle_id, first == again, paths, hashlib.sha256(again).hexdigest())


def differences(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """JSON paths at which two values differ, depth first, in key order."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            where = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                yield where
            else:
                yield from differences(left[key], right[key], where)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            yield from differences(a, b, f"{path}[{i}]")
    elif left != right:
        yield path or "."
