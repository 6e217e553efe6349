"""A chat model is asked again where that may help, as late as it asks for, within its purse and its node's deadline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

import pytest

from agents.budget import NOTHING, Usage, most_tokens
from agents.deadlines import left_s, within
from agents.llm import ChatModel, ChatSettings
from agents.retrying import PatientChat
from data.errors import BudgetSpent, DeadlinePassed, RateLimited, SourceUnavailable
from data.sources.retry import Retry
from tests.agents.openai_stub import completion, cut_short, failure, garbage, one_server, raw_server, reset, saying
from tests.stubs.http_stub import Reply, Stub

GOOD = completion("{}")
PROMPT = (("system", "Be brief."), ("user", "How are things?"))
SCHEMA = {"title": "answer", "description": "An answer.", "type": "object", "properties": {}, "required": [],
          "additionalProperties": False}  # fmt: skip
SERVER: list[Stub] = []


@pytest.fixture(autouse=True)
def _a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    with one_server() as stub:
        SERVER.append(stub)
        yield
        SERVER.clear()
        model.cache_clear()


@cache
def model(url: str) -> ChatModel:
    return ChatModel(ChatSettings(model="openai:stub", base_url=f"{url}/v1", deadline_s=10.0, max_output_tokens=100))


@dataclass
class Notes:
    """A purse that writes down what is asked of it."""

    limit: int = 10**9
    reserved: list[Usage] = field(default_factory=list)
    settled: list[Usage | None] = field(default_factory=list)

    def reserve(self, model: str, most: Usage) -> int:
        if len(self.reserved) >= self.limit:
            raise BudgetSpent("budget: spent")
        self.reserved.append(most)
        return len(self.reserved)

    def settle(self, reservation: int, model: str, used: Usage | None) -> None:
        assert reservation == len(self.reserved)
        self.settled.append(used)


def ask(*replies: Reply, purse: Notes | None = None, attempts: int = 3) -> tuple[str | SourceUnavailable, list[float]]:
    """What came of it, and the waits; after the last reply it is repeated."""
    waits: list[float] = []
    queue = list(replies)
    with saying(SERVER[0], lambda _: queue.pop(0) if len(queue) > 1 else queue[0]) as stub:
        chat = PatientChat(model(stub.url), purse or Notes(), Retry(attempts, sleep=waits.append))
        try:
            return chat.ask(PROMPT, SCHEMA), waits
        except SourceUnavailable as error:
            return error, waits


def calls() -> int:
    return len(SERVER[0].paths("/chat/completions"))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(status: int) -> None:
    answer, waits = ask(failure(status, **{"retry-after": "0"}), GOOD)
    assert answer == "{}"
    assert (calls(), len(waits)) == (2, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    answer, waits = ask(failure(status), GOOD)
    assert isinstance(answer, SourceUnavailable)
    assert (calls(), waits) == (1, [])


def test_retry_after_in_seconds_is_waited_for() -> None:
    answer, (wait,) = ask(failure(429, **{"retry-after": "7"}), GOOD)
    assert (answer, wait) == ("{}", 7.0)


def test_retry_after_as_a_date_is_waited_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=15), usegmt=True)
    answer, (wait,) = ask(failure(429, **{"retry-after": at}), GOOD)
    assert answer == "{}"
    assert 5.0 < wait <= 15.0


def test_one_who_asks_for_too_long_is_not_waited_for() -> None:
    answer, waits = ask(failure(429, **{"retry-after": "3600"}), GOOD)
    assert isinstance(answer, RateLimited)
    assert (calls(), waits) == (1, [])


def test_attempts_are_bounded_and_waits_grow_with_jitter() -> None:
    answer, waits = ask(failure(503), attempts=4)
    assert isinstance(answer, SourceUnavailable)
    assert (calls(), len(waits)) == (4, 3)
    for n, wait in enumerate(waits):
        assert 0.5 * 2**n <= wait <= 0.75 * 2**n
    other: list[float] = []
    thread = threading.Thread(target=lambda: other.extend(ask(failure(503), attempts=4)[1]))
    thread.start()
    thread.join()
    assert other != waits


def test_nothing_is_waited_for_that_outlasts_the_deadline() -> None:
    answer, waits = within(5.0, lambda: ask(failure(429, **{"retry-after": "4.5"}), GOOD))
    assert isinstance(answer, RateLimited)
    assert (calls(), waits) == (1, [])


def test_where_no_time_is_left_nothing_is_asked() -> None:
    purse = Notes()

    def late() -> str:
        while left_s() > 0.0:
            threading.Event().wait(0.01)
        return str(ask(GOOD, purse=purse)[0])

    assert "no time was left" in within(3.0, late)
    assert calls() == 0
    assert purse.settled == [NOTHING]


def test_each_attempt_is_reserved_and_settled_by_what_the_provider_reports() -> None:
    purse = Notes()
    ask(failure(429, **{"retry-after": "0"}), failure(500), GOOD, purse=purse)
    assert purse.reserved == [most_tokens(PROMPT, SCHEMA, 100)] * 3
    assert purse.settled == [NOTHING, None, Usage(10, 10)]


def test_an_answer_without_usage_keeps_its_reservation() -> None:
    purse = Notes()
    silent = Reply(GOOD.body.replace('"usage"', '"unused"'), headers=GOOD.headers)
    assert ask(silent, purse=purse)[0] == "{}"
    assert purse.settled == [None]


def test_a_refusal_to_answer_is_settled_by_its_usage_too() -> None:
    purse = Notes()
    answer, _ = ask(completion(None, refusal="no"), purse=purse)
    assert "refused to answer" in str(answer)
    assert purse.settled == [Usage(10, 10)]


def test_when_the_purse_is_empty_nothing_is_asked() -> None:
    answer, _ = ask(GOOD, purse=Notes(limit=0))
    assert isinstance(answer, BudgetSpent)
    assert calls() == 0
    answer, _ = ask(failure(429, **{"retry-after": "0"}), GOOD, purse=Notes(limit=1))
    assert isinstance(answer, BudgetSpent)
    assert calls() == 1


def test_the_reservation_is_never_less_than_the_bytes_of_the_prompt() -> None:
    most = most_tokens((("user", "\u20ac" * 1000),), SCHEMA, 50)
    assert most.input_tokens >= 3000
    assert most.output_tokens == 50


@pytest.mark.parametrize(
    ("serve", "attempts"), [(cut_short, 2), (reset, 2), (garbage, 1)], ids=["truncated", "reset", "garbage"]
)
def test_a_broken_reply_stays_reserved_and_only_a_broken_connection_is_tried_again(serve, attempts: int) -> None:
    purse = Notes()
    with raw_server(serve) as url, pytest.raises(SourceUnavailable, match="could not be asked"):
        PatientChat(model(url), purse, Retry(2, sleep=lambda _: None)).ask(PROMPT, SCHEMA)
    assert purse.settled == [None] * attempts


def test_a_server_that_is_not_there_costs_nothing() -> None:
    purse = Notes()
    with pytest.raises(SourceUnavailable, match="could not be asked"):
        PatientChat(model("http://127.0.0.1:9"), purse, Retry(2, sleep=lambda _: None)).ask(PROMPT, SCHEMA)
    assert purse.settled == [NOTHING] * 2


def test_a_call_that_hangs_is_left_behind() -> None:
    never = threading.Event()
    with pytest.raises(DeadlinePassed):
        within(0.05, never.wait)
    assert within(None, lambda: "waited for") == "waited for"
