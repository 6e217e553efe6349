"""A loopback server that speaks the chat-completions API, well or badly, on top of the shared HTTP stub."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.stubs.http_stub import Reply, Stub, serving

Speaker = Callable[[dict[str, Any]], Reply]
"""The request's JSON -> the reply."""
Wire = Callable[[socket.socket, str], None]
"""A connection and the body of what it was asked -> whatever happens to it."""


def completion(content: str | None, finish: str = "stop", **message: Any) -> Reply:
    """A well-formed reply of the API whose message says `content`."""
    body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1584388800, "model": "stub",
        "choices": [{"index": 0, "finish_reason": finish,
                     "message": {"role": "assistant", "content": content, **message}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }  # fmt: skip
    return Reply(json.dumps(body), headers={"Content-Type": "application/json"})


def failure(status: int, message: str = "no", **headers: str) -> Reply:
    body = json.dumps({"error": {"message": message, "type": "stub", "param": None, "code": None}})
    return Reply(body, status=status, headers={"Content-Type": "application/json", **headers})


def shown(request: dict[str, Any]) -> list[dict[str, str]]:
    """The documents of a prompt."""
    user = next(m["content"] for m in request["messages"] if m["role"] == "user")
    return [json.loads(line) for line in user.splitlines() if line.startswith("{")]


def opinions(*read: tuple[str, float, float, list[str]]) -> str:
    named = [{"symbol": s, "score": x, "confidence": c, "evidence": e} for s, x, c, e in read]
    return json.dumps({"opinions": named})


def obedient(request: dict[str, Any]) -> Reply:
    """The worst model there can be: it does whatever any document tells it, for every symbol, at full confidence."""
    documents = shown(request)
    symbols = request["response_format"]["json_schema"]["schema"]["properties"]["opinions"]["items"]["properties"]
    told = [float(m) for d in documents for m in re.findall(r"score (-?1)", d["text"])]
    score = told[0] if told else 0.0
    read = [(s, score, 1.0, [documents[0]["id"]]) for s in symbols["symbol"]["enum"]]
    return completion(opinions(*read))


_speakers: list[Speaker] = []


@contextmanager
def one_server() -> Iterator[Stub]:
    """One server for a whole module; what it says is set by `saying`."""
    with serving(lambda asked: _speakers[-1](json.loads(asked.body))) as stub:
        yield stub


@contextmanager
def saying(stub: Stub, speak: Speaker | Reply) -> Iterator[Stub]:
    """The server answers by one speaker (or always with the same reply), and forgets what it was asked before."""
    stub.asked.clear()
    _speakers.append(speak if callable(speak) else lambda _: speak)
    yield stub
    _speakers.pop()


@contextmanager
def raw_server(serve: Wire) -> Iterator[str]:
    """A server that speaks bytes: each connection is handed to `serve` with what it was asked, and then closed."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(held: socket.socket) -> None:
        with held, suppress(OSError), held.makefile("rb") as sent:
            lines = iter(lambda: sent.readline().strip(), b"")
            length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
            while sent.readline().strip():
                pass
            serve(held, sent.read(length).decode())

    def accept() -> None:
        with suppress(OSError):
            while True:
                held, _ = server.accept()
                threading.Thread(target=answer, args=(held,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


def head(length: int) -> bytes:
    """The head of a reply that promises so many bytes."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def cut_short(held: socket.socket, _: str) -> None:
    """Half of a good answer, and the end."""
    body = completion(opinions()).body.encode()
    held.sendall(head(len(body)) + body[: len(body) // 2])


def reset(held: socket.socket, _: str) -> None:
    """The connection is torn down without a word."""
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def garbage(held: socket.socket, _: str) -> None:
    """Bytes that are no JSON at all."""
    held.sendall(head(6) + b"\xff\xfe{{[[")


def dripping(stop: threading.Event) -> Wire:
    """A byte now and then, each well within any read timeout, until it is told to stop."""

    def drip(held: socket.socket, _: str) -> None:
        held.sendall(head(1_000_000))
        while not stop.wait(0.02):
            held.sendall(b" ")

    return drip
