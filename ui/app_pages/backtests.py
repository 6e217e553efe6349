"""Backtests: the runs kept in this home, each beside its baselines and at other costs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tools.backtest.result import Result
from ui import frames, state
from ui.components import charts, shell, tables
from ui.components.words import plain

EXAMPLE = "bullpen backtest momentum --source sample --from 2015-01-05 --to 2019-12-30"


def _figures(summary: dict[str, Any]) -> None:
    figures = summary["figures"]["this run"]
    with st.grid(6, min_column_width=130):
        st.metric("Return a year", f"{figures['annual_return']:+.2%}")
        st.metric("Volatility", f"{figures['annual_volatility']:.2%}")
        sharpe = f"{figures['sharpe']:.2f} ± {figures['sharpe_error']:.2f}" if "sharpe" in figures else "—"
        st.metric("Sharpe ratio ± error", sharpe, help="One path is one draw: its standard error stands beside it.")
        st.metric("Deepest drawdown", f"{figures['max_drawdown']:.2%}")
        st.metric("Turnover a year", f"{figures['turnover_annual']:.2f}")
        st.metric("Costs, ccy", f"{figures['costs']:,.0f}")


def _run(name: str, result: Result, summary: dict[str, Any]) -> None:
    st.caption(f"{summary['slots']:,d} slots from {summary['from'][:10]} to {summary['to'][:10]}")
    _figures(summary)
    charts.value_and_drawdown(frames.account(result))
    left, right = st.columns(2)
    with left:
        st.subheader("Beside baselines", anchor=False)
        tables.show(frames.by_run(summary["figures"]), "Figures of the run and its baselines", rows=14, key="figures")
    with right:
        st.subheader("The same decisions at other costs", anchor=False)
        if summary["at_costs"]:
            tables.show(frames.by_run(summary["at_costs"]), "The run at multiples of its costs", rows=6, key="costs")
        else:
            st.caption("Not for the cycle: its decisions depend on what trading cost.")
        if summary["counts"]:
            st.subheader("What held it back", anchor=False)
            tables.show(frames.counts(summary["counts"]), "Clamps, halted slots and refused orders", key="counts")
    for note in summary["notes"]:
        st.caption(f":material/info: {plain(note)}")
    st.caption(f"Order list `{summary['order_hash'][:16]}` · the report is `backtests/{name}/report.html` in the home.")


kept = state.desk().backtests()
if not kept:
    shell.header("Backtests", None)
    st.info(f"No run yet. Make one in a terminal:  \n`{EXAMPLE}`", icon=":material/terminal:")
else:
    title = st.container()
    chosen = st.selectbox("Run", kept, key="backtest_name", bind="query-params")
    found, told = state.backtest_run(chosen)
    with title:
        shell.header(f"Backtest of {plain(told['strategy'])}", str(told["source"]))
    _run(chosen, found, told)
