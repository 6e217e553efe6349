"""Binance's spot API (/api/v3) on loopback, as its reference documents it: signed orders, trades, balances, time."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.stubs.http_stub import Asked, Reply

SECRET = "secret"
OPEN = {"NEW", "PARTIALLY_FILLED"}


@dataclass
class BinanceVenue:
    """The truth: orders by client id, trades in order; `answer` speaks the protocol."""

    clock: datetime | None = None
    balances: dict[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal("100000")})
    book: dict[str, dict[str, Any]] = field(default_factory=dict)
    trades: list[dict[str, Any]] = field(default_factory=list)
    fee: tuple[str, str] = ("0", "USDT")
    """(amount, currency) that each execution pays."""
    refuse: str = ""

    # --- what a test does to the market -------------------------------------------------------------------------

    def execute(self, client_id: str, quantity: str, price: str, execution_id: str = "") -> None:
        order = self.book[client_id]
        done = Decimal(order["executedQty"]) + Decimal(quantity)
        base = order["symbol"].removesuffix("USDT")
        self.trades.append({
            "symbol": order["symbol"], "id": int(execution_id or len(self.trades) + 1), "orderId": order["orderId"],
            "price": price, "qty": quantity, "quoteQty": str(Decimal(price) * Decimal(quantity)),
            "commission": self.fee[0], "commissionAsset": self.fee[1], "time": 1_709_300_000_000 + len(self.trades),
            "isBuyer": order["side"] == "BUY", "isMaker": False, "isBestMatch": True,
        })  # fmt: skip
        order["executedQty"] = str(done)
        if order["status"] in OPEN:
            order["status"] = "FILLED" if done >= Decimal(order["origQty"]) else "PARTIALLY_FILLED"
        sign = 1 if order["side"] == "BUY" else -1
        self._add(base, sign * Decimal(quantity))
        self._add("USDT", -sign * Decimal(quantity) * Decimal(price))
        self._add(self.fee[1], -Decimal(self.fee[0]))

    def repeat_last_execution(self) -> None:
        self.trades.append(dict(self.trades[-1]))

    def reject(self, client_id: str, reason: str) -> None:
        self.book[client_id]["status"] = "REJECTED"

    def positions(self) -> dict[str, Decimal]:
        return {name: amount for name, amount in self.balances.items() if name != "USDT" and amount}

    def _add(self, name: str, amount: Decimal) -> None:
        self.balances[name] = self.balances.get(name, Decimal(0)) + amount

    # --- the protocol -------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.rsplit("/", 1)[-1]
        if path == "time":
            return _json({"serverTime": int((self.clock or datetime.now(UTC)).timestamp() * 1000)})
        if path == "exchangeInfo":
            return _json({"timezone": "UTC", "symbols": [_market("BTC"), _market("ETH")]})
        given = asked.query | dict(parse_qsl(asked.body))
        if asked.headers.get("x-mbx-apikey") != "apikey01" or not _signed(asked):
            return _refusal(401, -2014, "API-key format invalid.")
        match (asked.method, path):
            case ("POST", "order"):
                return self._new(given)
            case ("GET", "order"):
                found = self.book.get(given["origClientOrderId"])
                return _json(found) if found else _refusal(400, -2013, "Order does not exist.")
            case ("DELETE", "order"):
                return self._cancel(given)
            case ("GET", "openOrders"):
                same = [o for o in self.book.values() if o["status"] in OPEN and o["symbol"] == given["symbol"]]
                return _json(same)
            case ("GET", "myTrades"):
                return _json([t for t in self.trades if str(t["orderId"]) == given["orderId"]])
            case ("GET", "account"):
                held = [{"asset": n, "free": str(a), "locked": "0"} for n, a in self.balances.items()]
                return _json({"balances": held, "canTrade": True})
            case _:
                return _refusal(404, -1000, "no such endpoint")

    def _new(self, given: dict[str, str]) -> Reply:
        if self.refuse:
            words, self.refuse = self.refuse, ""
            return _refusal(400, -2010, words)
        if given["symbol"] not in ("BTCUSDT", "ETHUSDT"):
            return _refusal(400, -1121, "Invalid symbol.")
        known = self.book.get(given["newClientOrderId"])
        if known and known["status"] in OPEN:
            return _refusal(400, -2010, "Duplicate order sent.")
        order = {
            "symbol": given["symbol"], "orderId": len(self.book) + 1, "clientOrderId": given["newClientOrderId"],
            "price": given.get("price", "0"), "origQty": given["quantity"], "executedQty": "0", "status": "NEW",
            "cummulativeQuoteQty": "0", "timeInForce": given.get("timeInForce", "GTC"), "type": given["type"],
            "side": given["side"], "stopPrice": given.get("stopPrice", "0"), "time": 1_709_300_000_000,
            "transactTime": 1_709_300_000_000, "isWorking": True, "fills": [],
        }  # fmt: skip
        self.book[given["newClientOrderId"]] = order
        return _json(order)

    def _cancel(self, given: dict[str, str]) -> Reply:
        order = self.book.get(given.get("origClientOrderId", ""))
        if order is None or order["status"] not in OPEN:
            return _refusal(400, -2011, "Unknown order sent.")
        order["status"] = "CANCELED"
        return _json(order)


def _signed(asked: Asked) -> bool:
    """Whether the last parameter is the HMAC of those before it."""
    text = asked.body or asked.raw_query
    payload, _, signature = text.rpartition("&signature=")
    return hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest() == signature


def _market(base: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT", "status": "TRADING", "baseAsset": base, "quoteAsset": "USDT", "baseAssetPrecision": 8,
        "quotePrecision": 8, "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8, "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False, "permissions": ["SPOT"], "permissionSets": [["SPOT"]],
        "orderTypes": ["LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            {"filterType": "NOTIONAL", "minNotional": "5"},
        ],
    }  # fmt: skip


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value), headers={"Content-Type": "application/json"})


def _refusal(status: int, code: int, message: str) -> Reply:
    return Reply(json.dumps({"code": code, "msg": message}), status, {"Content-Type": "application/json"})
