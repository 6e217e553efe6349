"""The Allocation: target weights with cash, and what each source contributed to each of them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.market import CASH
from rl.meta.prior import DEFAULT
from tools.portfolio.prior import PriorName


class Fallback(BaseModel):
    """One link of the chain that was tried; the last one is the one that was used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """policy:<id> | rule:blend-v1 | prior:<name> | prior:equal_weight | hold | cash"""
    used: bool
    reason: str = ""
    """Why it was not used; of the one that was, what it had to do without."""


class PolicyUse(BaseModel):
    """Which trained policy spoke, and whether it had seen the date it was asked about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["symbol_agents", "meta_controller"]
    policy_id: str
    sha256: str
    trained_until: str
    in_sample: bool


class Allocation(BaseModel):
    """Weights are fractions of net asset value and sum to 1 with CASH.

    `contributions[source][symbol]`: sources are "prior", "context" (what the controller does with no view at all) and
    every agent that gave a view (exact Shapley values). For each symbol they sum to the weight within 1e-9.

    `context[group][symbol]` takes "context" apart: exact Shapley values of the feature groups that the controller reads
    and of the "book", with no view shown, and its "lean", what it does when it is shown nothing at all. They sum to it
    within 1e-9; left out of records where there is nothing to take apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: dict[str, float]
    contributions: dict[str, dict[str, float]]
    fallback_chain: tuple[Fallback, ...] = Field(min_length=1)
    policies: tuple[PolicyUse, ...] = ()
    prior: PriorName = Field(default=DEFAULT, exclude_if=lambda name: name == DEFAULT)
    """What is allocated before any view, by the policy's manifest; left out of records where it is the default."""

    context: dict[str, dict[str, float]] = Field(default_factory=dict, exclude_if=lambda parts: not parts)

    @model_validator(mode="after")
    def _sums(self) -> Allocation:
        if CASH not in self.weights:
            raise ValueError("weights must name CASH")
        if abs(sum(self.weights.values()) - 1.0) > 1e-9:
            raise ValueError(f"weights sum to {sum(self.weights.values())!r}, not 1")
        for symbol, weight in self.weights.items():
            parts = sum(c.get(symbol, 0.0) for c in self.contributions.values())
            if abs(parts - weight) > 1e-9:
                raise ValueError(f"contributions to {symbol} sum to {parts!r}, the weight is {weight!r}")
        for symbol, whole in self.contributions.get("context", {}).items() if self.context else ():
            parts = sum(group.get(symbol, 0.0) for group in self.context.values())
            if abs(parts - whole) > 1e-9:
                raise ValueError(f"parts of the context of {symbol} sum to {parts!r}, it is {whole!r}")
        return self
