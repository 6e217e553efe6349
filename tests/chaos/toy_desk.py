"""The real cycle graph, ledger, executor, gate and risk check, on made-up facts, at the venue of another process."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

import graph.cycle
from agents.meta.allocation import Allocation, Fallback
from agents.view import abstain
from app.gates import BookGates
from data.clock import Slots, parse_slot
from data.market import AssetClass, Instrument
from data.panel import Panel
from graph.checkpoint import open_checkpointer
from graph.config import CycleConfig
from graph.context import CycleContext
from graph.opening import LedgerOpener
from graph.record import Approval, cycle_id_of
from tests.agents.desk_snapshots import a_snapshot
from tests.chaos.line_to_venue import DEPOSIT, HttpBroker
from tools.execution.ledger import Ledger
from tools.execution.settlement import new_book
from tools.risk.gate.gate import Gate
from tools.risk.gate.watched import WatchedBroker
from tools.risk.kill_switch.halt import HaltState, read_halt
from tools.risk.limits import RiskLimits

BOOK = "toy"
SYMBOLS = tuple(f"S{n:02}" for n in range(12))
EARLIER, SLOT = "2020-03-16T20:00:00Z", "2020-03-17T20:00:00Z"
CONFIG = CycleConfig(
    approval="always", limits=RiskLimits(max_var_95=1.0, max_cvar_95=1.0, max_volatility_annual=1.0)
)  # fmt: skip
NODES = (*graph.cycle.OPINIONS, "ingest", "meta_controller", "risk_check", "approval", "execution", "record")
BARS = 90


class Facts:
    """The same made-up panel at every slot."""

    def take(self, as_of):
        rng = np.random.default_rng(7)
        close = 100.0 * np.exp(0.001 * rng.standard_normal((BARS, len(SYMBOLS))).cumsum(axis=0))
        close[-1] = 100.0
        last = np.datetime64(as_of.replace(tzinfo=None), "ns")
        times = last - np.arange(BARS - 1, -1, -1) * np.timedelta64(1, "D").astype("timedelta64[ns]")
        panel = Panel(
            tuple(Instrument(s, AssetClass.STOCK) for s in SYMBOLS), times, close, close, close, close,
            np.full_like(close, 1e6), np.zeros(close.shape, np.int64), np.zeros(len(SYMBOLS), np.bool_),
        )  # fmt: skip
        return replace(a_snapshot(symbols=SYMBOLS, as_of=as_of), panel=panel)

    def keep(self, snapshot):
        return {"features": 1}

    def again(self, ref):
        return self.take(parse_slot(ref.as_of))


class Silent:
    """An agent without an opinion."""

    kind = "analyst"

    def __init__(self, name):
        self.name = name

    def view(self, snapshot):
        return abstain(self.name, self.kind, "it has nothing to say")


class Rotation:
    """The first half at one slot, and some of everything at the next: sales and purchases."""

    def allocate(self, snapshot, views, book):
        first = snapshot.as_of == parse_slot(EARLIER)
        weights = dict.fromkeys(SYMBOLS, 0.0 if first else 0.05)
        weights |= dict.fromkeys(SYMBOLS[:4], 0.1 if first else 0.02)
        weights["CASH"] = 1.0 - sum(weights.values())
        return Allocation(
            weights=weights, contributions={"prior": weights}, fallback_chain=(Fallback(name="cash", used=True),)
        )


def open_desk(home, database=""):
    """The ledger of a home, or of a database (URL), with the book in it."""
    (home / f"{BOOK}.lock").touch()
    ledger = Ledger(database or home / "desk.sqlite")
    if ledger.book(BOOK) is None:
        ledger.create_book(new_book(BOOK, DEPOSIT))
    return ledger


def context_of(home, ledger, broker, gate, *, naive=False, approver=None, crash_point=lambda _name: None):
    """The parts of a cycle; a `naive` desk never looks at the switch."""
    return CycleContext(
        source="sample", source_params={}, config=CONFIG, snapshots=Facts(),
        agents={name: Silent(name) for name in graph.cycle.OPINIONS.values()}, controller=Rotation(),
        opener=LedgerOpener(ledger, broker, CONFIG, Slots("XNYS"), crash_point), ledger=ledger,
        broker=WatchedBroker(broker, gate.learn), gate=gate,
        halt=(lambda: HaltState(on=False)) if naive else (lambda: read_halt(home)), code_hash="0" * 64,
        approver=approver, crash_point=crash_point,
    )  # fmt: skip


def run_slot(home, port, account, slot, *, naive=False, crash_point=lambda _name: None):
    """Run one cycle to its end; whoever is asked says yes."""
    ledger = open_desk(home)
    gate = Gate(CONFIG.gate, halted=lambda: False) if naive else BookGates(CONFIG, home).at(BOOK, slot)
    start = {"book": BOOK, "slot": slot, "cycle_id": cycle_id_of(BOOK, slot)}
    ledger.open_cycle(BOOK, slot, start["cycle_id"])
    context = context_of(
        home, ledger, HttpBroker(gate, port, account), gate, naive=naive, crash_point=crash_point,
        approver=lambda _id, _verdict: Approval(required=True, answer="accepted", by="harness"),
    )  # fmt: skip
    machine = graph.cycle.build_cycle(open_checkpointer(home / "checkpoints.sqlite"))
    machine.invoke(start, {"configurable": {"thread_id": slot}}, context=context, durability="sync")
    return ledger


def inside(node, entered):
    """From now on `entered` is called inside each run of a node of the graph, before the node's own work."""
    if node in graph.cycle.OPINIONS:
        make = graph.cycle.opinion_node
        agent = graph.cycle.OPINIONS[node]
        graph.cycle.opinion_node = lambda name: _wrapped(make(name), entered) if name == agent else make(name)
    else:
        setattr(graph.cycle, node, _wrapped(getattr(graph.cycle, node), entered))


def _wrapped(work, entered):
    @functools.wraps(work)
    def node(*args, **kwargs):
        entered()
        return work(*args, **kwargs)

    return node


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)
