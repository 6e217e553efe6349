"""Orders at TWS under our ids: looked for, placed and withdrawn, as coroutines on the line's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from data.errors import BadAnswer
from tools.execution.brokers.tws_words import Standing, standing
from tools.execution.orders import OrderState

COMMISSION_S = 2.0
"""How long an execution's commission, which TWS tells in a message of its own, is waited for (seconds)."""
REMARKS = frozenset({399, 404, 10349})
"""Codes that say something of an order which goes on: when it will be sent, what is looked for, a preset applied."""
WARNINGS = range(2100, 2200)
"""Codes that TWS calls warnings."""
CANCELLED = 202
"""The code that confirms a cancel; it is no refusal."""


class TwsOrders:
    """The orders of one account. `ib` is always a connected ib_async.IB."""

    def __init__(self, client_id: int, contracts: Mapping[str, str]) -> None:
        """`contracts` as for `contract_for`; `account` is to be set before anything is asked."""
        self.account = ""
        self.against: dict[str, str] = {}
        """What TWS said against an order, by our id. Whether that ended it, its lists of orders tell."""
        self._client_id, self._contracts = client_id, contracts
        self._ids: dict[int, str] = {}

    def heard(self, number: int, code: int, message: str) -> bool:
        """Keep what TWS says against an order of ours; whether the number is that of one."""
        order_id = self._ids.get(number)
        if order_id is not None and code != CANCELLED and code not in REMARKS and code not in WARNINGS:
            self.against[order_id] = f"{message} ({code})"
        return order_id is not None

    async def look(self, ib: Any, order_id: str) -> tuple[Standing | None, list[Any]]:
        """An id as TWS holds it, None where it does not, and the executions (ib_async Fill) under it.

        Open orders first, then those that have ended, then executions: what moves meanwhile is seen late, not never.
        What has left one list and not reached the other is known from what TWS told this client of its own order.
        """
        found = [s for s in await self.open(ib) if s.order_id == order_id]
        ended: list[Any] = await ib.reqCompletedOrdersAsync(False)
        found += [self._standing(t, True) for t in ended if self._is(t, order_id)]
        if len({s.permanent_id for s in found}) > 1:
            raise BadAnswer(f"TWS holds two orders under {order_id}", "cancel one by hand")
        if not found:
            found = [self._standing(t, False) for t in self._own(ib.trades(), order_id)]
        return (found[-1] if found else None), await self._executed(ib, order_id)

    async def open(self, ib: Any) -> list[Standing]:
        """The account's open orders, whoever placed them."""
        trades: list[Any] = await ib.reqAllOpenOrdersAsync()
        return [self._standing(t, False) for t in trades if t.order.account == self.account]

    async def place(self, ib: Any, contract: Any, order: Any) -> OrderState | None:
        """Hand in an order and wait until TWS has given it a permanent number; None where it has words instead."""
        order_id = order.orderRef
        self.against.pop(order_id, None)
        trade = ib.placeOrder(contract, order)
        self._ids[trade.order.orderId] = order_id
        try:
            while not trade.orderStatus.permId and order_id not in self.against:
                await ib.updateEvent
        except asyncio.CancelledError:  # if it never arrived, TWS will give its number to something else
            self._ids.pop(trade.order.orderId, None)
            raise
        return None if order_id in self.against else self._standing(trade, False).state

    async def withdraw(self, ib: Any, order_id: str) -> bool:
        """Ask for an open order to be cancelled and wait for its end; whether it surely ended so.

        BadAnswer where another client placed it: TWS lets nobody else cancel it.
        """
        found = self._own(ib.openTrades(), order_id)
        if not found:
            open_now: list[Any] = await ib.reqAllOpenOrdersAsync()
            found = [t for t in open_now if self._is(t, order_id)]
        if not found:
            return False
        trade = found[0]
        if trade.order.clientId != self._client_id:
            raise BadAnswer(f"{order_id} is client {trade.order.clientId}'s", "open the broker with that client_id")
        self.against.pop(order_id, None)
        self._ids[trade.order.orderId] = order_id
        ib.cancelOrder(trade.order)
        while not trade.isDone() and order_id not in self.against:
            await ib.updateEvent
        refused = self.against.pop(order_id, None) is not None
        return not refused and trade.orderStatus.status in ("Cancelled", "ApiCancelled")

    async def _executed(self, ib: Any, order_id: str) -> list[Any]:
        """The executions under an id that TWS tells now, each with its commission, which comes in its own time."""
        answer: list[Any] = await ib.reqExecutionsAsync()
        names = {f.execution.execId for f in answer if f.execution.orderRef == order_id}
        try:
            async with asyncio.timeout(COMMISSION_S):
                while True:
                    told = [f for f in ib.fills() if f.execution.execId in names]
                    if all(f.commissionReport.execId for f in told):
                        return told
                    await ib.updateEvent
        except TimeoutError as error:
            raise BadAnswer(f"TWS has not told the commission of {order_id} yet", "ask again") from error

    def _own(self, trades: list[Any], order_id: str) -> list[Any]:
        """What this client placed under an id, and TWS has surely taken: only that is kept up to date unasked."""
        own = [t for t in trades if t.order.clientId == self._client_id and t.orderStatus.permId]
        return [t for t in own if self._is(t, order_id)]

    def _is(self, trade: Any, order_id: str) -> bool:
        return (trade.order.account, trade.order.orderRef) == (self.account, order_id)

    def _standing(self, trade: Any, ended: bool) -> Standing:
        return standing(trade, self._contracts, self.against.get(trade.order.orderRef, ""), ended)
