"""What stands on every page: the title with its badges, and the kill switch alone in the sidebar."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.components.words import faults, plain
from ui.frames import utc

WHO = "panel"
REPORT = "halt_report"


def header(title: str, source: str | None) -> None:
    """The page's title; PAPER always, and the source of what the page is about."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(title, width="content", anchor=False)
        st.badge("PAPER", icon=":material/description:", color="blue", help="Orders go to a paper venue.")
        if source:
            badge(source)


def badge(source: str) -> None:
    """SIMULATED beside every figure that comes from the simulated market; else the name of the source."""
    if source == "simulated":
        st.badge("SIMULATED", icon=":material/science:", color="orange", help="These prices were made by a model.")
    else:
        st.badge(f"SOURCE {plain(source.upper())}", icon=":material/database:", color="gray")


def kill_switch() -> None:
    """The state of the kill switch and the one button beneath it: one click each way, nothing else near it."""
    halted = state.desk().halt_state()
    with st.sidebar.container(key="kill_switch", border=True):
        if halted["on"]:
            since = f" since {utc(halted['since'])} UTC" if halted["since"] else ""
            st.markdown(f":red[:material/block: **HALTED**]{since}")
            st.caption(f"{plain(halted['reason'])}. No order is sent.")
            _what_was_done()
            st.button("Resume", icon=":material/play_arrow:", key="resume", width="stretch", on_click=_resume)
        else:
            st.markdown(":green[:material/check_circle: **RUNNING**]")
            st.caption("HALT withdraws all open orders and lets none leave; Resume lets them again.")
            st.button("HALT", type="primary", icon=":material/front_hand:", key="halt", width="stretch", on_click=_halt)


def _what_was_done() -> None:
    """What the halt of this session withdrew, and what it could not."""
    report = st.session_state.get(REPORT)
    if report is None:
        return
    st.caption(f"{len(report['withdrawn'])} open orders withdrawn.")
    if not report["complete"]:
        st.warning("Some orders may still be open: ask the broker, then halt again.")
    for problem in report["problems"]:
        st.caption(plain(problem))


def _halt() -> None:
    """A callback: the switch is thrown before anything of the page is drawn."""
    with faults():
        st.session_state[REPORT] = state.desk().halt("halted from the panel", WHO)


def _resume() -> None:
    with faults():
        state.desk().resume(WHO)
        st.session_state.pop(REPORT, None)
