"""A View: one agent's opinion on each symbol, or an abstention with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

AgentKind = Literal["analyst", "specialist", "policy"]
Score = Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False)]
Confidence = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class Opinion(BaseModel):
    """Score in [-1, 1] (sell to buy), confidence in [0, 1], and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: Score
    confidence: Confidence
    evidence: tuple[str, ...] = ()
    """References into the snapshot: "feature:mom_63", "news:<id>", "macro:CPI"."""


class View(BaseModel):
    """One agent's opinions. `abstained` with a reason is not neutral: such a view has no opinions at all.

    A symbol that is absent from `opinions` stands in `unknown` with its reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str
    kind: AgentKind
    horizon_bars: int = Field(ge=1)
    opinions: dict[str, Opinion] = Field(default_factory=dict)
    unknown: dict[str, str] = Field(default_factory=dict)
    abstained: bool = False
    reason: str = ""
    flags: tuple[str, ...] = ()
    """"in_sample" (the policy saw these dates), "llm", "llm_fallback: ...", "generic_head", "numpy"."""
    model: str = ""
    """What formed the opinion: "vader-3.3.2", "openai:gpt-x", "policy:<id>", "rule:momentum-v1"."""

    @model_validator(mode="after")
    def _abstention_is_whole(self) -> View:
        if self.abstained and (self.opinions or not self.reason):
            raise ValueError("an abstention has a reason and no opinions")
        if not self.abstained and not self.opinions:
            raise ValueError("a view without opinions must abstain")
        return self


def abstain(agent: str, kind: AgentKind, reason: str, horizon_bars: int = 21) -> View:
    """An abstention: recorded, never counted as neutral."""
    return View(agent=agent, kind=kind, horizon_bars=horizon_bars, abstained=True, reason=reason)


def opinion(score: float, confidence: float, evidence: tuple[str, ...] = ()) -> Opinion:
    """An Opinion with score and confidence rounded to 1e-6, so that the last bits of a BLAS never reach a record."""
    return Opinion(score=round(float(score), 6), confidence=round(float(confidence), 6), evidence=evidence)


def by_agent(views: tuple[View, ...]) -> Mapping[str, View]:
    """Views keyed by agent name."""
    return {v.agent: v for v in views}
