"""A chat model that says what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.explainer.proofs import Said
from agents.llm import Message


@dataclass
class ScriptedChat:
    """A Chat (see agents.llm). Each item of the script is an answer, or an error to raise."""

    script: list[str | Exception]
    model: str = "scripted"
    asked: list[Sequence[Message]] = field(default_factory=list[Sequence[Message]])

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        self.asked.append(messages)
        said = self.script[len(self.asked) - 1]
        if isinstance(said, Exception):
            raise said
        return said


def calls(*wanted: tuple[str, str | None]) -> str:
    """A plan: (tool, symbol or what to leave out)."""
    made = [
        {"tool": t, "symbol": None if t == "counterfactual" else a, "without": a if t == "counterfactual" else None}
        for t, a in wanted
    ]
    return json.dumps({"calls": made})


def sentences(*said: Said) -> str:
    """An answer of sentences with their citations."""
    return json.dumps({"sentences": [{"text": s.text, "citations": list(s.citations)} for s in said]})
