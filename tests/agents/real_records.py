"""Twenty records of real cycles, small and of every sort: what the known answers are asked about.

Books of two to sixty symbols, the crash of the sample and two simulated markets; a first cycle, a kill switch,
a breaker's lock, an edit, a rejection, abstentions, refused orders, a policy that is missing, a chat model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.desk import Desk
from tests.agents.openai_stub import completion, one_server, opinions, saying, shown
from tests.desks import desk

SMALL = "AURIUM,BANKFUND,NOVALIN,ORBTEK,WYRMCOIN"
LARGE_DATES = ("2023-05-10", "2023-05-11")


@dataclass(frozen=True)
class Made:
    """A record (JSON), what sort it is of, and the records of its book."""

    sort: str
    record: dict[str, Any]
    book: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def history(self) -> Sequence[dict[str, Any]]:
        """The book's records."""
        return self.book

    def counterfactual(self, without: str) -> dict[str, Any] | None:
        """A made-up run: everything a tenth smaller, the rest in cash; none of what is not an agent."""
        if without not in {view["agent"] for view in self.record["views"]}:
            return None
        decided = self.record["verdict"]["weights"]
        weights = {s: 0.9 * w for s, w in decided.items() if s != "CASH"}
        weights["CASH"] = 1.0 - sum(weights.values())
        return {"weights": weights, "difference": {s: weights[s] - decided[s] for s in weights}}

    def card(self, policy_id: str) -> dict[str, Any] | None:
        """A made-up manifest."""
        return {
            "policy_id": policy_id, "algorithm": "SAC", "trained_from": "2016-01-04T21:00:00Z",
            "trained_until": "2021-12-31T21:00:00Z", "configurations": 3,
            "metrics": {"seen": {"sharpe": 1.25}, "unseen": {"sharpe": 0.5 + len(policy_id) / 100}},
            "gap": {"sharpe": 0.75},
        }  # fmt: skip


def twenty(home: Path) -> list[Made]:
    """All of them, from desks under `home`."""
    return [*_small_book(home), *_large_book(home), *_sample_book(home), *_seeded_book(home), *_odd_books(home)]


def _done(one: Desk, date: str, answer: dict[str, Any] | None = None) -> dict[str, Any]:
    outcome = one.cycle(date)
    if outcome.record is None and answer is not None:
        outcome = one.approvals.answer(outcome.cycle_id, answer)
    assert outcome.record is not None, outcome.request
    return json.loads(outcome.record.model_dump_json())


def _book(sorts: Sequence[str], records: list[dict[str, Any]]) -> list[Made]:
    return [Made(sort, record, records) for sort, record in zip(sorts, records, strict=True)]


def _small_book(home: Path) -> list[Made]:
    """Six cycles of one book: the first, two plain ones, a halt, and two after it."""
    one = desk(home, book="small", symbols=SMALL)
    records = [_done(one, f"2023-03-{day}") for day in (14, 15, 16)]
    one.halt("a drill", "me")
    records.append(_done(one, "2023-03-17"))
    one.resume("me")
    records += [_done(one, f"2023-03-{day}") for day in (20, 21)]
    return _book(("first", "second", "third", "kill switch", "after the halt", "sixth"), records)


def _large_book(home: Path) -> list[Made]:
    one = desk(home, book="large")
    return _book(("large, first", "large, second"), [_done(one, date) for date in LARGE_DATES])


def _sample_book(home: Path) -> list[Made]:
    one = desk(home, book="sample", source="sample")
    return _book(("sample, first", "sample, crash"), [_done(one, date) for date in ("2020-03-13", "2020-03-16")])


def _seeded_book(home: Path) -> list[Made]:
    """Another simulated market; a person edits, rejects and accepts."""
    one = desk(home, book="seeded", seed=11, symbols="ALLFUND,AURIUM,NOVALIN", approval="always")
    weights = {"ALLFUND": 0.1, "AURIUM": 0.05, "NOVALIN": 0.12, "CASH": 0.73}
    answers = (
        {"type": "edit", "args": {"action": "approve_allocation", "args": {"weights": weights}}, "by": "ann",
         "note": "less of everything"},
        {"type": "ignore", "by": "ben", "note": "not today"},
        {"type": "accept", "by": "cleo"},
    )  # fmt: skip
    dates = ("2024-02-06", "2024-02-07", "2024-02-08")
    records = [_done(one, date, answer) for date, answer in zip(dates, answers, strict=True)]
    return _book(("edited", "rejected", "accepted"), records)


def _odd_books(home: Path) -> list[Made]:
    """Refused orders, tight limits, a lock, a missing policy, a chat model."""
    config = home / "odd.yaml"
    config.write_text("gate:\n  restricted: [NOVALIN]\n", encoding="utf-8")
    refused = [_done(desk(home, book="refused", config=config, symbols="BANKFUND,NOVALIN"), "2023-03-15")]
    tight = home / "tight.yaml"
    tight.write_text("limits:\n  max_name_weight: 0.08\n  max_volatility_annual: 0.05\n", encoding="utf-8")
    limited = [_done(desk(home, book="tight", config=tight, symbols=SMALL), "2023-06-14")]
    nervous = home / "nervous.yaml"
    nervous.write_text("limits:\n  max_daily_loss: 0.00001\n  max_drawdown: 0.00002\n", encoding="utf-8")
    one = desk(home, book="nervous", config=nervous, symbols=SMALL)
    locked = [_done(one, f"2023-03-{day}") for day in (14, 15, 16)]
    return [*_book(("refused",), refused), *_book(("limited",), limited),
            *_book(("before the lock", "lock", "locked"), locked), *_hourly(home), *_chatting(home)]  # fmt: skip


def _hourly(home: Path) -> list[Made]:
    """Bars of an hour, for which no policy is shipped: the chain falls back."""
    one = desk(home, book="hourly", symbols="AURIUM,NOVALIN", frequency="1h")
    return _book(("fallback",), [_done(one, "2023-03-15")])


def _chatting(home: Path) -> list[Made]:
    """Analysts that ask a chat model, which is sure of everything."""
    with pytest.MonkeyPatch.context() as patch, one_server() as stub:
        patch.setenv("OPENAI_API_KEY", "sk-none")
        patch.setenv("OPENAI_BASE_URL", f"{stub.url}/v1")
        with saying(stub, lambda request: completion(opinions(*map(_sure, shown(request)[:1])))):
            one = desk(home, book="chat", symbols=SMALL, llm="openai:stub")
            return _book(("chat model",), [_done(one, "2023-03-15")])


def _sure(document: dict[str, Any]) -> tuple[str, float, float, list[str]]:
    return document.get("symbol") or "NOVALIN", 0.5, 0.75, [document["id"]]
