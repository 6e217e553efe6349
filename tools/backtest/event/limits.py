"""The desk's risk check between a decision and its orders: the same book, the same locks, the same clamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np

from data.clock import slot_text, to_datetime
from data.errors import InputError
from data.market import CASH, BoolArray
from tools.backtest.event.decisions import Moment
from tools.backtest.result import Trades
from tools.execution.book import Book, Position
from tools.execution.orders import Fill
from tools.execution.settlement import mark_book, new_book, settle
from tools.risk.breakers import update_locks
from tools.risk.check import check
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits
from tools.risk.verdict import Verdict

SAME = 1e-12
"""Weights closer than this are the same weight: what is allowed to stay is not traded."""


class RiskHook:
    """A `Check` for one run. Nobody is there to approve: what would be asked is allowed, as in a book that never asks.

    `verdicts` has one for each decision, in order.
    """

    def __init__(self, limits: RiskLimits, after: Callable[[datetime], datetime], short: bool = False) -> None:
        """`after` gives the slot that follows one, by which locks run out (data.clock.Slots.after)."""
        self._limits, self._after, self._short = limits, after, short
        self._book: Book | None = None
        self.verdicts: list[Verdict] = []

    def __call__(self, weights: Mapping[str, float], moment: Moment) -> Mapping[str, float]:
        """The weights that are allowed and differ from those held; a halted slot decides nothing."""
        snapshot = moment.snapshot
        if snapshot is None:
            raise InputError("the risk check needs the snapshots of a history", "hand in moments(history)")
        book = self._book = update_locks(self._opened(moment), self._limits, snapshot.as_of, self._after)
        held = book.weights()
        target = {symbol: weights.get(symbol, held.get(symbol, 0.0)) for symbol in moment.symbols}
        verdict = check(
            target | {CASH: 1.0 - sum(target.values())},
            book=book,
            panel=snapshot.panel,
            tradable=snapshot.tradable,
            limits=self._limits,
            halt=HaltState(on=False),
            as_of=snapshot.as_of,
        )
        self.verdicts.append(verdict)
        if verdict.decision == "halted":
            return {}
        allowed = {symbol: weight for symbol, weight in verdict.weights.items() if symbol != CASH}
        return {symbol: weight for symbol, weight in allowed.items() if abs(weight - held.get(symbol, 0.0)) > SAME}

    def _opened(self, moment: Moment) -> Book:
        """The book at this moment: what was filled since the last one settled, then marked."""
        book = self._book or new_book("backtest", moment.value, self._short)
        earlier = moment.trades.slot < moment.slot  # filled at the close of the slot before, in units before the split
        held = _split(settle(book, _fills(moment.trades, earlier, moment)), moment)
        settled = settle(held, _fills(moment.trades, ~earlier, moment))
        marks = dict(zip(moment.symbols, moment.prices.tolist(), strict=True))
        book = mark_book(_as_the_account(settled, moment), marks)
        return book.model_copy(update={"day_start_value": settled.net_asset_value})


def _split(book: Book, moment: Moment) -> Book:
    """The book after the splits of a slot: more units, each worth less."""
    ratios = {moment.symbols[s]: float(moment.split[s]) for s in np.flatnonzero(moment.split != 1.0).tolist()}
    if not ratios:
        return book

    def cheaper(prices: Mapping[str, float]) -> dict[str, float]:
        return {symbol: price / ratios.get(symbol, 1.0) for symbol, price in prices.items()}

    positions = {
        symbol: Position(quantity=held.quantity * ratio, average_price=held.average_price / ratio)
        for symbol, held in book.positions.items()
        for ratio in [ratios.get(symbol, 1.0)]
    }
    return book.model_copy(
        update={"positions": positions, "marks": cheaper(book.marks), "best_marks": cheaper(book.best_marks)}
    )


def _fills(trades: Trades, which: BoolArray, moment: Moment) -> tuple[Fill, ...]:
    """Executions in account currency, as the desk books them."""
    columns = (part[which] for part in (trades.column, trades.quantity, trades.price * trades.fx, trades.cost))
    slot = slot_text(to_datetime(moment.time))
    return tuple(
        Fill(
            order_id="backtest", symbol=moment.symbols[column], side="buy" if units > 0.0 else "sell",
            quantity=abs(units), price=price, cost=cost, convention="next_open", bar_time=slot,
        )
        for column, units, price, cost in zip(*(part.tolist() for part in columns), strict=True)
    )  # fmt: skip


def _as_the_account(book: Book, moment: Moment) -> Book:
    """The book with the cash and the units of the account: carry, dividends and delistings happened there."""
    positions: dict[str, Position] = {}
    for column in np.flatnonzero(moment.units).tolist():
        symbol, known = moment.symbols[column], book.positions.get(moment.symbols[column])
        price = float(moment.prices[column]) if known is None else known.average_price
        positions[symbol] = Position(quantity=float(moment.units[column]), average_price=price)
    return book.model_copy(update={"cash": moment.cash, "positions": dict(sorted(positions.items()))})
