"""The question box: a proven answer, sentence by sentence, each figure with the place where the record holds it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from agents.explainer.answer import Answer
from agents.explainer.cite import CITATION
from graph.record import CycleRecord
from ui import frames, state
from ui.components import charts, tables
from ui.components.words import faults, plain

_CITED = re.compile(f" ?{CITATION}")


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer that was given, with what stands at its citations."""

    question: str
    answer: Answer
    values: dict[str, Any]


@st.fragment
def show(record: CycleRecord) -> None:
    """Suggestions, a line to type in, and the answer to the last question about this cycle."""
    asked, suggested, typed = (f"{name}-{record.cycle_id}" for name in ("asked", "suggested", "typed"))

    def take(source: str) -> None:
        question = st.session_state[source]
        if question:
            st.session_state[asked] = str(question)

    st.pills(
        "Suggested questions",
        suggestions(record),
        key=suggested,
        on_change=take,
        args=(suggested,),
        label_visibility="collapsed",
    )
    placeholder = "Ask about this decision, such as: why did it sell? Follow-ups are understood."
    st.chat_input(placeholder, key=typed, on_submit=take, args=(typed,), max_chars=500)
    question = st.session_state.pop(asked, None)
    kept: _Kept | None = st.session_state.get(f"answered-{record.cycle_id}")
    if question or kept:
        with faults(), st.container(border=True, key="answer"):
            _answered(record, question, kept)


def suggestions(record: CycleRecord) -> list[str]:
    """Questions that this record surely can answer."""
    moved = frames.weights(record).query("symbol != 'CASH'")
    about: list[str] = []
    if len(moved):
        verb = "grow" if float(moved.iloc[0]["change, pp"]) > 0 else "shrink"
        about = [f"Why did {moved.iloc[0]['symbol']} {verb}?"]
    return [*about, "Which limits fired?", "Who abstained?", "How risky is it?", "What did the trades cost?"]


def _answered(record: CycleRecord, question: str | None, kept: _Kept | None) -> None:
    """A new question's answer as it comes; without one, the last answer again."""
    if question:
        st.markdown(f"**{plain(question)}**")
        answer = _streamed(record, question)
        kept = _Kept(question, answer, state.desk().questions.values(record, _order(answer)))
        st.session_state[f"answered-{record.cycle_id}"] = kept
    elif kept:
        st.markdown(f"**{plain(kept.question)}**")
        st.markdown("".join(_marked(line, _order(kept.answer)) for line in kept.answer.text.splitlines()))
    if kept:
        _beside(record, kept)


def _streamed(record: CycleRecord, question: str) -> Answer:
    """Writes the sentences as they are told; they are proven before that."""
    conversation = st.session_state.setdefault("conversation", f"panel-{uuid.uuid4().hex[:12]}")
    order: list[str] = []
    given: list[Answer] = []

    def spoken() -> Generator[str]:
        for told in state.desk().questions.stream(record.cycle_id, question, conversation=conversation):
            if told.kind == "sentence":
                order.extend(c for c in _CITED.findall(told.text) if c not in order)
                yield _marked(told.text, order)
            elif told.answer is not None:
                given.append(told.answer)

    with st.spinner("Looking it up in the record", show_time=False):
        st.write_stream(spoken())
    return given[-1]


def _order(answer: Answer) -> list[str]:
    return list(dict.fromkeys(_CITED.findall(answer.text)))


def _marked(line: str, order: list[str]) -> str:
    """One line of an answer as Markdown: others' words as plain text, citations as small numbers."""

    def footnote(match: re.Match[str]) -> str:
        return f"\N{NO-BREAK SPACE}\ue000{order.index(match[1]) + 1}\ue001"

    marked = plain(_CITED.sub(footnote, line))
    marked = marked.replace("\\`", "")  # the answer's marks of a name; here names need none
    return marked.replace("\ue000", ":gray[:small[\\[").replace("\ue001", "\\]]]") + "  \n"


def _beside(record: CycleRecord, kept: _Kept) -> None:
    """Why the desk speaks for itself, the waterfall, and where the figures stand."""
    answer, order = kept.answer, _order(kept.answer)
    if answer.note:
        st.caption(f"In the desk's own words: {plain(answer.note)}.")
    if answer.waterfall is not None:
        held = record.opening.weights().get(answer.waterfall.symbol, 0.0)
        charts.waterfall(answer.waterfall.steps, answer.waterfall.symbol, held, key="answer_waterfall")
    if order:
        rows = [{"note": i + 1, "in the record": c, "value": str(kept.values.get(c, ""))} for i, c in enumerate(order)]
        with st.expander(f"Where the {len(order)} figures stand in the record"):
            tables.show(pd.DataFrame(rows), "Figures of the answer and their place in the record", rows=12)
