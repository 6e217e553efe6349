"""A loopback HTTP server that answers by a function, fails on demand, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    raw_query: str = ""


@dataclass(frozen=True)
class Reply:
    """`status` 0 closes the connection without a word."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    faults: list[tuple[str, Reply]] = field(default_factory=list)
    lost_answers: int = 0
    """How many requests are carried out without a word of answer."""
    garbled: int = 0
    """How many answers are no language at all."""
    cut: bool = False
    """Whether every connection is closed at once."""

    def fail(self, path: str, reply: Reply, times: int = 1) -> None:
        """Answer the next `times` requests whose path contains `path` with `reply`."""
        self.faults += [(path, reply)] * times

    def paths(self, part: str) -> list[Asked]:
        return [asked for asked in self.asked if part in asked.path]

    def fault_for(self, path: str) -> Reply | None:
        for at, (part, reply) in enumerate(self.faults):
            if part in path:
                del self.faults[at]
                return reply
        return None


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, query, headers, self.rfile.read(length).decode(), parts.query)
            stub.asked.append(asked)
            reply = Reply(status=0) if stub.cut else stub.fault_for(asked.path) or answer(asked)
            if stub.lost_answers:
                stub.lost_answers, reply = stub.lost_answers - 1, Reply(status=0)
            if stub.garbled and reply.status:
                stub.garbled, reply = stub.garbled - 1, Reply("{{{")
            if reply.status == 0:
                self.close_connection = True
                return
            body = reply.body.encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
