"""The strict form of a chat model's answer, and how far it may move an opinion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.analysts.documents import Document
from agents.view import Confidence, Opinion, Score, opinion
from data.errors import BadAnswer

LONGEST_ANSWER = 100_000
"""Characters; a longer answer is refused unread."""
MAX_SHIFT = 0.25
"""Most by which an answer moves score x confidence of a symbol away from the local rule's (0 where that is silent)."""


class ReadOpinion(BaseModel):
    """What the model says of one symbol, and the ids of the documents it relies on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    symbol: str
    score: Score
    confidence: Confidence
    evidence: list[str] = Field(min_length=1, max_length=5)


class Reading(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    opinions: list[ReadOpinion]


def schema_of(symbols: Sequence[str], documents: Sequence[Document]) -> dict[str, Any]:
    """The JSON schema of a Reading in which only known symbols and shown documents can be named."""
    one = {
        "type": "object",
        "additionalProperties": False,
        "required": ["symbol", "score", "confidence", "evidence"],
        "properties": {
            "symbol": {"type": "string", "enum": list(symbols)},
            "score": {"type": "number", "minimum": -1, "maximum": 1},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "evidence": {
                "type": "array",
                "minItems": 1,
                "maxItems": 5,
                "items": {"type": "string", "enum": sorted({d.reference for d in documents})},
            },
        },
    }
    return {
        "title": "reading",
        "description": "One opinion for each symbol the documents are about.",
        "type": "object",
        "additionalProperties": False,
        "required": ["opinions"],
        "properties": {"opinions": {"type": "array", "items": one}},
    }


def parse(text: str, symbols: Sequence[str], documents: Sequence[Document]) -> dict[str, ReadOpinion]:
    """Opinions by symbol, or BadAnswer whose message says what was wrong without quoting the answer.

    Refused: anything but one JSON object, duplicate keys, NaN and numbers that overflow, extra or missing fields,
    values out of bounds, unknown or repeated symbols, and evidence that was not shown or is about another symbol.
    """
    if len(text) > LONGEST_ANSWER:
        raise BadAnswer("the answer is too long")
    try:
        loaded = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        reading = Reading.model_validate(loaded)
    except BadAnswer:
        raise
    except ValidationError as error:
        raise BadAnswer(f"the answer breaks the schema: {_summary(error)}") from None
    except (ValueError, RecursionError):
        raise BadAnswer("the answer is not one JSON object") from None
    about = {d.reference: d.symbol for d in documents}
    out: dict[str, ReadOpinion] = {}
    for said in reading.opinions:
        if said.symbol not in symbols:
            raise BadAnswer("the answer names an unknown symbol")
        if said.symbol in out:
            raise BadAnswer("the answer names a symbol twice")
        if any(about.get(ref) not in (said.symbol, "") for ref in said.evidence):
            raise BadAnswer("the answer cites a document that is not about the symbol")
        out[said.symbol] = said
    return out


def bounded(read: ReadOpinion, local: Opinion | None) -> Opinion:
    """The model's opinion, with score x confidence at most MAX_SHIFT away from the local one's."""
    anchor = local.score * local.confidence if local else 0.0
    wanted = read.score * read.confidence
    impact = min(max(wanted, anchor - MAX_SHIFT), anchor + MAX_SHIFT)
    if impact == wanted:
        return opinion(read.score, read.confidence, tuple(read.evidence))
    confidence = max(read.confidence, abs(impact))
    return opinion(impact / confidence if confidence else 0.0, confidence, tuple(read.evidence))


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise BadAnswer("the answer has a key twice")
    return dict(pairs)


def _no_constant(_: str) -> Any:
    raise BadAnswer("the answer holds a number that is not finite")


def _summary(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = [str(part) for part in first["loc"] if part in {*ReadOpinion.model_fields, *Reading.model_fields}]
    return f"{first['type']} at {'.'.join(known) or 'the top'}"
