"""What a desk of a trial does, each stage in a process of its own: start and restart are the same call."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

import graph.cycle
from app.gates import BookGates
from data.errors import SourceUnavailable
from graph.catch_up import catch_up
from graph.checkpoint import open_checkpointer
from graph.record import cycle_id_of
from tests.chaos.line_to_venue import DEPOSIT, TIMEOUT_S, HttpBroker, call, control
from tests.chaos.toy_desk import BOOK, CONFIG, EARLIER, SLOT, SYMBOLS, context_of, open_desk
from tools.execution.brokers.base import RecordedGate
from tools.execution.executor import execute, replace_order
from tools.execution.settlement import close_book, new_book, open_book
from tools.execution.sizing import orders_for

LATER = tuple(f"2020-03-{day}T20:00:00Z" for day in (18, 19, 20, 23, 24))
PRICES = dict.fromkeys(SYMBOLS, 100.0)


class Place(NamedTuple):
    """Where a desk lives, and where it trades."""

    home: Path
    port: int
    account: str
    durability: str
    timeout_s: float = TIMEOUT_S
    database: str = ""
    """URL of the Postgres database that holds ledger and checkpoints instead of files."""


def first_slot(place, points):
    """The cycle that buys a few names; the venue trades afterwards, once."""
    _slot(place, EARLIER, points)


def second_slot(place, points):
    """The cycle that collects what was filled late, withdraws the rest, and rotates."""
    try:
        control(place.port, place.account, "trade_once")
    except (OSError, HTTPException) as error:
        raise SourceUnavailable("the venue is away") from error
    _slot(place, SLOT, points)


def settling(slot):
    """A cycle after the trial, by which the desk hears of what it does not know yet."""
    return lambda place, points: _slot(place, slot, points)


def _slot(place, slot, points):
    """One cycle, to be begun, taken up or left alone; a person accepts what is proposed."""
    ledger = open_desk(place.home, place.database)
    start = {"book": BOOK, "slot": slot, "cycle_id": cycle_id_of(BOOK, slot)}
    if ledger.open_cycle(BOOK, slot, start["cycle_id"]) == "done":
        return
    gate = BookGates(CONFIG, place.home).at(BOOK, slot)
    broker = HttpBroker(gate, place.port, place.account, place.timeout_s)
    context = context_of(place.home, ledger, broker, gate, crash_point=points)
    saver = points.around_writes_of(open_checkpointer(place.database or place.home / "checkpoints.sqlite"))
    machine, config = graph.cycle.build_cycle(saver), {"configurable": {"thread_id": slot}}
    catch_up(machine, config, start, ledger)
    given = None if machine.get_state(config).next else start
    machine.invoke(given, config, context=context, durability=place.durability)
    if machine.get_state(config).interrupts:
        machine.invoke(Command(resume={"type": "accept"}), config, context=context, durability=place.durability)


def replacement(place, points):
    """Orders, each of which is replaced where the venue has not filled it; without the graph."""
    ledger, broker = (
        open_desk(place.home, place.database),
        HttpBroker(RecordedGate(), place.port, place.account, place.timeout_s),
    )
    cycle_id = cycle_id_of(BOOK, EARLIER)
    if ledger.open_cycle(BOOK, EARLIER, cycle_id) == "done":
        return
    opening = open_book(new_book(BOOK, DEPOSIT), (), PRICES)
    orders = orders_for(dict.fromkeys(SYMBOLS, 0.05), opening, EARLIER)
    parts = {"ledger": ledger, "broker": broker, "halted": lambda: False, "checkpoint": points}
    ledger.commit_decision(cycle_id, "{}", orders)
    points("decided")
    execute(orders, cycle_id=cycle_id, **parts)
    for intent in ledger.intents(cycle_id):
        if not intent.parent and intent.state in ("accepted", "partial", "cancelled"):
            replace_order(intent.order.order_id, **parts)
    fills = ledger.fills(cycle_id)
    closing = close_book(opening, fills)
    points("before_record")
    ledger.close_cycle(cycle_id, closing, fills, closing.model_dump_json().encode())
    points("after_record")


class NaiveState(TypedDict):
    """What the naive desk carries from node to node."""

    slot: str
    posted: int


def naive(slot):
    """The control: LangGraph with a checkpointer, and a node that posts orders without a ledger and without ids."""

    def stage(place, points):
        def execution(state):
            for number, symbol in enumerate(SYMBOLS):
                points("before_send")
                name = f"{place.account}-{slot}-{symbol}-{_fresh()}"
                body = {"id": name, "symbol": symbol, "side": "buy", "quantity": 10.0 + number}
                call(place.port, "POST", f"/{place.account}/orders", body)
                points("after_send")
            return {"posted": len(SYMBOLS)}

        builder = StateGraph(NaiveState)
        builder.add_node("ingest", lambda state: {"slot": slot})
        builder.add_node("execution", execution)
        builder.add_node("record", lambda state: {"posted": state["posted"]})
        builder.add_edge(START, "ingest")
        builder.add_edge("ingest", "execution")
        builder.add_edge("execution", "record")
        builder.add_edge("record", END)
        machine = builder.compile(
            points.around_writes_of(open_checkpointer(place.database or place.home / "checkpoints.sqlite"))
        )
        config = {"configurable": {"thread_id": slot}}
        state = machine.get_state(config)
        if state.values and not state.next:
            return
        machine.invoke(None if state.next else {"slot": slot}, config, durability=place.durability)

    return stage


def _fresh():
    """An id as a desk makes it that keeps none."""
    import uuid

    return uuid.uuid4().hex


BOOK_STAGES = (first_slot, second_slot)
REPLACEMENT_STAGES = (replacement,)
NAIVE_STAGES = (naive(EARLIER), naive(SLOT))
SETTLING = tuple(map(settling, LATER))
"""One is enough, unless the machine is so busy that the desk's questions time out again."""
