"""Book: what it is worth, what it holds, how it got there, and what holds it back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.market import CASH
from tools.execution.book import Book
from ui import frames, state
from ui.components import charts, shell, tables
from ui.components.words import plain


def _figures(book: Book) -> None:
    value, weights = book.net_asset_value, book.weights()
    with st.grid(6, min_column_width=130):
        st.metric("Net asset value, ccy", f"{value:,.2f}", help="Cash and positions at their last known prices.")
        st.metric("Cash, ccy", f"{book.cash:,.2f}")
        st.metric("Cash, share", f"{weights[CASH]:.2%}")
        st.metric("Since the last slot", f"{value / book.day_start_value - 1.0:+.2%}")
        st.metric("Below its peak", f"{max(0.0, 1.0 - value / book.peak_value):.2%}")
        st.metric("Cycles", f"{book.cycles:,d}")


def _locks(book: Book) -> None:
    for lock in book.locks:
        held = plain(lock.symbol) or "this book"
        until = f"until {frames.utc(lock.until)} UTC" if lock.until else "until a person resumes it"
        st.error(
            f"**{plain(lock.rule)}** holds {held} since {frames.utc(lock.since)} UTC, {until}: "
            f"{plain(lock.detail)}  \n"
            f"**What to do:** `bullpen resume --book {book.name}` lets it trade again.",
            icon=":material/lock:",
        )
    if not book.locks:
        st.caption(":material/lock_open: No breaker holds this book.")


def _history(cycles: list[str]) -> None:
    points = [state.value_point(cycle_id) for cycle_id in cycles]
    history = frames.history([(p.slot, p.value, p.cash) for p in points])
    st.subheader("Value through time", anchor=False)
    if len(history) == 1:
        st.caption("One cycle so far: a line appears with the second.")
        return
    charts.value_and_drawdown(history)
    with st.expander("The same as a table"):
        shown = history.assign(slot=history["slot"].dt.strftime("%Y-%m-%d %H:%M"))
        tables.show(_newest_first(shown), "Value, cash and drawdown by slot", rows=12, key="history_table")


def _newest_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[::-1].reset_index(drop=True)


def _book(name: str, cycles: list[str]) -> None:
    book = state.desk().book(name)
    if book is None:
        st.info("This book has no finished cycle yet. Run one on the Cycle page.", icon=":material/hourglass_empty:")
        return
    _figures(book)
    _locks(book)
    _history(cycles)
    st.subheader(f"Positions ({len(book.positions)})", anchor=False)
    if book.positions:
        tables.show(frames.positions(book), f"Positions of book {name}", rows=20, key="positions")
        st.caption(tables.UNITS)
    else:
        st.caption("It holds cash only.")


finished = state.finished()
books = sorted({entry.book for entry in finished})
if not books:
    shell.header("Book", None)
    st.info("No book yet: it is opened by its first cycle.", icon=":material/rocket_launch:")
    st.page_link("app_pages/cycle.py", label="Run a cycle", icon=":material/arrow_forward:")
else:
    title = st.container()
    newest = books.index(state.last_finished().book)
    name = (
        st.selectbox("Book", books, index=newest, key="book_name", bind="query-params") if len(books) > 1 else books[0]
    )
    cycles = [entry.cycle_id for entry in reversed(finished) if entry.book == name]
    with title:
        shell.header("Book" if len(books) > 1 else f"Book {plain(name)}", str(state.record(cycles[-1]).source["name"]))
    _book(name, cycles)
