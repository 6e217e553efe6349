"""Interactive Brokers over ib_async. The paper account unless `live` and the account are both named.

TWS and IB Gateway know today's orders and executions, no older ones, by their own numbers. Ours travels as the order's
reference (orderRef), which TWS neither checks nor keeps unique: this adapter looks for an id before each send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from data.errors import BadAnswer, BadConfig, InputError, OrderRefused
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.brokers.tws_line import Refused, TwsLine
from tools.execution.brokers.tws_orders import TwsOrders
from tools.execution.brokers.tws_words import (
    PAPER,
    Listing,
    Standing,
    contract_for,
    executions,
    listing,
    order_for,
    symbol_of,
)  # fmt: skip
from tools.execution.brokers.wire import TIMEOUT_S
from tools.execution.orders import Fill, Order, OrderState

DecidedAt = Callable[[str], datetime | None]
"""Order id -> when it was decided (aware), as the ledger knows it; None for an id that it does not know."""
PORTS = {False: 4002, True: 4001}
"""IB Gateway's ports by `live`; TWS listens at 7497 and 7496."""
NO_CONTRACT = 200
"""TWS's code for a contract that it does not know."""


def open_interactive_brokers(
    gate: LastGate,
    host: str = "127.0.0.1",
    port: int = 0,
    client_id: int = 1,
    live: bool = False,
    account: str = "",
    *,
    contracts: Mapping[str, str] | None = None,
    decided_at: DecidedAt = lambda order_id: None,
    timezone: str = "America/New_York",
    timeout_s: float = TIMEOUT_S,
) -> InteractiveBrokersBroker:
    """The account that the TWS or IB Gateway at `host`:`port` (0: the gateway's own) is logged in to.

    Live trading takes two switches: `live`, and `account` naming an account that TWS manages; without `live` only paper
    accounts are opened (DU..., DF...). `client_id` (1 or more) must be the same in every process that trades a book:
    TWS lets no other cancel its orders. `contracts` names what is no US stock (see tws_words.contract_for); `timezone`
    is the one TWS is set to; `timeout_s` bounds a call. BadConfig where a switch is missing or the account another,
    SourceUnavailable where TWS does not answer.
    """
    if live and not account:
        raise BadConfig("a live account must be named", "set live_account beside --live")
    if client_id < 1:
        raise BadConfig(f"client id {client_id} would take over orders made by hand", "use 1 or more")
    for symbol in contracts or {}:
        contract_for(symbol, contracts or {})
    broker = InteractiveBrokersBroker(
        gate, host, port or PORTS[live], client_id, contracts or {}, decided_at, timezone, timeout_s
    )
    try:
        broker.choose_account(account, live)
    except BaseException:
        broker.close()
        raise
    return broker


class InteractiveBrokersBroker(GatedBroker):
    """Keeps the Broker contract for one account. All is in single units and the account's currency.

    A commission that is a rebate counts as cost 0. `close` ends the connection and its thread.
    """

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})
    max_order_id = 40

    def __init__(
        self,
        gate: LastGate,
        host: str,
        port: int,
        client_id: int,
        contracts: Mapping[str, str],
        decided_at: DecidedAt,
        timezone: str,
        timeout_s: float,
    ) -> None:
        """`open_interactive_brokers` makes one, and chooses the account before anything is sent."""
        super().__init__(gate)
        self._contracts, self._decided_at, self._zone = dict(contracts), decided_at, ZoneInfo(timezone)
        self._account = self._currency = ""
        self._listings: dict[str, Listing] = {}
        self._told_before: dict[str, tuple[Fill, ...]] = {}
        self._orders = TwsOrders(client_id, self._contracts)
        self._line = TwsLine(host, port, client_id, timeout_s, timezone, self._orders.heard)

    def choose_account(self, account: str, live: bool) -> None:
        """Trade `account`, or the only one that TWS manages; BadConfig where it may not be traded."""
        managed: list[str] = self._line.ask(_managed_accounts)
        if account and account not in managed:
            raise BadConfig("TWS manages another account than live_account names", "check the login and the setting")
        if not account and len(managed) != 1:
            raise BadConfig(f"TWS manages {len(managed)} accounts", "name one")
        chosen = account or managed[0]
        if not live and not chosen.startswith(PAPER):
            raise BadConfig("TWS is logged in to a live account", "log in to paper trading, or use --live")
        self._account = self._orders.account = self._line.account = chosen
        self._currency = self._cash()[1]

    def close(self) -> None:
        """Hang up; orders stay where they are."""
        self._line.close()

    def _send(self, order: Order) -> OrderState:
        listed = self._listing(order.symbol)
        asked = order_for(order, self._account, listed.lot, listed.tick)
        known, fills = self._look(order.order_id)
        if known is not None:
            if not known.is_for(order):
                raise InputError(f"order {order.order_id} is already known with other content", "never reuse an id")
            return _state(known, fills)
        if fills:
            raise BadAnswer(f"TWS tells executions of {order.order_id}, and not the order", "look at it in TWS")
        self._doubt_what_may_be_forgotten(order.order_id)
        if order.reduce_only:
            self._refuse_an_increase(order)
        state = self._line.ask(lambda ib: self._orders.place(ib, listed.contract, asked))
        if state is not None:
            return state
        after, fills = self._look(order.order_id)  # words came instead: whether they end it, the lists of orders tell
        if after is None:
            return "rejected"
        if after.state != "rejected":
            self._orders.against.pop(order.order_id, None)
        return _state(after, fills)

    def query(self, order_id: str) -> Answer | None:
        """See Broker; BadAnswer while the executions do not add up, and for ids of days that TWS has forgotten."""
        known, fills = self._look(order_id)
        if known is None and not fills:
            if order_id in self._orders.against:
                return Answer("rejected", (), self._orders.against[order_id])
            self._doubt_what_may_be_forgotten(order_id)
            return None
        if known is None or _total(fills) < known.filled:
            raise BadAnswer(f"TWS has not listed everything of {order_id} yet", "ask again")
        return Answer(_state(known, fills), fills, known.reason)

    def cancel(self, order_id: str) -> OrderState:
        """See Broker; an id that was never seen has nothing to withdraw. BadAnswer for another client's order."""
        if self._ask(lambda ib: self._orders.withdraw(ib, order_id)):
            return "cancelled"
        answer = self.query(order_id)
        return "cancelled" if answer is None else answer.state

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker; orders made by hand or by other programs are among them."""
        found: list[Standing] = self._ask(self._orders.open)
        return tuple(
            OpenOrder(o.order_id, o.symbol, o.side, float(o.quantity), float(o.filled))
            for o in sorted(found, key=lambda o: o.permanent_id)
            if o.state in ("accepted", "partial")
        )

    def positions(self) -> dict[str, float]:
        """See Broker."""
        rows: list[Any] = self._ask(lambda ib: ib.reqPositionsAsync())
        held = {symbol_of(p.contract, self._contracts): float(p.position) for p in rows if p.account == self._account}
        return {symbol: quantity for symbol, quantity in sorted(held.items()) if quantity}

    def cash(self) -> float:
        """See Broker; the account's total cash, as fresh as TWS has it: after each execution, else every 3 minutes."""
        return self._cash()[0]

    def server_time(self) -> datetime:
        """See Broker; whole seconds."""
        told: datetime = self._ask(lambda ib: ib.reqCurrentTimeAsync())
        return told.astimezone(UTC)

    # --- what TWS says --------------------------------------------------------------------------------------------

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """A question; that TWS refuses it is no empty answer."""
        try:
            return self._line.ask(call)
        except Refused as refused:
            raise BadAnswer(f"TWS would not say: {refused}", "check the account") from refused

    def _look(self, order_id: str) -> tuple[Standing | None, tuple[Fill, ...]]:
        """An id as TWS holds it, None where it does not, and the executions under it."""
        known, told = self._ask(lambda ib: self._orders.look(ib, order_id))
        fills = executions(told, order_id, self._account, self._contracts)
        if known is not None and _total(fills) < known.filled:  # TWS tells today's, and the order is an older one
            names = {fill.execution_id for fill in fills}
            fills = (*(f for f in self._told_before.get(order_id, ()) if f.execution_id not in names), *fills)
        self._told_before[order_id] = fills
        return known, fills

    def _listing(self, symbol: str) -> Listing:
        """The contract of a symbol; OrderRefused where TWS knows none, or several, or the currency is another."""
        if symbol in self._listings:
            return self._listings[symbol]
        wanted = contract_for(symbol, self._contracts)
        try:
            found: list[Any] = self._line.ask(lambda ib: ib.reqContractDetailsAsync(wanted))
        except Refused as refused:
            if refused.code != NO_CONTRACT:
                raise BadAnswer(f"TWS would not look up {symbol}: {refused}", "ask again") from refused
            found = []
        self._listings[symbol] = listing(found, symbol, wanted.exchange, self._currency)
        return self._listings[symbol]

    def _cash(self) -> tuple[float, str]:
        """Total cash and its currency."""
        rows: list[Any] = self._ask(self._account_values)
        found = [(float(row.value), str(row.currency)) for row in rows if row.currency not in ("", "BASE")]
        if len(found) != 1:
            raise BadAnswer(f"TWS tells the account's cash {len(found)} times", "ask again")
        return found[0]

    async def _account_values(self, ib: Any) -> list[Any]:
        """A fresh account of the account: ib_async keeps what an earlier request told."""
        number = ib.client.getReqId()
        answer = ib.wrapper.startReq(number)
        ib.client.reqAccountUpdatesMulti(number, self._account, "", False)
        await answer
        ib.client.cancelAccountUpdatesMulti(number)
        values = ib.wrapper.accountValues.values()
        return [v for v in values if (v.account, v.tag) == (self._account, "TotalCashValue")]

    def _refuse_an_increase(self, order: Order) -> None:
        held = self.positions().get(order.symbol, 0.0)
        room = held if order.side == "sell" else -held
        if order.quantity > room:
            words = f"{order.symbol}: {order.side} {order.quantity} would not reduce {held}"
            raise OrderRefused(words, "reduce_only", order.symbol, "sell at most what is held")

    def _doubt_what_may_be_forgotten(self, order_id: str) -> None:
        """BadAnswer where TWS, which keeps the orders of its day, would not know the id even if it had seen it."""
        decided = self._decided_at(order_id)
        if decided is None:
            return
        if decided.astimezone(self._zone).date() < self.server_time().astimezone(self._zone).date():
            raise BadAnswer(f"TWS no longer knows {order_id}, which is of another day", "settle it from the statement")


async def _managed_accounts(ib: Any) -> list[str]:
    return list(ib.managedAccounts())


def _total(fills: tuple[Fill, ...]) -> Decimal:
    return sum((Decimal(str(fill.quantity)) for fill in fills), Decimal(0))


def _state(known: Standing, fills: tuple[Fill, ...]) -> OrderState:
    """An order's state, brought up to executions that were told after it."""
    if known.state not in ("accepted", "partial") or not fills:
        return known.state
    return "filled" if _total(fills) >= known.quantity else "partial"
