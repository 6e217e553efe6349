"""Past cycles as examples: what a cycle began with and was asked, and what it came to.

The id of an example is a function of the data set and the cycle, so that the same cycle is never added twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from agents.explainer.explain import explain
from app.langsmith.client import langsmith_errors
from data.redaction import Redactor
from graph.record import record_bytes

if TYPE_CHECKING:
    from langsmith import Client

    from graph.record import CycleRecord

QUESTIONS = ("what changed?", "which limits fired?", "who contributed most?", "what are the risk figures?")
"""Asked of each past cycle; the written answers are part of the example."""
_ABOUT = "Past cycles of a bullpen desk: the snapshot and questions in, the decision and the answers out."


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a data set has: how many examples were added now, and how many were there before."""

    dataset: str
    added: int
    already_there: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def example_id(dataset: str, cycle_id: str) -> UUID:
    """The id of a cycle's example."""
    return uuid5(NAMESPACE_URL, f"bullpen:example:{dataset}:{cycle_id}")


def inputs_of(record: CycleRecord) -> dict[str, Any]:
    """What the cycle began with: the snapshot by reference, the book's weights, and what is asked about it."""
    return {
        "cycle_id": record.cycle_id,
        "book": record.book,
        "slot": record.slot,
        "source": record.source,
        "snapshot": {key: record.snapshot[key] for key in ("content_hash", "lake", "unavailable")},
        "opening": record.opening.weights(),
        "questions": list(QUESTIONS),
    }


def outputs_of(record: CycleRecord) -> dict[str, Any]:
    """What the cycle came to, and the written answers."""
    body = record.model_dump(mode="json")
    return {
        "views": [{k: view[k] for k in ("agent", "kind", "reason")} for view in body["views"]],
        **{key: body[key] for key in ("allocation", "verdict", "approval", "orders", "hashes")},
        "record_sha256": hashlib.sha256(record_bytes(record)).hexdigest(),
        "answers": {question: explain(body, question).text for question in QUESTIONS},
    }


def keep(client: Client, dataset: str, records: Sequence[CycleRecord]) -> DatasetReport:
    """Add the cycles that the data set does not have yet; it is made where it is new. Raises SourceUnavailable."""
    redact = Redactor()
    with langsmith_errors():
        if client.has_dataset(dataset_name=dataset):
            found = client.read_dataset(dataset_name=dataset)
        else:
            found = client.create_dataset(dataset, description=_ABOUT)
        there = {example.id for example in client.list_examples(dataset_id=found.id)}
        new = [
            {
                "id": example_id(dataset, record.cycle_id),
                "inputs": redact(inputs_of(record)),
                "reference_outputs": redact(outputs_of(record)),
                "metadata": {"cycle_id": record.cycle_id, "book": record.book, "slot": record.slot},
            }
            for record in records
            if example_id(dataset, record.cycle_id) not in there
        ]
        if new:
            client.create_examples(dataset_id=found.id, examples=new)
    return DatasetReport(dataset, len(new), len(records) - len(new))
