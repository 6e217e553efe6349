"""A loopback stub of LangSmith's HTTP API: takes run batches as the client sends them and remembers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


class Received:
    """Runs by id: what was posted, with what was patched over it."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.bodies: list[bytes] = []
        self.keys: set[str] = set()
        self._lock = threading.Lock()

    def take(self, run: dict[str, Any]) -> None:
        with self._lock:
            known = self.runs.setdefault(run["id"], {})
            known.update({k: v for k, v in run.items() if v is not None})

    def roots(self) -> list[dict[str, Any]]:
        return [r for r in self.runs.values() if not r.get("parent_run_id")]


@contextmanager
def langsmith_stub() -> Iterator[tuple[str, Received]]:
    """The stub's address and what it received."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(INFO)

        def do_POST(self) -> None:
            self._take()

        def do_PATCH(self) -> None:
            self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            received.bodies.append(body)
            received.keys.add(self.headers.get("x-api-key", ""))
            parsed = json.loads(body)
            runs = [*parsed.get("post", []), *parsed.get("patch", [])] if "/batch" in self.path else [parsed]
            for run in runs:
                received.take(run)
            self._answer({"message": "accepted"}, 202)

        def _answer(self, value: dict[str, Any], status: int = 200) -> None:
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
