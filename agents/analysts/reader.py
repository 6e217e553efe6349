"""An analyst with a chat model: documents in, a bounded View out; whatever goes wrong ends in the local opinion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.analysts.answers import AnswerStore, Exchange, answer_key
from agents.analysts.documents import Sheet, prompt_of, sheet_of
from agents.analysts.masking import Mask
from agents.analysts.reading import ReadOpinion, bounded, parse, schema_of
from agents.facts import why_silent
from agents.llm import Chat, Message
from agents.specialists.strategy_agent import StrategyAgent
from agents.view import AgentKind, Opinion, View
from data.errors import BadAnswer, NotFound, SourceUnavailable
from data.snapshot import Snapshot

REPAIR = "Your answer was refused: {reason}. Answer again with one JSON object in the schema and nothing else."


@dataclass(frozen=True, slots=True)
class ReadingAnalyst:
    """A news, social or macro analyst whose texts a chat model reads.

    The model holds no tools, sees delimited text and answers in a strict schema; see `bounded` for what it may move.
    Where it says nothing of a symbol, the local opinion stands. With `replay_only` it is never asked. With `names`
    (more names by symbol, or none) names and dates are hidden from it.
    """

    local: StrategyAgent
    chat: Chat
    answers: AnswerStore
    scope: str = ""
    replay_only: bool = False
    names: Mapping[str, tuple[str, ...]] | None = None

    @property
    def name(self) -> str:
        """The local agent's name."""
        return self.local.name

    @property
    def kind(self) -> AgentKind:
        """The local agent's kind."""
        return self.local.kind

    def view(self, snapshot: Snapshot) -> View:
        """The model's View, flagged "llm", or the local one flagged "llm_fallback: <reason>".

        Raises NotFound in a replay whose answer was never recorded, StorageFailed where an answer cannot be kept.
        """
        local = self.local.view(snapshot)
        if why_silent(self.local.spec, snapshot):
            return local
        try:
            read = self._read(snapshot)
        except BadAnswer as refused:
            return _fallback(local, refused.message)
        return self._merged(snapshot, local, read) if read else _fallback(local, "the model gave no opinion")

    def _read(self, snapshot: Snapshot) -> dict[str, ReadOpinion]:
        """The recorded or fresh answer, parsed; raises BadAnswer where the exchange ended in none."""
        sheet = sheet_of(self.local.spec, snapshot)
        if self.names is None:
            return self._said(sheet)
        mask = Mask(self.scope, snapshot.as_of.date(), snapshot.symbols, self.names)
        return mask.unmasked(self._said(mask.sheet(sheet)), sheet)

    def _said(self, sheet: Sheet) -> dict[str, ReadOpinion]:
        exchange = self._exchange(sheet)
        if exchange.failure:
            raise BadAnswer(exchange.failure)
        return parse(exchange.answers[-1], sheet.symbols, sheet.documents)

    def _exchange(self, sheet: Sheet) -> Exchange:
        prompt, schema = prompt_of(self.local.spec, sheet), schema_of(sheet.symbols, sheet.documents)
        key = answer_key(self.scope, self.name, self.chat.model, prompt, schema)
        kept = self.answers.get(key)
        if kept is None:
            if self.replay_only:
                raise NotFound(
                    f"the {self.name} analyst's answer of this cycle is not recorded", "replay where the cycle was made"
                )
            self.answers.put(key, self._ask(prompt, schema, sheet).to_json())
            kept = self.answers.get(key)
        if kept is None:
            raise NotFound(f"the {self.name} analyst's answer was kept and is gone", "check the answer store")
        return Exchange.from_json(kept)

    def _ask(self, prompt: tuple[Message, ...], schema: Mapping[str, Any], sheet: Sheet) -> Exchange:
        """Ask once, and once more where the first answer is refused."""
        answers: tuple[str, ...] = ()
        asked, failure = prompt, ""
        for _ in range(2):
            try:
                answers = (*answers, self.chat.ask(asked, schema))
                parse(answers[-1], sheet.symbols, sheet.documents)
            except BadAnswer as refused:
                asked = (*prompt, ("user", REPAIR.format(reason=refused.message)))
                failure = refused.message
            except SourceUnavailable as down:
                return Exchange(answers, down.message)
            else:
                return Exchange(answers)
        return Exchange(answers, failure)

    def _merged(self, snapshot: Snapshot, local: View, read: dict[str, ReadOpinion]) -> View:
        opinions: dict[str, Opinion] = {}
        for symbol in snapshot.symbols:
            if symbol in read:
                opinions[symbol] = bounded(read[symbol], local.opinions.get(symbol))
            elif symbol in local.opinions:
                opinions[symbol] = local.opinions[symbol]
        unknown = {s: why for s, why in local.unknown.items() if s not in opinions}
        return View(
            agent=self.name, kind=self.kind, horizon_bars=local.horizon_bars, opinions=opinions,
            unknown=unknown, flags=("llm",), model=self.chat.model,
        )  # fmt: skip


def _fallback(local: View, reason: str) -> View:
    return local.model_copy(update={"flags": (*local.flags, f"llm_fallback: {reason}")})
