"""OpenTelemetry's own variables switch its export on and steer it; a dead collector does not hold a cycle."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.trace import StatusCode

from app.desk import CycleOutcome
from app.langsmith.client import TIMEOUT_S
from app.telemetry import wanted
from graph.cycle import OPINIONS
from tests.agents.openai_stub import completion, one_server, opinions, saying
from tests.desks import DATE, ROOT, SMALL, desk
from tests.stubs.collector import Collected, attributes, collector_stub

NODES = {"ingest", *OPINIONS, "meta_controller", "risk_check", "execution", "record"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CycleOutcome, Collected]]:
    """One cycle of a book with a chat model, and all that the collector got of it."""
    with pytest.MonkeyPatch.context() as env, collector_stub() as (address, collected), one_server() as chat:
        env.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        env.setenv("OTEL_SERVICE_NAME", "desk-of-tests")
        env.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=quants")
        env.setenv("OPENAI_API_KEY", "sk-of-the-stub-0001")
        env.setenv("OPENAI_BASE_URL", f"{chat.url}/v1")
        env.setenv("no_proxy", "*")
        with saying(chat, completion(opinions())):
            outcome = desk(tmp_path_factory.mktemp("home"), symbols=SMALL, llm="openai:stub").cycle(DATE)
    return outcome, collected


def test_a_cycle_is_one_trace_with_a_span_for_each_node(exported: tuple[CycleOutcome, Collected]) -> None:
    outcome, collected = exported
    root = collected.root()
    assert root.name == "cycle"
    assert collected.children(root) >= NODES
    assert {span.trace_id for span in collected.spans} == {root.trace_id}
    assert attributes(root)["bullpen.cycle_id"] == outcome.cycle_id
    assert attributes(root)["gen_ai.workflow.name"] == "cycle"
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in collected.spans)


def test_the_standard_variables_name_the_service_and_the_headers(exported: tuple[CycleOutcome, Collected]) -> None:
    _, collected = exported
    assert collected.resource["service.name"] == "desk-of-tests"
    assert collected.headers[0]["x-team"] == "quants"


def test_a_chat_has_the_names_of_the_genai_conventions(exported: tuple[CycleOutcome, Collected]) -> None:
    _, collected = exported
    chats = [span for span in collected.spans if span.name == "chat stub"]
    assert chats
    found = attributes(chats[0])
    assert found["gen_ai.operation.name"] == "chat"
    assert found["gen_ai.provider.name"] == "openai"
    assert found["gen_ai.request.model"] == "stub"
    assert found["gen_ai.usage.input_tokens"] == 10
    assert found["gen_ai.usage.output_tokens"] == 10
    assert found["gen_ai.response.finish_reasons"] == ["stop"]
    by_id = {span.span_id: span for span in collected.spans}
    above = set()
    for chat in chats:
        span = chat
        while span.parent_span_id:
            span = by_id[span.parent_span_id]
            above.add(span.name)
    assert above & set(OPINIONS)


def test_orders_and_fills_are_events_of_execution(exported: tuple[CycleOutcome, Collected]) -> None:
    outcome, collected = exported
    assert outcome.record is not None
    events = [(e.name, attributes(e)) for e in collected.named("execution").events]
    assert [a["order.id"] for name, a in events if name == "order"] == [o.order_id for o in outcome.record.orders]
    assert [a["fill.price"] for name, a in events if name == "fill"] == [f.price for f in outcome.record.fills]
    assert events


def test_a_failed_node_is_an_error_without_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("postgres://me:hidden-password@db refused")

    here = desk(tmp_path, symbols=SMALL)
    with collector_stub() as (address, collected):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{address}/v1/traces")
        monkeypatch.setattr(type(here.market.facts), "take", broken)
        with pytest.raises(RuntimeError):
            here.cycle(DATE)
    span = collected.named("ingest")
    assert span.status.code == StatusCode.ERROR.value
    assert attributes(span)["error.type"] == "RuntimeError"
    assert "refused" in span.status.message
    assert not any(b"hidden-password" in body for body in collected.bodies)


def test_a_silent_collector_holds_a_cycle_for_a_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as deaf:  # it accepts, and never answers
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        here = desk(tmp_path, symbols=SMALL)
        here.market  # noqa: B018 - opened before the clock starts
        waits: list[float] = []
        joined = threading.Thread.join

        def timed(self: threading.Thread, timeout: float | None = None) -> None:
            begun = time.monotonic()
            joined(self, timeout)
            if self.name == "telemetry-flush":
                waits.append(time.monotonic() - begun)
                assert timeout == TIMEOUT_S

        monkeypatch.setattr(threading.Thread, "join", timed)
        assert here.cycle(DATE).status == "done"
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"OTEL_SERVICE_NAME": "x"}, False, id="only-a-name"),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, True, id="endpoint"),
        pytest.param({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, True, id="traces-endpoint"),
        pytest.param({"OTEL_TRACES_EXPORTER": "console"}, True, id="console"),
        pytest.param({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False, id="none"),
        pytest.param({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False, id="disabled"),
    ],
)
def test_the_variables_decide(variables: dict[str, str], on: bool) -> None:
    assert wanted(variables) is on


def test_without_the_variables_nothing_of_the_sdk_is_imported() -> None:
    probe = (
        "import sys, pathlib; from tests.desks import *; from app.trace_store import TraceStore;"
        "from app.tracing import TraceTags, tracers;"
        "store = TraceStore(pathlib.Path(sys.argv[1]));\n"
        "with tracers(store, TraceTags('cy', 'b', 's')) as handlers: assert len(handlers) == 1\n"
        "assert not [m for m in sys.modules if m.startswith(('opentelemetry.exporter', 'opentelemetry.proto'))]\n"
        "assert 'app.telemetry' not in sys.modules"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", probe, f"{folder}/t.sqlite"], cwd=ROOT, check=True, timeout=60)
