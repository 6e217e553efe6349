"""Proposals that wait for a person: what waits, the one path of every answer, and what becomes of the unanswered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.clock import slot_text
from data.errors import InputError, NotFound
from data.market import CASH
from graph.agent_inbox import read_response, refuse_another

if TYPE_CHECKING:
    from app.desk import CycleOutcome, Desk, NodeFinished
    from graph.journal import Entry

EXPIRY = "expiry"
"""Who rejects what nobody has answered in time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal; `request` is agent-inbox's HumanInterrupt, times are ISO UTC, `expires_at` is "" where it waits for
    ever."""

    cycle_id: str
    book: str
    slot: str
    asked_at: str
    expires_at: str
    request: dict[str, Any]

    @property
    def weights(self) -> Mapping[str, float]:
        """What is proposed, CASH among it."""
        return self.request["action_request"]["args"]["weights"]

    @property
    def proposal(self) -> str:
        """What tells this proposal from another one of the same cycle; "" where an earlier version asked."""
        return str(self.request["action_request"]["args"].get("proposal", ""))

    def expired(self, now: datetime) -> bool:
        """Whether it may no longer be answered."""
        return bool(self.expires_at) and now >= datetime.fromisoformat(self.expires_at)

    def as_json(self) -> dict[str, Any]:
        """The proposal as plain JSON."""
        return asdict(self)


class Approvals:
    """The approvals of one desk. CLI, panel, API and scheduler all come through here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def waiting(self, book: str | None = None) -> tuple[Waiting, ...]:
        """What waits for a person, the oldest slot first."""
        started = self._desk.entries(book, "started")
        return tuple(found for entry in started if (found := self._of(entry)) is not None)

    def answer(
        self, name: str, response: Mapping[str, Any], on_node: NodeFinished | None = None, now: datetime | None = None
    ) -> CycleOutcome:
        """Answer in agent-inbox's HumanResponse form: accept, edit, respond or ignore (see graph.agent_inbox).

        NotFound where nothing waits; InputError where the answer cannot be taken, where it names another `proposal`
        than the one that waits, or where that has expired: then it is closed as rejected.
        """
        entry = self._desk.unfinished(name)
        found = self._of(entry)
        if found is None:
            raise NotFound(f"cycle {entry.cycle_id} waits for nobody", "go on with it by `bullpen cycle`")
        refuse_another(response, found.request)
        if found.expired(now or datetime.now(UTC)):
            self._close(entry, found)
            raise InputError(
                f"the proposal of {entry.cycle_id} expired at {found.expires_at} and is rejected",
                "run the book's next slot",
            )
        read_response(dict(response), found.weights)  # refused before anything of it is stored
        return self._desk.go_on(entry, {**response, "proposal": found.proposal}, on_node)

    def with_changes(self, name: str, changes: Mapping[str, float]) -> dict[str, float]:
        """The proposed weights of a waiting cycle with some of them set; what that leaves or takes is cash.

        InputError for a symbol that is not part of the proposal.
        """
        entry = self._desk.unfinished(name)
        found = self._of(entry)
        if found is None:
            raise NotFound(f"cycle {entry.cycle_id} waits for nobody", "see `bullpen approvals`")
        strangers = sorted(s for s in changes if s not in found.weights or s == CASH)
        if strangers:
            remedy = "name symbols of the proposal; cash is what is left"
            raise InputError(f"cannot be set: {', '.join(strangers)}", remedy)
        weights = dict(found.weights) | dict(changes)
        return weights | {CASH: 1.0 - sum(w for s, w in sorted(weights.items()) if s != CASH)}

    def close_expired(self, book: str | None = None, now: datetime | None = None) -> tuple[str, ...]:
        """Reject what has waited too long; the ids of those cycles, each of which then has its record."""
        at = now or datetime.now(UTC)
        closed: list[str] = []
        for found in self.waiting(book):
            if found.expired(at):
                self._close(self._desk.unfinished(found.cycle_id), found)
                closed.append(found.cycle_id)
        return tuple(closed)

    def _close(self, entry: Entry, found: Waiting) -> None:
        minutes = found.request["action_request"]["args"]["expires_minutes"]
        note = f"nobody answered within {minutes:g} minutes"
        said = {"type": "ignore", "by": EXPIRY, "note": note, "proposal": found.proposal}
        self._desk.go_on(entry, said, None)

    def _of(self, entry: Entry) -> Waiting | None:
        """What a cycle waits for; None where it is done, or was cut off before it asked."""
        from app.drive import asked

        question = asked(self._desk.stores, entry.book, entry.slot) if entry.status == "started" else None
        if question is None:
            return None
        minutes = question.request["action_request"]["args"].get("expires_minutes")
        expires = "" if minutes is None else slot_text(question.at + timedelta(minutes=float(minutes)))
        return Waiting(entry.cycle_id, entry.book, entry.slot, slot_text(question.at), expires, question.request)
