"""The observation schema's transforms as a graph: raw feature values in, the network's columns out.

As `rl.observation.transform.transformed`, in float64, then float32. What is unknown (NaN) becomes 0, as the kernel
shows it: whether a symbol may be asked about at all is the caller's to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from data.market import FloatArray
from rl.export.graph import GraphWriter
from rl.observation import VOL_FLOOR, Transform


def add_normaliser(
    graph: GraphWriter, raw: str, volatility: str, year: str, columns: Sequence[Transform], rank: int
) -> str:
    """Columns of `raw` (..., K) float64 of `rank` axes, transformed: float32 of the same shape.

    `volatility` is that of one bar as a fraction, of the same shape but for a last axis of 1; `year` is what a
    volatility feature is multiplied by to be a year's, sqrt(bars a year / 252), (1,).
    """
    x = _logged(graph, raw, year, columns, rank)
    over_bars = np.array([np.sqrt(c.bars) for c in columns])
    if over_bars.any():
        # Chosen, not multiplied by 0: a volatility that is not known yet hides only the columns counted in it.
        scaled = graph.op("Mul", volatility, graph.constant(over_bars))
        counted = graph.constant(over_bars > 0.0)
        x = graph.op("Div", x, graph.op("Where", counted, scaled, graph.constant(np.array(1.0))))
    x = graph.op("Sub", x, graph.constant(_each(columns, lambda c: c.center)))
    x = graph.op("Div", x, graph.constant(_each(columns, lambda c: c.scale)))
    limit = _each(columns, lambda c: c.limit)
    clipped = graph.op("Min", graph.op("Max", x, graph.constant(-limit)), graph.constant(limit))
    known = graph.op("Where", graph.op("IsNaN", x), graph.constant(np.array(0.0)), clipped)
    return graph.cast(known, "float32")


def _logged(graph: GraphWriter, raw: str, year: str, columns: Sequence[Transform], rank: int) -> str:
    """`raw` with the logarithm taken of the columns that ask for it, run by run."""
    parts: list[str] = []
    start = 0
    for stop in range(1, len(columns) + 1):
        if stop < len(columns) and columns[stop].log == columns[start].log:
            continue
        part = graph.columns(raw, start, stop, axis=rank - 1)
        if columns[start].log:
            part = graph.op("Log", graph.op("Max", graph.op("Mul", part, year), graph.constant(np.array(VOL_FLOOR))))
        parts.append(part)
        start = stop
    return graph.op("Concat", *parts, axis=rank - 1) if len(parts) > 1 else parts[0]


def _each(columns: Sequence[Transform], value: Callable[[Transform], float]) -> FloatArray:
    return np.array([value(c) for c in columns], dtype=np.float64)
