"""Replay of a recorded book with our own orders in it.

messages and our arrivals, by time -> show the levels -> move our places -> fill ours -> log
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.compiled import compiled
from data.errors import BadFile, InputError
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import EventKind, Reason
from tools.market.orderbook.displayed import Displayed, quote
from tools.market.orderbook.events import write
from tools.market.orderbook.feed import Feed
from tools.market.orderbook.own_orders import apply_event, enter, roomy, withdraw_own


class Replayed(NamedTuple):
    """What a replay showed and did."""

    quotes: IntArray
    """(E, 4): best bid, its lots, best ask, its lots after each event; -1 and 0 where a side is empty."""
    log: IntArray
    """(L, EVENT_COLUMNS): what became of our orders."""


def replay_feed(shown: Displayed, feed: Feed, commands: IntArray, power: float = 1.0) -> Replayed:
    """Apply a whole feed and our `commands` (M, COMMAND_COLUMNS; SUBMIT and CANCEL) by time; what `replay` says.

    BadFile names the first event that is refused, and why; all before it is applied. InputError where the feed or the
    commands are not in order of time, or `power` is not a positive number: nothing is applied.
    """
    if not (np.isfinite(power) and power > 0.0):
        raise InputError(f"a queue model with power {power}", "give a positive number; 1 is proportional")
    if feed.starts[-1] != len(feed.rows) or (np.diff(feed.starts) < 1).any() or (np.diff(feed.times) < 0).any():
        raise InputError(
            "a feed whose events are empty or not in order of time", "make it with tools.market.orderbook.feed"
        )
    if (np.diff(commands[:, c.CMD_TIME]) < 0).any():
        raise InputError("commands that are not in order of time", "sort them by arrival")
    place = np.zeros(2, dtype=np.int64)
    quotes = np.zeros((feed.starts.size - 1, 4), dtype=np.int64)
    logs: list[IntArray] = []
    while True:
        reason = Reason(replay(shown, feed.rows, feed.starts, commands, place, quotes, power))
        logs.append(shown.log[: shown.state[c.LOGGED]].copy())
        if reason is Reason.LOG_FULL and shown.state[c.LOGGED] == 0:
            shown = shown._replace(log=np.zeros((2 * shown.log.shape[0], c.EVENT_COLUMNS), dtype=np.int64))
        shown.state[c.LOGGED] = 0
        if reason is Reason.NONE:
            return Replayed(quotes, np.concatenate(logs))
        if reason is not Reason.LOG_FULL:
            raise BadFile(f"event {place[0]} of the feed is refused: {reason.name}", "take a new snapshot after it")


@compiled
def replay(
    shown: Displayed,
    rows: IntArray,
    starts: IntArray,
    commands: IntArray,
    place: IntArray,
    quotes: IntArray,
    power: float,
) -> int:
    """Apply the events of a feed and our `commands` (M, COMMAND_COLUMNS), both in order of time, from `place` (2,).

    `place` holds the next event and the next command and is moved on; `quotes` (E, 4) takes best bid, lots, best ask
    and lots after each event. A command that arrives with a message at the same instant comes after it. Returns NONE at
    the end; else why place[0] was refused (nothing of it is applied), or LOG_FULL: drain and call again.
    """
    events = starts.size - 1
    while place[0] < events or place[1] < commands.shape[0]:
        if not roomy(shown):
            return Reason.LOG_FULL
        event, command = place[0], place[1]
        ours = command < commands.shape[0] and (
            event == events or commands[command, c.CMD_TIME] < rows[starts[event], c.FEED_TIME]
        )
        if ours:
            _obey(shown, commands, command)
            place[1] += 1
            continue
        reason = apply_event(shown, rows, int(starts[event]), int(starts[event + 1]), power)
        if reason != Reason.NONE:
            return reason
        quote(shown, quotes, event)
        place[0] += 1
    return Reason.NONE


@compiled
def _obey(shown: Displayed, commands: IntArray, i: int) -> None:
    shown.state[c.NOW] = commands[i, c.CMD_TIME]
    order = commands[i, c.CMD_ORDER]
    if commands[i, c.CMD_OP] == c.SUBMIT:
        enter(
            shown,
            order,
            commands[i, c.CMD_SIDE],
            commands[i, c.CMD_KIND],
            commands[i, c.CMD_TIF],
            commands[i, c.CMD_QUANTITY],
            commands[i, c.CMD_PRICE],
        )
    elif commands[i, c.CMD_OP] == c.CANCEL:
        withdraw_own(shown, order)
    else:
        write(shown.log, shown.state, EventKind.REJECTED, order, 0, 0, 0, 0, Reason.BAD_CODE)
