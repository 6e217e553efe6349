"""A venue in a process of its own: it stamps what arrives by its own clock, and answers as badly as it is told.

Started as `python -m tests.chaos.venue`; it prints its port. Accounts are the first part of the path. Even-numbered
orders of an account are filled at once, the others, and those that say so, rest until they are cancelled.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Account:
    """Orders, and everything that happened, in the order in which it arrived."""

    def __init__(self) -> None:
        self.orders: dict[str, dict] = {}
        self.events: list[tuple[float, str, str]] = []
        self.fault, self.until, self.random = "", 0.0, random.Random(0)
        self.lock = threading.Lock()

    def event(self, kind: str, name: str) -> None:
        self.events.append((time.monotonic(), kind, name))

    def submit(self, order: dict) -> dict:
        if order["id"] not in self.orders:
            self.event("new", order["id"])
            filled = len(self.orders) % 2 == 0 and not order.get("rests")
            self.orders[order["id"]] = order | {"state": "filled" if filled else "accepted", "price": 100.0}
            if filled:
                self.event("filled", order["id"])
        return self.orders[order["id"]]

    def cancel(self, name: str) -> dict:
        order = self.orders[name]
        if order["state"] == "accepted":
            order["state"] = "cancelled"
            self.event("cancelled", name)
        return order

    def positions(self) -> dict[str, float]:
        held: dict[str, float] = {}
        for order in self.orders.values():
            if order["state"] == "filled":
                signed = order["quantity"] if order["side"] == "buy" else -order["quantity"]
                held[order["symbol"]] = held.get(order["symbol"], 0.0) + signed
        return {symbol: units for symbol, units in held.items() if abs(units) > 1e-9}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        _, name, what, *rest = self.path.split("/")
        account = self.server.account(name)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        with account.lock:
            if what == "control":
                return self._say(200, self._control(account, rest[0], body))
            failing = account.fault and time.monotonic() < account.until
            if failing and not (account.fault == "500" and self.command == "POST" and account.random.random() < 0.5):
                return self._say(int(account.fault), {}, {"Retry-After": "0.3"} if account.fault == "429" else {})
            status, answer = self._trade(account, what, rest, body)
            return self._say(500 if failing else status, answer)

    def _trade(self, account: Account, what: str, rest: list[str], body: dict) -> tuple[int, object]:
        if what == "open":
            return 200, [o for o in account.orders.values() if o["state"] == "accepted"]
        if what == "positions":
            return 200, account.positions()
        if self.command == "POST":
            return 200, account.submit(body)
        if rest[0] not in account.orders:
            return 404, {}
        return 200, account.cancel(rest[0]) if self.command == "DELETE" else account.orders[rest[0]]

    def _control(self, account: Account, act: str, body: dict) -> object:
        if act == "events":
            return account.events
        account.event(act, "")
        if act == "trip":
            account.fault, account.until = body["fault"], time.monotonic() + body["for_s"]
            account.random = random.Random(body["seed"])
        return {}

    def _say(self, status: int, answer: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass


class Venue(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def account(self, name: str) -> Account:
        with self._lock:
            return self._accounts.setdefault(name, Account())


if __name__ == "__main__":
    venue = Venue()
    sys.stdout.write(f"{venue.server_address[1]}\n")
    sys.stdout.flush()
    venue.serve_forever()
