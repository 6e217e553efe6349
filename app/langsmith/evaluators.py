"""Evaluators of a cycle's outcome, as `langsmith.evaluate` calls them: (inputs, outputs, reference_outputs) -> a score.

Each is a pure function of JSON: no network, no model. `outputs` is what `app.langsmith.service.target_of` gives: the
whole `record` of the cycle run again, its `record_sha256`, and the written `answers` about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pydantic import ValidationError

from agents.explainer.checker import check
from agents.explainer.dossier import dossier
from agents.explainer.facts import Facts
from graph.record import CycleRecord, canonical, record_bytes
from graph.replay import differences

Json = Mapping[str, Any]


def schema_validity(inputs: Json, outputs: Json, reference_outputs: Json) -> dict[str, Any]:
    """1 where the outcome is a record whose bytes read back to themselves, else 0 with the first fault."""
    body = outputs.get("record")
    try:
        record = CycleRecord.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        return _score("schema_validity", 0.0, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    same = record_bytes(record) == canonical(body).encode()
    return _score("schema_validity", float(same), "" if same else "the record does not read back to itself")


def grounding(inputs: Json, outputs: Json, reference_outputs: Json) -> dict[str, Any]:
    """The share of answers in which the checker proves every number, date, symbol and direction."""
    answers: Mapping[str, str] = outputs.get("answers") or {}
    if not answers or not outputs.get("record"):
        return _score("grounding", 0.0, "there are no answers, or no record to prove them by")
    facts = Facts(dossier(outputs["record"]))
    faults = {question: unproven for question, text in answers.items() if (unproven := check(text, facts))}
    said = "; ".join(f"{question} {fault[0].claim}: {fault[0].why}" for question, fault in faults.items())
    return _score("grounding", 1.0 - len(faults) / len(answers), said)


def agreement_with_replay(inputs: Json, outputs: Json, reference_outputs: Json) -> dict[str, Any]:
    """1 where the cycle run again gives the bytes of the record; else 1 less half the weight that moved, below 1."""
    body = outputs.get("record")
    sha = hashlib.sha256(canonical(body).encode()).hexdigest() if body else ""
    if sha and sha == reference_outputs.get("record_sha256"):
        return _score("agreement_with_replay", 1.0, "")
    before, after = _weights(reference_outputs), _weights(body or {})
    moved = sum(abs(after.get(s, 0.0) - before.get(s, 0.0)) for s in {*before, *after}) / 2.0
    score = min(max(0.0, 1.0 - moved), 0.999)
    where = ", ".join(islice(_apart(reference_outputs, body or {}), 3))
    said = f"{moved:.4%} of the weight moved; other bytes, at {where or 'what the example does not hold'}"
    return _score("agreement_with_replay", score if after else 0.0, said)


EVALUATORS = (schema_validity, grounding, agreement_with_replay)


def _apart(reference: Json, body: Json) -> Iterator[str]:
    """The paths of the decision at which two outcomes part."""
    for part in ("allocation", "verdict", "approval", "orders", "hashes"):
        yield from differences(reference.get(part), body.get(part), part)


def _weights(outcome: Json) -> dict[str, float]:
    return dict((outcome.get("verdict") or {}).get("weights") or {})


def _score(key: str, score: float, comment: str) -> dict[str, Any]:
    return {"key": key, "score": score, "comment": comment}
