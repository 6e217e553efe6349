"""The question box: an answer from the record alone, each figure with the place where the record holds it."""

from __future__ import annotations

import re

import pandas as pd
import streamlit as st

from agents.explainer.answer import Answer
from agents.explainer.cite import CITATION
from graph.record import CycleRecord
from ui import frames, state
from ui.components import charts, tables
from ui.components.words import faults, plain

_CITED = re.compile(f" ?{CITATION}")


@st.fragment
def show(record: CycleRecord) -> None:
    """Suggestions, a line to type in, and the answer to the last question about this cycle."""
    asked, suggested, typed = (f"{name}-{record.cycle_id}" for name in ("asked", "suggested", "typed"))

    def take(source: str) -> None:
        question = st.session_state[source]
        if question:
            st.session_state[asked] = question

    st.pills(
        "Suggested questions",
        suggestions(record),
        key=suggested,
        on_change=take,
        args=(suggested,),
        label_visibility="collapsed",
    )
    placeholder = "Ask about this decision, such as: why did it sell?"
    st.chat_input(placeholder, key=typed, on_submit=take, args=(typed,), max_chars=500)
    question = st.session_state.get(asked)
    if question:
        with faults(), st.container(border=True, key="answer"):
            st.markdown(f"**{plain(question)}**")
            _answer(record, state.desk().explain(record.cycle_id, question))


def suggestions(record: CycleRecord) -> list[str]:
    """Questions that this record surely can answer."""
    moved = frames.weights(record).query("symbol != 'CASH'")
    about: list[str] = []
    if len(moved):
        verb = "grow" if float(moved.iloc[0]["change, pp"]) > 0 else "shrink"
        about = [f"Why did {moved.iloc[0]['symbol']} {verb}?"]
    return [*about, "Which limits fired?", "Who abstained?", "How risky is it?", "What did the trades cost?"]


def _answer(record: CycleRecord, answer: Answer) -> None:
    order = list(dict.fromkeys(_CITED.findall(answer.text)))

    def footnote(match: re.Match[str]) -> str:
        return f"\N{NO-BREAK SPACE}\ue000{order.index(match[1]) + 1}\ue001"

    marked = "\n".join(plain(line) for line in _CITED.sub(footnote, answer.text).splitlines())
    marked = marked.replace("\\`", "")  # the answer's marks of a name; here names need none
    st.markdown(marked.replace("\ue000", ":gray[:small[\\[").replace("\ue001", "\\]]]").replace("\n", "  \n"))
    if answer.waterfall is not None:
        held = record.opening.weights().get(answer.waterfall.symbol, 0.0)
        charts.waterfall(answer.waterfall.steps, answer.waterfall.symbol, held, key="answer_waterfall")
    if order:
        with st.expander(f"Where the {len(order)} figures stand in the record"):
            tables.show(_sources(record, order), "Figures of the answer and their place in the record", rows=12)


def _sources(record: CycleRecord, order: list[str]) -> pd.DataFrame:
    facts = state.facts(record.cycle_id)
    rows = [{"note": i + 1, "in the record": path, "value": str(facts.evaluate(path))} for i, path in enumerate(order)]
    return pd.DataFrame(rows)
