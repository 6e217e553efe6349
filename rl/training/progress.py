"""How far a run is: what the command line and the panel show while they wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rl.tracking.protocol import Tracker


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` of the whole run in [0, 1]; `eta_s` seconds left, NaN while unknown; `metrics` of the phase."""

    phase: str
    fraction: float
    eta_s: float
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


Report = Callable[[Progress], None]


@contextmanager
def tracked(tracker: Tracker, run: str, config: Mapping[str, Any], report: Report) -> Generator[Report]:
    """`report`, whose figures the tracker gets too: under their phase, at the samples or updates they came after."""
    tracker.start(run, config)

    def told(progress: Progress) -> None:
        report(progress)
        counts = [progress.metrics[name] for name in ("samples", "updates") if name in progress.metrics]
        if counts:
            phase = progress.phase.replace(",", "").replace(" ", "-")
            tracker.log(int(counts[0]), {f"{phase}/{name}": x for name, x in sorted(progress.metrics.items())})

    try:
        yield told
    finally:
        tracker.close()


class Stopwatch:
    """Turns the fractions of phases into one fraction and a time left. It never decides anything of the training."""

    def __init__(self, report: Report | None, phases: Mapping[str, float]) -> None:
        """`phases`: name -> expected share of the whole time, in order."""
        total = sum(phases.values())
        self._report, self._began = report, time.monotonic()
        self._share = {name: share / total for name, share in phases.items()}
        self._done = dict.fromkeys(phases, 0.0)

    def tell(self, phase: str, fraction: float, metrics: Mapping[str, float] | None = None) -> None:
        """Report that `fraction` of a phase is done; phases may run side by side."""
        if self._report is None:
            return
        self._done[phase] = max(self._done[phase], min(max(fraction, 0.0), 1.0))
        done = sum(self._share[name] * self._done[name] for name in self._share)
        spent = time.monotonic() - self._began
        left = spent * (1.0 - done) / done if done > 0.01 else float("nan")
        self._report(Progress(phase, done, left, metrics or {}))
