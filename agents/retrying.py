"""A chat model that is asked within a budget, and again where that may help: never past the deadline of its node.

429, 408, 5xx and broken connections are tried again with jitter, as late as Retry-After says; a refused key, a refused
request, an answer that is late and an answer that is bad are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.budget import NOTHING, Purse, most_tokens
from agents.deadlines import left_s
from agents.llm import ChatModel, Message, NotAsked, NotReached
from data.errors import CredentialMissing, RateLimited, SourceUnavailable
from data.sources.retry import Retry

UNBILLED = (RateLimited, CredentialMissing, NotAsked, NotReached)
"""Failures after which nothing was generated; after any other the whole reservation counts as spent."""


@dataclass(frozen=True, slots=True)
class PatientChat:
    """A Chat (see agents.llm) whose every call is reserved in a purse before it is made."""

    asked: ChatModel
    purse: Purse
    retry: Retry = field(default_factory=Retry)

    @property
    def model(self) -> str:
        """The name under which answers are recorded."""
        return self.asked.model

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """The raw text of the answer; raises as Chat says, BudgetSpent where the purse does not give."""
        return self.retry.call(self.model, lambda: self._once(messages, schema), left_s)

    def _once(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        most = most_tokens(messages, schema, self.asked.settings.max_output_tokens)
        held = self.purse.reserve(self.model, most)
        try:
            said = self.asked.answer(messages, schema)
        except UNBILLED:
            self.purse.settle(held, self.model, NOTHING)
            raise
        except SourceUnavailable:
            self.purse.settle(held, self.model, None)
            raise
        self.purse.settle(held, self.model, said.usage)
        return said.text
