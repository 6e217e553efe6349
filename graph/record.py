"""The CycleRecord: all of a decision, and nothing that differs between two runs of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.meta.allocation import Allocation
from agents.view import View
from tools.execution.book import Book
from tools.execution.orders import Fill, Order
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict


class Approval(BaseModel):
    """What a person (or the policy in settings) said where the verdict asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: bool
    answer: Literal["not_asked", "accepted", "rejected", "edited"] = "not_asked"
    by: str = ""
    note: str = ""
    weights: dict[str, float] | None = None
    """The weights a person asked for, where `answer` is "edited"; they went through the risk check again."""
    comments: tuple[str, ...] = Field(default=(), exclude_if=lambda said: not said)
    """What was said while the proposal waited, each "who: words"; left out where nothing was."""


class CycleRecord(BaseModel):
    """One cycle. Wall-clock times, durations and trace ids live in the trace, not here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    cycle_id: str
    book: str
    slot: str
    as_of: str
    source: dict[str, Any]
    """name, params: what rebuilds the source."""
    config: dict[str, Any]
    """The cycle's settings: limits, costs, agents, universe. No paths, no secrets."""
    halt: HaltState
    """The kill switch as the risk check found it."""
    opening: Book
    """The book as it stood, marked at `as_of`, with earlier orders settled."""
    settled: tuple[Fill, ...] = ()
    """Fills of earlier cycles' orders that arrived since; they are already in `opening`."""
    snapshot: dict[str, Any]
    """content_hash, lake versions, prices, features, macro, texts, findings: all that views cite."""
    views: tuple[View, ...]
    allocation: Allocation
    verdict: Verdict
    approval: Approval
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    refusals: dict[str, str] = Field(default_factory=dict)
    """Why an order was refused, by its id: in the words of the last gate, of the broker, or of the desk itself."""
    closing: Book
    hashes: dict[str, Any]


def canonical(value: Any) -> str:
    """The one JSON form: sorted keys, no spaces, no NaN, shortest float repr."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def record_bytes(record: CycleRecord) -> bytes:
    """The bytes that replay must reproduce."""
    return canonical(record.model_dump(mode="json")).encode()


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def cycle_id_of(book: str, slot: str) -> str:
    """The id of a cycle: one a book and slot."""
    return "cy-" + hashlib.sha256(f"{book}\x1f{slot}".encode()).hexdigest()[:16]
