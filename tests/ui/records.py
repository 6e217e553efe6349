"""A small record that holds something of everything, and a home whose journal holds records like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agents.meta.allocation import Allocation, Fallback, PolicyUse
from agents.view import View, abstain, opinion
from app.trace_store import Ended, Run, TraceStore
from graph.record import Approval, CycleRecord, cycle_id_of, record_bytes
from tools.execution.book import Book, Lock, Position
from tools.execution.broker import Answer
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill, Order, order_id
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Clamp, Verdict

SLOT = "2023-03-15T20:00:00Z"
HOSTILE = "![x](http://example.invalid/x.png) <img src=http://example.invalid/y.png> :red[up] **NOVA** soars"
"""A headline that would fetch a picture, if it were ever shown as Markdown."""


def a_record(slot: str = SLOT, book: str = "simulated", value: float = 1_000_000.0, **changes: Any) -> CycleRecord:
    """NOVA is bought and clamped, ORBT is sold, the macro agent abstains."""
    identity = order_id(book, slot, "NOVA", 0, 1)
    opening = Book(
        name=book,
        cash=value * 0.6,
        positions={"ORBT": Position(quantity=value * 0.4 / 50.0, average_price=40.0)},
        marks={"NOVA": 100.0, "ORBT": 50.0},
        peak_value=value * 1.1,
        day_start_value=value * 0.99,
    )
    fill = Fill(
        order_id=identity, symbol="NOVA", side="buy", quantity=value * 0.15 / 100.0, price=101.0, cost=75.0,
        convention="next_open", bar_time="2023-03-16T13:30:00Z",
    )  # fmt: skip
    fields: dict[str, Any] = {
        "cycle_id": cycle_id_of(book, slot),
        "book": book,
        "slot": slot,
        "as_of": slot,
        "source": {"name": "simulated", "params": {"seed": 7, "frequency": "1d"}},
        "config": {"frequency": "1d"},
        "halt": HaltState(on=False),
        "opening": opening,
        "snapshot": a_snapshot(),
        "views": the_views(),
        "allocation": the_allocation(),
        "verdict": the_verdict(),
        "approval": Approval(required=False),
        "orders": (
            Order(order_id=identity, symbol="NOVA", side="buy", quantity=fill.quantity, reference_price=100.0),
            Order(
                order_id=order_id(book, slot, "ORBT", 0, 1), symbol="ORBT", side="sell", quantity=2000.0,
                reference_price=50.0,
            ),
        ),
        "fills": (fill,),
        "closing": opening.model_copy(
            update={
                "cash": opening.cash - fill.quantity * fill.price - fill.cost,
                "positions": {**opening.positions, "NOVA": Position(quantity=fill.quantity, average_price=101.0)},
                "cycles": 1,
                "locks": (Lock(rule="max_daily_loss", since=slot, until="2023-03-22T20:00:00Z", detail="loss 7 %"),),
            }
        ),
        "hashes": {"snapshot": "ab" * 32, "config": "cd" * 32, "code": "ef" * 32, "policies": {"quick-7": "12" * 32}},
    }  # fmt: skip
    return CycleRecord(**(fields | changes))


def the_views() -> tuple[View, ...]:
    """Two that speak, one that abstains."""
    return (
        View(agent="news", kind="analyst", horizon_bars=5, model="vader-3.3.2",
             opinions={"NOVA": opinion(0.6, 0.5, ("news:n1",))}, unknown={"ORBT": "no headline"}),
        abstain("macro", "analyst", "no macro release is fresh"),
        View(agent="momentum", kind="specialist", horizon_bars=21, model="rule:momentum-v1",
             opinions={"NOVA": opinion(0.8, 0.7, ("feature:mom_63",)), "ORBT": opinion(-0.4, 0.6)}),
    )  # fmt: skip


def the_allocation() -> Allocation:
    """Contributions that sum to the weights."""
    return Allocation(
        weights={"NOVA": 0.55, "ORBT": 0.30, "CASH": 0.15},
        contributions={
            "prior": {"NOVA": 0.475, "ORBT": 0.475, "CASH": 0.05},
            "context": {"NOVA": -0.05, "ORBT": -0.05, "CASH": 0.10},
            "news": {"NOVA": 0.025, "ORBT": -0.025, "CASH": 0.0},
            "momentum": {"NOVA": 0.10, "ORBT": -0.10, "CASH": 0.0},
        },
        fallback_chain=(
            Fallback(name="policy:quick-7", used=False, reason="the file is not readable"),
            Fallback(name="rule:blend-v1", used=True),
        ),
        policies=(
            PolicyUse(role="meta_controller", policy_id="quick-7", sha256="12" * 32,
                      trained_until="2024-01-01T00:00:00Z", in_sample=True),
        ),
    )  # fmt: skip


def the_verdict() -> Verdict:
    """NOVA is cut to the cap; what that frees goes to cash."""
    return Verdict(
        decision="reduced",
        weights={"NOVA": 0.15, "ORBT": 0.30, "CASH": 0.55},
        clamps=(Clamp(limit="max_name_weight", symbol="NOVA", before=0.55, after=0.15, detail="limit 0.15"),),
        measures={"drawdown": 0.09, "turnover": 0.25, "var_95": 0.012, "cvar_95": 0.018, "gross": 0.45},
    )


def a_snapshot() -> dict[str, Any]:
    """The facts that the views cite."""
    text = {"id": "n1", "symbol": "NOVA", "channel": "wire", "known_at": SLOT, "text": HOSTILE, "tone": 0.6}
    return {
        "content_hash": "ab" * 32,
        "lake": {"silver_bars": 1},
        "unavailable": {"posts": "no posts source is set"},
        "tradable": ["NOVA", "ORBT"],
        "asset_class": {"NOVA": "stock", "ORBT": "etf"},
        "prices": {"NOVA": 100.0, "ORBT": 50.0},
        "features": {"NOVA": {"mom_63": 0.2}, "ORBT": {"mom_63": -0.1}},
        "market": {"breadth": 0.5},
        "macro": {},
        "news": [text],
        "posts": [],
        "chains": [],
        "findings": [{"rule": "jump", "symbol": "ORBT", "detail": "moved 12 % in one bar"}],
    }


def journal(home: Path, *records: CycleRecord) -> None:
    """A home in which these cycles were run, each with its trace."""
    home.mkdir(parents=True, exist_ok=True)
    ledger, traces = Ledger(home / "desk.sqlite"), TraceStore(home / "traces.sqlite")
    for record in records:
        ledger.open_cycle(record.book, record.slot, record.cycle_id)
        ledger.commit_decision(record.cycle_id, "{}", record.orders)
        ledger.start_sending(record.cycle_id)
        ledger.note({fill.order_id: Answer("filled", (fill,)) for fill in record.fills})
        ledger.close_cycle(record.cycle_id, record.closing, record.fills, record_bytes(record))
        for run in runs(record.cycle_id):
            traces.add([run])
            if run.ended_at:
                traces.add([Ended(run.run_id, run.ended_at, run.error, run.summary)])
    ledger.close()
    traces.close()


def runs(cycle_id: str, until: str = "record") -> tuple[Run, ...]:
    """A trace of one run a node up to `until`, under one root; the last of them still runs unless it is `record`."""
    begun = datetime(2024, 1, 1, tzinfo=UTC)
    names = ("ingest", "news_analyst", "macro_analyst", "momentum_specialist", "meta_controller", "risk_check",
             "execution", "record")  # fmt: skip
    names = names[: names.index(until) + 1]
    said = {"news_analyst": "news: 1 opinions", "macro_analyst": "macro: no macro release is fresh"}

    def at(tenths: int) -> str:
        return (begun + timedelta(milliseconds=100 * tenths)).isoformat()

    ended = at(20) if until == "record" else ""
    root = Run(f"{cycle_id}-root", "", "t", cycle_id, "cycle", "chain", at(0), ended, "", "")
    nodes = tuple(
        Run(f"{cycle_id}-{n}", root.run_id, "t", cycle_id, n, "chain", at(i + 1),
            "" if n == until != "record" else at(i + 2), "", said.get(n, ""))
        for i, n in enumerate(names)
    )  # fmt: skip
    return (root, *nodes)
