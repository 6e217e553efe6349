"""Tables: numbers to the right with the unit in the column's name, formatted by that unit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

FORMATS = (
    (", %", "%.2f"),
    (", pp", "%+.2f"),
    (", ms", "%,.1f"),
    (", ccy", "%,.2f"),
    (", units", "%,.4f"),
    (", 0 to 1", "%.2f"),
    (", -1 to 1", "%+.2f"),
)
"""Ending of a column's name -> printf format; other figures with decimals are scores, and carry their sign."""
SCORE = "%+.2f"
WIDE = ("why", "text", "detail", "evidence", "in the record")
"""Columns of words that need room."""
ROW_PX = 34
UNITS = "ccy: account currency · %: percent of net asset value · pp: percentage points of it"


def show(frame: pd.DataFrame, alt: str, rows: int = 12, key: str | None = None) -> None:
    """The frame as a table that shows at most `rows` rows before it scrolls; `alt` names it for screen readers."""
    config = {name: _column(name, frame.dtypes[name].kind) for name in map(str, frame.columns)}
    height = "content" if len(frame) <= rows else (rows + 1) * ROW_PX
    st.dataframe(frame, hide_index=True, column_config=config, height=height, placeholder="", alt=alt, key=key)


def _column(name: str, kind: str) -> Any:
    if kind not in "fiu":
        return st.column_config.TextColumn(width="large" if name in WIDE else None)
    form = next((form for ending, form in FORMATS if name.endswith(ending)), None)
    if form is None and kind == "f":
        form = SCORE
    return st.column_config.NumberColumn(format=form)
