"""Interactive Brokers' words and ours: which contract a symbol is, what an order asks for, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from data.clock import slot_text
from data.errors import BadAnswer, BadConfig, OrderRefused
from tools.execution.brokers.decimals import as_decimal
from tools.execution.orders import Fill, Order, OrderState, Side

UNSET = Decimal("1e300")
"""TWS writes the largest float for a number that is not there; nothing real comes near it."""
KINDS: Mapping[str, str] = {"market": "MKT", "limit": "LMT", "stop": "STP", "stop_limit": "STP LMT"}
ENDS: Mapping[str, OrderState] = {
    "Filled": "filled", "Cancelled": "cancelled", "ApiCancelled": "cancelled", "Inactive": "rejected",
}  # fmt: skip
"""What ends an order. Inactive does so only in the list of those that have ended: an open one may wait for shares."""
PAPER = ("DU", "DF")
"""How the ids of simulated accounts begin."""


class Listing(NamedTuple):
    """A contract as TWS knows it, with the units its orders come in: lot (units) and tick (currency per unit)."""

    contract: Any
    lot: Decimal
    tick: Decimal


class Standing(NamedTuple):
    """An order as TWS holds it; quantities in units."""

    order_id: str
    """Our id (orderRef); TWS's permanent one for an order that is not ours."""
    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    state: OrderState
    reason: str
    permanent_id: int
    ended: bool

    def is_for(self, order: Order) -> bool:
        """Whether it is `order`. Of an order that has ended TWS gives what was left, 0 where nothing was."""
        sizes = {self.quantity, self.filled, self.quantity + self.filled} if self.ended else {self.quantity}
        return (self.symbol, self.side) == (order.symbol, order.side) and _number(order.quantity) in sizes


def contract_for(symbol: str, contracts: Mapping[str, str]) -> Any:
    """The ib_async Contract of a symbol: what `contracts` names, else a US stock or ETF, routed smartly, in USD.

    A contract is written "TYPE/SYMBOL/EXCHANGE/CURRENCY", such as "STK/SAP/IBIS/EUR", or with "/EXPIRY" behind it.
    BadConfig for anything else.
    """
    from ib_async import Contract

    if symbol not in contracts:
        return Contract(secType="STK", symbol=symbol.replace("-", " "), exchange="SMART", currency="USD")
    parts = contracts[symbol].split("/")
    if len(parts) not in (4, 5) or not all(parts):
        raise BadConfig(f"{symbol}: {contracts[symbol]!r} names no contract", 'write "STK/SAP/IBIS/EUR"')
    kind, name, exchange, currency, *expiry = parts
    return Contract(
        secType=kind, symbol=name, exchange=exchange, currency=currency,
        lastTradeDateOrContractMonth=expiry[0] if expiry else "",
    )  # fmt: skip


def listing(found: Sequence[Any], symbol: str, exchange: str, currency: str) -> Listing:
    """The one contract that TWS found for a symbol (ib_async ContractDetails), to be traded at `exchange`.

    OrderRefused where it found none, or several, or one that is not traded in single units of the account's `currency`.
    """
    if len(found) != 1:
        words = f"{symbol} is {f'{len(found)} contracts' if found else 'no contract'} at TWS"
        raise OrderRefused(words, "unknown_symbol", symbol, "name its contract in `contracts`")
    details, contract = found[0], found[0].contract
    if contract.currency != currency or contract.multiplier not in ("", "1"):
        words = f"{symbol} is traded in {contract.multiplier or 1} {contract.currency}, the account in {currency}"
        raise OrderRefused(words, "currency", symbol, "trade single units in the account's currency")
    contract.exchange = exchange
    lot, tick = _number(details.sizeIncrement), _number(details.minTick)
    return Listing(contract, lot or Decimal(1), tick or Decimal("0.01"))


def symbol_of(contract: Any, contracts: Mapping[str, str]) -> str:
    """The inverse of `contract_for`; "TYPE/SYMBOL/CURRENCY/EXPIRY" for what we would have no symbol for."""
    expiry = str(contract.lastTradeDateOrContractMonth)
    for symbol, text in sorted(contracts.items()):
        kind, name, _, currency, *due = text.split("/")
        same = (kind, name, currency) == (contract.secType, contract.symbol, contract.currency)
        if same and expiry.startswith(due[0] if due else ""):
            return symbol
    if (contract.secType, contract.currency) == ("STK", "USD"):
        return str(contract.symbol).replace(" ", "-")
    return "/".join((contract.secType, contract.symbol, contract.currency, expiry))


def order_for(order: Order, account: str, lot: Decimal, tick: Decimal) -> Any:
    """The ib_async Order that asks for what `order` does; OrderRefused where a number is no multiple of its unit."""
    from ib_async import Order as TwsOrder

    made: Any = TwsOrder(
        action=order.side.upper(), orderType=KINDS[order.kind], tif=order.time_in_force.upper(), account=account,
        totalQuantity=float(as_decimal(order.quantity, lot, order.symbol)), orderRef=order.order_id,
    )  # fmt: skip
    if order.limit_price is not None:
        made.lmtPrice = float(as_decimal(order.limit_price, tick, order.symbol))
    if order.stop_price is not None:
        made.auxPrice = float(as_decimal(order.stop_price, tick, order.symbol))
    return made


def standing(trade: Any, contracts: Mapping[str, str], refusal: str, ended: bool) -> Standing:
    """An ib_async Trade in our words; `refusal` is what TWS said against the order, if anything."""
    status, order = trade.orderStatus, trade.order
    filled = max(_number(order.filledQuantity), _number(status.filled))
    over = ended or status.status in ("Filled", "Cancelled", "ApiCancelled")
    state: OrderState = ENDS.get(status.status, "accepted") if over or refusal else "accepted"
    if state == "cancelled" and refusal:
        state = "rejected"
    if filled > 0 and state in ("accepted", "rejected"):
        state = "partial" if state == "accepted" else "cancelled"
    return Standing(
        order_id=str(order.orderRef) or f"permanent-{order.permId}",
        symbol=symbol_of(trade.contract, contracts),
        side="sell" if order.action == "SELL" else "buy",
        quantity=_number(order.totalQuantity),
        filled=filled,
        state=state,
        reason=refusal if state == "rejected" else "",
        permanent_id=int(order.permId or status.permId),
        ended=ended,
    )


def executions(told: Iterable[Any], order_id: str, account: str, contracts: Mapping[str, str]) -> tuple[Fill, ...]:
    """The executions (ib_async Fill) of one order, oldest first, each with its commission; BadAnswer for nonsense.

    An id that differs from another only behind its last dot corrects it: the latest counts.
    """
    latest: dict[str, Any] = {}
    for fill in sorted(told, key=lambda f: str(f.execution.execId)):
        if (fill.execution.orderRef, fill.execution.acctNumber) == (order_id, account):
            latest[fill.execution.execId.rpartition(".")[0] or fill.execution.execId] = fill
    in_order = sorted(latest.values(), key=lambda f: (f.execution.time, f.execution.cumQty, f.execution.execId))
    try:
        return tuple(_fill(fill, order_id, contracts) for fill in in_order)
    except ValueError as error:
        raise BadAnswer(f"TWS tells an execution of {order_id} that cannot be one", "look at it in TWS") from error


def _fill(fill: Any, order_id: str, contracts: Mapping[str, str]) -> Fill:
    return Fill(
        order_id=order_id,
        symbol=symbol_of(fill.contract, contracts),
        side="sell" if fill.execution.side == "SLD" else "buy",
        quantity=float(fill.execution.shares),
        price=float(fill.execution.price),
        cost=max(0.0, float(fill.commissionReport.commission)),
        convention="venue",
        bar_time=slot_text(fill.execution.time),
        execution_id=str(fill.execution.execId),
    )


def _number(value: Any) -> Decimal:
    """What TWS counts, exactly; 0 where it is not there."""
    number = Decimal(str(value or 0))
    return Decimal(0) if not number.is_finite() or number > UNSET else number.normalize()
