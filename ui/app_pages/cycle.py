"""Cycle: choose, run, watch the nodes finish, answer when asked, and go on to the decision."""

from __future__ import annotations

import streamlit as st

from ui import frames, jobs, state
from ui.components import proposal, run_view, shell, start_form, summary, tables
from ui.components.words import plain, show_fault
from ui.jobs import Job


def _result(job: Job) -> None:
    """What the newest job came to: a fault, a question, a decision; one may stand beside another."""
    fault = jobs.fault(job)
    if fault is not None:
        show_fault(fault)
    cycle_id = run_view.cycle_of(job)
    if any(entry.cycle_id == cycle_id for entry in state.finished()):
        _decision(str(cycle_id))
    elif any(entry.cycle_id == cycle_id for entry in state.unfinished()):
        asked = jobs.latest(state.home(), ["cycle"])
        told = jobs.answer(asked) if asked is not None else None
        if asked is not None and told is not None and told.get("status") == "waiting" and told["cycle_id"] == cycle_id:
            proposal.show(asked, told)


def _decision(cycle_id: str) -> None:
    record = state.record(cycle_id)
    with st.container(border=True, key="result"):
        summary.show(record)
        tables.show(frames.weights(record), "Weights before and after", rows=8, key="result_weights")
        st.caption(tables.UNITS)
        st.page_link(
            "app_pages/decision.py",
            label="Open the decision: views, waterfall, limits, orders, trace, questions",
            icon=":material/arrow_forward:",
            query_params={"cycle": cycle_id},
        )


def _unfinished(shown: str | None) -> None:
    """Cycles that were begun elsewhere or cut off: how to go on with them."""
    for entry in state.unfinished():
        if entry.cycle_id != shown:
            st.info(
                f"The cycle of book **{plain(entry.book)}** at {frames.utc(entry.slot)} UTC is not finished. "
                "Choose its source and book above and run it: it goes on from where it was.",
                icon=":material/hourglass_empty:",
            )


source = st.session_state.get("source", state.settings().source)
shell.header("Cycle", source)
start_form.show()
job = jobs.latest(state.home(), ["cycle", "approve"])
if job is None:
    st.info(
        "No cycle has been run from this panel yet. Press **Run cycle**: "
        "the simulated market needs no key and no network.",
        icon=":material/rocket_launch:",
    )
    _unfinished(None)
else:
    alive = jobs.is_alive(job)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        when = f"{frames.utc(job.started_at)} UTC · book {plain(job.book)}"
        st.subheader(f"Last run · {when}", anchor=False, width="content")
        shell.badge(job.source)
    run_view.show(job, alive)
    if not alive:
        _result(job)
        _unfinished(run_view.cycle_of(job))
