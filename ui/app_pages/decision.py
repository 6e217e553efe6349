"""Decision: one record of the journal, from the short of it down to the trace."""

from __future__ import annotations

import streamlit as st

from data.market import CASH
from graph.journal import Entry
from graph.record import CycleRecord
from ui import frames, state
from ui.components import ask, charts, replay, shell, summary, tables, texts
from ui.components.words import plain

EVERYONE = "all agents"


def _pick(finished: tuple[Entry, ...]) -> str:
    """The cycle of the link (?cycle=ID, or the beginning of one), else the last one run; the link keeps up."""
    names = {entry.cycle_id: f"{entry.book} · {frames.utc(entry.slot)} UTC · {entry.cycle_id}" for entry in finished}
    linked = st.query_params.get("cycle", "")
    matches = [cycle_id for cycle_id in names if linked and cycle_id.startswith(linked)]
    if linked and len(matches) != 1:
        st.warning(
            f"No single cycle begins with {plain(linked)}; this is the last one run.", icon=":material/link_off:"
        )
    first = matches[0] if len(matches) == 1 else state.last_finished().cycle_id
    chosen = st.selectbox("Cycle", list(names), index=list(names).index(first), format_func=names.__getitem__)
    st.query_params["cycle"] = chosen
    return chosen


def _waterfall(record: CycleRecord) -> None:
    moved = [str(symbol) for symbol in frames.weights(record)["symbol"] if symbol in record.allocation.weights]
    order = sorted(moved, key=CASH.__eq__)  # cash last: what happened to it follows from the others
    symbol = st.selectbox("Symbol", order, key=f"symbol-{record.cycle_id}", help="The largest change first.")
    steps = state.waterfall(record.cycle_id, symbol).steps
    charts.waterfall(steps, symbol, record.opening.weights().get(symbol, 0.0), key="waterfall")
    with st.expander("The same as a table"):
        tables.show(frames.bars(steps), f"Waterfall of {symbol}", rows=20, key="waterfall_table")


def _weights(record: CycleRecord) -> None:
    tables.show(frames.weights(record), "Weights of every symbol", rows=20, key="weights")


def _views(record: CycleRecord) -> None:
    tables.show(frames.views(record), "What each agent said", key="views")
    spoken = {view.agent: view for view in record.views if not view.abstained}
    if not spoken:
        st.info("Every agent abstained; the reasons are above.", icon=":material/do_not_disturb_on:")
        return
    agent = st.segmented_control(
        "Opinions of", ["all agents", *spoken], default="all agents", key="agent", required=True
    )
    if agent in spoken:
        tables.show(frames.opinions(spoken[agent]), f"Opinions of {agent}", rows=15, key="opinions")
    else:
        st.caption("Scores from -1 (sell) to +1 (buy); empty where an agent does not know.")
        tables.show(frames.scores(record), "Scores by symbol and agent", rows=15, key="scores")


def _risk(record: CycleRecord) -> None:
    left, right = st.columns([3, 2])
    with left:
        st.markdown(f"**Limits that fired ({len(record.verdict.clamps)})**")
        if record.verdict.clamps:
            tables.show(frames.clamps(record), "Clamps in the order in which they acted", rows=15, key="clamps")
        else:
            st.caption("None: the proposal was within every limit, or the desk was halted before they were asked.")
    with right:
        st.markdown("**Risk of the allowed weights**")
        tables.show(frames.measures(record), "Risk measures", key="measures")
        st.caption("VaR and CVaR are losses of one bar at 95 %, from history; drawdown is the fall from the peak.")


def _orders(record: CycleRecord) -> None:
    if record.orders:
        tables.show(frames.orders(record), "Orders and their fills", rows=20, key="orders")
        st.caption(tables.UNITS)
    else:
        st.caption("No order was sent.")


def _trace(record: CycleRecord) -> None:
    trace = frames.trace(state.desk().trace(record.cycle_id))
    if trace.empty:
        st.caption("This home has no trace of the cycle. Traces are not part of the record, and may be removed.")
        return
    charts.timeline(trace)
    tables.show(trace, "Runs of the cycle as a tree", rows=25, key="trace")


finished = state.finished()
if not finished:
    shell.header("Decision", None)
    st.info("The journal is empty: a decision appears here when a cycle is done.", icon=":material/rocket_launch:")
    st.page_link("app_pages/cycle.py", label="Run a cycle", icon=":material/arrow_forward:")
else:
    title = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        record = state.record(_pick(finished))
        replaying = replay.button(record)
    with title:
        shell.header("Decision", str(record.source["name"]))
    replay.outcome(record, replaying)
    with st.container(border=True):
        summary.show(record)
    ask.show(record)
    SECTIONS = {
        "Waterfall": _waterfall, "Weights": _weights, "Views": _views, "Risk": _risk, "Orders": _orders,
        "Data": texts.show, "Trace": _trace,
    }  # fmt: skip
    for tab, section in zip(st.tabs(list(SECTIONS)), SECTIONS.values(), strict=True):
        with tab:
            section(record)
