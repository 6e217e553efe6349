"""Words on the screen.

Text that others wrote is shown as text, never as Markdown: it could fetch a picture, or pose as ours.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import streamlit as st

from data.errors import BullpenError
from ui.jobs import Fault

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&@/\"'=^])")


_LINKED = re.compile(r"(?<=www)(?=\.)|(?<=@)|(?<=:)(?=//)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"


def plain(text: str) -> str:
    """The text on one line, with every character that Markdown gives a meaning escaped.

    Addresses get an invisible character in their middle: Streamlit makes links of them even where they are escaped.
    """
    return _SPECIAL.sub(r"\\\1", _LINKED.sub(_JOINER, " ".join(text.split())))


def show_fault(fault: Fault) -> None:
    """One line on what is wrong, and what to do about it."""
    remedy = f"  \n**What to do:** {plain(fault.remedy)}" if fault.remedy else ""
    st.error(f"{plain(fault.message)}{remedy}", icon=":material/error:")


@contextmanager
def faults() -> Generator[None]:
    """Shows an error of ours in one line instead of a stack trace; whatever else goes wrong is not hidden here."""
    try:
        yield
    except BullpenError as error:
        show_fault(Fault(error.message, error.remedy))
