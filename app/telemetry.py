"""OpenTelemetry export, switched on and steered by its standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and the others).

A cycle is a trace: a span for the cycle, for each node, chat and tool below it, orders and fills as events.
Attributes have the names of the GenAI semantic conventions where those have one, `bullpen.*` otherwise; prompts and
answers are not exported. Without the variables nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run as TracedRun

from data.redaction import Redactor

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

MAX_EVENTS = 4096
"""Of a span, unless OTEL_SPAN_EVENT_COUNT_LIMIT says otherwise: a book may have more orders than the default of 128."""
_CHATS = ("llm", "chat_model")
_log = logging.getLogger("bullpen.telemetry")

Attributes = dict[str, str | int | float | bool | list[str]]


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables ask for traces: an endpoint or an exporter is named, and nothing says no."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return bool(exporter) or any(environment.get(name) for name in endpoints)


def open_provider(environment: Mapping[str, str]) -> TracerProvider | None:
    """Spans go to the exporter that the variables name; None, with a warning, where it is not installed here."""
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import SpanLimits, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("OpenTelemetry is not installed (pip install 'bullpen[telemetry]'); nothing is exported")
        return None
    exporter = _exporter(environment)
    if exporter is None:
        return None
    for name in ("opentelemetry.exporter", "opentelemetry.sdk"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a line for each failed attempt, with the address in it
    events = None if environment.get("OTEL_SPAN_EVENT_COUNT_LIMIT") else MAX_EVENTS
    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(
        resource=Resource.create({} if named else {"service.name": "bullpen"}),
        span_limits=SpanLimits(max_events=events),
        shutdown_on_exit=False,  # it would hold the process for as long as the collector is silent
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter(environment: Mapping[str, str]) -> Any:
    kind = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() or "otlp"
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)  # stdout is the command's answer
    named = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if kind != "otlp" or named not in (None, "", "http/protobuf"):
        _log.warning("traces are exported by otlp over http/protobuf, or to the console, not by %s %s", kind, named)
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        _log.warning("the OTLP exporter is not installed (pip install 'bullpen[telemetry]'); nothing is exported")
        return None
    return OTLPSpanExporter()


def flush(provider: TracerProvider, timeout_s: float) -> None:
    """Wait at most `timeout_s` for the exporter to take what is left: a dead collector must not hold a desk."""

    def finish() -> None:
        provider.force_flush(int(timeout_s * 1000))
        provider.shutdown()

    worker = threading.Thread(target=finish, daemon=True, name="telemetry-flush")
    worker.start()
    worker.join(timeout_s)
    if worker.is_alive():
        _log.warning("the collector did not take the whole trace within %g s; the local trace has it", timeout_s)


class SpanTracer(BaseTracer):
    """Makes a span of each run, under the span of the run that called it."""

    def __init__(self, provider: TracerProvider, about: Mapping[str, str], redact: Redactor) -> None:
        super().__init__()
        self._tracer = provider.get_tracer("bullpen")
        self._about, self._redact = dict(about), redact
        self._spans: dict[str, Span] = {}

    def _persist_run(self, run: TracedRun) -> None:
        """Spans are ended one by one."""

    def _on_run_create(self, run: TracedRun) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context

        parent = self._spans.get(str(run.parent_run_id))
        chats = run.run_type in _CHATS
        attributes: Attributes = _asked(run)
        if parent is None:
            attributes |= {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": run.name}
            attributes |= {f"bullpen.{key}": value for key, value in self._about.items()}
        elif not attributes:
            attributes = {"bullpen.node": run.name}
        self._spans[str(run.id)] = self._tracer.start_span(
            self._redact.text(_span_name(run, attributes)),
            context=None if parent is None else set_span_in_context(parent),
            kind=SpanKind.CLIENT if chats else SpanKind.INTERNAL,
            attributes=self._masked(attributes),
            start_time=int(run.start_time.timestamp() * 1e9),
        )

    def _on_run_update(self, run: TracedRun) -> None:
        from opentelemetry.trace import StatusCode

        span = self._spans.pop(str(run.id), None)
        if span is None:
            return
        if run.run_type in _CHATS:
            span.set_attributes(self._masked(_chat_response(run)))
        for name, attributes in _events(run.outputs):
            span.add_event(name, self._masked(attributes))
        if run.error and "Interrupt" in run.error:
            span.add_event("waits_for_a_person")
        elif run.error:
            words = self._redact.text(run.error)
            span.set_attribute("error.type", words.partition("(")[0][:80])
            span.set_status(StatusCode.ERROR, words.strip().splitlines()[-1][:400])
        ended = run.end_time
        span.end(int(ended.timestamp() * 1e9) if ended else None)

    def _masked(self, attributes: Attributes) -> Attributes:
        return {key: self._redact.text(v) if isinstance(v, str) else v for key, v in attributes.items()}


def _span_name(run: TracedRun, attributes: Attributes) -> str:
    """As the conventions name it: `chat MODEL`, `execute_tool NAME`; our own nodes by their name."""
    if run.run_type in _CHATS:
        return f"chat {attributes.get('gen_ai.request.model', run.name)}"
    return f"execute_tool {run.name}" if run.run_type == "tool" else run.name


def _asked(run: TracedRun) -> Attributes:
    """What is known as a run begins."""
    if run.run_type in _CHATS:
        return _chat_request(run)
    if run.run_type != "tool":
        return {}
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": run.name}


def _chat_request(run: TracedRun) -> Attributes:
    """What LangChain says of the call that begins."""
    said: Mapping[str, Any] = (run.extra or {}).get("metadata") or {}
    asked: Mapping[str, Any] = (run.extra or {}).get("invocation_params") or {}
    found: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": said.get("ls_provider"),
        "gen_ai.request.model": said.get("ls_model_name") or asked.get("model"),
        "gen_ai.request.temperature": said.get("ls_temperature"),
        "gen_ai.request.max_tokens": said.get("ls_max_tokens"),
    }
    return {key: value for key, value in found.items() if isinstance(value, (str, int, float))}


def _chat_response(run: TracedRun) -> Attributes:
    """Model, tokens and why it stopped, where the provider said."""
    message = _message(run.outputs)
    about: Mapping[str, Any] = message.get("response_metadata") or {}
    usage: Mapping[str, Any] = message.get("usage_metadata") or {}
    found: dict[str, Any] = {
        "gen_ai.response.id": about.get("id") or message.get("id"),
        "gen_ai.response.model": about.get("model_name"),
        "gen_ai.usage.input_tokens": usage.get("input_tokens"),
        "gen_ai.usage.output_tokens": usage.get("output_tokens"),
    }
    attributes: Attributes = {key: value for key, value in found.items() if isinstance(value, (str, int))}
    if isinstance(about.get("finish_reason"), str):
        attributes["gen_ai.response.finish_reasons"] = [about["finish_reason"]]
    return attributes


def _message(outputs: Any) -> Mapping[str, Any]:
    """The first message of a chat's answer, as LangChain's tracer serialises it; empty where there is none."""
    generations = outputs.get("generations") if isinstance(outputs, dict) else None
    if not generations or not generations[0]:
        return {}
    message = generations[0][0].get("message") or {}
    return message.get("kwargs", message) if isinstance(message, Mapping) else {}


def _events(outputs: Any) -> list[tuple[str, Attributes]]:
    """An event for each order that a node stored, and for each fill that came back."""
    if not isinstance(outputs, dict) or ("record_sha256" in outputs and "views" in outputs):
        return []  # the whole state, which the root ends with
    orders = [
        (
            "order",
            {"order.id": o.order_id, "order.symbol": o.symbol, "order.side": o.side, "order.quantity": o.quantity},
        )
        for o in outputs.get("orders") or ()
    ]
    fills = [
        ("fill", {"order.id": f.order_id, "order.symbol": f.symbol, "fill.price": f.price, "fill.quantity": f.quantity})
        for f in outputs.get("fills") or ()
    ]
    return [*orders, *fills]
