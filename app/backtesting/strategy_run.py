"""A strategy over the past: history in, decisions through risk check and gate, an account and its report out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.backtesting.request import BacktestRequest
from app.backtesting.window import Window, open_window
from data.clock import to_datetime
from data.market import FloatArray
from data.snapshot import Snapshot
from tools.backtest.event.decisions import Check, Moment, row_of
from tools.backtest.event.engine import run_events
from tools.backtest.event.gating import AccountGate
from tools.backtest.event.limits import RiskHook
from tools.backtest.event.moments import Moments, moments
from tools.backtest.indicators import with_indicators
from tools.backtest.loading import load_strategy
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.shipped import SHIPPED
from tools.backtest.strategy import Strategy
from tools.backtest.tape import Tape
from tools.backtest.vectorised.weights import run_weights
from tools.market.terms import CostTerms
from tools.risk.verdict import Verdict

if TYPE_CHECKING:
    from app.runtime import Market

BASELINES = ("buy_and_hold", "equal_weight")
"""What a run is shown beside, at the same costs."""
MULTIPLES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Of its costs, at which the decisions of a run are traded again."""
_CHARGES = ("rate_bps", "spread_vol", "spread_volume", "per_unit", "minimum", "impact", "kyle")

Progress = Callable[[int, int], None]
"""(slots done, slots in all)."""


@dataclass(frozen=True, slots=True)
class StrategyRun:
    """A run with what it is compared to."""

    strategy: str
    window: Window
    rules: Rules
    result: Result
    verdicts: tuple[Verdict, ...]
    """The risk check's, slot by slot; empty without it."""
    baselines: dict[str, Result]
    at_costs: dict[str, Result]
    """Multiple of the costs -> the same decisions traded at them."""


def run_strategy(market: Market, request: BacktestRequest, progress: Progress) -> StrategyRun:
    """Run what `request` asks for. Every refusal (a wrong name, date, cost or bar) comes before the first slot."""
    engine, rules = request.engine_name(), request.rules(market.config.min_order_notional)
    strategy = deepcopy(load_strategy(request.strategy, SHIPPED))
    window = open_window(market, request.start, request.end)
    history = with_indicators(window.history, strategy)
    tape = window.tape(history, request.conditions)
    terms = request.terms(tape.instruments, market.config.costs)
    decisions = Decisions(strategy, moments(history, market.config.frequency), tape, window.first)
    verdicts: tuple[Verdict, ...] = ()
    if engine == "event":
        hook = RiskHook(market.config.limits, market.slots.after) if request.risk else None
        gate = AccountGate(market.config.gate, tape, terms) if request.risk else None
        kept = _Kept(tape, hook)
        result = run_events(
            tape, decisions.decide, terms, rules, moments=decisions.seen, check=kept, gate=gate, progress=progress
        )
        rows, verdicts = kept.rows, () if hook is None else tuple(hook.verdicts[window.first :])
    else:
        rows = decisions.rows(progress)
        result = run_weights(tape, rows, terms, rules)
    return StrategyRun(
        strategy=strategy.name,
        window=window,
        rules=rules,
        result=window.of(result),
        verdicts=verdicts,
        baselines=_baselines(decisions.seen, tape, window, terms, rules, but=strategy.name),
        at_costs={f"{m:g} x": window.of(run_weights(tape, rows, _times(terms, m), rules)) for m in MULTIPLES},
    )


def run_baselines(market: Market, request: BacktestRequest, window: Window) -> dict[str, Result]:
    """The baselines over a window, by name."""
    tape = window.tape(window.history, request.conditions)
    terms, rules = request.terms(tape.instruments, market.config.costs), request.rules(market.config.min_order_notional)
    rules = rules.model_copy(update={"initial_cash": market.config.initial_cash})
    return _baselines(moments(window.history, market.config.frequency), tape, window, terms, rules)


def _baselines(
    seen: Moments, tape: Tape, window: Window, terms: CostTerms, rules: Rules, but: str = ""
) -> dict[str, Result]:
    def run(name: str) -> Result:
        rows = Decisions(SHIPPED[name], seen, tape, window.first).rows()
        return window.of(run_weights(tape, rows, terms, rules))

    return {name: run(name) for name in BASELINES if name != but}


class Decisions:
    """What a strategy wants, from the first slot of a window on; nothing before.

    The run begins with what the strategy had decided last of each symbol: one that speaks once a month, or once, is not
    silent until it speaks again.
    """

    def __init__(self, strategy: Strategy, seen: Moments, tape: Tape, first: int) -> None:
        self.seen = seen
        self._strategy, self._tape, self._first = strategy, tape, first
        self._opens = to_datetime(tape.times[first])

    def decide(self, snapshot: Snapshot) -> Mapping[str, float]:
        """As `Strategy.decide`."""
        if snapshot.as_of < self._opens:
            return {}
        decided = self._strategy.decide(snapshot)
        return self._standing() | dict(decided) if snapshot.as_of == self._opens else decided

    def rows(self, progress: Progress | None = None) -> FloatArray:
        """Every decision, (T, S)."""
        rows = np.full(self._tape.close.shape, np.nan)
        for t in range(self._first, self._tape.times.size):
            rows[t] = row_of(self.decide(self.seen(t)), self._tape.symbols)
            if progress is not None:
                progress(t + 1 - self._first, self._tape.times.size - self._first)
        return rows

    def _standing(self) -> dict[str, float]:
        """The last weight decided of each symbol before the window."""
        standing: dict[str, float] = {}
        for t in range(self._first):
            standing |= self._strategy.decide(self.seen(t))
        return standing


class _Kept:
    """The check between a decision and its orders, keeping every row that was allowed."""

    def __init__(self, tape: Tape, check: Check | None) -> None:
        self._check = check
        self._symbols = tape.symbols
        self.rows = np.full(tape.close.shape, np.nan)

    def __call__(self, weights: Mapping[str, float], moment: Moment) -> Mapping[str, float]:
        allowed = weights if self._check is None else self._check(weights, moment)
        self.rows[moment.slot] = row_of(allowed, self._symbols)
        return allowed


def _times(terms: CostTerms, multiple: float) -> CostTerms:
    return terms._replace(**{name: getattr(terms, name) * multiple for name in _CHARGES})
