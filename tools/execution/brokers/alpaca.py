"""Alpaca: US stocks, ETFs and crypto over alpaca-py. The paper account unless `live` and the account are both named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from data.clock import slot_text
from data.errors import (
    BadAnswer,
    BadConfig,
    CredentialMissing,
    InputError,
    OrderRefused,
    RateLimited,
    SourceUnavailable,
)
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.brokers.decimals import as_decimal, plain
from tools.execution.brokers.wire import TimeoutAdapter, retry_after_s
from tools.execution.orders import Fill, Order, OrderState, Side

if TYPE_CHECKING:
    from collections.abc import Generator

    from alpaca.trading.client import TradingClient

ID_TAKEN = 40010001
"""Alpaca's code for a client order id that it knows already."""
PAGE = 100
"""Activities a request gives at most."""
QUANTUM, TICK = Decimal("0.000000001"), Decimal("0.0001")
"""Finest quantity (units) and price (USD) that Alpaca takes."""
STATES: Mapping[str, OrderState] = {
    "filled": "filled", "partially_filled": "partial", "rejected": "rejected", "canceled": "cancelled",
    "expired": "cancelled", "replaced": "cancelled",
}  # fmt: skip
"""What ends an order, and what fills it in part; every other word of Alpaca's means that it may still be filled."""


def open_alpaca(
    gate: LastGate, keys: Mapping[str, str], live: bool = False, account: str = "", url: str | None = None
) -> AlpacaBroker:
    """The account that `keys` (APCA_API_KEY_ID, APCA_API_SECRET_KEY) open; `url` replaces the address, for tests.

    Live trading takes two switches: `live`, and `account` naming the very account that answers. Raises BadConfig where
    a key or the second switch is missing, or another account answers.
    """
    from alpaca.trading.client import TradingClient

    missing = [name for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY") if not keys.get(name)]
    if missing:
        raise BadConfig(f"Alpaca needs {' and '.join(missing)}", "set them in the environment")
    if live and not account:
        raise BadConfig("a live account must be named", "set live_account beside --live")
    client = TradingClient(
        keys["APCA_API_KEY_ID"], keys["APCA_API_SECRET_KEY"], paper=not live, raw_data=True, url_override=url
    )
    client._retry = 0  # pyright: ignore[reportPrivateUsage]  # alpaca-py sleeps between tries; the executor's to decide
    session = client._session  # pyright: ignore[reportPrivateUsage]  # alpaca-py has no option for a timeout
    for scheme in ("https://", "http://"):
        session.mount(scheme, TimeoutAdapter())
    broker = AlpacaBroker(gate, client)
    if live and broker.account() != account:
        raise BadConfig("the keys open another account than live_account names", "check keys and setting")
    return broker


class AlpacaBroker(GatedBroker):
    """Keeps the Broker contract for one Alpaca account. Fees are charged daily by Alpaca, beside the executions: the
    `cost` of a fill is 0."""

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})

    def __init__(self, gate: LastGate, client: TradingClient) -> None:
        """`client` answers with raw data; `open_alpaca` makes one."""
        super().__init__(gate)
        self._client = client
        self._refused: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def _send(self, order: Order) -> OrderState:
        if order.reduce_only:
            self._refuse_an_increase(order)
        body: dict[str, str] = {
            "symbol": order.symbol,
            "qty": plain(as_decimal(order.quantity, QUANTUM, order.symbol)),
            "side": order.side,
            "type": order.kind,
            "time_in_force": order.time_in_force,
            "client_order_id": order.order_id,
        }
        for name, price in (("limit_price", order.limit_price), ("stop_price", order.stop_price)):
            if price is not None:
                body[name] = plain(as_decimal(price, TICK, order.symbol))
        try:
            answer = self._ask(lambda: self._client.post("/orders", body))
        except _Refused as refused:
            if refused.code == ID_TAKEN:
                return self._known(order)
            self._refused[order.order_id] = refused.message
            return "rejected"
        self._ids[order.order_id] = answer["id"]
        return _state(answer)

    def query(self, order_id: str) -> Answer | None:
        """See Broker; BadAnswer while the executions do not add up to what the order says is filled."""
        if order_id in self._refused:
            return Answer("rejected", (), self._refused[order_id])
        found = self._order(order_id)
        if found is None:
            return None
        filled = Decimal(str(found.get("filled_qty") or "0"))
        fills = self._fills(found, order_id) if filled else ()
        if sum((Decimal(str(f.quantity)) for f in fills), Decimal(0)) < filled:
            raise BadAnswer(f"Alpaca has not listed every execution of {order_id} yet", "ask again")
        return Answer(_state(found), fills, str(found.get("reason") or ""))

    def cancel(self, order_id: str) -> OrderState:
        """See Broker; an id that was never seen has nothing to withdraw."""
        if order_id in self._refused:
            return "rejected"
        if order_id not in self._ids and self._order(order_id) is None:
            return "cancelled"
        with suppress(_Refused):  # no longer cancelable: it was filled or has ended in the meantime, and says so
            self._ask(lambda: self._client.delete(f"/orders/{self._ids[order_id]}"))
        found = self._order(order_id)
        return "cancelled" if found is None else _state(found)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker."""
        query = {"status": "open", "direction": "asc", "limit": 500}
        found: list[dict[str, Any]] = self._read("/orders", query)
        return tuple(
            OpenOrder(o["client_order_id"], o["symbol"], _side(o["side"]), float(o["qty"]), float(o["filled_qty"]))
            for o in found
        )

    def positions(self) -> dict[str, float]:
        """See Broker."""
        found: list[dict[str, Any]] = self._read("/positions")
        signed = {p["symbol"]: abs(float(p["qty"])) * (-1.0 if p["side"] == "short" else 1.0) for p in found}
        return dict(sorted(signed.items()))

    def cash(self) -> float:
        """See Broker."""
        return float(self._read("/account")["cash"])

    def account(self) -> str:
        """The account's number."""
        return str(self._read("/account")["account_number"])

    def server_time(self) -> datetime:
        """See Broker."""
        return _moment(self._read("/clock")["timestamp"])

    # --- what Alpaca says -------------------------------------------------------------------------------------

    def _known(self, order: Order) -> OrderState:
        """The state of an order Alpaca has already; InputError where it is another one."""
        found = self._order(order.order_id)
        if found is None:
            raise BadAnswer(f"Alpaca says {order.order_id} is taken, and that it does not know it", "ask again")
        same = (found["symbol"], found["side"], Decimal(found["qty"])) == (
            order.symbol, order.side, as_decimal(order.quantity, QUANTUM, order.symbol),
        )  # fmt: skip
        if not same:
            raise InputError(f"order {order.order_id} is already known with other content", "never reuse an id")
        return _state(found)

    def _order(self, order_id: str) -> dict[str, Any] | None:
        """The order by our id; None where Alpaca surely has none."""
        try:
            found = self._ask(lambda: self._client.get("/orders:by_client_order_id", {"client_order_id": order_id}))
            self._ids[order_id] = found["id"]
            return found
        except _Refused as refused:
            if refused.status == 404:
                return None
            raise BadAnswer(f"Alpaca would not look up {order_id}: {refused.message}", "ask again") from refused

    def _read(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What a path holds; that Alpaca will not say is no empty answer."""
        try:
            return self._ask(lambda: self._client.get(path, None if query is None else dict(query)))
        except _Refused as refused:
            raise BadAnswer(f"Alpaca would not give {path}: {refused.message}", "check the account") from refused

    def _fills(self, order: Mapping[str, Any], order_id: str) -> tuple[Fill, ...]:
        """Every execution of an order, oldest first, page after page."""
        query: dict[str, Any] = {"after": order["created_at"], "direction": "asc", "page_size": PAGE}
        rows: list[dict[str, Any]] = []
        while True:
            page: list[dict[str, Any]] = self._read("/account/activities/FILL", query)
            rows += [row for row in page if row["order_id"] == order["id"]]
            if len(page) < PAGE:
                once = {row["id"]: row for row in rows}
                return tuple(_fill(row, order_id) for row in once.values())
            query["page_token"] = page[-1]["id"]

    def _refuse_an_increase(self, order: Order) -> None:
        held = self.positions().get(order.symbol, 0.0)
        room = held if order.side == "sell" else -held
        if order.quantity > room:
            raise OrderRefused(
                f"{order.symbol}: {order.side} {order.quantity} would not reduce {held}", "reduce_only", order.symbol
            )

    def _ask(self, call: Callable[[], Any]) -> Any:
        """A call of alpaca-py, its faults as ours."""
        with _our_errors():
            return call()


class _Refused(Exception):
    """Alpaca understood and said no."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@contextmanager
def _our_errors() -> Generator[None]:
    """No answer, a server's fault or nonsense is SourceUnavailable; 429 is RateLimited; a refusal is _Refused."""
    import requests
    from alpaca.common.exceptions import APIError

    try:
        yield
    except APIError as error:
        response = cast(Any, error.response)
        if response is None:
            raise SourceUnavailable("Alpaca answered in a way alpaca-py does not know", "ask again") from error
        status = int(response.status_code)
        if status == 429:
            raise RateLimited("Alpaca asks for a pause", retry_after_s(response.headers), "wait") from error
        if status == 401:
            raise CredentialMissing(
                "Alpaca does not know these keys", "check APCA_API_KEY_ID and its secret"
            ) from error
        if not 400 <= status < 500:
            raise SourceUnavailable(f"Alpaca answered {status}", "ask again") from error
        try:
            said = response.json()
            refused = _Refused(status, int(said.get("code", 0)), str(said.get("message", "")))
        except (ValueError, AttributeError) as nonsense:
            raise BadAnswer(f"Alpaca answered {status} in words that do not parse", "ask again") from nonsense
        raise refused from error
    except (requests.RequestException, ValueError) as error:
        raise SourceUnavailable(f"Alpaca did not answer: {type(error).__name__}", "ask again") from error


def _state(order: Mapping[str, Any]) -> OrderState:
    state = STATES.get(str(order["status"]), "accepted")
    return "partial" if state == "accepted" and Decimal(str(order.get("filled_qty") or "0")) > 0 else state


def _side(word: str) -> Side:
    return "sell" if word.startswith("sell") else "buy"


def _fill(row: Mapping[str, Any], order_id: str) -> Fill:
    return Fill(
        order_id=order_id,
        symbol=row["symbol"],
        side=_side(row["side"]),
        quantity=float(row["qty"]),
        price=float(row["price"]),
        cost=0.0,
        convention="venue",
        bar_time=slot_text(_moment(row["transaction_time"])),
        execution_id=row["id"],
    )


def _moment(text: str) -> datetime:
    """RFC 3339 with up to nine decimals, as UTC; BadAnswer for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadAnswer(f"Alpaca wrote {text!r} for a time", "ask again") from error
    if moment.tzinfo is None:
        raise BadAnswer(f"Alpaca wrote {text!r} without a time zone", "ask again")
    return moment.astimezone(UTC)
