"""What the decision was made on: where the facts came from, what was wrong with them, and the words that were read."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from graph.record import CycleRecord
from ui import frames
from ui.components import tables
from ui.components.words import plain


def show(record: CycleRecord) -> None:
    """Source and hashes, findings, what could not be had, headlines and posts; texts of others stand in cells only."""
    snapshot = record.snapshot
    st.caption(
        f"Source {plain(str(record.source['name']))} · {len(snapshot.get('tradable', ()))} symbols could be traded · "
        f"facts sha256 {str(snapshot.get('content_hash', ''))[:16]}"
    )
    for kind, reason in sorted(snapshot.get("unavailable", {}).items()):
        st.warning(f"No {plain(kind)}: {plain(str(reason))}", icon=":material/cloud_off:")
    findings = snapshot.get("findings", [])
    st.markdown(f"**Findings of the data check ({len(findings)})**")
    if findings:
        tables.show(pd.DataFrame(findings, columns=["rule", "symbol", "detail"]), "Findings", rows=8, key="findings")
    read = [{"channel": kind, **text} for kind in ("news", "posts") for text in snapshot.get(kind, [])]
    st.markdown(f"**Headlines and posts that were read ({len(read)})**")
    if read:
        tables.show(_texts(read), "Headlines and posts with their tone", rows=12, key="texts")


def _texts(read: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(read)
    return pd.DataFrame(
        {
            "known at, UTC": frame["known_at"].map(frames.utc),
            "symbol": frame["symbol"],
            "channel": frame["channel"],
            "tone, -1 to 1": frame["tone"],
            "text": frame["text"],
        }
    )
