"""A cycle that waits for a person: what is proposed against what is held, why it asks, and every answer there is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.market import CASH
from ui import jobs, state
from ui.components import tables
from ui.components.shell import WHO
from ui.components.words import faults, plain
from ui.frames import PERCENT
from ui.jobs import Job

NOTE = "proposal_note"
EDITED = "edit_weight_{}"
"""Key of the input for a symbol's weight."""
NOT_A_CHANGE = 5e-5
"""Changes of weight below half a basis point are not listed."""


def show(job: Job, waiting: dict[str, Any]) -> None:
    """`waiting` is what the cycle said when it stopped: its id and a HumanInterrupt under `request`."""
    request = waiting["request"]
    with st.container(border=True, key="proposal"):
        st.subheader("This cycle waits for you", anchor=False)
        for line in str(request.get("description", "")).splitlines():
            st.markdown(plain(line.lstrip("* ")))
        proposed = request["action_request"]["args"]["weights"]
        tables.show(_changes(proposed, _held(job.book)), "Current and proposed weights", rows=12, key="proposal_table")
        st.caption("Held: the book as its last cycle left it · " + tables.UNITS)
        st.text_input("Note (kept in the record)", key=NOTE, max_chars=500)
        about = (job, str(waiting["cycle_id"]), str(request["action_request"]["args"].get("proposal", "")))
        with st.container(horizontal=True):
            st.button("Accept", type="primary", icon=":material/check:", key="accept", on_click=_answer, args=about)
            st.button("Reject", icon=":material/close:", key="reject", on_click=_answer, args=(*about, "--reject"))
            st.button("Comment", icon=":material/comment:", key="comment", on_click=_comment, args=about,
                      help="The note is kept with the proposal, which goes on waiting")  # fmt: skip
        _editor(about, proposed)


def _editor(about: tuple[Job, str, str], proposed: dict[str, float]) -> None:
    """Other weights for some symbols; what that leaves or takes is cash, and the risk check has the last word."""
    with st.expander("Edit weights", icon=":material/edit:"):
        chosen: list[str] = st.multiselect("Symbols", sorted(s for s in proposed if s != CASH), key="edit_symbols")
        for symbol in chosen:
            st.number_input(f"{symbol}, % of net asset value", value=round(proposed[symbol] * PERCENT, 4), step=0.5,
                            format="%.4f", key=EDITED.format(symbol))  # fmt: skip
        st.caption("The rest becomes cash. An edit goes through the risk check again.")
        st.button("Approve with these weights", key="edit", disabled=not chosen, on_click=_edit, args=(*about, chosen))


def _held(book: str) -> dict[str, float]:
    found = state.desk().book(book)
    return {CASH: 1.0} if found is None else found.weights()


def _changes(proposed: dict[str, float], held: dict[str, float]) -> pd.DataFrame:
    rows = [
        {"symbol": s, "held, %": old * PERCENT, "proposed, %": new * PERCENT, "change, pp": (new - old) * PERCENT}
        for s in sorted({*proposed, *held})
        for old, new in [(held.get(s, 0.0), proposed.get(s, 0.0))]
        if abs(new - old) >= NOT_A_CHANGE
    ]
    frame = pd.DataFrame(rows, columns=["symbol", "held, %", "proposed, %", "change, pp"])
    return frame.sort_values("change, pp", key=abs, ascending=False, kind="stable", ignore_index=True)


def _comment(job: Job, cycle_id: str, proposal: str) -> None:
    words = str(st.session_state.get(NOTE, "")).strip()
    if words:
        _answer(job, cycle_id, proposal, f"--comment={words}")


def _edit(job: Job, cycle_id: str, proposal: str, symbols: list[str]) -> None:
    changed = (f"--set={s}={st.session_state[EDITED.format(s)] / PERCENT!r}" for s in symbols)
    _answer(job, cycle_id, proposal, *changed)


def _answer(job: Job, cycle_id: str, proposal: str, *flags: str) -> None:
    """A callback, so that a click counts even where someone else has answered since: then the desk says so."""
    seen = (f"--proposal={proposal}",) if proposal else ()
    arguments = (cycle_id, *seen, f"--by={WHO}", f"--note={st.session_state.get(NOTE, '')}", *flags)
    with faults():
        jobs.start(state.home(), "approve", arguments, job.book, job.source)
