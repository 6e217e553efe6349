"""Tracing: to the local store always, to LangSmith when its key is set, to a collector when OTEL_ variables name one.

A tracer that fails never fails a cycle, and nothing leaves here unmasked.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.langchain import LangChainTracer
from langchain_core.tracers.schemas import Run as TracedRun
from langsmith import tracing_context

from app.langsmith.client import TIMEOUT_S, bounded, open_client, project_name
from app.trace_store import Ended, Run, TraceStore
from app.trace_writer import TraceWriter
from data.errors import StorageFailed
from data.redaction import Redactor

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_SUMMARY_CHARS = 400
_log = logging.getLogger("bullpen.tracing")


@dataclass(frozen=True, slots=True)
class TraceTags:
    """What a trace is found by."""

    cycle_id: str
    book: str
    source: str
    policies: tuple[str, ...] = ()

    def config(self) -> dict[str, Any]:
        """run_name, tags and metadata of the root run."""
        return {
            "run_name": "cycle",
            "tags": [f"cycle:{self.cycle_id}", f"book:{self.book}", *(f"policy:{p}" for p in self.policies)],
            "metadata": {"cycle_id": self.cycle_id, "book": self.book, "source": self.source},
        }


class LocalTracer(BaseTracer):
    """Hands each run over to be written, as it starts and as it ends."""

    def __init__(self, write: Callable[[Run | Ended], None], cycle_id: str, redact: Redactor) -> None:
        super().__init__()
        self._write, self._cycle_id, self._redact = write, cycle_id, redact

    def _persist_run(self, run: TracedRun) -> None:
        """Runs are written one by one, when they start and end."""

    def _on_run_create(self, run: TracedRun) -> None:
        self._write(
            Run(
                run_id=str(run.id),
                parent_id=str(run.parent_run_id or ""),
                trace_id=str(run.trace_id),
                cycle_id=self._cycle_id,
                name=self._redact.text(run.name),
                kind=run.run_type,
                started_at=run.start_time.isoformat(),
                ended_at="",
                error="",
                summary="",
            )
        )

    def _on_run_update(self, run: TracedRun) -> None:
        ended = run.end_time or datetime.now(UTC)
        error = self._redact.text((run.error or "").strip()).splitlines()[-1] if run.error else ""
        self._write(Ended(str(run.id), ended.isoformat(), error, self._redact.text(_summary(run.outputs))))


def _summary(outputs: Any) -> str:
    """What a node wrote, in a few words: the names of its fields and, for a view, whom it is from."""
    if not isinstance(outputs, dict):
        return ""
    parts: list[str] = []
    for key, value in outputs.items():
        views = value if key == "views" and isinstance(value, tuple) else ()
        said = ", ".join(f"{v.agent}: {v.reason or f'{len(v.opinions)} opinions'}" for v in views)
        parts.append(said or str(key))
    return "; ".join(parts)[:_SUMMARY_CHARS]


@contextmanager
def tracers(store: TraceStore, tags: TraceTags, remote: bool = True) -> Generator[list[BaseCallbackHandler]]:
    """The callbacks of one run of a graph, without `remote` none for LangSmith.

    On leaving, LangSmith and the collector get a bounded time to take the rest, and the local store lets go of its
    oldest traces where it has grown too large.
    """
    redact = Redactor()
    client = open_client(redact) if remote else None
    handlers: list[BaseCallbackHandler] = []
    if client is not None:
        handlers.append(LangChainTracer(client=client, project_name=project_name()))
    provider = _telemetry(handlers, tags, redact)
    # without a key of ours LangChain would still take LANGSMITH_TRACING for leave to send, and mask nothing
    unasked = tracing_context(enabled=False) if remote and client is None else nullcontext()
    try:
        with unasked, closing(TraceWriter(store)) as writer:
            yield [LocalTracer(writer.add, tags.cycle_id, redact), *handlers]
    finally:
        if client is not None:
            bounded(client.flush, "langsmith-flush")
        if provider is not None:
            from app.telemetry import flush

            flush(provider, TIMEOUT_S)
        _bound(store)


def _telemetry(handlers: list[BaseCallbackHandler], tags: TraceTags, redact: Redactor) -> TracerProvider | None:
    if not any(name.startswith("OTEL_") for name in os.environ):
        return None
    from app.telemetry import SpanTracer, open_provider, wanted

    provider = open_provider(os.environ) if wanted(os.environ) else None
    if provider is not None:
        about = {"cycle_id": tags.cycle_id, "book": tags.book, "source": tags.source}
        handlers.append(SpanTracer(provider, about, redact))
    return provider


def _bound(store: TraceStore) -> None:
    """Traces are not worth a cycle: where they cannot be thinned out now, the next cycle tries."""
    try:
        store.bound()
    except StorageFailed as error:
        _log.warning("old traces were not removed: %s", error.message)
