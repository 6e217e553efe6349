"""Made-up daily bars of any number of symbols, as a folder that the files source reads."""

from __future__ import annotations

from pathlib import Path

import exchange_calendars as xc
import numpy as np
import pandas as pd

from app.desk import Desk
from app.settings import load_settings

SESSIONS = 756
"""Three years of sessions."""
LAST = "2022-06-30"
FACTORS = 5


def write_market(folder: Path, symbols: int, seed: int = 0) -> tuple[str, ...]:
    """Write bars of `symbols` names that share a few factors; their sessions (ISO dates), oldest first."""
    calendar = xc.get_calendar("XNYS")
    sessions = calendar.sessions_window(calendar.date_to_session(LAST), -SESSIONS)
    rng = np.random.default_rng(seed)
    common = 0.006 * rng.standard_normal((SESSIONS, FACTORS)) @ rng.uniform(0.2, 1.0, (FACTORS, symbols))
    returns = common + 0.012 * rng.standard_normal((SESSIONS, symbols))
    close = rng.uniform(20.0, 400.0, symbols) * np.exp(returns.cumsum(axis=0))
    opens = close * np.exp(0.004 * rng.standard_normal(close.shape))
    spread = np.exp(np.abs(0.006 * rng.standard_normal(close.shape)))
    frame = pd.DataFrame(
        {
            "date": np.repeat(sessions.to_numpy(), symbols),
            "ticker": np.tile([f"S{n:04d}" for n in range(symbols)], SESSIONS),
            "open": opens.ravel(),
            "high": (np.maximum(opens, close) * spread).ravel(),
            "low": (np.minimum(opens, close) / spread).ravel(),
            "close": close.ravel(),
            "volume": rng.integers(1_000_000, 20_000_000, close.size).astype(float),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / "prices.parquet")
    return tuple(str(session.date()) for session in sessions)


def a_desk(home: Path, market: Path) -> Desk:
    """A desk on that folder that asks nobody, behind a gate that does not mind how fast a simulation sends."""
    book = home / "book.yaml"
    home.mkdir(parents=True, exist_ok=True)
    book.write_text("approval: never\ngate:\n  max_messages_per_s: 100000\n", encoding="utf-8")
    return Desk(load_settings(home=home, source="files", path=str(market), book="bench", config=book))
