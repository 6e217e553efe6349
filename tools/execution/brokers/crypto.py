"""Crypto exchanges over CCXT. The exchange's sandbox unless `live` and the account are both named.

Exercised against Binance's spot protocol. CCXT speaks a hundred others; which of them look an order up by client id,
and which forget one that has ended, is not known here: try an exchange in its sandbox first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from data.clock import slot_text
from data.errors import (
    BadAnswer,
    BadConfig,
    CredentialMissing,
    InputError,
    OrderRefused,
    RateLimited,
    SourceUnavailable,
    UnknownSymbol,
)
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.brokers.decimals import as_decimal, in_lots
from tools.execution.brokers.wire import TIMEOUT_S, retry_after_s
from tools.execution.orders import Fill, Order, OrderState

OrderOf = Callable[[str], Order | None]
"""Order id -> the order, as the ledger knows it: exchanges look orders up by market and id."""
SHORT = "complete at the exchange: less than a lot was not sent, or a fee was taken from what was bought"
"""Why an order that is done there has executions for less than its quantity here."""
STATES: Mapping[str, OrderState] = {
    "closed": "filled", "canceled": "cancelled", "expired": "cancelled", "rejected": "rejected",
}  # fmt: skip
"""CCXT's words for an order that has ended; any other means that it may still be filled."""
WHOLE = Decimal("1e-9")
"""Fraction of an order's quantity within which its executions make up the whole, as in the ledger."""
MAX_SKEW_MS = 5_000
"""How far Binance lets a request's time stand from its own (recvWindow, milliseconds)."""


def open_crypto(
    gate: LastGate,
    exchange: str,
    keys: Mapping[str, str],
    markets: Mapping[str, str],
    order_of: OrderOf,
    live: bool = False,
    account: str = "",
    url: str | None = None,
) -> CryptoBroker:
    """The account that `keys` (CRYPTO_API_KEY, CRYPTO_API_SECRET) open at `exchange`, a CCXT id such as "binance".

    `markets` maps our symbols to CCXT's ("BTC-USD" to "BTC/USDT"), all against one quote currency. Live trading takes
    two switches: `live`, and `account` naming the exchange and the key's first eight characters ("binance:AbCdEfGh").
    `url` replaces the address, for tests. BadConfig where one of these is missing or wrong, UnknownSymbol for a market
    that the exchange does not have.
    """
    missing = [name for name in ("CRYPTO_API_KEY", "CRYPTO_API_SECRET") if not keys.get(name)]
    if missing:
        raise BadConfig(f"{exchange} needs {' and '.join(missing)}", "set them in the environment")
    if live and account != f"{exchange}:{keys['CRYPTO_API_KEY'][:8]}":
        remedy = "set live_account to EXCHANGE:FIRST-EIGHT-CHARACTERS-OF-THE-KEY beside --live"
        raise BadConfig("a live account must be named, and be that of the keys", remedy)
    broker = CryptoBroker(gate, make_client(exchange, keys, live, url), markets, order_of)
    broker.load_markets()
    return broker


def make_client(exchange: str, keys: Mapping[str, str], live: bool, url: str | None = None) -> Any:
    """A ccxt exchange for spot trading, in its sandbox unless `live`; BadConfig where CCXT does not know it."""
    import ccxt

    if exchange not in ccxt.exchanges:
        raise BadConfig(f"CCXT knows no exchange {exchange!r}", "see ccxt.exchanges for their ids")
    client = getattr(ccxt, exchange)(
        {
            "apiKey": keys["CRYPTO_API_KEY"],
            "secret": keys["CRYPTO_API_SECRET"],
            "timeout": int(1000 * TIMEOUT_S),
            "enableRateLimit": True,
            "enableLastJsonResponse": True,
            "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "recvWindow": MAX_SKEW_MS},
        }
    )
    if not live:
        client.set_sandbox_mode(True)
    if url is not None:
        client.urls["api"] = dict.fromkeys(client.urls["api"], url)
    return client


class CryptoBroker(GatedBroker):
    """Keeps the Broker contract for one spot account.

    Quantities are sent in the market's whole lots, rounded down. There are no days here: a `day` order rests until it
    is cancelled. Exchanges refuse an id only while its order is open: another process asks by id before it sends one
    again, as the executor does. A fee in a third currency is no cash of this account: such a fill has cost 0.
    """

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})
    max_order_id = 36

    def __init__(self, gate: LastGate, client: Any, markets: Mapping[str, str], order_of: OrderOf) -> None:
        """`client` is a ccxt exchange; BadConfig where `markets` have more than one quote currency, or none."""
        super().__init__(gate)
        quotes = sorted({market.rpartition("/")[2] for market in markets.values()})
        if len(quotes) != 1:
            raise BadConfig(f"markets are quoted in {quotes or 'nothing'}", "trade against one currency")
        self._client, self._markets, self._order_of, self._quote = client, dict(markets), order_of, quotes[0]
        self._known: dict[str, Order] = {}
        self._symbols: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def _send(self, order: Order) -> OrderState:
        market = self._market(order.symbol)
        lot, tick = self._units(market)
        amount = in_lots(order.quantity, lot, order.symbol)
        if order.order_id in self._known:  # an id is unique among open orders only: look before sending it again
            known = self._order(order.order_id)
            if known is not None:
                return self._same(known, order, amount)
        if order.reduce_only:
            self._refuse_an_increase(order)
        price = None if order.limit_price is None else float(as_decimal(order.limit_price, tick, order.symbol))
        params: dict[str, Any] = {"clientOrderId": order.order_id}
        if order.stop_price is not None:
            params["stopLossPrice"] = float(as_decimal(order.stop_price, tick, order.symbol))
        kind = "limit" if order.limit_price is not None else "market"
        if kind == "limit":
            params["timeInForce"] = "GTC" if order.time_in_force == "day" else order.time_in_force.upper()
        self._known[order.order_id] = order
        try:
            with _our_errors(self._client):
                answer = self._client.create_order(market, kind, order.side, float(amount), price, params)
        except _Refused as refused:
            again = self._order(order.order_id)  # the id may have arrived on another way in the meantime
            if again is not None:
                return self._same(again, order, amount)
            self._refused[order.order_id] = str(refused)
            return "rejected"
        return _state(answer)

    def query(self, order_id: str) -> Answer | None:
        """See Broker; BadAnswer while the executions do not add up to what the order says is filled."""
        if order_id in self._refused:
            return Answer("rejected", (), self._refused[order_id])
        found = self._order(order_id)
        if found is None:
            return None
        filled = Decimal(str(found.get("filled") or 0))
        fills = self._fills(found, order_id, filled) if filled else ()
        state, order = _state(found), self._known.get(order_id) or self._order_of(order_id)
        executed = sum((Decimal(repr(fill.quantity)) for fill in fills), Decimal(0))
        if state == "filled" and order is not None and executed < Decimal(repr(order.quantity)) * (1 - WHOLE):
            return Answer("cancelled", fills, SHORT)
        return Answer(state, fills)

    def cancel(self, order_id: str) -> OrderState:
        """See Broker; an id that was never seen has nothing to withdraw."""
        if order_id in self._refused:
            return "rejected"
        symbol = self._symbol(order_id)
        if symbol is None:
            return "cancelled"
        with suppress(_Refused, _not_found()), _our_errors(self._client):  # it has ended in the meantime, and says so
            self._client.cancel_order(None, self._market(symbol), {"clientOrderId": order_id})
        found = self._order(order_id)
        return "cancelled" if found is None else _state(found)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker; orders of the markets this account trades."""
        found: list[OpenOrder] = []
        for symbol, market in sorted(self._markets.items()):
            for order in self._ask(lambda m=market: self._client.fetch_open_orders(m)):
                name, side = str(order["clientOrderId"]), "sell" if order["side"] == "sell" else "buy"
                self._symbols[name] = symbol
                found.append(OpenOrder(name, symbol, side, float(order["amount"]), float(order["filled"] or 0.0)))
        return tuple(found)

    def positions(self) -> dict[str, float]:
        """See Broker; the balances of what the markets trade."""
        total = self._balance()
        held = {symbol: total.get(market.partition("/")[0], 0.0) for symbol, market in sorted(self._markets.items())}
        return {symbol: quantity for symbol, quantity in held.items() if quantity}

    def cash(self) -> float:
        """See Broker; in the quote currency."""
        return self._balance().get(self._quote, 0.0)

    def server_time(self) -> datetime:
        """See Broker."""
        return datetime.fromtimestamp(self._ask(self._client.fetch_time) / 1000.0, UTC)

    def load_markets(self) -> None:
        """Learn lots and ticks; UnknownSymbol where the exchange lacks one of the markets."""
        for market in self._markets.values():
            self._units(market)

    # --- what the exchange says -------------------------------------------------------------------------------

    def _symbol(self, order_id: str) -> str | None:
        order = self._known.get(order_id) or self._order_of(order_id)
        return self._symbols.get(order_id) if order is None else order.symbol

    def _market(self, symbol: str) -> str:
        if symbol not in self._markets:
            raise OrderRefused(
                f"{symbol} has no market at this exchange", "unknown_symbol", symbol, "name it in markets"
            )
        return self._markets[symbol]

    def _units(self, market: str) -> tuple[Decimal, Decimal]:
        """The lot (units) and the tick (quote currency) of a market."""
        known = self._ask(lambda: self._client.load_markets())
        if market not in known:
            raise UnknownSymbol(f"the exchange has no market {market}", "check `markets`")
        precision = known[market]["precision"]
        return Decimal(str(precision["amount"])), Decimal(str(precision["price"]))

    def _order(self, order_id: str) -> dict[str, Any] | None:
        """The order by our id; None where the exchange surely has none."""
        symbol = self._symbol(order_id)
        if symbol is None:
            return None
        import ccxt

        try:
            return self._ask(lambda: self._client.fetch_order(None, self._market(symbol), {"clientOrderId": order_id}))
        except ccxt.OrderNotFound:
            return None

    def _same(self, found: Mapping[str, Any], order: Order, amount: Decimal) -> OrderState:
        """The state of an order that is there already; InputError where it is another one."""
        same = (found["symbol"], found["side"]) == (self._markets[order.symbol], order.side)
        if not same or Decimal(str(found["amount"])) != amount:
            raise InputError(f"order {order.order_id} is already known with other content", "never reuse an id")
        return _state(found)

    def _fills(self, order: Mapping[str, Any], order_id: str, filled: Decimal) -> tuple[Fill, ...]:
        """Every execution of an order, oldest first; BadAnswer while they add up to less than `filled`."""
        params = {"orderId": order["id"]}
        trades = self._ask(lambda: self._client.fetch_my_trades(order["symbol"], None, None, params))
        symbol = self._symbol(order_id) or ""
        own = {str(t["id"]): t for t in trades if str(t["order"]) == str(order["id"])}.values()
        if sum((Decimal(str(trade["amount"])) for trade in own), Decimal(0)) < filled:
            raise BadAnswer(f"the exchange has not listed every execution of {order_id} yet", "ask again")
        return tuple(
            self._fill(trade, order_id, symbol) for trade in sorted(own, key=lambda t: (t["timestamp"], t["id"]))
        )

    def _fill(self, trade: Mapping[str, Any], order_id: str, symbol: str) -> Fill:
        """One execution. A fee that is taken from what was bought is what was not received, paid for in cash."""
        fee = cast(Mapping[str, Any], trade.get("fee") or {})
        paid, currency, price = Decimal(str(fee.get("cost") or 0)), fee.get("currency"), Decimal(str(trade["price"]))
        amount, in_kind = Decimal(str(trade["amount"])), currency == self._markets[symbol].partition("/")[0]
        cost = paid * price if in_kind else paid if currency == self._quote else Decimal(0)
        received = amount - paid if in_kind and trade["side"] == "buy" else amount
        return Fill(
            order_id=order_id,
            symbol=symbol,
            side="sell" if trade["side"] == "sell" else "buy",
            quantity=float(received),
            price=float(price),
            cost=float(cost),
            convention="venue",
            bar_time=slot_text(datetime.fromtimestamp(trade["timestamp"] / 1000.0, UTC)),
            execution_id=str(trade["id"]),
        )

    def _balance(self) -> dict[str, float]:
        return {
            name: float(amount) for name, amount in self._ask(self._client.fetch_balance)["total"].items() if amount
        }

    def _refuse_an_increase(self, order: Order) -> None:
        held = self.positions().get(order.symbol, 0.0)
        if order.side == "buy" or order.quantity > held:
            words = f"{order.symbol}: {order.side} {order.quantity} would not reduce {held}"
            raise OrderRefused(words, "reduce_only", order.symbol)

    def _ask(self, call: Callable[[], Any]) -> Any:
        """A call of CCXT that reads; that the exchange refuses is no empty answer."""
        try:
            with _our_errors(self._client):
                return call()
        except _Refused as refused:
            raise BadAnswer(f"the exchange would not say: {refused}", "check the account") from refused


def _not_found() -> type[Exception]:
    import ccxt

    return ccxt.OrderNotFound


class _Refused(Exception):
    """The exchange understood and said no."""


@contextmanager
def _our_errors(client: Any) -> Generator[None]:
    """CCXT's errors by what the caller must do; OrderNotFound passes, since it is an answer."""
    import ccxt

    try:
        yield
        if client.last_http_response is not None and client.last_json_response is None:
            raise BadAnswer("the exchange answered in words that do not parse", "ask again")
    except ccxt.OrderNotFound:
        raise
    except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
        pause = retry_after_s(client.last_response_headers or {})
        raise RateLimited("the exchange asks for a pause", pause, "wait") from error
    except ccxt.AuthenticationError as error:
        raise CredentialMissing("the exchange does not know these keys", "check CRYPTO_API_KEY") from error
    except (ccxt.InsufficientFunds, ccxt.InvalidOrder, ccxt.BadRequest) as error:
        raise _Refused(str(error)) from error
    except ccxt.BaseError as error:
        raise SourceUnavailable(f"the exchange did not answer: {type(error).__name__}", "ask again") from error


def _state(order: Mapping[str, Any]) -> OrderState:
    state = STATES.get(str(order.get("status")), "accepted")
    return "partial" if state == "accepted" and Decimal(str(order.get("filled") or 0)) > 0 else state
