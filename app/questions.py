"""Questions about past cycles: the archive beside a record, conversations, and answers as they come.

Without a model and without a conversation an answer is written straight from the record; else the explain graph runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from agents.explainer.answer import Answer
from app.settings import Settings
from app.stores import Stores
from data.errors import BullpenError
from graph.record import CycleRecord

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from agents.explainer.narrator import Narrator
    from agents.llm import Chat
    from graph.nodes.explaining import ExplainContext

MOST_HISTORY = 250
"""Latest cycles of a book that an answer may look back on."""
_COUNTERFACTUAL = re.compile(r"counterfactuals\.([^.]+)\.")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a stream tells: a node that finished, a sentence (proven, with its citations), at last the whole answer."""

    kind: Literal["node", "sentence", "answer"]
    text: str
    answer: Answer | None = None


@dataclass
class JournalArchive:
    """An Archive (see agents.explainer.dossier) over the journal, the policy store and counterfactual runs."""

    stores: Stores
    record: CycleRecord
    read: Callable[[str, str | None], CycleRecord]
    _runs: dict[str, Json | None] = field(default_factory=dict[str, "Json | None"])

    @cached_property
    def _history(self) -> tuple[Json, ...]:
        done = [c.cycle_id for c in self.stores.ledger.cycles(self.record.book) if c.status == "done"]
        return tuple(self.read(c, None).model_dump(mode="json") for c in done[-MOST_HISTORY:])

    def history(self) -> Sequence[Json]:
        """The latest finished cycles of the book."""
        return self._history

    def counterfactual(self, without: str) -> Json | None:
        """The cycle run again without something; None where it cannot be run."""
        from app.replaying import counterfactual

        if without not in self._runs:
            try:
                self._runs[without] = counterfactual(self.stores, self.record, (without,)).as_json()
            except BullpenError:
                self._runs[without] = None
        return self._runs[without]

    def card(self, policy_id: str) -> Json | None:
        """The manifest of a policy; None where the store has it no more."""
        try:
            return self.stores.policies.manifest(policy_id).model_dump(mode="json")
        except BullpenError:
            return None


@dataclass(frozen=True, slots=True)
class Questions:
    """Of one home. `find` gives a record by id, the beginning of one, or "latest", of a book where it is named."""

    stores: Stores
    settings: Settings
    find: Callable[[str, str | None], CycleRecord]
    chat: Chat | None = None
    """Asked in the place of the model that settings name; tests hand one in."""

    def ask(
        self, name: str, question: str, book: str | None = None, conversation: str = "", llm: str | None = None
    ) -> Answer:
        """A checked answer. `conversation` names what is remembered for follow-ups, `llm` the model that writes.

        NotFound where there is no such record, CorruptFile where it is damaged. A model that fails, or says what cannot
        be proven, never raises: the answer is then the desk's own, and its `note` says why.
        """
        record = self.find(name, book)
        if not conversation and self._chat(record, llm) is None:
            from agents.explainer.explain import explain

            return explain(record.model_dump(mode="json"), question, self.archive(record))
        last = [told.answer for told in self._stream(record, question, conversation, llm)][-1]
        return cast(Answer, last)

    def stream(
        self, name: str, question: str, book: str | None = None, conversation: str = "", llm: str | None = None
    ) -> Generator[Told]:
        """The same, told as it comes: nodes, then sentences, then the whole answer. Unproven words are never told."""
        return self._stream(self.find(name, book), question, conversation, llm)

    def values(self, record: CycleRecord, citations: Sequence[str]) -> dict[str, Any]:
        """What stands at the citations of an answer about a record; those that it no longer holds are left out."""
        from agents.explainer.case import Case

        without = dict.fromkeys(name for c in citations for name in _COUNTERFACTUAL.findall(c))
        facts = Case(record.model_dump(mode="json"), self.archive(record)).facts(
            history=any(c.startswith(("history", "costs", "sum costs", "count history")) for c in citations),
            cards=any(c.startswith("cards") for c in citations),
            without=tuple(without),
        )
        return {c: facts.evaluate(c) for c in citations if facts.holds(c)}

    def archive(self, record: CycleRecord) -> JournalArchive:
        """What lies beside a record."""
        return JournalArchive(self.stores, record, self.find)

    def context(self, record: CycleRecord, llm: str | None = None) -> ExplainContext:
        """The parts with which the explain graph answers about a record."""
        from agents.explainer.case import Case
        from graph.nodes.explaining import ExplainContext

        case = Case(record.model_dump(mode="json"), self.archive(record))
        return ExplainContext(case, self._narrator(record, llm))

    def _stream(self, record: CycleRecord, question: str, conversation: str, llm: str | None) -> Generator[Told]:
        from langsmith import tracing_context

        from graph.checkpoint import storage_errors
        from graph.explain import build_explain

        graph = build_explain(self.stores.checkpointer if conversation else None)
        thread = f"explain:{record.cycle_id}:{conversation}"
        config = cast("RunnableConfig", {"configurable": {"thread_id": thread}})
        context = self.context(record, llm)
        with storage_errors(), tracing_context(enabled=False):  # a question is no part of the cycle's trace
            told = graph.stream({"question": question}, config, context=context, stream_mode=["updates", "custom"])
            for mode, chunk in cast("Generator[tuple[str, dict[str, Any]]]", told):
                if mode == "custom":
                    yield Told("sentence", str(chunk["sentence"]))
                    continue
                for node, wrote in chunk.items():
                    yield Told("node", node)
                    if wrote and "answer" in wrote:
                        answer = Answer.model_validate(wrote["answer"])
                        yield Told("answer", answer.text, answer)

    def _narrator(self, record: CycleRecord, llm: str | None) -> Narrator | None:
        chat = self._chat(record, llm)
        if chat is None:
            return None
        from agents.explainer.narrator import Narrator

        return Narrator(chat, self.stores.answers, scope=record.book)

    def _chat(self, record: CycleRecord, llm: str | None) -> Chat | None:
        """The model asked for, or that of the settings, within the budget of the record's book and cycle."""
        model = self.settings.llm if llm is None else llm
        if self.chat is not None or model in ("", "none"):
            return self.chat
        from agents.llm import ChatModel, ChatSettings
        from agents.retrying import PatientChat
        from app.slots import wall_day
        from graph.config import CycleConfig

        budget = CycleConfig.model_validate(record.config).budget
        purse = self.stores.spending.purse(budget, record.book, record.cycle_id, wall_day)
        return PatientChat(ChatModel(ChatSettings(model=model)), purse)
