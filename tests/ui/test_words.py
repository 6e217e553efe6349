"""Text of others never becomes Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.ui.records import HOSTILE
from ui.components.words import plain

LINK = re.compile(r"(https?://|www(?=\.))([-.\w]+)|[-.\w+]+@[-\w]+", re.IGNORECASE)
"""What GitHub's Markdown, and with it Streamlit's, makes a link of."""
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(text: str) -> str:
    """What CommonMark makes of the escaped text, as one paragraph of text; fails where it makes anything else."""
    tokens = MARKDOWN.parse(plain(text))
    kinds = [token.type for token in tokens]
    if not kinds:
        return ""
    assert kinds == ["paragraph_open", "inline", "paragraph_close"], kinds
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}, [child.type for child in children]
    return "".join(child.content for child in children).replace("\N{WORD JOINER}", "")


def test_a_hostile_headline_stays_text() -> None:
    assert shown(HOSTILE) == HOSTILE


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60))
def test_whatever_is_written_is_shown_as_written(text: str) -> None:
    assert shown(text) == " ".join(text.split())


@pytest.mark.parametrize(
    "address", ["https://example.invalid", "HTTP://a.b", "www.example.invalid", "me@example.invalid"]
)
def test_an_address_is_broken_up_so_that_it_becomes_no_link(address: str) -> None:
    assert LINK.search(address)
    assert not LINK.search(plain(address).replace("\\", ""))


@given(st.sampled_from([":red[x]", ":material/home:", "$a$", "a:b", ":smile:", "- x", "1. x", "# x", "> x", "```"]))
def test_streamlits_own_marks_are_escaped(text: str) -> None:
    assert all(f"\\{mark}" in plain(text) for mark in text if mark in ":[]$-#>`.")
