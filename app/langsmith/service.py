"""LangSmith for one desk: past cycles become a data set, and are run again and judged, there or on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from agents.explainer.explain import explain
from app.langsmith.client import langsmith_errors, needed_client
from app.langsmith.evaluators import EVALUATORS
from app.langsmith.examples import DatasetReport, inputs_of, keep, outputs_of
from app.replaying import replay_parts
from data.errors import InputError, NotFound
from data.redaction import Redactor
from graph.replay import run_again

if TYPE_CHECKING:
    from app.desk import Desk
    from graph.record import CycleRecord


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of each cycle by evaluator (1 is best), with what is wrong where it is less, and the means."""

    where: str
    cycles: int
    means: dict[str, float]
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


Target = Callable[[dict[str, Any]], dict[str, Any]]


def target_of(desk: Desk) -> Target:
    """The cycle of an example, run again from its record with the present code, and asked the example's questions."""

    def target(inputs: dict[str, Any]) -> dict[str, Any]:
        record = desk.record(inputs["cycle_id"])
        with replay_parts(record, desk.stores) as context:
            payload = run_again(record, context)
        body = json.loads(payload)
        answers = {question: explain(body, question).text for question in inputs["questions"]}
        return {"record": body, "record_sha256": hashlib.sha256(payload).hexdigest(), "answers": answers}

    return target


class LangSmith:
    """What `bullpen langsmith` does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def dataset(self, name: str, book: str | None = None, start: str = "", end: str = "") -> DatasetReport:
        """Keep past cycles as examples of a data set; slots from `start` to `end` (ISO dates, both within)."""
        return keep(needed_client(Redactor()), name, self._records(book, start, end))

    def evaluate(
        self, name: str, local: bool = False, book: str | None = None, start: str = "", end: str = ""
    ) -> Evaluation:
        """Run the cycles of a data set again and judge them; with `local`, those of this home, without LangSmith."""
        if local:
            return self._here(self._records(book, start, end))
        if book or start or end:
            raise InputError("--book, --from and --to choose among local records", "add --local, or leave them out")
        from langsmith import evaluate

        client = needed_client(Redactor())
        with langsmith_errors():
            if not client.has_dataset(dataset_name=name):
                raise NotFound(
                    f"LangSmith has no data set {name!r}", f"make it with `bullpen langsmith dataset {name}`"
                )
            results = evaluate(
                target_of(self._desk),
                data=name,
                evaluators=list(EVALUATORS),
                experiment_prefix=f"bullpen-{name}",
                client=client,
                max_concurrency=0,
            )
            judged = [(_name(row), _scores(row)) for row in results]
            client.flush()
        return _summed(name, judged)

    def _here(self, records: Sequence[CycleRecord]) -> Evaluation:
        target = target_of(self._desk)
        judged: list[tuple[str, list[Mapping[str, Any]]]] = []
        for record in records:
            inputs, reference = inputs_of(record), outputs_of(record)
            outputs = target(inputs)
            judged.append((record.cycle_id, [judge(inputs, outputs, reference) for judge in EVALUATORS]))
        return _summed("this machine", judged)

    def _records(self, book: str | None, start: str, end: str) -> list[CycleRecord]:
        """Finished cycles by slot; the end of a day is in it."""
        found = [
            e
            for e in self._desk.entries(book)
            if e.status == "done" and e.slot >= start and (not end or e.slot[: len(end)] <= end)
        ]
        if not found:
            raise NotFound("no finished cycle is within that", "list them with `bullpen journal`")
        return [self._desk.record(entry.cycle_id) for entry in found]


def _name(row: Any) -> str:
    return str((row["example"].metadata or {}).get("cycle_id", row["example"].id))


def _scores(row: Any) -> list[Mapping[str, Any]]:
    """LangSmith's results of an example as our evaluators gave them; a fault of an evaluator itself scores 0."""
    return [
        {"key": r.key, "score": 0.0 if r.score is None else float(r.score), "comment": r.comment or ""}
        for r in row["evaluation_results"]["results"]
    ]


def _summed(where: str, judged: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> Evaluation:
    scores: dict[str, list[float]] = {}
    faults: list[str] = []
    for cycle_id, results in judged:
        for result in results:
            scores.setdefault(str(result["key"]), []).append(float(result["score"]))
            if result["score"] < 1.0:
                faults.append(f"{cycle_id} {result['key']} {result['score']:.3f}: {result['comment']}")
    return Evaluation(where, len(judged), {key: fmean(found) for key, found in sorted(scores.items())}, tuple(faults))
