"""How fast the order book is, and what it reproduces of real ones. Run: python -m benchmarks.market.orderbook

`python -m benchmarks.market.orderbook sequences` runs the slow test against the plain list, and keeps its counts.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, figure, median_seconds, publish
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.book import run
from tools.market.orderbook.codes import EventKind, Kind, Side
from tools.market.orderbook.displayed import new_displayed
from tools.market.orderbook.feed import Recording, binance_spot, merged
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.mirror import orders_of
from tools.market.orderbook.replay import replay_feed
from tools.market.orderbook.state import drain, new_book
from tools.market.orderbook.tables import sampled_table, samples_of, trade_table
from tools.market.orderbook.venue import Venue

EVENTS = 1_000_000
TICKS = 4096
REPEATS = 7
LOB = Path(__file__).parents[2].parent / "shared" / "market" / "lob"
SPOT = Grid("ETHUSDT", Decimal("0.01"), Decimal("0.00001"), Decimal(900), Decimal(7400))
USDM = Grid("BTCUSDT", Decimal("0.1"), Decimal("0.001"), Decimal(55000), Decimal(70000))
SAMPLED = {"spot_ethusdt_20240808": SPOT, "usdm_btcusdt_20240808": USDM}
NO_ORDERS = np.zeros((0, c.COMMAND_COLUMNS), dtype=np.int64)


def main() -> None:
    """Measure and publish."""
    if sys.argv[1:] == ["sequences"]:
        publish("orderbook_sequences", _sequences())
    else:
        publish("orderbook", [*_matching(), _venue(), *(_recorded() if LOB.is_dir() else [])])


def stream(events: int, seed: int = 1) -> IntArray:
    """Commands (events, COMMAND_COLUMNS): 52 % limit orders, 43 % cancels, 5 % market orders, like a busy book.

    Limits stand a geometric distance behind a mid that wanders (a few cross it) and live an exponential time of 800
    orders; sizes are log-normal. About 500 orders rest at a time; a cancel may come after its order was filled.
    """
    random = np.random.default_rng(seed)
    limits, markets = int(events * 0.53), int(events * 0.05)
    commands = np.zeros((2 * limits + markets, c.COMMAND_COLUMNS), dtype=np.int64)
    placed, pulled, taken = np.split(commands, [limits, 2 * limits])
    entered = np.sort(random.uniform(0, limits, limits))
    ids = np.arange(1, limits + 1)
    side = random.choice([1, -1], limits)
    mid = TICKS // 2 + np.round(np.cumsum(random.normal(0, 0.05, limits)))
    placed[:, c.CMD_ORDER], placed[:, c.CMD_SIDE], placed[:, c.CMD_KIND] = ids, side, Kind.LIMIT
    placed[:, c.CMD_PRICE] = mid - side * (random.geometric(0.12, limits) - 1)
    placed[:, c.CMD_QUANTITY] = np.maximum(1, random.lognormal(3.0, 1.0, limits))
    pulled[:, c.CMD_ORDER], pulled[:, c.CMD_OP] = ids, c.CANCEL
    taken[:, c.CMD_ORDER], taken[:, c.CMD_SIDE] = limits + 1 + np.arange(markets), random.choice([1, -1], markets)
    taken[:, c.CMD_QUANTITY] = np.maximum(1, random.lognormal(3.5, 1.0, markets))
    times = [entered, entered + random.exponential(800, limits), np.sort(random.uniform(0, limits, markets))]
    ordered = commands[np.argsort(np.concatenate(times), kind="stable")[:events]]
    ordered[:, c.CMD_TIME] = np.arange(events)
    return np.ascontiguousarray(ordered)


def _apply(commands: IntArray, ticks: int, orders: int) -> IntArray:
    """Run all commands through a new book, draining its log as it fills; returns the events of each kind, (7,)."""
    book, kinds, done = new_book(ticks, orders), np.zeros(7, dtype=np.int64), 0
    while done < len(commands):
        done = run(book, commands, done)
        kinds += np.bincount(drain(book)[:, c.EV_KIND], minlength=7)
    return kinds


def _matching() -> list[Figure]:
    commands = stream(EVENTS)
    orders = int(commands[:, c.CMD_ORDER].max())
    kinds = _apply(commands, TICKS, orders)
    seconds = median_seconds(lambda: _apply(commands, TICKS, orders), REPEATS)
    note = (
        f"median of {REPEATS} runs of {EVENTS} commands (52 % limit, 43 % cancel, 5 % market) from an empty book, log "
        f"drained, one core, compiled; {kinds[EventKind.TRADED]} trades, {kinds[EventKind.REJECTED]} late cancels"
    )
    return [figure("order book, commands on a synthetic stream", EVENTS / seconds, "events/s", note)]


def _venue() -> Figure:
    count = 20_000

    def session() -> None:
        venue = Venue(USDM)
        for k in range(count):
            venue.submit(f"order-{k}", Side.BUY if k % 2 else Side.SELL, "0.5", limit_price=60_000 + k % 7)

    session()
    note = f"median of 3 sessions of {count} limit orders, half of which trade; names, decimals and events in Python"
    return figure("order through the venue's Python face", median_seconds(session, 3) / count * 1e6, "us/order", note)


def _recorded() -> list[Figure]:
    with gzip.open(LOB / "raw_spot_ethusdt_20240808.jsonl.gz", "rt", encoding="utf-8") as file:
        recording = binance_spot(file, SPOT)
    figures = [_raw_instants(recording), *(_sampled_instants(name, grid) for name, grid in SAMPLED.items())]
    rows, feed = len(recording.feed.rows), recording.feed
    shown = [new_displayed(SPOT) for _ in range(REPEATS)]
    seconds = median_seconds(lambda: replay_feed(shown.pop(), feed, NO_ORDERS), REPEATS)
    note = f"median of {REPEATS} replays of the raw spot stream: {rows} levels and trades in {len(feed.times)} events"
    figures.append(figure("replay of the real diff-depth stream", rows / seconds, "updates/s", note))
    commands, _ = orders_of(feed)
    orders = int(commands[:, c.CMD_ORDER].max())
    seconds = median_seconds(lambda: _apply(commands, SPOT.ticks, orders), REPEATS)
    note = f"median of {REPEATS}: the same levels as {len(commands)} limit orders, replaces and cancels, matching core"
    return [*figures, figure("order book, commands of the real stream", len(commands) / seconds, "events/s", note)]


def _raw_instants(recording: Recording) -> Figure:
    quotes = replay_feed(new_displayed(SPOT), recording.feed, NO_ORDERS).quotes
    messages = recording.update >= 0
    last = np.searchsorted(recording.quotes.update, recording.update[messages], side="right") - 1
    same = (quotes[messages] == np.stack(recording.quotes[1:], axis=1)[last]).all(axis=1)
    crossed = int((quotes[:, 0] >= quotes[:, 2]).sum())
    note = (
        f"of {len(same)} depth messages: best prices and sizes equal the exchange's own bookTicker; {crossed} crossed"
    )
    return figure("recorded best prices reproduced, raw spot stream", float(same.sum()), "instants", note)


def _sampled_instants(name: str, grid: Grid) -> Figure:
    table = pd.read_parquet(LOB / f"{name}_book10_1s.parquet")
    samples = samples_of(table)
    feed = merged(trade_table(pd.read_parquet(LOB / f"{name}_trades.parquet"), grid), sampled_table(table, grid))
    quotes = replay_feed(new_displayed(grid), feed, NO_ORDERS).quotes
    at = quotes[np.searchsorted(feed.times, samples.times, side="right") - 1]
    best = [grid.ticks_of(np.ascontiguousarray(px[:, 0])) for px in (samples.bid_px, samples.ask_px)]
    same = (at[:, 0] == best[0]) & (at[:, 2] == best[1])
    crossed = int((at[:, 0] >= at[:, 2]).sum())
    note = (
        f"of {len(same)} samples, replayed with the trades between them ({len(feed.times)} events); {crossed} crossed"
    )
    return figure(f"recorded best prices reproduced, {name}", float(same.sum()), "instants", note)


def _sequences() -> list[Figure]:
    """The slow test's counts, from its own report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "slow",
            "tests/tools/market/orderbook/test_orderbook_oracle.py",
        ]
        subprocess.run([*command, f"--junitxml={report}", "-o", "junit_family=xunit1"], check=True)
        found = {p.attrib["name"]: float(p.attrib["value"]) for p in ET.parse(report).iter("property")}
    note = "hypothesis state machine against a plain sorted list: same events, queues, conservation; 0 differences"
    return [figure(f"order book against the plain list: {name}", found[name], name, note) for name in sorted(found)]


if __name__ == "__main__":
    main()
