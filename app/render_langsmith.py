"""What LangSmith was given, and how it judged, in words."""

from __future__ import annotations

from app.langsmith.examples import DatasetReport
from app.langsmith.service import Evaluation
from app.render import say


def dataset(report: DatasetReport) -> None:
    """How many examples a data set gained."""
    say(f"Data set {report.dataset}: {report.added} cycles added, {report.already_there} were there already.")


def evaluation(report: Evaluation) -> None:
    """The mean of each evaluator, and what was less than perfect."""
    say(f"{report.cycles} cycles run again ({report.where}).")
    for key, mean in report.means.items():
        say(f"  {key}: {mean:.3f}")
    for fault in report.faults:
        say(f"  {fault}")
