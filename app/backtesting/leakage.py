"""What a chat model added to a backtest, and how much of that can be believed.

A model has read about the past. Whatever it says of a day before its knowledge ends may be memory, so nothing of that
part counts as skill. Beside each run stands its twin: the same slots, seed and costs, with no chat model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from data.clock import to_datetime
from data.errors import InputError
from graph.record import CycleRecord
from tools.backtest.metrics import summary
from tools.backtest.paired import Difference, paired, part
from tools.backtest.result import Result

TWIN = "llm_off"
"""The name of the twin among the runs a backtest is shown beside."""
FEWEST = 3
"""Slots below which a part has no figures."""
SHOWN = ("total_return", "annual_return", "sharpe", "sharpe_error", "turnover_annual", "max_drawdown", "costs")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a run: its decisions, those in which the model spoke or could not, and both runs' figures."""

    name: str
    """whole | before | after: of the day on which the model's knowledge ends."""
    cycles: int
    spoke: int
    """Cycles in which the model formed at least one view."""
    fell_back: int
    """Cycles in which at least one analyst had to go without it."""
    run: dict[str, float]
    twin: dict[str, float]
    difference: Difference | None
    claim: str
    """All that may be said of the model's skill in it."""

    def as_json(self) -> dict[str, Any]:
        """The part as plain JSON."""
        return {
            "cycles": self.cycles, "cycles_llm_spoke": self.spoke, "cycles_llm_fell_back": self.fell_back,
            "run": self.run, TWIN: self.twin, "claim": self.claim,
            "difference": self.difference.as_json() if self.difference else {},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leakage:
    """The controls of a run with a chat model, and what it looks like under them."""

    model: str
    masked: bool
    cutoff: str
    """ISO date on which the model's knowledge ends, or ""."""
    parts: tuple[Part, ...]

    def as_json(self) -> dict[str, Any]:
        """The section `leakage` of a summary."""
        parts = {p.name: p.as_json() for p in self.parts}
        return {"model": self.model, "masked": self.masked, "knowledge_cutoff": self.cutoff, "parts": parts}

    def notes(self) -> tuple[str, ...]:
        """What a reader must know first."""
        hidden = "Names and dates were hidden from" if self.masked else "Names and dates were shown to"
        told = [f"{hidden} {self.model}; it may know the past by its numbers alone."]
        return (*told, *(f"{p.name} ({p.cycles} cycles): {p.claim}" for p in self.parts))


def cutoff_of(text: str) -> date | None:
    """The day that `--knowledge-cutoff` names; None for "". InputError for anything but an ISO date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a date", "write the last day the model has read of, like 2024-06-01"
        ) from error


def leakage_of(
    model: str, masked: bool, cutoff: date | None, run: Result, twin: Result, records: Sequence[CycleRecord]
) -> Leakage:
    """The whole run beside its twin and, where the cutoff is known, the stretches before and after it.

    A decision belongs to the day of its slot; what it earned lies between that slot and the next.
    """
    parts = [_part("whole", run, twin, records, _whole_claim(cutoff))]
    if cutoff is not None:
        known = sum(to_datetime(t).date() <= cutoff for t in run.times)
        last = len(run.times) - 1
        parts.append(_part("before", *_cut(run, twin, records, 0, min(known, last)), _claim_before))
        parts.append(_part("after", *_cut(run, twin, records, min(known, last), last), _claim_after))
    return Leakage(model, masked, cutoff.isoformat() if cutoff else "", tuple(parts))


def _cut(
    run: Result, twin: Result, records: Sequence[CycleRecord], first: int, last: int
) -> tuple[Result, Result, Sequence[CycleRecord]]:
    return part(run, first, last), part(twin, first, last), records[first:last]


def _part(
    name: str, run: Result, twin: Result, records: Sequence[CycleRecord], claim: Callable[[Difference | None], str]
) -> Part:
    enough = run.times.size >= FEWEST
    difference = paired(run, twin) if enough else None
    flags = [[flag for view in record.views for flag in view.flags] for record in records]
    return Part(
        name=name,
        cycles=len(records),
        spoke=sum("llm" in said for said in flags),
        fell_back=sum(any(f.startswith("llm_fallback") for f in said) for said in flags),
        run=_short(run) if enough else {},
        twin=_short(twin) if enough else {},
        difference=difference,
        claim=claim(difference),
    )


def _whole_claim(cutoff: date | None) -> Callable[[Difference | None], str]:
    if cutoff is None:
        return lambda _: "no claim: it is not known where the model's knowledge ends (--knowledge-cutoff)."
    return lambda _: "no claim: it holds days that the model may have read of."


def _claim_before(_: Difference | None) -> str:
    return "no claim: the model may have read what followed."


def _claim_after(difference: Difference | None) -> str:
    if difference is None or difference.mean_low != difference.mean_low:
        return "no claim: too few slots for an interval."
    told = (
        f"the run less its twin is {difference.mean_annual:+.2%} a year, "
        f"95 % interval {difference.mean_low:+.2%} to {difference.mean_high:+.2%}"
    )
    return f"{told}; it {'leaves 0 out' if difference.settled else 'holds 0: no difference is shown'}."


def _short(result: Result) -> dict[str, float]:
    figures = summary(result)
    return {name: figures[name] for name in SHOWN if name in figures}
