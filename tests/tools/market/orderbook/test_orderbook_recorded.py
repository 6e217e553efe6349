"""Real order books, replayed: never crossed, and at every recorded instant the best prices that were recorded."""

import json

import numpy as np
import pytest
from recorded_books import SAMPLES, SPOT, needs_recordings, raw, raw_lines, sampled, samples, trades

from data.errors import BadFile
from tools.market.orderbook import codes as c
from tools.market.orderbook.book import run
from tools.market.orderbook.codes import EventKind, Kind, Side
from tools.market.orderbook.displayed import new_displayed
from tools.market.orderbook.feed import binance_spot, feed_of, merged
from tools.market.orderbook.mirror import orders_of
from tools.market.orderbook.queues import worse
from tools.market.orderbook.replay import replay_feed
from tools.market.orderbook.state import drain, new_book

pytestmark = needs_recordings
NOTHING = np.zeros((0, c.COMMAND_COLUMNS), dtype=np.int64)


@pytest.fixture(scope="module")
def recording():
    return raw()


def uncrossed(quotes):
    return ((quotes[:, 0] < quotes[:, 2]) & (quotes[:, 0] >= 0)).all()


def shown_levels(lots, bits, state, grid, queue, count):
    found, tick = [], state[queue]
    while tick >= 0 and len(found) < count:
        found.append((tick, lots[queue, tick]))
        tick = worse(bits, queue, tick)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sampled_second_shows_its_ten_levels(name):
    grid, feed = SAMPLES[name], sampled(name)
    _, bid_px, bid_sz, ask_px, ask_sz = samples(name)
    shown = new_displayed(grid)
    assert len(feed.times) == len(bid_px)
    for i in range(len(bid_px)):
        one = feed_of([feed.rows[feed.starts[i] : feed.starts[i + 1]].tolist()])
        quotes = replay_feed(shown, one, NOTHING).quotes
        assert uncrossed(quotes)
        for queue, px, sz in ((c.BIDS, bid_px[i], bid_sz[i]), (c.ASKS, ask_px[i], ask_sz[i])):
            levels = shown_levels(shown.lots, shown.bits, shown.state, grid, queue, 11)
            assert [float(np.float32(grid.price(int(t)))) for t, _ in levels] == px.tolist()
            assert [float(np.float32(grid.quantity(int(q)))) for _, q in levels] == sz.tolist()


@pytest.mark.parametrize("name", SAMPLES)
def test_trades_between_the_samples_change_no_recorded_best_price(name):
    grid, feed = SAMPLES[name], merged(trades(name), sampled(name))
    times, bid_px, _, ask_px, _ = samples(name)
    quotes = replay_feed(new_displayed(grid), feed, NOTHING).quotes
    at = np.searchsorted(feed.times, times, side="right") - 1
    started = feed.times >= times[0]
    assert uncrossed(quotes[started])
    assert quotes[at, 0].tolist() == grid.ticks_of(bid_px[:, 0].copy()).tolist()
    assert quotes[at, 2].tolist() == grid.ticks_of(ask_px[:, 0].copy()).tolist()


def test_raw_messages_reproduce_every_best_price_the_exchange_sent(recording):
    quotes = replay_feed(new_displayed(SPOT), recording.feed, NOTHING).quotes
    assert uncrossed(quotes)
    messages = recording.update >= 0
    last = np.searchsorted(recording.quotes.update, recording.update[messages], side="right") - 1
    assert messages.sum() == 3433
    assert (last >= 0).all()
    sent = np.stack(recording.quotes[1:], axis=1)[last]
    assert np.array_equal(quotes[messages], sent)


def test_raw_trades_are_the_recorded_trades(recording):
    compared = [c.FEED_SIDE, c.FEED_TICK, c.FEED_LOTS]
    raw_trades = recording.feed.rows[recording.feed.rows[:, c.FEED_KIND] == c.TRADE]
    recorded = trades("spot_ethusdt_20240808").rows
    assert np.array_equal(raw_trades[:, compared], recorded[:, compared])
    assert np.array_equal(raw_trades[:, c.FEED_TIME] // 1_000_000, recorded[:, c.FEED_TIME] // 1_000_000)


def test_raw_messages_show_the_sampled_seconds(recording):
    times, bid_px, bid_sz, ask_px, ask_sz = samples("spot_ethusdt_20240808")
    quotes = replay_feed(new_displayed(SPOT), recording.feed, NOTHING).quotes
    milliseconds = recording.feed.times // 1_000_000  # a sample's time is cut to its millisecond
    before = np.searchsorted(milliseconds, times // 1_000_000, side="left") - 1
    within = np.searchsorted(milliseconds, times // 1_000_000, side="right")
    recorded = np.stack(
        [SPOT.ticks_of(bid_px[:, 0].copy()), SPOT.many_lots_of(bid_sz[:, 0].copy()),
         SPOT.ticks_of(ask_px[:, 0].copy()), SPOT.many_lots_of(ask_sz[:, 0].copy())], axis=1,
    )  # fmt: skip
    found = 0
    for row, first, end in zip(recorded, before, within, strict=True):
        found += np.isclose(quotes[max(first, 0) : end], row, rtol=2e-7, atol=1).all(axis=1).any()
    assert found == len(times)


def test_the_matching_core_carries_the_raw_book_without_a_trade(recording):
    commands, ends = orders_of(recording.feed)
    book = new_book(SPOT.ticks, int(commands[:, c.CMD_ORDER].max()), 1 << 16)
    messages = np.flatnonzero(recording.update >= 0)
    last = np.searchsorted(recording.quotes.update, recording.update[messages], side="right") - 1
    applied, trades_made, same = 0, 0, 0
    for event, sent in zip(messages, last, strict=True):
        applied = run(book, commands[: ends[event]], applied)
        assert applied == ends[event]
        events = drain(book)
        trades_made += int((events[:, c.EV_KIND] == EventKind.TRADED).sum())
        assert not (events[:, c.EV_KIND] == EventKind.REJECTED).any()
        bid, ask = book.state[c.BIDS], book.state[c.ASKS]
        assert bid < ask
        best = (bid, book.lots[c.BIDS, bid], ask, book.lots[c.ASKS, ask])
        same += best == tuple(column[sent] for column in recording.quotes[1:])
    assert (trades_made, same) == (0, len(messages))


def test_a_message_that_is_missing_is_noticed():
    lines = raw_lines()[:2000]
    gap = [i for i, line in enumerate(lines) if "@depth" in line][40]
    with pytest.raises(BadFile, match="messages are missing"):
        binance_spot(lines[:gap] + lines[gap + 1 :], SPOT)


def test_a_message_that_does_not_parse_is_named_by_its_line():
    lines = raw_lines()[:50]
    lines[20] = lines[20][:-5]
    with pytest.raises(BadFile, match="line 21 "):
        binance_spot(lines, SPOT)


def test_a_second_snapshot_and_an_impossible_size_are_refused():
    lines = raw_lines()[:30]
    with pytest.raises(BadFile, match="second snapshot"):
        binance_spot([*lines, lines[5]], SPOT)
    stamp, text = next(line for line in lines[6:] if "@depth" in line).split(" ", 1)
    message = json.loads(text)
    message["data"]["b"][0][1] = "nan"
    with pytest.raises(BadFile, match="not a usable number"):
        binance_spot([*lines[:6], f"{stamp} {json.dumps(message)}"], SPOT)


def test_our_resting_orders_in_the_raw_book_fill_no_more_than_was_traded(recording):
    start = int(recording.feed.times[10])
    bid = replay_feed(new_displayed(SPOT), recording.feed, NOTHING).quotes[10, 0]
    commands = np.array(
        [[start + k, c.SUBMIT, k + 1, Side.BUY, Kind.LIMIT, 0, 2000, bid - 10 * k, 0] for k in range(20)],
        dtype=np.int64,
    )
    done = replay_feed(new_displayed(SPOT), recording.feed, commands)
    again = replay_feed(new_displayed(SPOT), recording.feed, commands)
    assert np.array_equal(done.log, again.log)
    filled = done.log[done.log[:, c.EV_KIND] == EventKind.TRADED]
    assert len(filled) > 0
    assert (np.bincount(filled[:, c.EV_ORDER], filled[:, c.EV_QUANTITY]) <= 2000).all()
    for row in filled:
        order = row[c.EV_ORDER]
        later = recording.feed.rows[recording.feed.rows[:, c.FEED_TIME] <= row[c.EV_TIME]]
        sold = (later[:, c.FEED_KIND] == c.TRADE) & (later[:, c.FEED_TICK] <= bid - 10 * (order - 1))
        offered = (later[:, c.FEED_KIND] == c.LEVEL) & (later[:, c.FEED_SIDE] == Side.SELL)
        crossed = offered & (later[:, c.FEED_TICK] <= bid - 10 * (order - 1)) & (later[:, c.FEED_LOTS] > 0)
        assert sold.any() or crossed.any()
