"""The journal: finished cycles, read back only when their bytes are what was written."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import ValidationError

from data.errors import CorruptFile, NotFound
from graph.record import CycleRecord
from tools.execution.ledger import Ledger
from tools.execution.schema import CycleStatus


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal's table of contents."""

    cycle_id: str
    book: str
    slot: str
    status: str

    def as_json(self) -> dict[str, str]:
        """The line as plain JSON."""
        return asdict(self)


class Journal:
    """Reads records out of the ledger's database."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def entries(self, book: str | None = None, status: CycleStatus | None = None) -> tuple[Entry, ...]:
        """All cycles (in that status), oldest slot first."""
        return tuple(Entry(c.cycle_id, c.book, c.slot, c.status) for c in self._ledger.cycles(book, status))

    def find(self, name: str, book: str | None = None) -> CycleRecord:
        """A record by cycle id, by an unambiguous beginning of one, "latest", or "previous": its book's one before."""
        return self.read(self._resolve(name, book))

    def read(self, cycle_id: str) -> CycleRecord:
        """The record; NotFound before its cycle is done, CorruptFile where its bytes are not what was written."""
        payload = self.written(cycle_id)
        try:
            return CycleRecord.model_validate_json(payload)
        except ValidationError as error:
            remedy = "read it with the version of bullpen that wrote it"
            raise CorruptFile(f"the record of {cycle_id} was written in another form", remedy) from error

    def written(self, cycle_id: str) -> bytes:
        """The record's bytes, as a replay must give them again; raises as `read`."""
        payload = self._ledger.record(cycle_id)
        if payload is None:
            raise NotFound(f"cycle {cycle_id} has no record yet", "finish it with `bullpen cycle`")
        return payload

    def _resolve(self, name: str, book: str | None) -> str:
        done = [e for e in self.entries(book) if e.status == "done"]
        if name == "latest":
            if not done:
                raise NotFound("the journal is empty", "run `bullpen cycle` first")
            return self._ledger.latest_done(book)
        if name == "previous":
            return self._before(self._ledger.latest_done(book))
        matches = [e.cycle_id for e in self.entries(book) if e.cycle_id.startswith(name)]
        if len(matches) != 1:
            what = "no cycle" if not matches else f"{len(matches)} cycles"
            raise NotFound(f"{what} in the journal begin with {name!r}", "list them with `bullpen journal`")
        return matches[0]

    def _before(self, cycle_id: str) -> str:
        """The cycle of the same book that was done at the slot before."""
        last = self._ledger.cycle(cycle_id)
        earlier = [c.cycle_id for c in self._ledger.cycles(last.book, "done") if c.slot < last.slot]
        if not earlier:
            raise NotFound(f"no cycle of book {last.book} came before {cycle_id}", "run `bullpen cycle` once more")
        return earlier[-1]
