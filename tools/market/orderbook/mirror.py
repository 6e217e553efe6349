"""A recorded level book as orders for the matching core: its levels become queues of limit orders.

More lots at a level are a new order at its back; fewer lots are taken from the back, the newest first, so that whoever
rests keeps his place. Level data name no orders: this is one stream of orders that shows what was shown. Printed trades
are left out, as the levels that follow already hold what they took.
"""

from __future__ import annotations

import numpy as np

from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Kind, TimeInForce
from tools.market.orderbook.feed import Feed


def orders_of(feed: Feed, first_id: int = 1) -> tuple[IntArray, IntArray]:
    """Commands (M, COMMAND_COLUMNS) with ids from `first_id` on, and (E,) how many of them stand for events 0 .. e.

    Within an event what leaves goes first, so that a book which moves does not trade with itself.
    """
    queues: dict[tuple[int, int], list[list[int]]] = {}
    commands: list[list[int]] = []
    ends: list[int] = []
    next_id = first_id
    for start, stop in zip(feed.starts[:-1].tolist(), feed.starts[1:].tolist(), strict=True):
        levels = [row for row in feed.rows[start:stop].tolist() if row[c.FEED_KIND] == c.LEVEL]
        for time, _, side, tick, lots in levels:
            commands += _shrink(time, tick, queues.get((side, tick), []), lots)
        for time, _, side, tick, lots in levels:
            queue = queues.setdefault((side, tick), [])
            more = lots - sum(size for _, size in queue)
            if more > 0:
                commands.append([time, c.SUBMIT, next_id, side, Kind.LIMIT, TimeInForce.GTC, more, tick, 0])
                queue.append([next_id, more])
                next_id += 1
        ends.append(len(commands))
    return np.array(commands, dtype=np.int64).reshape(-1, c.COMMAND_COLUMNS), np.array(ends, dtype=np.int64)


def _shrink(time: int, tick: int, queue: list[list[int]], lots: int) -> list[list[int]]:
    """Cancels and a replace that leave `lots` in a queue of [id, size], which is changed likewise."""
    commands: list[list[int]] = []
    excess = sum(size for _, size in queue) - lots
    while excess > 0:
        order, size = queue[-1]
        if size <= excess:
            queue.pop()
            commands.append([time, c.CANCEL, order, 0, 0, 0, 0, 0, 0])
        else:
            queue[-1][1] = size - excess
            commands.append([time, c.REPLACE, order, 0, 0, 0, size - excess, tick, 0])
        excess -= size
    return commands
