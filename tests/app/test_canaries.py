"""Twenty planted secrets: none reaches a log, a trace, a checkpoint, a record, recorded answers, LangSmith or OTLP.

The same desk without its Redactor tells all of them: the search finds what there is to find.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest

from tests.agents.openai_stub import completion, failure, one_server, saying
from tests.app.canaries import CANARIES, ENVIRONMENT, leak
from tests.desks import ROOT, SMALL
from tests.stubs.collector import collector_stub
from tests.stubs.http_stub import Reply
from tests.stubs.langsmith import langsmith_stub


@dataclass(frozen=True)
class Told:
    """Everything that was written or sent, by where it lies."""

    places: dict[str, bytes]

    def found(self) -> dict[str, set[str]]:
        """Canary -> the places that hold it, or a line or an encoding of it."""
        forms = {name: _forms(value) for name, value in CANARIES.items()}
        return {
            name: held
            for name in CANARIES
            if (held := {place for place, data in self.places.items() if any(form in data for form in forms[name])})
        }


def _forms(value: str) -> set[bytes]:
    """Plain, URL-encoded, JSON-escaped, in base64 (wherever in a group of three bytes it begins), and line by line."""
    texts = {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
    if "\n" in value:
        texts = {line for line in value.splitlines() if not line.startswith("-----")}
    found = {text.encode() for text in texts}
    for text in texts:
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + text.encode()).rstrip(b"=")
            found.add(whole[4 if before else 0 : -4])
    return found


def _speaker() -> Iterator[Reply]:
    """A provider that quotes keys in an error, then a model that repeats them in its answer."""
    yield failure(401, leak())
    while True:
        yield completion(json.dumps({"opinions": [], "said": leak()}))


@pytest.fixture(scope="module", params=["on", pytest.param("off", marks=pytest.mark.slow)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Told]:
    """All that a leaky desk told, with and without the Redactor."""
    home = tmp_path_factory.mktemp("leaky")
    speaker = _speaker()
    with (
        langsmith_stub() as (smith, received),
        collector_stub() as (otlp, collected),
        one_server() as chat,
        saying(chat, lambda _: next(speaker)),
    ):
        environment = {
                **{k: v for k, v in os.environ.items() if not k.startswith(("LANGSMITH_", "OTEL_", "BULLPEN_"))},
                **ENVIRONMENT,
                "BULLPEN_HOME": str(home), "BULLPEN_SYMBOLS": SMALL, "BULLPEN_LLM": "openai:stub",
                "OPENAI_BASE_URL": f"{chat.url}/v1", "LANGSMITH_ENDPOINT": smith,
                "OTEL_EXPORTER_OTLP_ENDPOINT": otlp, "no_proxy": "*", "NO_PROXY": "*",
            }  # fmt: skip
        done = subprocess.run(
                [sys.executable, "-m", "tests.app.canaries", request.param],
                cwd=ROOT, env=environment, capture_output=True, timeout=240, check=False,
            )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    places = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    places |= {"stdout": done.stdout, "stderr": done.stderr}
    places |= {"LangSmith": b"\n".join(received.bodies), "OTLP": b"\n".join(collected.bodies)}
    places["the chat provider"] = "\n".join(asked.body for asked in chat.asked).encode()
    assert received.runs
    assert collected.spans
    assert b"the lake is out" in done.stderr
    return request.param, Told(places)


def test_no_canary_is_told_and_without_the_redactor_all_are(told: tuple[str, Told]) -> None:
    masked, all_told = told
    found = all_told.found()
    if masked == "on":
        assert found == {}
    else:
        assert found.keys() == CANARIES.keys()


def test_each_place_is_one_where_secrets_would_have_been(told: tuple[str, Told]) -> None:
    """Without the Redactor every kind of place holds some: none is empty by chance."""
    masked, all_told = told
    places = {place for held in all_told.found().values() for place in held}
    kinds = {"stderr", "LangSmith", "OTLP", "traces.sqlite", "checkpoints.sqlite", "desk.sqlite", "answers.sqlite"}
    with_wal = {place.removesuffix("-wal") for place in places}
    assert (with_wal >= kinds) if masked == "off" else not places


def test_there_are_twenty_canaries_and_the_leak_holds_each() -> None:
    assert len(CANARIES) == 20
    assert Told({"leak": leak().encode()}).found().keys() == CANARIES.keys()
