"""A decision in short: the verdict, the figures that matter, and what a reader must be warned of."""

from __future__ import annotations

import streamlit as st

from graph.record import CycleRecord
from tools.risk.verdict import Decision
from ui.components.words import plain
from ui.frames import utc

VERDICTS: dict[Decision, tuple[str, str, str]] = {
    "approved": (":material/check_circle:", "green", "Approved as proposed"),
    "reduced": (":material/content_cut:", "orange", "Approved, reduced by limits"),
    "needs_approval": (":material/pan_tool:", "violet", "A person was asked"),
    "halted": (":material/block:", "red", "Halted: nothing was sent"),
}
ANSWERS = {"accepted": "accepted it", "rejected": "turned it down: nothing was sent", "edited": "changed it"}


def show(record: CycleRecord) -> None:
    """Verdict, value, cash, turnover, orders, cost; then reasons and warnings."""
    icon, colour, words = VERDICTS[record.verdict.decision]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":{colour}[{icon} **{words}**]", width="content")
        if record.approval.answer in ANSWERS:
            by = f" ({plain(record.approval.by)})" if record.approval.by else ""
            st.markdown(f"and {ANSWERS[record.approval.answer]}{by}", width="content")
    st.caption(
        f"Book {plain(record.book)} · as of {utc(record.as_of)} UTC · "
        f"allocated by {plain(record.allocation.fallback_chain[-1].name)} · {record.cycle_id}"
    )
    _figures(record)
    _warnings(record)


def _figures(record: CycleRecord) -> None:
    value, after = record.opening.net_asset_value, record.closing.net_asset_value
    cost = sum(fill.cost for fill in record.fills)
    turnover = record.verdict.measures.get("turnover")
    with st.grid(6, min_column_width=130):
        st.metric("Value before, ccy", f"{value:,.2f}", help="Account currency, at the prices of the slot.")
        st.metric("Value after, ccy", f"{after:,.2f}", help="After the fills and their costs.")
        st.metric("Cash target", f"{record.verdict.weights.get('CASH', 0.0):.2%}")
        st.metric(
            "Turnover", "none" if turnover is None else f"{turnover:.2%}", help="Bought plus sold, share of value."
        )
        st.metric("Orders / fills", f"{len(record.orders)} / {len(record.fills)}")
        st.metric("Costs, ccy", f"{cost:,.2f}")


def _warnings(record: CycleRecord) -> None:
    lines = [f":material/info: {plain(reason)}" for reason in record.verdict.reasons]
    for use in record.allocation.policies:
        if use.in_sample:
            note = f"was trained on dates up to {utc(use.trained_until)[:10]}: this date is no fair test"
            lines.append(f":orange[:material/school: The policy {plain(use.policy_id)} {note}.]")
    *failed, used = record.allocation.fallback_chain
    if failed:
        tried = "; ".join(f"{plain(link.name)}: {plain(link.reason)}" for link in failed)
        lines.append(f":orange[:material/alt_route: Fell back to {plain(used.name)}. {tried}]")
    if lines:
        st.markdown("  \n".join(lines))
