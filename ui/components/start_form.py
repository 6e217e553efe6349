"""What a person chooses before a cycle: the source, the slot, the book; and the command that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.settings import load_settings
from data.market import AssetClass
from ui import jobs, state
from ui.components.words import plain

SOURCES = {
    "simulated": "Simulated market",
    "sample": "Sample: real prices that installed packages carry",
    "files": "Files: a folder of your own",
}
NEXT, DATED = "Next slot of the book", "A date"
APPROVALS = {"": "As the book is set", "never": "Never ask", "when_large": "Ask when large", "always": "Always ask"}
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The form's fields as the command line takes them; empty means not given."""

    source: str
    path: str = ""
    asset_class: str = ""
    as_of: str = ""
    book: str = ""
    seed: str = ""
    approval: str = ""

    def arguments(self) -> tuple[str, ...]:
        """Options of `bullpen cycle`, each in one word, so that no value can pose as an option."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return tuple(f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value)

    def book_name(self) -> str:
        """The book that such a cycle belongs to."""
        return load_settings(source=self.source, path=self.path or None, book=self.book or None).book_name()


def show() -> str:
    """The form and its Run button; returns the source that is chosen."""
    with st.container(border=True, key="start_form"):
        choice = _choose()
        missing = "Name the folder that holds the files." if choice.source == "files" and not choice.path else ""
        busy = "" if missing or not jobs.running(state.home(), choice.book_name()) else "This book's cycle is running."
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                "Run cycle", type="primary", icon=":material/play_arrow:", key="run", disabled=bool(missing or busy)
            )
            st.caption(
                missing
                or busy
                or f"Book **{plain(choice.book_name())}**. A slot is never run twice: its record is shown."
            )
        if pressed:
            jobs.start(state.home(), "cycle", choice.arguments(), choice.book_name(), choice.source)
            st.rerun()
    return choice.source


def _choose() -> Choice:
    known = state.settings()
    first = list(SOURCES).index(known.source) if known.source in SOURCES else 0
    left, middle, right = st.columns([3, 3, 2])
    source = left.selectbox("Source", list(SOURCES), index=first, format_func=SOURCES.__getitem__, key="source")
    as_of = _slot(middle)
    book = right.text_input(
        "Book", key="book", placeholder="that of the source", help="A book carries cash and positions."
    )
    path = asset_class = ""
    if source == "files":
        wide, narrow = st.columns([6, 2])
        path = wide.text_input(
            "Folder of Parquet or CSV files (symbol, date, open, high, low, close, volume)", key="path"
        )
        classes = ["", *(c.value for c in AssetClass)]
        asset_class = narrow.selectbox(
            "Asset class", classes, format_func=lambda c: c or "as the folder says", key="class"
        )
    seed, approval = _more(source)
    return Choice(
        source, str(Path(path).expanduser()) if path else "", asset_class, as_of, book.strip(), seed, approval
    )


def _slot(column: DeltaGenerator) -> str:
    with column:
        when = st.radio("Slot", [NEXT, DATED], horizontal=True, key="when")
        if when == NEXT:
            return ""
        day = st.date_input("Date", date(2020, 3, 16), FIRST_DAY, LAST_DAY, format="YYYY-MM-DD", key="date")
    return day.isoformat()


def _more(source: str) -> tuple[str, str]:
    with st.expander("More settings"), st.container(horizontal=True):
        approval = st.selectbox(
            "Approval by a person", list(APPROVALS), format_func=APPROVALS.__getitem__, key="approval"
        )
        seed = ""
        if source == "simulated":
            given = st.number_input("Seed of the simulated market", min_value=0, step=1, value=None, key="seed",
                                    placeholder=str(state.settings().seed))  # fmt: skip
            seed = "" if given is None else str(int(given))
    return seed, approval
