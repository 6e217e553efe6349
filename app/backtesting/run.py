"""A backtest from request to report, and the lookahead check: what the desk's door calls."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.backtesting.cycle_run import BacktestDesk, run_cycles
from app.backtesting.kept import Comparison, Kept, folder_of, keep, refusals
from app.backtesting.leakage import TWIN, Leakage, cutoff_of, leakage_of
from app.backtesting.request import BacktestRequest
from app.backtesting.strategy_run import Progress, StrategyRun, run_baselines, run_strategy
from app.backtesting.window import Window, open_window
from data.clock import to_datetime
from data.errors import InputError
from data.history import History
from graph.record import CycleRecord
from tools.backtest.event.moments import moments
from tools.backtest.loading import load_strategy
from tools.backtest.lookahead import LookaheadReport, look_ahead
from tools.backtest.result import Result
from tools.backtest.shipped import SHIPPED

if TYPE_CHECKING:
    from app.runtime import Market
    from app.settings import Settings

CYCLE = "cycle"
"""The name under which the desk itself is backtested."""
UNTRADABLE = "same_close is for comparison: nobody trades at the very close that he decided on."
FREE = "The run is held by the risk limits, its baselines are not: where clamps fired, the two took different risks."
NO_TEXTS = "Strategies decide on prices and features; only the cycle reads news, posts and macro releases."


def backtest(
    settings: Settings, market: Market, request: BacktestRequest, out: Path | None, progress: Progress
) -> Kept:
    """Run, compare, keep. A run that was kept under the same name is replaced by the same run."""
    origin = {**market.source.params(), "source": market.source.name, "config": market.config.model_dump(mode="json")}
    folder = out or folder_of(settings.home, request, origin)
    if request.strategy != CYCLE and (settings.mask or request.knowledge_cutoff):
        raise InputError("only the cycle asks a chat model", "leave out --mask and --knowledge-cutoff")
    if request.strategy == CYCLE:
        compared = _cycle(settings, market, request, folder, progress)
    else:
        compared = _strategy(market, run_strategy(market, request, progress))
    return keep(folder, request, compared)


def lookahead(market: Market, name: str, start: str, end: str, cuts: int, progress: Progress) -> LookaheadReport:
    """Compare the full run of a strategy with `cuts` runs on data that ends earlier."""
    strategy = deepcopy(load_strategy(name, SHIPPED))
    window = open_window(market, start, end)
    times = window.history.panel.times
    rows = sorted({int(row) for row in np.linspace(window.first, times.size - 2, cuts + 1)[1:]})
    done = iter(range(1, len(rows) + 1))

    def known_at(row: int) -> History:
        shortened = market.builder.history(to_datetime(times[0]), to_datetime(times[row]))
        progress(next(done), len(rows))
        return shortened

    frequency = market.config.frequency
    return look_ahead(strategy, window.history, known_at, lambda h: moments(h, frequency)(h.panel.times.size - 1), rows)


def _strategy(market: Market, run: StrategyRun) -> Comparison:
    clamps = Counter(clamp.limit for verdict in run.verdicts for clamp in verdict.clamps)
    halted = sum(verdict.decision == "halted" for verdict in run.verdicts)
    notes = [NO_TEXTS] + ([FREE] if run.verdicts else []) + ([UNTRADABLE] if run.rules.fill == "same_close" else [])
    return Comparison(
        name=run.strategy,
        source=market.source.name,
        simulated=market.source.name == "simulated",
        result=run.result,
        baselines=run.baselines,
        at_costs=run.at_costs,
        rules=run.rules.model_dump(mode="json"),
        counts={
            **({"halted slots": halted} if run.verdicts else {}),
            **{f"clamps: {limit}": n for limit, n in sorted(clamps.items())},
            **refusals(run.result),
        },
        notes=tuple(notes),
    )


def _cycle(
    settings: Settings, market: Market, request: BacktestRequest, folder: Path, progress: Progress
) -> Comparison:
    """The desk over the window, in a home beside the run; what it does not do is refused."""
    if request.fill != "next_open" or request.costs != "default" or request.engine != "event" or not request.risk:
        raise InputError("the cycle trades by its own book's settings", "give them with --config, without --fill, "
                         "--costs, --engine or --no-risk")  # fmt: skip
    if not request.start:
        raise InputError("a backtest of the cycle needs its first date", "add --from; a slot takes about a second")
    cutoff = cutoff_of(request.knowledge_cutoff)
    if cutoff is not None and not market.config.llm:
        raise InputError("a knowledge cutoff is a chat model's, and none is named", "add --llm, or leave it out")
    if market.config.mask and not market.config.llm:
        raise InputError("names are hidden from a chat model, and none is named", "add --llm, or leave out --mask")
    window = open_window(market, request.start, request.end)
    desk = BacktestDesk(settings, folder.parent / f".{folder.name}.desk")
    result, records, leakage, twin = _beside_twin(desk, folder, window, cutoff, progress)
    sample = sorted({use.policy_id for r in records for use in r.allocation.policies if use.in_sample})
    chain: Counter[str] = Counter(f.name for r in records for f in r.allocation.fallback_chain if f.used)
    return Comparison(
        name="the cycle",
        source=market.source.name,
        simulated=market.source.name == "simulated",
        result=result,
        baselines=twin | run_baselines(market, request, window),
        at_costs={},
        rules={"fill": "next_open", "sizing": "decision", "initial_cash": market.config.initial_cash},
        counts={
            "halted slots": sum(r.verdict.decision == "halted" for r in records),
            "refused orders": sum(len(r.refusals) for r in records),
            **{f"allocated by {name}": n for name, n in sorted(chain.items())},
            **{
                f"clamps: {k}": n
                for k, n in sorted(Counter(c.limit for r in records for c in r.verdict.clamps).items())
            },
        },
        leakage=leakage.as_json() if leakage else {},
        notes=(
            FREE,
            *(leakage.notes() if leakage else ()),
            *(f"Policy {name} was trained on some of these dates: not a fair test of it." for name in sample),
        ),
    )


def _beside_twin(
    desk: BacktestDesk, folder: Path, window: Window, cutoff: date | None, progress: Progress
) -> tuple[Result, tuple[CycleRecord, ...], Leakage | None, dict[str, Result]]:
    """The desk over a window and, where it has a chat model, its twin without one over the same."""
    config = desk.market.config
    if not config.llm:
        return *run_cycles(desk, window.opens, window.closes, progress), None, {}
    result, records = run_cycles(desk, window.opens, window.closes, lambda n, total: progress(n, 2 * total))
    twin_desk = desk.without_llm(folder.parent / f".{folder.name}.twin")
    twin, _ = run_cycles(
        twin_desk, window.opens, window.closes, lambda n, total: progress(total + n, 2 * total)
    )  # fmt: skip
    leakage = leakage_of(config.llm, config.mask, cutoff, result, twin, records)
    return result, records, leakage, {TWIN: twin}
