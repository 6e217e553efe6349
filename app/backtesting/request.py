"""What is asked of a backtest, in words that a person types, and what those words mean."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from data.errors import InputError
from data.market import Instrument
from tools.backtest.conditions import Conditions
from tools.backtest.rules import Rules, SimulatedFill
from tools.market.costs import CostModel
from tools.market.listed import listed_costs, listed_schedule
from tools.market.schedule import LiquiditySchedule
from tools.market.terms import CostTerms, free_terms, proportional_terms, terms_of

EngineName = Literal["event", "vectorised"]
MOST_BPS = 500.0
"""The dearest cost of a side that is taken for meant (basis points)."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """`start` and `end` are dates or ISO times; "" is the first slot with every feature, and the last one."""

    strategy: str
    start: str = ""
    end: str = ""
    fill: str = "next_open"
    costs: str = "default"
    """default | size | listed | none | a number of basis points a side."""
    engine: str = "event"
    cash: float = 1_000_000.0
    risk: bool = True
    """Whether the desk's risk check and last gate stand between decisions and orders."""
    conditions: Conditions = field(default_factory=Conditions)
    """Corporate actions, currencies, interest, borrow and funding; see app.backtesting.conditions_file."""
    knowledge_cutoff: str = ""
    """ISO date of the last day that the chat model may have read of; see app.backtesting.leakage."""

    def as_json(self) -> dict[str, Any]:
        """Everything asked, in plain JSON."""
        return json.loads(json.dumps(asdict(self), default=str))

    def rules(self, min_notional: float) -> Rules:
        """The rules of the run; InputError for a fill that does not exist."""
        if self.fill not in get_args(SimulatedFill):
            raise InputError(f"there is no fill {self.fill!r}", f"use {', '.join(get_args(SimulatedFill))}")
        if not 0.0 < self.cash <= 1e15:
            raise InputError(f"a run cannot begin with {self.cash} in cash", "give a positive amount")
        return Rules.model_validate({"fill": self.fill, "initial_cash": self.cash, "min_notional": min_notional})

    def terms(self, instruments: tuple[Instrument, ...], model: CostModel) -> CostTerms:
        """What trading costs: by asset class, the same and the impact of size, list prices, nothing, or a rate."""
        match self.costs:
            case "default":
                return terms_of(instruments, model)
            case "size":
                return terms_of(instruments, model, LiquiditySchedule())
            case "listed":
                return terms_of(instruments, listed_costs(model), listed_schedule())
            case "none":
                return free_terms(len(instruments))
            case number:
                return proportional_terms(np.full(len(instruments), _bps(number)))

    def engine_name(self) -> EngineName:
        """InputError for an engine that does not exist, or one that cannot do what is asked."""
        if self.engine == "event":
            return "event"
        if self.engine != "vectorised":
            raise InputError(f"there is no engine {self.engine!r}", "use event or vectorised")
        if self.risk:
            raise InputError("the vectorised engine has no risk check", "add --no-risk, or use the event engine")
        return "vectorised"


def _bps(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate <= MOST_BPS:
        raise InputError(
            f"costs {text!r} are neither a name nor 0 to {MOST_BPS:g} bps",
            "use default, size, listed, none or a number",
        )
    return rate
