"""Writes traces beside a cycle: what a node hands over is stored by a thread of its own, many runs a transaction.

A node would wait for the file otherwise, 28 times a cycle. Whoever reads the store sees a run a moment after it began;
a process that is killed loses the last moments of its trace, and of nothing else.
"""

from __future__ import annotations

import logging
from queue import Empty, SimpleQueue
from threading import Thread

from app.trace_store import Ended, Run, TraceStore
from data.errors import BullpenError

_log = logging.getLogger("bullpen.tracing")


class TraceWriter:
    """Of one store. What comes after `close` is written by whoever brings it."""

    def __init__(self, store: TraceStore) -> None:
        self._store, self._closed = store, False
        self._waiting: SimpleQueue[Run | Ended | None] = SimpleQueue()
        self._thread = Thread(target=self._write, daemon=True, name="trace-writer")
        self._thread.start()

    def add(self, what: Run | Ended) -> None:
        """A run that begins or ends, to be written soon and in this order."""
        if self._closed:
            self._keep([what])
        else:
            self._waiting.put(what)

    def close(self) -> None:
        """Returns when all that was added is written, or could not be."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join()
        self._keep([what for what in self._at_hand() if what is not None])  # came while this was closing

    def _write(self) -> None:
        more = True
        while more:
            found = [self._waiting.get(), *self._at_hand()]
            more = None not in found
            self._keep([what for what in found if what is not None])

    def _keep(self, found: list[Run | Ended]) -> None:
        """Traces are not worth a cycle: what cannot be written is said, and missed."""
        try:
            if found:
                self._store.add(found)
        except BullpenError as error:
            _log.warning("a trace was not written: %s", error.message)

    def _at_hand(self) -> list[Run | Ended | None]:
        """All that waits already."""
        found: list[Run | Ended | None] = []
        while True:
            try:
                found.append(self._waiting.get_nowait())
            except Empty:
                return found
