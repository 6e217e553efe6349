"""Recorded answers: what a chat model said, under the hash of who was asked what, so that replay never asks again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.llm import Message


class AnswerStore(Protocol):
    """Exchanges by key. The first one written under a key stays: it is the one a record was made with."""

    def get(self, key: str) -> str | None:
        """The JSON text of an exchange, or None where there is none."""
        ...

    def put(self, key: str, answer: str) -> None:
        """Keep an exchange, unless the key is taken; raises StorageFailed where it did not reach the disk."""
        ...


@dataclass(slots=True)
class MemoryAnswers:
    """An AnswerStore for the length of a process."""

    kept: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, key: str) -> str | None:
        """See AnswerStore."""
        return self.kept.get(key)

    def put(self, key: str, answer: str) -> None:
        """See AnswerStore."""
        self.kept.setdefault(key, answer)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The raw answers of one question (at most two: the second repairs the first), and why there is no more."""

    answers: tuple[str, ...]
    failure: str = ""

    def to_json(self) -> str:
        """Canonical JSON."""
        return json.dumps({"answers": list(self.answers), "failure": self.failure}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Exchange:
        """The inverse of to_json."""
        loaded = json.loads(text)
        return Exchange(tuple(loaded["answers"]), loaded["failure"])


def answer_key(scope: str, agent: str, model: str, prompt: Sequence[Message], schema: Mapping[str, Any]) -> str:
    """sha256 of agent, model, prompt and schema, within a scope (the book)."""
    asked = {"scope": scope, "agent": agent, "model": model, "prompt": [list(m) for m in prompt], "schema": schema}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
