"""Samples and trades become rows of integers, and what cannot be a book or a trade is refused by its row."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from data.errors import BadFile
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Side
from tools.market.orderbook.feed import feed_of, merged, sampled_feed, trade_feed
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.mirror import orders_of
from tools.market.orderbook.tables import sampled_table, trade_table

GRID = Grid("ORBTEK", Decimal("0.01"), Decimal("0.1"), Decimal(90), Decimal(110))


def three_samples():
    times = np.array([1, 2, 3], dtype=np.int64)
    bids = np.array([[100.0, 99.99], [100.01, 100.0], [99.99, 99.98]])
    return [times, bids, np.ones((3, 2)), bids[:, ::-1] + 0.05, np.full((3, 2), 2.5)]


def test_samples_become_what_changed():
    feed = sampled_feed(*three_samples(), GRID)
    first, second = (feed.rows[a:b] for a, b in zip(feed.starts[:2], feed.starts[1:3], strict=True))
    assert first[:, [c.FEED_SIDE, c.FEED_TICK, c.FEED_LOTS]].tolist() == [
        [Side.BUY, 1000, 10], [Side.BUY, 999, 10], [Side.SELL, 1004, 25], [Side.SELL, 1005, 25],
    ]  # fmt: skip
    assert second[:, [c.FEED_SIDE, c.FEED_TICK, c.FEED_LOTS]].tolist() == [
        [Side.BUY, 999, 0], [Side.SELL, 1004, 0], [Side.BUY, 1001, 10], [Side.SELL, 1006, 25],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "row", "value", "match"),
    [
        (1, 1, float("nan"), "not a usable"), (1, 1, float("inf"), "not a usable"), (3, 1, 1e308, "not a usable"),
        (1, 1, -100.0, "off the grid"), (1, 1, 100.013, "off the grid"), (2, 1, -1.0, "off the grid"),
        (2, 1, 0.05, "off the grid"), (1, 1, 100.06, "row 1 is crossed"), (0, 1, 1, "row 1 is not after"),
    ],
)  # fmt: skip
def test_bad_samples_are_refused(column, row, value, match):
    samples = three_samples()
    samples[column].reshape(3, -1)[row, 0] = value
    with pytest.raises(BadFile, match=match):
        sampled_feed(*samples, GRID)


def test_levels_out_of_order_are_refused():
    samples = three_samples()
    samples[1][2] = samples[1][2, ::-1]
    with pytest.raises(BadFile, match="row 2 has levels out of order"):
        sampled_feed(*samples, GRID)


def test_trades_need_a_side_a_size_and_an_order_of_time():
    times, price, size = np.array([1, 2], dtype=np.int64), np.array([100.0, 100.01]), np.array([0.1, 0.2])
    side = np.array([1, -1], dtype=np.int64)
    assert trade_feed(times, price, size, side, GRID).rows[1].tolist() == [2, c.TRADE, -1, 1001, 2]
    with pytest.raises(BadFile, match="row 1 has no side"):
        trade_feed(times, price, size, np.array([1, 0], dtype=np.int64), GRID)
    with pytest.raises(BadFile, match="row 1 is before"):
        trade_feed(times[::-1].copy(), price, size, side, GRID)
    with pytest.raises(BadFile, match="row 0 trades nothing"):
        trade_feed(times, price, np.array([0.0, 0.2]), side, GRID)


def test_a_table_without_a_column_is_refused_by_its_name():
    with pytest.raises(BadFile, match="without size"):
        trade_table(pd.DataFrame({"ts": [], "price": [], "side": []}), GRID)
    with pytest.raises(BadFile, match="without ask_sz_1"):
        sampled_table(pd.DataFrame({"ts": [], "bid_px_1": [], "bid_sz_1": [], "ask_px_1": []}), GRID)


def test_merged_feeds_stand_in_order_of_time_and_the_first_goes_first():
    side = np.array([1, 1], dtype=np.int64)
    trades = trade_feed(np.array([2, 3], dtype=np.int64), np.array([100.0, 100.0]), np.array([0.1, 0.1]), side, GRID)
    feed = merged(trades, sampled_feed(*three_samples(), GRID))
    kinds = feed.rows[feed.starts[:-1], c.FEED_KIND].tolist()
    assert feed.times.tolist() == [1, 2, 2, 3, 3]
    assert kinds == [c.LEVEL, c.TRADE, c.LEVEL, c.TRADE, c.LEVEL]


def test_levels_become_orders_whose_newest_leave_first():
    feed = feed_of([[[k, c.LEVEL, Side.BUY, 1000, lots]] for k, lots in enumerate([5, 9, 9, 12, 11, 8, 3, 0])])
    commands, ends = orders_of(feed)
    assert commands[:, [c.CMD_OP, c.CMD_ORDER, c.CMD_QUANTITY]].tolist() == [
        [c.SUBMIT, 1, 5], [c.SUBMIT, 2, 4], [c.SUBMIT, 3, 3], [c.REPLACE, 3, 2], [c.CANCEL, 3, 0], [c.REPLACE, 2, 3],
        [c.CANCEL, 2, 0], [c.REPLACE, 1, 3], [c.CANCEL, 1, 0],
    ]  # fmt: skip
    assert ends.tolist() == [1, 2, 2, 3, 4, 6, 8, 9]
