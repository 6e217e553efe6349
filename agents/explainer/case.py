"""A record with its archive at hand: facts with as much of the archive as was looked into, read once."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.explainer.dossier import Archive, Json, Wants, dossier
from agents.explainer.facts import Facts


@dataclass(slots=True)
class Case:
    """One record under question. Looking into the archive only ever adds to what the facts hold."""

    record: Json
    archive: Archive | None = None
    _wants: Wants = field(default_factory=lambda: Wants(history=False, cards=False))
    _facts: Facts | None = None

    def facts(self, history: bool = False, cards: bool = False, without: tuple[str, ...] = ()) -> Facts:
        """The record's facts with these roots beside those that were asked for before; raises CorruptFile."""
        wants = Wants(
            history=history or self._wants.history,
            cards=cards or self._wants.cards,
            without=tuple(dict.fromkeys((*self._wants.without, *without))),
        )
        if self._facts is None or wants != self._wants:
            self._facts, self._wants = Facts(dossier(self.record, self.archive, wants)), wants
        return self._facts
