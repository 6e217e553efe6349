"""What a person answered becomes feedback on the cycle's root run, under the key `approval`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from app.langsmith.client import bounded, langsmith_errors, needed_client, open_client, project_name
from data.errors import SourceUnavailable
from data.redaction import Redactor

if TYPE_CHECKING:
    from app.trace_store import TraceStore
    from graph.record import Approval

KEY = "approval"
SCORES = {"accepted": 1.0, "edited": 0.5, "rejected": 0.0}
_log = logging.getLogger("bullpen.tracing")


def feedback(traces: TraceStore, cycle_id: str, approval: Approval) -> bool:
    """Tell LangSmith what was answered; whether there was something to tell, a key to tell it with, and time enough.

    The run is the cycle's last root, which went on from the answer; the same answer told twice is one feedback. It
    never fails a cycle.
    """
    roots = [run for run in traces.runs(cycle_id) if not run.parent_id]
    if approval.answer not in SCORES or not roots or open_client(Redactor()) is None:
        return False
    told: list[bool] = []

    def tell() -> None:
        try:
            _tell(UUID(roots[-1].run_id), cycle_id, approval)
        except SourceUnavailable as error:
            _log.warning("LangSmith did not take the feedback on %s: %s", cycle_id, error.message)
        else:
            told.append(True)

    return bounded(tell, "langsmith-feedback") and bool(told)


def _tell(run_id: UUID, cycle_id: str, approval: Approval) -> None:
    redact = Redactor()
    client = needed_client(redact)
    with langsmith_errors():
        project = client.read_project(project_name=project_name())
        client.create_feedback(
            run_id,
            KEY,
            score=SCORES[approval.answer],
            value=approval.answer,
            comment=redact.text(approval.note) or None,
            source_info={"by": redact.text(approval.by), "cycle_id": cycle_id},
            feedback_id=uuid5(NAMESPACE_URL, f"bullpen:{KEY}:{cycle_id}:{approval.answer}"),
            session_id=project.id,
            stop_after_attempt=2,
        )
