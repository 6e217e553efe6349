"""The same limits give the same verdicts, clamp by clamp, in the event engine and at a desk that restarts each slot."""

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from agents.deadlines import Deadline
from data.clock import Slots, slot_text, to_datetime, to_datetime64
from data.features.spec import Features
from data.history import History
from data.market import CASH, AssetClass, Instrument
from data.outcomes import NextBar
from data.panel import Panel
from graph.config import CycleConfig
from graph.nodes.risk_check import judge
from graph.opening import LedgerOpener
from tools.backtest.event.engine import run_events
from tools.backtest.event.limits import RiskHook
from tools.backtest.event.moments import moments
from tools.backtest.rules import Rules
from tools.backtest.taping import tape_from_history
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.executor import execute
from tools.execution.ledger import Ledger
from tools.execution.settlement import close_book, new_book
from tools.execution.sizing import LOT, orders_for
from tools.market.terms import proportional_terms
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits

CLASSES = (AssetClass.STOCK,) * 4 + (AssetClass.ETF, AssetClass.CRYPTO)
SYMBOLS = tuple(f"S{k}" for k in range(len(CLASSES)))
SECTORS = ("tech", "tech", "energy", "energy", "", "")
COSTS_BPS = 5.0
SLOTS = Slots("XNYS")
TIMES = SLOTS.between(to_datetime(np.datetime64("2020-01-01")), to_datetime(np.datetime64("2020-04-01")))
BUSY = RiskLimits(
    max_name_weight=0.3, max_class_weight={AssetClass.CRYPTO: 0.1}, max_sector_weight={"tech": 0.35}, max_gross=0.6,
    max_turnover_per_cycle=0.4, max_volatility_annual=0.12, max_position_loss=0.04, max_trailing_loss=0.06,
    max_daily_loss=0.015, max_weekly_loss=0.02, max_drawdown=0.5, lock_bars=3, weekly_lock_bars=2, stop_lock_bars=4,
    restricted=("S3",), max_beta=1.2, max_stress_loss=0.15, min_history_bars=20,
)  # fmt: skip
LIMITS = {
    "busy": BUSY,
    "one great fall": RiskLimits(max_drawdown=0.03, min_history_bars=20),
    "least change": BUSY.model_copy(update={"projection": "least_change"}),
}


def history(seed=5):
    """A quarter of six symbols that fall and rise together, opens apart from closes."""
    rng = np.random.default_rng(seed)
    shape = (TIMES.size, len(SYMBOLS))
    moves = rng.normal(0.0, 0.014, (shape[0], 1)) + rng.normal(0.0, 0.012, shape)
    close = 100.0 * np.cumprod(1.0 + moves, axis=0)
    opens = np.vstack([close[:1], close[:-1] * (1.0 + rng.normal(0.0, 0.004, (shape[0] - 1, shape[1])))])
    instruments = tuple(Instrument(s, c, sector=g) for s, c, g in zip(SYMBOLS, CLASSES, SECTORS, strict=True))
    panel = Panel(
        instruments, TIMES, opens, np.maximum(opens, close), np.minimum(opens, close), close,
        np.full(shape, 1e6), np.zeros(shape, dtype=np.int64), np.zeros(shape[1], dtype=np.bool_),
    )  # fmt: skip
    ready = rng.random(shape) > 0.03
    features = Features((), np.zeros((*shape, 0)), (), np.zeros((shape[0], 0)))
    fill = np.vstack([opens[1:], np.full((1, shape[1]), np.nan)])
    return History("toy", panel, features, fill, ready, "toy", {})


def wanted(snapshot):
    """Weights that are far too sure of themselves, drawn anew for each slot."""
    row = np.random.default_rng(int(snapshot.as_of.timestamp())).dirichlet(np.full(len(SYMBOLS), 0.5))
    return dict(zip(SYMBOLS, row.tolist(), strict=True))


def in_the_engine(past, limits):
    """The verdicts of a backtest."""
    hook = RiskHook(limits, SLOTS.after)
    terms = proportional_terms(np.full(len(SYMBOLS), COSTS_BPS))._replace(lot=np.full(len(SYMBOLS), LOT))
    rules = Rules(fill="next_open", sizing="decision", min_notional=50.0)
    run_events(tape_from_history(past), SimpleNamespace(name="toy", decide=wanted), terms, rules,
               moments=moments(past), check=hook)  # fmt: skip
    return hook.verdicts


def at_the_desk(past, limits, home):
    """The verdicts of a paper desk whose files are closed and opened again for every slot."""
    config = CycleConfig(limits=limits)
    context, seen, verdicts = SimpleNamespace(config=config, deadline=Deadline()), moments(past), []
    ledger = Ledger(home / "desk.sqlite")
    ledger.create_book(new_book("b", 1e6))
    ledger.close()
    for t in range(TIMES.size):
        snapshot = seen(t)
        ledger, venue = Ledger(home / "desk.sqlite"), broker(home, past, t)
        slot = slot_text(snapshot.as_of)
        ledger.open_cycle("b", slot, f"cy-{t}")
        opening, _ = LedgerOpener(ledger, venue, config, SLOTS)("b", f"cy-{t}", snapshot)
        weights = wanted(snapshot)
        target = weights | {CASH: 1.0 - sum(weights.values())}
        verdict = judge(context, snapshot, opening, target, HaltState(on=False))
        orders = () if verdict.decision == "halted" else orders_for(verdict.weights, opening, slot)
        ledger.commit_decision(f"cy-{t}", verdict.model_dump_json(), orders)
        fills = execute(orders, ledger=ledger, broker=venue, cycle_id=f"cy-{t}", halted=lambda: False)
        ledger.close_cycle(f"cy-{t}", close_book(opening, fills), fills, slot.encode())
        ledger.close()
        venue.close()
        verdicts.append(verdict)
    return verdicts


def broker(home, past, t):
    def next_bar(symbol, after):
        row = int(np.searchsorted(TIMES, to_datetime64(after), side="left")) + 1
        if row > t + 1 or row >= TIMES.size:
            return None
        price = float(past.fill[row - 1, SYMBOLS.index(symbol)])
        return NextBar(price, to_datetime(TIMES[row - 1]) + timedelta(hours=17), "next_open")

    costs = proportional(dict.fromkeys(SYMBOLS, COSTS_BPS))
    return PaperBroker(RecordedGate(), home / "venue.sqlite", "b", next_bar, to_datetime(TIMES[t]), costs)


@pytest.mark.parametrize(("name", "tolerance"), [("busy", 1e-9), ("one great fall", 1e-9), ("least change", 1e-6)])
def test_the_engine_and_the_desk_clamp_alike(tmp_path, name, tolerance):
    past = history()
    ours, theirs = at_the_desk(past, LIMITS[name], tmp_path), in_the_engine(past, LIMITS[name])
    assert len(ours) == len(theirs) == TIMES.size
    for desk, engine in zip(ours, theirs, strict=True):
        assert (desk.decision, desk.reasons, desk.notes) == (engine.decision, engine.reasons, engine.notes)
        assert [(c.limit, c.symbol) for c in desk.clamps] == [(c.limit, c.symbol) for c in engine.clamps]
        for here, there in zip(desk.clamps, engine.clamps, strict=True):
            assert (here.before, here.after) == pytest.approx((there.before, there.after), abs=tolerance)
        assert desk.weights == pytest.approx(engine.weights, abs=tolerance)


def test_these_limits_fire_nearly_all_of_them():
    """So that the agreement above is one of something."""
    verdicts = in_the_engine(history(), BUSY)
    limits = {clamp.limit for verdict in verdicts for clamp in verdict.clamps}
    assert limits >= {
        "untradable", "restricted", "max_position_loss", "max_trailing_loss", "max_name_weight", "max_class_weight",
        "max_sector_weight", "max_gross", "max_turnover_per_cycle", "risk_unknown", "max_volatility_annual",
    }  # fmt: skip
    halts = " ".join(reason for verdict in verdicts for reason in verdict.reasons)
    assert "max_daily_loss" in halts
    assert "max_weekly_loss" in halts
