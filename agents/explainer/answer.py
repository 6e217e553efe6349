"""What a question gets: words, the kind of question that was understood, citations, and the waterfall of a weight."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Step(BaseModel):
    """One bar of a waterfall; `value` is a weight (a level) or a change of it, fraction of net asset value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    role: Literal["level", "change"]
    value: float
    citation: str


class Waterfall(BaseModel):
    """How a weight came about: prior -> context -> each contribution -> proposed -> each clamp -> final.

    The changes between two levels sum to their difference within 1e-9.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    steps: tuple[Step, ...] = Field(min_length=1)


class Answer(BaseModel):
    """A checked answer. `citations` are the record's fields that its figures were proven against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    kind: str
    citations: tuple[str, ...] = ()
    waterfall: Waterfall | None = None
    note: str = ""
    """Why the desk answers in its own words, where a model was to."""
