"""Proposals that wait, in words."""

from __future__ import annotations

from collections.abc import Sequence

from app.approvals import Waiting
from app.render import say


def waiting(found: Sequence[Waiting]) -> None:
    """Each proposal with why it asks, until when, and how to answer it."""
    if not found:
        say("Nothing waits for a person.")
    for proposal in found:
        until = f", rejected unless answered by {proposal.expires_at}" if proposal.expires_at else ""
        say(f"{proposal.cycle_id}: book {proposal.book}, slot {proposal.slot}, asked at {proposal.asked_at}{until}")
        for line in str(proposal.request["description"]).splitlines()[1:]:
            say(f"  {line}")
        this = f" --proposal {proposal.proposal}" if proposal.proposal else ""
        say(f"  bullpen approve {proposal.cycle_id}{this} [--reject | --set SYMBOL=WEIGHT | --comment WORDS]")
