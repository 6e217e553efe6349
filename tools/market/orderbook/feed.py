"""Recorded order books as rows of integers: samples of the best levels, trades, and raw diff-depth messages.

A LEVEL row says the lots that now stand at a tick of a side (0: none); a TRADE row has the side of the aggressor. The
rows of one message are one event: applied whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from data.errors import BadFile, OrderRefused
from data.market import FloatArray, IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Side
from tools.market.orderbook.grid import Grid


@dataclass(frozen=True, slots=True)
class Feed:
    """R rows in E events, in order of time."""

    rows: IntArray
    """(R, FEED_COLUMNS)"""
    starts: IntArray
    """(E + 1,): the first row of each event, and R."""

    @property
    def times(self) -> IntArray:
        """(E,) nanoseconds since 1970 (UTC)."""
        return self.rows[self.starts[:-1], c.FEED_TIME]


class Quotes(NamedTuple):
    """The best prices that an exchange itself sent beside its depth messages, (Q,) each."""

    update: IntArray
    """Update id after which they held."""
    bid: IntArray
    bid_lots: IntArray
    ask: IntArray
    ask_lots: IntArray


class Recording(NamedTuple):
    """A raw stream: the feed, the update id after each of its events (-1 for trades), and the exchange's own quotes."""

    feed: Feed
    update: IntArray
    quotes: Quotes


def feed_of(events: Sequence[Sequence[Sequence[int]]]) -> Feed:
    """Rows by event, as lists, to arrays; an event has at least one row."""
    rows = [row for event in events for row in event]
    starts = np.cumsum([0, *(len(event) for event in events)], dtype=np.int64)
    return Feed(np.array(rows, dtype=np.int64).reshape(-1, c.FEED_COLUMNS), starts)


def sampled_feed(
    times: IntArray, bid_px: FloatArray, bid_sz: FloatArray, ask_px: FloatArray, ask_sz: FloatArray, grid: Grid
) -> Feed:
    """Samples of the best K levels, times (N,) in ns and the rest (N, K), best first, as what changed between them.

    A level that left the best K counts as gone: nothing is known of it. BadFile names the first row that is crossed,
    out of order, in the past, off the grid or not a number.
    """
    count, width = bid_px.shape
    shape = (count, width)
    bids, asks = (grid.ticks_of(px.ravel()).reshape(shape) for px in (bid_px, ask_px))
    bid_lots, ask_lots = (grid.many_lots_of(sz.ravel()).reshape(shape) for sz in (bid_sz, ask_sz))
    _refuse(grid, "is crossed", bids[:, 0] >= asks[:, 0])
    _refuse(grid, "has levels out of order", (np.diff(bids) >= 0).any(axis=1) | (np.diff(asks) <= 0).any(axis=1))
    _refuse(grid, "is not after the one before", np.diff(times, prepend=times[:1] - 1) <= 0)
    shown: dict[tuple[int, int], int] = {}
    events: list[list[list[int]]] = []
    for i in range(count):
        levels = {(int(Side.BUY), t): s for t, s in zip(bids[i].tolist(), bid_lots[i].tolist(), strict=True)}
        levels |= {(int(Side.SELL), t): s for t, s in zip(asks[i].tolist(), ask_lots[i].tolist(), strict=True)}
        changed = {at: 0 for at in shown if at not in levels}
        changed |= {at: lots for at, lots in levels.items() if shown.get(at) != lots}
        events.append([[int(times[i]), c.LEVEL, side, tick, lots] for (side, tick), lots in changed.items()])
        shown = levels
    return feed_of([event for event in events if event])


def trade_feed(times: IntArray, price: FloatArray, size: FloatArray, side: IntArray, grid: Grid) -> Feed:
    """Trades (N,) in order of time, each an event of its own; `side` is the aggressor's, 1 or -1."""
    _refuse(grid, "is before the one before", np.diff(times, prepend=times[:1]) < 0)
    _refuse(grid, "has no side", np.abs(side) != 1)
    ticks, lots = grid.ticks_of(price), grid.many_lots_of(size)
    _refuse(grid, "trades nothing", lots == 0)
    rows = np.stack([times, np.full_like(times, c.TRADE), side, ticks, lots], axis=1)
    return Feed(np.ascontiguousarray(rows), np.arange(len(rows) + 1, dtype=np.int64))


def merged(first: Feed, second: Feed) -> Feed:
    """Two feeds by time; at the same instant `first` comes first (give the trades there: a book shows them after)."""
    events = [
        feed.rows[a:b].tolist()
        for feed in (first, second)
        for a, b in zip(feed.starts[:-1].tolist(), feed.starts[1:].tolist(), strict=True)
    ]
    order = np.argsort(np.concatenate([first.times, second.times]), kind="stable")
    return feed_of([events[i] for i in order.tolist()])


def binance_spot(lines: Iterable[str], grid: Grid) -> Recording:
    """A recorded Binance spot stream, "<local ns> <json>" a line: one REST snapshot, diff-depth, trades, bookTicker.

    The rules are the exchange's ("How to manage a local order book correctly"): diffs up to the snapshot's lastUpdateId
    are dropped, the first one used must span lastUpdateId + 1, and each next one must begin right after the last ended.
    BadFile names the line of a gap, of a message that does not parse, and of one off the grid.
    """
    reader = _SpotReader(grid)
    for number, line in enumerate(lines, start=1):
        try:
            stamp, text = line.split(" ", 1)
            reader.read(int(stamp), json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadFile(f"{grid.symbol}: line {number} is no message of the stream", "record it again") from error
        except (OrderRefused, BadFile) as error:
            raise BadFile(f"{grid.symbol}: line {number}: {error.message}", error.remedy) from error
    quotes = np.array(reader.quotes, dtype=np.int64).reshape(-1, 5)
    columns = [np.ascontiguousarray(quotes[:, i]) for i in range(5)]
    return Recording(feed_of(reader.events), np.array(reader.updates, dtype=np.int64), Quotes(*columns))


class _SpotReader:
    """The messages of one stream so far, as events."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.events: list[list[list[int]]] = []
        self.updates: list[int] = []
        self.quotes: list[list[int]] = []
        self._last: int | None = None
        self._diffs = 0

    def read(self, time: int, message: dict[str, Any]) -> None:
        """Add one message."""
        if "lastUpdateId" in message:
            self._snapshot(time, message)
            return
        data, stream = message["data"], message["stream"]
        if "@depth" in stream:
            self._diff(time, data)
        elif stream.endswith("@trade") and self._last is not None:
            side = Side.SELL if data["m"] else Side.BUY  # m: the buyer was the maker
            self._add([[time, c.TRADE, side, self.grid.tick_of(data["p"]), self.grid.lots_of(data["q"])]], -1)
        elif stream.endswith("@bookTicker"):
            tick, lots = self.grid.tick_of, self.grid.lots_of
            self.quotes.append([int(data["u"]), tick(data["b"]), lots(data["B"]), tick(data["a"]), lots(data["A"])])

    def _snapshot(self, time: int, message: dict[str, Any]) -> None:
        if self._last is not None:
            raise BadFile("a second snapshot", "cut the recording into one file a snapshot")
        self._last = int(message["lastUpdateId"])
        self._add(self._levels(time, message["bids"], message["asks"]), self._last)

    def _diff(self, time: int, data: dict[str, Any]) -> None:
        first, last = int(data["U"]), int(data["u"])
        if self._last is None or last <= self._last:
            return
        if first > self._last + 1 or (self._diffs > 0 and first != self._last + 1):
            message = f"update {first} follows {self._last}: messages are missing"
            raise BadFile(message, "take a new snapshot and go on from there")
        self._add(self._levels(time, data["b"], data["a"]), last)
        self._last = last
        self._diffs += 1

    def _levels(self, time: int, bids: list[list[str]], asks: list[list[str]]) -> list[list[int]]:
        return [
            [time, c.LEVEL, side, self.grid.tick_of(price), 0 if float(size) == 0.0 else self.grid.lots_of(size)]
            for side, levels in ((Side.BUY, bids), (Side.SELL, asks))
            for price, size in levels
        ]

    def _add(self, event: list[list[int]], update: int) -> None:
        if event:
            self.events.append(event)
            self.updates.append(update)


def _refuse(grid: Grid, problem: str, bad: Any) -> None:
    if bad.any():
        raise BadFile(f"{grid.symbol}: row {int(np.flatnonzero(bad)[0])} {problem}", "record it again, or leave it out")
