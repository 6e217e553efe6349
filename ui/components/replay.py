"""Replay: run the recorded cycle again in a process of its own, and say whether every byte is the same."""

from __future__ import annotations

import streamlit as st

from graph.record import CycleRecord
from ui import jobs, state
from ui.components import run_view
from ui.components.words import plain, show_fault
from ui.jobs import Fault, Job


def button(record: CycleRecord) -> bool:
    """Starts a replay, unless one is under way: whether one is."""
    job = _latest(record)
    alive = job is not None and jobs.is_alive(job)
    help_text = "Runs the cycle again from what was recorded, and compares it byte for byte."
    if st.button("Replay", icon=":material/replay:", key="replay", disabled=alive, help=help_text):
        jobs.start(state.home(), "replay", (record.cycle_id,), record.book, str(record.source["name"]))
        st.rerun()
    return alive


def outcome(record: CycleRecord, alive: bool) -> None:
    """What the last replay of this cycle came to; nothing where it was never replayed from the panel."""
    job = _latest(record)
    if job is not None:
        run_view.watch(job, alive, _draw)


def _latest(record: CycleRecord) -> Job | None:
    return jobs.latest(state.home(), ["replay"], about=record.cycle_id)


def _draw(job: Job, alive: bool) -> None:
    if alive:
        st.markdown(":blue[:material/pending: Replaying in a process of its own.]")
    else:
        _say(job)


def _say(job: Job) -> None:
    told = jobs.answer(job)
    if told is None:
        show_fault(jobs.fault(job) or Fault("the replay gave no answer", "run it again"))
    elif told["identical"]:
        st.markdown(f":green[:material/verified: Replayed: byte for byte the same], sha256 {str(told['sha256'])[:16]}")
    elif told["differences"] == ["hashes.code"]:
        st.markdown(":orange[:material/history: Replayed: the same decision], made by code that has changed since.")
    else:
        where = ", ".join(plain(str(path)) for path in told["differences"][:5])
        st.markdown(f":red[:material/difference: Replayed, and it differs] at {where}")
