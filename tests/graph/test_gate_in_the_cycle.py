"""The gate as a cycle opens it: on the book, what is open, and what the facts say of volumes and marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from app.gates import BookGates, SlotClock
from data.errors import OrderRefused
from data.market import AssetClass, Instrument
from graph.account import account_of
from graph.config import CycleConfig
from tests.agents.desk_snapshots import AS_OF, a_book, a_snapshot, with_age
from tools.execution.broker import OpenOrder
from tools.execution.executions import Intent
from tools.execution.orders import Order
from tools.risk.gate.limits import GateLimits
from tools.risk.kill_switch.halt import read_halt
from tools.risk.limits import RiskLimits


def an_order(name):
    return Order(order_id=name, symbol="KO", side="buy", quantity=10.0, reference_price=100.0)


def context(ours=(), theirs=()):
    ledger = SimpleNamespace(fills=lambda _cycle: (), open_orders=lambda _book: ours)
    broker = SimpleNamespace(open_orders=lambda: theirs)
    return SimpleNamespace(ledger=ledger, broker=broker, config=CycleConfig())


def test_the_account_is_the_book_with_everything_that_may_still_be_filled():
    ours = (Intent(an_order("sent"), "partial", filled=4.0), Intent(an_order("never left"), "intended"))
    theirs = (OpenOrder("sent", "KO", "buy", 10.0, 0.0), OpenOrder("by hand", "XOM", "sell", 3.0, 0.0))
    account = account_of(a_snapshot(), a_book(KO=7.0), context(ours, theirs), "c")
    assert (account.cash, account.positions) == (50_000.0, {"KO": 7.0})
    assert sorted((o.order_id, o.quantity - o.filled) for o in account.open_orders) == [("by hand", 3.0), ("sent", 6.0)]


def test_old_marks_are_stale_and_over_the_counter_volumes_are_unknown():
    snapshot = with_age(with_age(a_snapshot(), "KO", 4), "XOM", -1)
    account = account_of(snapshot, a_book(), context(), "c")
    assert account.stale == {"KO", "XOM"}
    assert set(account.volumes) == set(snapshot.symbols)
    pair = Instrument("KO", AssetClass.FOREX)
    panel = snapshot.panel
    instruments = tuple(pair if i.symbol == "KO" else i for i in panel.instruments)
    volume = np.full_like(panel.volume, np.nan)
    volume[-1] = 5.0
    changed = replace(panel, instruments=instruments, volume=volume)
    account = account_of(replace(snapshot, panel=changed), a_book(), context(), "c")
    assert account.volumes == {s: 5.0 for s in snapshot.symbols if s != "KO"}


def test_a_book_has_one_gate_in_a_process_whose_clock_is_its_slot_s(tmp_path):
    gates = BookGates(CycleConfig(limits=RiskLimits(restricted=("KO",))), tmp_path)
    assert gates.at("b", "2020-03-16T20:00:00Z") is gates.at("b", "2020-03-17T20:00:00Z")
    assert gates.at("b", "2020-03-17T20:00:00Z") is not gates.at("other", "2020-03-17T20:00:00Z")
    assert gates.at("b", "2020-03-17T20:00:00Z").limits.restricted == ("KO",)


def test_slots_are_as_far_apart_for_the_gate_as_they_were():
    clock = SlotClock(AS_OF)
    first = clock()
    clock.move_to(AS_OF + timedelta(days=1))
    assert 86_400.0 - 60.0 < clock() - first < 86_400.0 + 60.0


def test_a_runaway_pattern_throws_the_switch_of_its_home(tmp_path):
    config = CycleConfig(gate=GateLimits(max_repeats=1, duplicate_window_s=0.0))
    gate = BookGates(config, tmp_path).at("b", "2020-03-16T20:00:00Z")
    gate.open(account_of(a_snapshot(), a_book(KO=1.0), context(), "c"))
    gate.check(an_order("first").model_copy(update={"quantity": 0.1}))
    with pytest.raises(OrderRefused, match="repeated_execution"):
        gate.check(an_order("second").model_copy(update={"quantity": 0.1}))
    assert read_halt(tmp_path).on


@pytest.mark.parametrize(
    "limits",
    [RiskLimits(max_name_weight=0.6), RiskLimits(max_gross=2.0), RiskLimits(long_only=False)],
    ids=("name weight", "gross", "shorts"),
)
def test_risk_limits_beyond_the_gate_are_refused_before_a_cycle(limits):
    with pytest.raises(ValidationError, match="widen the gate first"):
        CycleConfig(limits=limits)
    CycleConfig(limits=limits, gate=GateLimits(max_name_weight=1.0, max_leverage=3.0, allow_short=True))
