"""Charts; each has a table twin, and an `alt` text that says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from agents.explainer.answer import Step
from ui.frames import PERCENT

UP, DOWN, TOTAL, LINE = "#2e8b57", "#b3261e", "#5f6b7a", "#0b5cad"
_STATES = {"failed": DOWN, "waited": "#7a4fb5"}
_CONFIG = {"displayModeBar": False}
_ROOM = {"l": 8, "r": 8, "t": 24, "b": 8}


def waterfall(steps: Sequence[Step], symbol: str, held: float, key: str) -> None:
    """prior -> contributions -> proposed -> clamps -> final, in percent; the dotted line is the weight held before."""
    figure = waterfall_figure(steps)
    figure.add_hline(y=held * PERCENT, line={"dash": "dot", "color": LINE, "width": 1.5})
    told = ", ".join(f"{step.label} {_label(step)}" for step in steps)
    _draw(figure, 360, key, f"How the weight of {symbol} came about, in percent: {told}")
    st.caption(f"The bars sum to the final weight. The dotted line is what was held before: {held:.2%}.")


def waterfall_figure(steps: Sequence[Step]) -> go.Figure:
    """The bars alone: the first level stands on zero, later levels are totals, changes float between them."""
    levels = ["total" if step.role == "level" else "relative" for step in steps]
    figure = go.Figure(
        go.Waterfall(
            x=[f"{i}" for i in range(len(steps))],
            y=[step.value * PERCENT for step in steps],
            measure=["absolute", *levels[1:]],
            text=[_label(step) for step in steps],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": UP}},
            decreasing={"marker": {"color": DOWN}},
            totals={"marker": {"color": TOTAL}},
            connector={"line": {"color": "#c3cad2", "width": 1}},
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="weight, % of net asset value", zeroline=True, zerolinecolor="#c3cad2")
    names = [step.label.replace("_", " ") for step in steps]
    figure.update_xaxes(type="category", tickvals=list(range(len(steps))), ticktext=names)
    return figure


def _label(step: Step) -> str:
    sign = "+" if step.role == "change" else ""
    return f"{step.value * PERCENT:{sign}.2f}"


def value_and_drawdown(history: pd.DataFrame) -> None:
    """The book's value through time above its fall from the highest value so far."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    mode = "lines+markers" if len(history) < 60 else "lines"
    common: dict[str, Any] = {"x": history["slot"], "mode": mode}
    figure.add_trace(go.Scatter(y=history["value, ccy"], line={"color": LINE}, name="value", **common), row=1, col=1)
    figure.add_trace(
        go.Scatter(y=history["drawdown, %"], fill="tozeroy", line={"color": DOWN}, name="drawdown", **common),
        row=2,
        col=1,
    )
    figure.update_yaxes(title_text="value, ccy", tickformat=",.0f", row=1, col=1)
    figure.update_yaxes(title_text="drawdown, %", rangemode="tozero", row=2, col=1)
    figure.update_layout(showlegend=False, hovermode="x unified", uirevision="history")
    last = history.iloc[-1]
    alt = f"Value through {len(history)} slots, last {last['value, ccy']:,.2f}, drawdown {last['drawdown, %']:.2f} %"
    _draw(figure, 420, "history", alt)


def timeline(trace: pd.DataFrame) -> None:
    """When each run of a cycle began and how long it took; a run too short to see still gets a sliver."""
    ended = trace.dropna(subset=["took, ms"])
    whole = (ended["begins after, ms"] + ended["took, ms"]).to_numpy(dtype=float)
    sliver = float(whole.max(initial=0.0)) / 300.0
    figure = go.Figure(
        go.Bar(
            x=ended["took, ms"].clip(lower=sliver),
            y=list(range(len(ended))),
            base=ended["begins after, ms"],
            orientation="h",
            marker={"color": [_STATES.get(str(state), LINE) for state in ended["state"]]},
            customdata=ended[["run", "took, ms"]],
            hovertemplate="%{customdata[0]}: %{customdata[1]:.1f} ms<extra></extra>",
        )
    )
    names = [str(name).strip() for name in ended["run"]]
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(ended))), ticktext=names)
    figure.update_xaxes(title_text="ms since its cycle began, each run of the cycle from zero")
    alt = f"Timeline of {len(ended)} runs; the table below has the same figures"
    _draw(figure, 60 + 22 * len(ended), "timeline", alt)


def _draw(figure: go.Figure, height: int, key: str, alt: str) -> None:
    figure.update_layout(margin=_ROOM, height=height)
    st.plotly_chart(figure, config=_CONFIG, key=key, alt=alt)
