"""The report of a run as one HTML page: figures beside baselines, curves, months, what costs do, what is not said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from tools.backtest.metrics import drawdowns
from tools.backtest.result import Result
from tools.backtest.words import figure_name, figure_text

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Page:
    """What the report shows; everything in it is computed elsewhere."""

    title: str
    label: str
    """Such as "SIMULATED", or ""."""
    result: Result
    figures: Mapping[str, Mapping[str, float]]
    """Column (the run, then each baseline) -> figure -> value."""
    curves: Mapping[str, Result]
    """Baselines by name, on the same slots."""
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Multiple of the costs -> figure -> value."""
    rules: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    """What a reader must know before believing a figure."""


def write_report(folder: Path, page: Page) -> None:
    """Write `report.html` and the one script it uses into `folder`; it opens without a network."""
    body = [
        f"<h1>{escape(page.title)}</h1>",
        f"<p class=label>{escape(page.label)}</p>" if page.label else "",
        "<h2>Before you believe it</h2>" + _list(page.notes),
        "<h2>Figures</h2>" + _table(page.figures),
        _curves(page),
        "<h2>Months, percent</h2>" + _months(page.result),
        "<h2>The same decisions at other costs</h2>" + _table(page.costs) if page.costs else "",
        "<h2>Rules</h2>" + _pairs(page.rules),
        f"<p>Order list sha256 <code>{page.result.order_hash()}</code></p>",
    ]
    (folder / REPORT).write_text(HEAD.format(escape(page.title)) + "\n".join(body) + "</body></html>", "utf-8")
    write_script(folder)


HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{}</title>
<script src="plotly.min.js"></script><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }}
table {{ border-collapse: collapse; margin: .5rem 0 1.5rem; }}
td, th {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #e3e7ee; }}
td {{ font-variant-numeric: tabular-nums; }}
th:first-child, td:first-child {{ text-align: left; }}
.label {{ display: inline-block; background: #fff3cd; padding: .1rem .6rem; border-radius: .3rem; font-weight: 600; }}
h2 {{ margin-top: 2rem; font-size: 1.15rem; }} code {{ font-size: .85em; word-break: break-all; }}
</style></head><body>
"""
"""The beginning of a page: its title is formatted in; `write_script` puts the script it names beside it."""


def _curves(page: Page) -> str:
    """Growth and drawdown on one time axis."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06,
                           subplot_titles=("Growth of 1 (log)", "Drawdown, percent"))  # fmt: skip
    for n, (name, result) in enumerate({"this run": page.result, **page.curves}.items()):
        style = {"color": _COLOURS[n % len(_COLOURS)], "width": 2.2 if n == 0 else 1.1}
        times, growth = pd.DatetimeIndex(result.times), result.equity / result.equity[0]
        fall = 100.0 * drawdowns(result.returns())
        figure.add_trace(go.Scatter(x=times, y=growth, name=name, line=style, legendgroup=name), row=1, col=1)
        figure.add_trace(
            go.Scatter(x=times, y=fall, name=name, line=style, legendgroup=name, showlegend=False), row=2, col=1
        )
    figure.update_yaxes(type="log", row=1, col=1)
    figure.update_layout(
        height=560, template="plotly_white", margin={"l": 50, "r": 20, "t": 50, "b": 30}, legend={"orientation": "h"}
    )
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id="curves"))


_COLOURS = ("#1f4e79", "#c0752a", "#6b7785", "#3a7d44", "#8a4f9e")


def _months(result: Result) -> str:
    """Returns by year and month, in percent; the last value of each month against the last of the one before."""
    value = pd.Series(result.equity, index=pd.DatetimeIndex(result.times))
    ends = value.groupby([value.index.year, value.index.month]).last()  # type: ignore[attr-defined]
    before = np.r_[value.iloc[0], ends.to_numpy()[:-1]]
    change = pd.Series(100.0 * (ends.to_numpy() / before - 1.0), index=ends.index)
    rows: dict[str, dict[str, float]] = {}
    for (year, month), percent in change.items():  # type: ignore[misc]
        rows.setdefault(str(year), {})[f"{month:02d}"] = float(percent)
    names = [f"{m:02d}" for m in range(1, 13)]
    head = "".join(f"<th>{n}</th>" for n in ["", *names])
    cells = ("".join(f"<td>{row[n]:.1f}</td>" if n in row else "<td></td>" for n in names) for row in rows.values())
    body = "".join(f"<tr><td>{year}</td>{cell}</tr>" for year, cell in zip(rows, cells, strict=True))
    return f"<table><tr>{head}</tr>{body}</table>"


def _table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Figures as rows, runs as columns; what a run has no value for stays empty."""
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    head = "".join(f"<th>{escape(column)}</th>" for column in ["", *columns])
    rows = (
        f"<tr><td>{escape(figure_name(name))}</td>"
        + "".join(f"<td>{figure_text(name, figures.get(name))}</td>" for figures in columns.values())
        + "</tr>"
        for name in names
    )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _pairs(values: Mapping[str, str]) -> str:
    rows = (f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in values.items())
    return f"<table>{''.join(rows)}</table>"


def _list(lines: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def write_script(folder: Path) -> None:
    """Plotly's script as `plotly.min.js` in `folder`, so that a page opens without a network."""
    from plotly.offline import get_plotlyjs

    (folder / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
