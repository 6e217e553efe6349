"""What stands on every page: the title with its badges, and the kill switch alone in the sidebar."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.components.words import plain
from ui.frames import utc

WHO = "panel"


def header(title: str, source: str | None) -> None:
    """The page's title; PAPER always, SIMULATED whenever the figures come from the simulated market."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(title, width="content", anchor=False)
        st.badge("PAPER", icon=":material/description:", color="blue", help="Orders go to a paper venue.")
        if source == "simulated":
            st.badge("SIMULATED", icon=":material/science:", color="orange", help="These prices were made by a model.")
        elif source:
            st.badge(f"SOURCE {plain(source.upper())}", icon=":material/database:", color="gray")


def kill_switch() -> None:
    """The state of the kill switch and the one button beneath it: one click each way, nothing else near it."""
    halted = state.desk().halt_state()
    with st.sidebar.container(key="kill_switch", border=True):
        if halted["on"]:
            since = f" since {utc(halted['since'])} UTC" if halted["since"] else ""
            st.markdown(f":red[:material/block: **HALTED**]{plain(since)}")
            st.caption(f"{plain(halted['reason'])}. No order is sent.")
            if st.button("Resume", icon=":material/play_arrow:", key="resume", width="stretch"):
                state.desk().resume(WHO)
                st.rerun()
        else:
            st.markdown(":green[:material/check_circle: **RUNNING**]")
            st.caption("HALT stops all orders at once; Resume undoes it.")
            if st.button("HALT", type="primary", icon=":material/front_hand:", key="halt", width="stretch"):
                state.desk().halt("halted from the panel", WHO)
                st.rerun()
