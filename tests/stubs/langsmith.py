"""A loopback stub of LangSmith's HTTP API, as its client calls it: runs, sessions, data sets, examples, feedback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

INFO = {
    "version": "0.10.0",
    "batch_ingest_config": {
        "use_multipart_endpoint": False,
        "size_limit": 100,
        "size_limit_bytes": 20_000_000,
        "scale_up_nthreads_limit": 1,
        "scale_up_qsize_trigger": 1000,
    },
}
THEN = "2024-01-01T00:00:00+00:00"
TENANT = str(uuid5(NAMESPACE_URL, "tenant"))


class Received:
    """What LangSmith would hold: runs with what was patched over them, and the rest by id or name."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.datasets: dict[str, dict[str, Any]] = {}
        self.examples: dict[str, dict[str, Any]] = {}
        self.feedback: dict[str, dict[str, Any]] = {}
        self.bodies: list[bytes] = []
        self.keys: set[str] = set()
        self._lock = threading.Lock()

    def take(self, run: dict[str, Any]) -> None:
        with self._lock:
            known = self.runs.setdefault(run["id"], {})
            known.update({k: v for k, v in run.items() if v is not None})

    def roots(self) -> list[dict[str, Any]]:
        return [r for r in self.runs.values() if not r.get("parent_run_id")]

    def session(self, name: str, **more: Any) -> dict[str, Any]:
        """A project, which tracing into it makes."""
        fresh = {"id": str(uuid5(NAMESPACE_URL, name)), "name": name, "tenant_id": TENANT, "start_time": THEN,
                 "reference_dataset_id": None, "extra": {}}  # fmt: skip
        return self.sessions.setdefault(name, fresh | more)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[Any, int]:
        """One request of the API; 404 for what it does not have."""
        first, *rest = path.strip("/").split("/")
        known = getattr(self, f"_{first}", None)
        if known is None:
            return {"detail": f"no {method} {path}"}, 404
        return known(method, rest, query, body)

    def _info(self, *_: Any) -> tuple[Any, int]:
        return INFO, 200

    def _sessions(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> tuple[Any, int]:
        if rest:
            return next(s for s in self.sessions.values() if s["id"] == rest[0]), 200
        if method == "POST":
            more = {k: v for k, v in body.items() if k in ("id", "extra", "reference_dataset_id") and v is not None}
            return self.session(body["name"], **more), 200
        return [self.session(query["name"])] if "name" in query else list(self.sessions.values()), 200

    def _datasets(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> tuple[Any, int]:
        if rest:
            return self.datasets[rest[0]], 200
        if method == "POST":
            made = {"id": str(uuid5(NAMESPACE_URL, body["name"])), "created_at": THEN, **body}
            self.datasets[made["id"]] = made
            return made, 200
        return [d for d in self.datasets.values() if query.get("name", d["name"]) == d["name"]], 200

    def _examples(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> tuple[Any, int]:
        if method == "POST":
            return [self._example(given) for given in body], 200
        if query.get("offset", "0") != "0":
            return [], 200
        return [e for e in self.examples.values() if e["dataset_id"] == query["dataset"]], 200

    def _feedback(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> tuple[Any, int]:
        self.feedback[body["id"]] = body
        return body, 200

    def _runs(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> tuple[Any, int]:
        many = [*body.get("post", []), *body.get("patch", [])] if rest == ["batch"] else [body]
        for run in many:
            self.take(run | ({"id": rest[0]} if rest and rest != ["batch"] else {}))
        return {"message": "accepted"}, 202

    def _example(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["id"] in self.examples:
            raise AssertionError("an example was added twice")
        made = {"created_at": THEN, "modified_at": THEN, **given}
        self.examples[given["id"]] = made
        return made


@contextmanager
def langsmith_stub() -> Iterator[tuple[str, Received]]:
    """The stub's address and what it received."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take("GET")

        def do_POST(self) -> None:
            self._take("POST")

        def do_PATCH(self) -> None:
            self._take("PATCH")

        def _take(self, method: str) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            received.bodies.append(self.path.encode() + b"\n" + raw)
            received.keys.add(self.headers.get("x-api-key", ""))
            asked = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(asked.query).items()}
            value, status = received.answer(method, asked.path, query, json.loads(raw) if raw else {})
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        server.server_close()
