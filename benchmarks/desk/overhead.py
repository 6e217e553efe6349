"""What graph, checkpoints, ledger and traces add to plain calls of a cycle. Run: python -m benchmarks.desk.overhead"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from app.desk import Desk
from benchmarks.desk.market import a_desk, write_market
from benchmarks.figures import figure, publish
from data.clock import parse_slot, slot_text
from graph.nodes.record import assemble
from graph.nodes.risk_check import judge
from graph.record import Approval, cycle_id_of, record_bytes
from graph.state import SnapshotRef
from tools.execution.book import Book
from tools.execution.brokers.base import RecordedGate
from tools.execution.settlement import close_book, new_book, open_book
from tools.execution.sizing import orders_for
from tools.risk.breakers import update_locks
from tools.risk.kill_switch.halt import HaltState

SYMBOLS, CYCLES, WARMING = 143, 40, 4
BOOK = "bench"


def main() -> None:
    """The desk and the plain calls take turns, slot by slot, each with a home of its own."""
    whole, plain = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        days = write_market(Path(folder) / "market", SYMBOLS)[-CYCLES - WARMING - 2 : -2]
        desk = a_desk(Path(folder) / "desk", Path(folder) / "market")
        calls = a_desk(Path(folder) / "calls", Path(folder) / "market")
        book = new_book(BOOK, calls.market.config.initial_cash)
        for day in days:
            start = time.perf_counter()
            outcome = desk.cycle(day)
            whole.append(time.perf_counter() - start)
            start = time.perf_counter()
            book = _plain(calls, outcome.record.slot if outcome.record else "", book)
            plain.append(time.perf_counter() - start)
    whole, plain = whole[WARMING:], plain[WARMING:]
    added = statistics.median([a - b for a, b in zip(whole, plain, strict=True)])
    note = f"median of {CYCLES} slots, {SYMBOLS} symbols; the agents run one after the other in the plain calls"
    publish("desk_overhead", [
        figure("cycle of the desk", statistics.median(whole), "s", note),
        figure("the same as plain calls", statistics.median(plain), "s", note),
        figure("graph, checkpoints, ledger and traces together", added, "s", f"median difference; {note}"),
    ])  # fmt: skip


def _plain(desk: Desk, slot: str, book: Book) -> Book:
    """The cycle's own functions, called in turn: nothing survives a kill, and nothing is kept but the book."""
    market, cycle_id = desk.market, cycle_id_of(BOOK, slot)
    nothing = SimpleNamespace(intents=lambda _cycle: ())
    context = replace(market.context(BOOK, slot), ledger=cast(Any, nothing))
    snapshot = context.snapshots.take(parse_slot(slot))
    marks = dict(zip(snapshot.symbols, map(float, snapshot.panel.close[-1]), strict=True))
    opening = update_locks(open_book(book, (), marks), context.config.limits, snapshot.as_of, market.slots.after)
    ref = SnapshotRef(
        as_of=slot_text(snapshot.as_of), lake=snapshot.lake | context.snapshots.keep(snapshot),
        unavailable=snapshot.unavailable, content_hash=snapshot.content_hash,
    )  # fmt: skip
    views = tuple(agent.view(snapshot) for agent in context.agents.values())
    allocation = context.controller.allocate(snapshot, views, opening)
    verdict = judge(context, snapshot, opening, allocation.weights, HaltState(on=False))
    orders = orders_for(verdict.weights, opening, slot)
    broker = market.broker(BOOK, slot, RecordedGate(), market.builder.next_bar)
    fills = []
    for order in orders:
        broker.submit(order)
        answer = broker.query(order.order_id)
        fills += answer.fills if answer is not None else ()
    record_bytes(assemble({
        "book": BOOK, "slot": slot, "cycle_id": cycle_id, "opening": opening, "settled": (), "snapshot": ref,
        "views": views, "allocation": allocation, "halt": HaltState(on=False), "verdict": verdict,
        "approval": Approval(required=False), "orders": orders, "fills": tuple(fills), "record_sha256": "",
    }, context))  # fmt: skip
    return close_book(opening, fills)


if __name__ == "__main__":
    main()
