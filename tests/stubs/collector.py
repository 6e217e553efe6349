"""A loopback OpenTelemetry collector: takes OTLP over HTTP as protobuf and remembers the spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


@dataclass
class Collected:
    """What was exported: bodies as they came, spans by name, the resource's attributes, the headers."""

    bodies: list[bytes] = field(default_factory=list)
    spans: list[Any] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)

    def named(self, name: str) -> Any:
        (span,) = (s for s in self.spans if s.name == name)
        return span

    def root(self) -> Any:
        (span,) = (s for s in self.spans if not s.parent_span_id)
        return span

    def children(self, parent: Any) -> set[str]:
        return {s.name for s in self.spans if s.parent_span_id == parent.span_id}


def attributes(carrier: Any) -> dict[str, Any]:
    """The attributes of a span, an event or a resource."""
    pairs: list[KeyValue] = list(carrier.attributes)
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return [_plain(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@contextmanager
def collector_stub() -> Iterator[tuple[str, Collected]]:
    """The stub's address and what it collected."""
    collected = Collected()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            collected.bodies.append(body)
            collected.headers.append(dict(self.headers.items()))
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                collected.resource = attributes(group.resource)
                collected.spans += [span for scope in group.scope_spans for span in scope.spans]
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", collected
    finally:
        server.shutdown()
        server.server_close()
