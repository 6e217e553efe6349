"""The desk's question to a person and the answer, in the schema of agent-inbox: HumanInterrupt and HumanResponse.

A response is a mapping `{"type": ..., "args": ...}`, or a list of one; `by` and `note` may stand beside, and
`proposal`: the request's own, so that nobody answers another proposal than the one they saw. The types:

    accept    the proposal is executed
    edit      args {"weights": {symbol: weight, ..., "CASH": weight}}: other weights, through the risk check again
    respond   args "words" (or {"comment": "words"}): kept with the proposal, which goes on waiting
    ignore    the proposal is rejected
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.errors import InputError
from data.market import CASH
from graph.record import Approval, digest
from tools.risk.verdict import Verdict

ACTION = "approve_allocation"
TYPES = ("accept", "edit", "respond", "ignore")
LONGEST_NOTE = 2000
"""Characters of a note or comment."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Words beside a proposal that go on waiting for an answer."""

    text: str


def request_of(
    cycle_id: str, verdict: Verdict, expires_minutes: float | None, comments: Sequence[str] = ()
) -> dict[str, Any]:
    """The HumanInterrupt of a proposal; `description` is markdown."""
    lines = ["The desk asks before it trades.", *(f"* {reason}" for reason in verdict.reasons)]
    lines += [f"> {comment}" for comment in comments]
    proposal = digest([cycle_id, verdict.model_dump(mode="json")])[:16]
    args: dict[str, Any] = {"cycle_id": cycle_id, "proposal": proposal, "weights": verdict.weights}
    if expires_minutes is not None:
        args["expires_minutes"] = expires_minutes
    return {
        "action_request": {"action": ACTION, "args": args},
        "config": {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True},
        "description": "\n".join(lines),
    }


def refuse_another(response: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    """InputError where an answer names another proposal than the one that is asked about."""
    seen, asked = response.get("proposal"), request["action_request"]["args"].get("proposal")
    if seen and asked and seen != asked:
        raise InputError("the proposal is another one by now: its cycle was begun anew", "see `bullpen approvals`")


def read_response(response: Any, proposed: Mapping[str, float]) -> Approval | Comment:
    """What a person said about the weights `proposed`; InputError where it cannot be taken, and nothing is."""
    answer = response[0] if isinstance(response, list) and len(response) == 1 else response
    if not isinstance(answer, Mapping):
        raise InputError(f"an approval must be a mapping, not {type(answer).__name__}", "send {'type': 'accept'}")
    by, note = _words(answer.get("by", "")), _words(answer.get("note", ""))
    match answer.get("type"):
        case "accept":
            return Approval(required=True, answer="accepted", by=by, note=note)
        case "ignore":
            return Approval(required=True, answer="rejected", by=by, note=note)
        case "edit":
            weights = edited(answer.get("args"), proposed)
            return Approval(required=True, answer="edited", by=by, note=note, weights=weights)
        case "respond":
            return Comment(f"{by or 'someone'}: {_comment(answer.get('args'), note)}")
        case other:
            raise InputError(f"unknown answer {other!r}", f"answer with {', '.join(TYPES)}")


def edited(args: Any, proposed: Mapping[str, float]) -> dict[str, float]:
    """The weights of an edit, sorted by symbol. Numbers written as text are read, for agent-inbox sends them so.

    InputError where one is not finite, a symbol is not part of the proposal, CASH is missing, or the sum is not 1.
    """
    weights = _unpacked(args)
    if not isinstance(weights, Mapping) or CASH not in weights:
        raise InputError(
            "an edit must name all weights, CASH among them", "send {'type': 'edit', 'args': {'weights': ...}}"
        )
    strangers = sorted(str(s) for s in weights if s not in proposed and s != CASH)
    if strangers:
        raise InputError(f"not part of the proposal: {', '.join(strangers)}", "edit the weights of the proposal only")
    found = {str(symbol): _weight(symbol, weights[symbol]) for symbol in sorted(weights)}
    total = math.fsum(found.values())
    if abs(total - 1.0) > 1e-6:
        raise InputError(f"the edited weights sum to {total:.6g}, not 1", "give the rest to CASH")
    return found


def _unpacked(args: Any) -> Any:
    """The weights inside agent-inbox's wrappings: an action request around them, JSON text in their place."""
    found: Any = args
    for _ in range(4):
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except ValueError:
                return None
        elif isinstance(found, Mapping) and ("weights" in found or "args" in found):
            found = found.get("weights", found.get("args"))
    return found


def _weight(symbol: Any, value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = math.nan
    if isinstance(value, bool) or not math.isfinite(weight):
        raise InputError(f"the weight of {symbol} is {value!r}", "write it as a fraction of net asset value")
    return weight


def _comment(args: Any, note: str) -> str:
    said = args.get("comment", "") if isinstance(args, Mapping) else args
    words = _words(said or note)
    if not words:
        raise InputError("the comment is empty", "send {'type': 'respond', 'args': 'words'}")
    return words


def _words(value: Any) -> str:
    text = "" if value is None else str(value)
    if len(text) > LONGEST_NOTE:
        raise InputError(f"{len(text)} characters are too long a note", f"use at most {LONGEST_NOTE}")
    return text
