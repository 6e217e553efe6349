"""The question box: answers come sentence by sentence, follow-ups are understood, and nothing is asked twice."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.questions import Questions, Told
from tests.ui.records import a_record, journal


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(question, conversation) of every question that the panel asks."""
    heard: list[tuple[str, str]] = []
    stream = Questions.stream

    def listening(self: Questions, name: str, question: str, **given: Any) -> Generator[Told]:
        heard.append((question, given["conversation"]))
        return stream(self, name, question, **given)

    monkeypatch.setattr(Questions, "stream", listening)
    return heard


def page(panel: AppTest) -> AppTest:
    panel.run()
    panel.switch_page("app_pages/decision.py").run()
    return panel


def words(panel: AppTest) -> str:
    return "\n".join(m.value for m in panel.markdown)


def test_a_follow_up_takes_its_question_from_the_one_before(
    panel: AppTest, home: Path, asked: list[tuple[str, str]]
) -> None:
    journal(home, a_record())
    page(panel).chat_input[0].set_value("why did NOVA grow?").run()
    panel.chat_input[0].set_value("what about ORBT?").run()
    assert not panel.exception
    assert "ORBT did not grow" in words(panel)
    assert [question for question, _ in asked] == ["why did NOVA grow?", "what about ORBT?"]
    assert len({conversation for _, conversation in asked}) == 1


def test_an_answer_stays_when_the_page_is_drawn_again(panel: AppTest, home: Path, asked: list[tuple[str, str]]) -> None:
    journal(home, a_record())
    page(panel).chat_input[0].set_value("which limits fired?").run()
    before = words(panel)
    panel.run()
    assert "which limits fired" in words(panel)
    assert [line for line in before.splitlines() if ":gray[" in line] == [
        line for line in words(panel).splitlines() if ":gray[" in line
    ]
    assert len(asked) == 1


def test_what_strangers_wrote_is_shown_as_text(panel: AppTest, home: Path) -> None:
    journal(home, a_record())
    page(panel).chat_input[0].set_value("any headlines?").run()
    assert not panel.exception
    assert "<img src=http" not in words(panel)
    assert "soars" in words(panel)
