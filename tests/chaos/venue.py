"""A venue in a process of its own, with a file of its own: it stamps what arrives, and answers as badly as it is told.

Started as `python -m tests.chaos.venue [FILE] [PORT]`; it prints its port. Killed and started again on the same file
and port it goes on where it was. Accounts are the first part of the path. What becomes of an order is a function of its
id: a third is filled at once, a third by half, and the rest, with those that say so, rest until they are cancelled or
the harness lets the venue trade. One id is one order, however often it arrives.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    account TEXT, id TEXT, symbol TEXT, side TEXT, quantity REAL, state TEXT, PRIMARY KEY (account, id));
CREATE TABLE IF NOT EXISTS executions (account TEXT, id TEXT, n INTEGER, quantity REAL, price REAL);
CREATE TABLE IF NOT EXISTS events (account TEXT, at REAL, kind TEXT, name TEXT);
"""
PRICE, LATE_PRICE = 100.0, 101.0
VARIANTS = {"hang": ("hang_before", "hang_after"), "reset": ("reset_before", "reset_after")}
VARIANTS["mixed"] = ("lost", "reply_lost", "5xx", *VARIANTS["hang"], *VARIANTS["reset"])


class Books:
    """Orders, executions, and everything that happened in the order in which it arrived; one call at a time."""

    def __init__(self, file: str) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)
        self.lock = threading.RLock()

    def event(self, account: str, kind: str, name: str = "") -> None:
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (account, time.monotonic(), kind, name))

    def events(self, account: str) -> list[tuple]:
        return self._rows("SELECT at, kind, name FROM events WHERE account = ? ORDER BY rowid", account)

    def submit(self, account: str, order: dict) -> dict:
        if self.order(account, order["id"]) is not None:
            self.event(account, "again", order["id"])
            return self.order(account, order["id"])
        values = (account, order["id"], order["symbol"], order["side"], order["quantity"])
        self._db.execute("BEGIN")
        self._db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, 'accepted')", values)
        self.event(account, "new", order["id"])
        share = 0.0 if order.get("rests") else (1.0, 0.5, 0.0)[zlib.crc32(order["id"].encode()) % 3]
        if share:
            self._execute(account, order["id"], share * order["quantity"], PRICE)
        self._db.execute("COMMIT")
        return self.order(account, order["id"])

    def order(self, account: str, name: str) -> dict | None:
        found = self._rows("SELECT id, symbol, side, quantity, state FROM orders WHERE account = ? AND id = ?", account,
                           name)  # fmt: skip
        if not found:
            return None
        told = self._rows("SELECT n, quantity, price FROM executions WHERE account = ? AND id = ? ORDER BY n", account,
                          name)  # fmt: skip
        return dict(zip(("id", "symbol", "side", "quantity", "state"), found[0], strict=True)) | {"executions": told}

    def orders(self, account: str) -> list[dict]:
        names = self._rows("SELECT id FROM orders WHERE account = ? ORDER BY rowid", account)
        return [self.order(account, name) for (name,) in names]

    def cancel(self, account: str, name: str) -> dict:
        order = self.order(account, name)
        if order["state"] in ("accepted", "partial"):
            self._db.execute("UPDATE orders SET state = 'cancelled' WHERE account = ? AND id = ?", (account, name))
            self.event(account, "cancelled", name)
        return self.order(account, name)

    def trade(self, account: str) -> None:
        """Every second order that is open is filled, at another price."""
        for order in self.orders(account):
            left = order["quantity"] - sum(q for _, q, _ in order["executions"])
            if order["state"] in ("accepted", "partial") and zlib.crc32(order["id"].encode()) % 2:
                self._execute(account, order["id"], left, LATE_PRICE)

    def positions(self, account: str) -> dict[str, float]:
        held = self._rows(
            "SELECT symbol, sum(CASE side WHEN 'buy' THEN e.quantity ELSE -e.quantity END) FROM executions AS e"
            " JOIN orders USING (account, id) WHERE account = ? GROUP BY symbol", account)  # fmt: skip
        return {symbol: units for symbol, units in held if abs(units) > 1e-9}

    def spent(self, account: str) -> float:
        return self._rows(
            "SELECT ifnull(sum(price * CASE side WHEN 'buy' THEN e.quantity ELSE -e.quantity END), 0.0) FROM executions"
            " AS e JOIN orders USING (account, id) WHERE account = ?", account)[0][0]  # fmt: skip

    def _execute(self, account: str, name: str, quantity: float, price: float) -> None:
        before = self.order(account, name)
        whole = sum(q for _, q, _ in before["executions"]) + quantity >= before["quantity"] * (1.0 - 1e-12)
        values = (account, name, len(before["executions"]) + 1, quantity, price)
        self._db.execute("INSERT INTO executions VALUES (?, ?, ?, ?, ?)", values)
        state = "filled" if whole else "partial"
        self._db.execute("UPDATE orders SET state = ? WHERE account = ? AND id = ?", (state, account, name))
        if whole:
            self.event(account, "filled", name)

    def _rows(self, sql: str, *values: object) -> list[tuple]:
        return self._db.execute(sql, values).fetchall()


class Fault:
    """What the line does to an account's calls: `share` of the orders handed in, `asked_share` of all else."""

    def __init__(self, kind="", for_s=3600.0, seed=0, share=1.0, asked_share=1.0, hang_s=0.0, tells="all"):
        self._kind, self._until, self._chance = kind, time.monotonic() + for_s, random.Random(seed)
        self._share, self._asked, self.hang_s, self.tells = share, asked_share, hang_s, tells

    def strikes(self, sends: bool) -> str:
        """What is done to one call; "" for nothing."""
        if not self._kind or time.monotonic() >= self._until:
            return ""
        if self._chance.random() >= (self._share if sends else self._asked):
            return ""
        if self._kind == "500":  # half of what is handed in is taken, all of it is answered with an error
            return "5xx" if sends and self._chance.random() < 0.5 else "500"
        return self._chance.choice(VARIANTS.get(self._kind, (self._kind,)))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        _, account, what, *rest = self.path.split("/")
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        books, faults = self.server.books, self.server.faults
        if what == "control":
            with books.lock:
                return self._say(200, self._control(account, rest[0], body))
        with books.lock:
            fault = faults.setdefault(account, Fault())
            strikes = fault.strikes(self.command == "POST")
            if strikes and self.command == "POST":
                books.event(account, "struck", body["id"])
        if strikes == "429":
            return self._say(429, {}, {"Retry-After": "0.3"})
        if strikes == "hang_before":
            time.sleep(fault.hang_s)
        taken = strikes not in ("lost", "reset_before", "500")
        status, answer = self._trade(account, what, rest, body, fault.tells) if taken else (500, {})
        if strikes == "hang_after":
            time.sleep(fault.hang_s)
        if strikes.startswith("reset"):
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        if strikes in ("lost", "reply_lost") or strikes.startswith("reset"):
            self.close_connection = True
            return None
        return self._say(500 if strikes in ("5xx", "500") else status, answer)

    def _trade(self, account: str, what: str, rest: list[str], body: dict, tells: str) -> tuple[int, object]:
        books = self.server.books
        with books.lock:
            if what == "open":
                return 200, [o for o in books.orders(account) if o["state"] in ("accepted", "partial")]
            if what == "positions":
                return 200, books.positions(account)
            if what == "cash":
                return 200, {"spent": books.spent(account)}
            if self.command == "POST":
                return 200, told(books.submit(account, body), tells)
            if books.order(account, rest[0]) is None:
                return 404, {}
            order = books.cancel(account, rest[0]) if self.command == "DELETE" else books.order(account, rest[0])
            return 200, told(order, tells)

    def _control(self, account: str, act: str, body: dict) -> object:
        books = self.server.books
        match act:
            case "events":
                return books.events(account)
            case "orders":
                return books.orders(account)
            case "fault":
                self.server.faults[account] = Fault(**body)
            case "trade_once":
                if not any(kind == "traded" for _, kind, _ in books.events(account)):
                    books.trade(account)
                    books.event(account, "traded")
            case _:
                books.event(account, act)
                if body.get("fault"):
                    self.server.faults[account] = Fault(body["fault"], body["for_s"], body["seed"])
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


def told(order: dict, how: str) -> dict:
    """An order as the venue tells it: all its executions, none of them, each twice, or the last one first."""
    known = order["executions"]
    variants = {"all": known, "dropped": [], "twice": [*known, *known], "reversed": known[::-1]}
    return order | {"executions": variants[how]}


class Venue(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, file: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.books, self.faults = Books(file), {}

    def handle_error(self, request: object, client_address: object) -> None:
        """A desk that hangs up, or is killed, in the middle of an answer is no fault of the venue's."""


def _die_with_its_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_die_with_its_parent, daemon=True).start()
    venue = Venue(*(sys.argv[1:2] or [":memory:"]), int((sys.argv[2:3] or ["0"])[0]))
    sys.stdout.write(f"{venue.server_address[1]}\n")
    sys.stdout.flush()
    venue.serve_forever()
