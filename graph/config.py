"""The settings of a cycle: everything that, beside data and policies, decides what it does.

A `CycleConfig` stands whole in the record, so that replay needs nothing else; it holds no path and no secret.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agents.budget import Budget
from data.errors import InputError
from graph.asking import AskWhen
from graph.without import Switches, normal, switches
from tools.market.costs import CostModel
from tools.market.schedule import LiquiditySchedule
from tools.risk.gate.limits import GateLimits
from tools.risk.limits import RiskLimits

ApprovalPolicy = Literal["never", "always", "when_large", "by_rule"]
Venue = Literal["paper", "alpaca", "interactive_brokers", "crypto"]

NODE_DEADLINE_S = 60.0
"""Of an agent's node, unless the book says otherwise."""


class CycleConfig(BaseModel):
    """How one book is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frequency: str = "1d"
    calendar: str = "XNYS"
    """exchange-calendars name: its sessions are the book's slots."""
    universe: tuple[str, ...] = ()
    """Symbols traded; empty means all the source carries."""
    initial_cash: float = Field(default=1_000_000.0, gt=0.0, allow_inf_nan=False)
    """Account currency."""
    cash_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """Cash of the prior, fraction of net asset value."""
    min_order_notional: float = Field(default=50.0, ge=0.0)
    """Smaller orders are not sent (account currency)."""
    approval: ApprovalPolicy = "when_large"
    """`when_large`: where the risk check's approval_turnover is passed; `by_rule`: there, and where `ask_when` says."""
    ask_when: AskWhen = Field(default_factory=AskWhen, exclude_if=lambda rules: rules == AskWhen())
    """Left out of records where it says nothing."""
    llm: str = ""
    """init_chat_model string; empty means no chat model."""
    budget: Budget = Field(default_factory=Budget, exclude_if=lambda budget: budget == Budget())
    """What the chat model may use up; left out of records where it is the default."""
    node_deadline_s: float = Field(
        default=NODE_DEADLINE_S, gt=0.0, le=3600.0, exclude_if=lambda seconds: seconds == NODE_DEADLINE_S
    )
    """Wall time of each node that computes: then an agent abstains, the meta-controller holds, the risk check halts;
    left out of records where it is the default."""
    mask: bool = Field(default=False, exclude_if=lambda masked: not masked)
    """Whether names and dates are hidden from the chat model (docs/leakage.md); left out of records where not."""
    names: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude_if=lambda names: not names)
    """Symbol -> what it is called in texts, to be hidden beside the names that are known already."""
    limits: RiskLimits = Field(default_factory=RiskLimits)
    """What weights may be."""
    gate: GateLimits = Field(default_factory=GateLimits)
    """What orders may be, where they leave."""
    costs: CostModel = Field(default_factory=CostModel)
    venue: Venue = "paper"
    """Where orders go. A real venue's own paper account, or its sandbox, unless `live`."""
    live: bool = False
    """The first of two switches for real money; the second names the account and is no part of a record."""
    exchange: str = "binance"
    """CCXT's id of the crypto exchange."""
    markets: dict[str, str] = Field(default_factory=dict)
    """Our symbol -> CCXT's market at that exchange, such as BTC-USD: BTC/USDT."""
    liquidity: LiquiditySchedule | None = None
    """Impact, participation and lots of the paper broker; None: every order is filled whole, whatever its size."""

    without: tuple[str, ...] = Field(default=(), exclude_if=lambda off: not off)
    """What is switched off: agents, "features:<group>", "clamp:<limit>", or "prior=<name>" for another prior
    (graph.without); left out of records where nothing is."""

    @property
    def switches(self) -> Switches:
        """`without`, sorted by what it switches."""
        return switches(self.without)

    @field_validator("without")
    @classmethod
    def _without_is_known(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return normal(named)
        except InputError as error:
            raise ValueError(f"{error.message} ({error.remedy})") from error

    @model_validator(mode="after")
    def _gate_is_the_outer_fence(self) -> Self:
        """A gate inside the risk limits would refuse what the risk check has allowed, cycle after cycle."""
        limits, gate = self.limits, self.gate
        for inside, outside, names in (
            (limits.max_name_weight, gate.max_name_weight, ("limits.max_name_weight", "gate.max_name_weight")),
            (limits.max_gross, gate.max_leverage, ("limits.max_gross", "gate.max_leverage")),
            (not limits.long_only, gate.allow_short, ("not limits.long_only", "gate.allow_short")),
        ):
            if inside > outside:
                raise ValueError(f"{names[0]} ({inside}) passes {names[1]} ({outside}): widen the gate first")
        return self

    @model_validator(mode="after")
    def _prices_are_known(self) -> Self:
        """A limit in money that nobody can count against is none."""
        if self.llm and self.budget.counts_money and self.llm not in self.budget.prices:
            raise ValueError(
                f"the budget counts money: add the price of {self.llm} to budget.prices (input and output)"
            )
        return self
