"""The analysis of a reward as one HTML page that opens without a network, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import StorageFailed
from data.market import FloatArray
from rl.reward.analysis import DOMINANT, Behaviour
from tools.backtest.report import HEAD, write_script

PAGE, FIGURES = "rewards.html", "rewards.json"
DRAWN = 4000
"""Steps drawn of a distribution, evenly spaced: beyond that pages grow and shapes do not change."""


@dataclass(frozen=True, slots=True)
class RewardPage:
    """What is shown; `label` such as "SIMULATED", or ""; `parts` (steps, P) of each behaviour, no NaN."""

    title: str
    label: str
    behaviours: Mapping[str, Behaviour]
    parts: Mapping[str, FloatArray]
    settings: Mapping[str, Any]


def write_page(folder: Path, page: RewardPage) -> Path:
    """Write page, script and figures into `folder`; returns the page. StorageFailed where the disk does not take it."""
    body = [
        f"<h1>{escape(page.title)}</h1>",
        f"<p class=label>{escape(page.label)}</p>" if page.label else "",
        *(_section(name, found, page.parts[name]) for name, found in page.behaviours.items()),
        "<h2>Settings</h2><pre>" + escape(json.dumps(page.settings, indent=1)) + "</pre>",
    ]
    figures = {"settings": page.settings} | {name: found.as_json() for name, found in page.behaviours.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True, allow_nan=False), "utf-8")
        (folder / PAGE).write_text(HEAD.format(escape(page.title)) + "\n".join(body) + "</body></html>", "utf-8")
        write_script(folder)
    except OSError as error:
        raise StorageFailed(f"the page could not be written: {error.strerror}", "name another --out") from error
    return folder / PAGE


def _section(name: str, found: Behaviour, parts: FloatArray) -> str:
    warning = f"<p class=label>{escape(', '.join(found.dominant))}: more than {DOMINANT:.0%} of the absolute total</p>"
    return "\n".join(
        [
            f"<h2>{escape(name)}</h2>",
            f"<p>{found.steps:,} steps; reward {found.reward_mean:.4f} &plusmn; {found.reward_sd:.4f} a step</p>",
            warning if found.dominant else "",
            _table(found),
            _plots(name, found, parts),
        ]
    )


def _table(found: Behaviour) -> str:
    head = "".join(f"<th>{n}</th>" for n in ("", "mean", "sd", "low", "high", "share", "signal to noise"))
    rows = (
        f"<tr><td>{escape(name)}</td><td>{f.mean:.4f}</td><td>{f.sd:.4f}</td><td>{f.low:.3f}</td><td>{f.high:.3f}</td>"
        f"<td>{f.share:.1%}</td><td>{f.signal_to_noise:.4f}</td></tr>"
        for name, f in found.figures.items()
    )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _plots(name: str, found: Behaviour, parts: FloatArray) -> str:
    """Shares, distributions, correlations and running sums of the components that say anything, one colour each."""
    import plotly.graph_objects as go
    from plotly.express.colors import qualitative
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=2, cols=2, vertical_spacing=0.14, horizontal_spacing=0.1,
        subplot_titles=("Share of the absolute total", "A step", "Correlation", "Running sum"),
    )  # fmt: skip
    drawn = parts[np.linspace(0, len(parts) - 1, min(DRAWN, len(parts))).astype(np.int64)]
    shown = [(k, component) for k, (component, f) in enumerate(found.figures.items()) if f.share > 0.0]
    for n, (k, component) in enumerate(shown):
        colour, total = qualitative.D3[n % len(qualitative.D3)], np.cumsum(parts[:, k])[:: max(1, len(parts) // 500)]
        share = [found.figures[component].share]
        figure.add_trace(go.Bar(x=[component], y=share, marker_color=colour, showlegend=False), row=1, col=1)
        box = go.Box(y=drawn[:, k], name=component, marker_color=colour, showlegend=False, boxpoints=False)
        figure.add_trace(box, row=1, col=2)
        figure.add_trace(go.Scatter(y=total, name=component, mode="lines", line={"color": colour}), row=2, col=2)
    names, at = [component for _, component in shown], [k for k, _ in shown]
    table = [[found.correlation[i][j] for j in at] for i in at]
    heat = go.Heatmap(x=names, y=names, z=table, zmin=-1.0, zmax=1.0, colorscale="RdBu", showscale=False)
    figure.add_trace(heat, row=2, col=1)
    figure.update_layout(height=820, template="plotly_white", margin={"l": 50, "r": 20, "t": 50, "b": 30})
    identity = "".join(letter if letter.isalnum() else "-" for letter in name)
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id=identity))
