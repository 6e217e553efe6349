"""The control panel: four pages, the badges and the kill switch on each. Start it with `bullpen ui`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.components.shell import kill_switch
from ui.components.words import faults

ASSETS = Path(__file__).parent / "assets"

st.set_page_config(page_title="Bullpen", page_icon=str(ASSETS / "favicon.png"), layout="wide")
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "favicon.png"))
page = st.navigation(
    [
        st.Page("app_pages/cycle.py", title="Cycle", icon=":material/cycle:", default=True,
                help="Start a trading cycle, watch its nodes, and answer it when it waits for a person."),
        st.Page("app_pages/decision.py", title="Decision", icon=":material/account_tree:",
                help="One recorded decision: what each agent said, how every weight came about, what was traded."),
        st.Page("app_pages/book.py", title="Book", icon=":material/account_balance:",
                help="What a book holds, what it is worth, and how it got there."),
        st.Page("app_pages/backtests.py", title="Backtests", icon=":material/history:",
                help="Runs over the past: figures beside baselines, what costs do, and what is not said."),
    ]
)  # fmt: skip
with faults():
    kill_switch()
with faults():
    page.run()
