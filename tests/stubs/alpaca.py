"""Alpaca's trading API on loopback, as its reference documents it: orders, executions, positions, account, clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.stubs.http_stub import Asked, Reply

ENDED = {"filled", "canceled", "expired", "rejected", "replaced"}
START = datetime(2024, 3, 1, 15, 0, tzinfo=UTC)


@dataclass
class AlpacaVenue:
    """The truth: orders by client id, executions in order; `answer` speaks the protocol."""

    account: str = "PA3STUB00001"
    money: Decimal = Decimal("100000")
    book: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: datetime | None = None
    activities: list[dict[str, Any]] = field(default_factory=list)
    refuse: str = ""
    """The next order is refused in these words."""

    # --- what a test does to the market -------------------------------------------------------------------------

    def execute(self, client_id: str, quantity: str, price: str, execution_id: str = "") -> None:
        """One execution; more than was ordered if a test says so."""
        order = self.book[client_id]
        n = len(self.activities)
        done = Decimal(order["filled_qty"]) + Decimal(quantity)
        late = order["status"] in ("canceled", "expired")
        self.activities.append({
            "id": execution_id or f"2024030115000{n:04d}::{n:08d}", "activity_type": "FILL", "type": "partial_fill",
            "order_id": order["id"], "symbol": order["symbol"], "side": order["side"], "qty": quantity, "price": price,
            "cum_qty": str(done), "transaction_time": (START + timedelta(seconds=n)).isoformat().replace("+00:00", "Z"),
        })  # fmt: skip
        order["filled_qty"], order["filled_avg_price"] = str(done), price
        if not late:
            order["status"] = "filled" if done >= Decimal(order["qty"]) else "partially_filled"
        signed = Decimal(quantity) * (1 if order["side"] == "buy" else -1)
        self.money -= signed * Decimal(price)

    def repeat_last_execution(self) -> None:
        self.activities.append(dict(self.activities[-1]))

    def reject(self, client_id: str, reason: str) -> None:
        self.book[client_id] |= {"status": "rejected", "reason": reason}

    def positions(self) -> dict[str, Decimal]:
        held: dict[str, Decimal] = {}
        for a in {a["id"]: a for a in self.activities}.values():
            sign = 1 if a["side"] == "buy" else -1
            held[a["symbol"]] = held.get(a["symbol"], Decimal(0)) + sign * Decimal(a["qty"])
        return {symbol: quantity for symbol, quantity in held.items() if quantity}

    # --- the protocol -------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Reply:
        """One request of /v2."""
        if asked.headers.get("apca-api-key-id") != "key":
            return _refusal(401, 40110000, "request is not authorized")
        path = asked.path.removeprefix("/v2")
        match (asked.method, path):
            case ("POST", "/orders"):
                return self._new(json.loads(asked.body))
            case ("GET", "/orders:by_client_order_id"):
                found = self.book.get(asked.query["client_order_id"])
                return _json(found) if found else _refusal(404, 40410000, "order not found")
            case ("GET", "/orders"):
                return _json([o for o in self.book.values() if o["status"] not in ENDED])
            case ("DELETE", _) if path.startswith("/orders/"):
                return self._cancel(path.removeprefix("/orders/"))
            case ("GET", "/account/activities/FILL"):
                return self._page(asked.query)
            case ("GET", "/positions"):
                return _json([
                    {"symbol": s, "qty": str(q), "side": "long" if q > 0 else "short"}
                    for s, q in self.positions().items()
                ])  # fmt: skip
            case ("GET", "/account"):
                return _json({"account_number": self.account, "cash": str(self.money), "status": "ACTIVE"})
            case ("GET", "/clock"):
                now = self.clock or datetime.now(UTC)
                return _json({"timestamp": now.isoformat(), "is_open": True})
            case _:
                return _refusal(404, 40410000, "endpoint not found")

    def _new(self, body: dict[str, str]) -> Reply:
        if self.refuse:
            words, self.refuse = self.refuse, ""
            return _refusal(403, 40310000, words)
        if body["client_order_id"] in self.book:
            return _refusal(422, 40010001, "client_order_id must be unique")
        if body["symbol"] == "NOSUCH":
            return _refusal(422, 42210000, "asset NOSUCH not found")
        n = len(self.book)
        created = (START - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        order = {**body, "id": f"id-{n}", "status": "new", "filled_qty": "0", "created_at": created}
        self.book[body["client_order_id"]] = order
        return _json(order)

    def _cancel(self, own_id: str) -> Reply:
        order = next((o for o in self.book.values() if o["id"] == own_id), None)
        if order is None:
            return _refusal(404, 40410000, "order not found")
        if order["status"] in ENDED:
            return _refusal(422, 42210000, f'order is already in "{order["status"]}" state')
        order["status"] = "canceled"
        return Reply(status=204)

    def _page(self, query: dict[str, str]) -> Reply:
        token, size = query.get("page_token"), int(query.get("page_size", "100"))
        ids = [a["id"] for a in self.activities]
        start = ids.index(token) + 1 if token else 0
        return _json(self.activities[start : start + size])


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value), headers={"Content-Type": "application/json"})


def _refusal(status: int, code: int, message: str) -> Reply:
    return Reply(json.dumps({"code": code, "message": message}), status)
