"""What the pages read: the desk of this home and its records, kept between reruns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from agents.explainer.answer import Waterfall
from agents.explainer.facts import Facts
from agents.explainer.waterfall import waterfall as waterfall_of
from app.desk import Desk
from app.settings import Settings, load_settings
from graph.journal import Entry
from graph.record import CycleRecord
from tools.backtest.result import Result


@dataclass(frozen=True, slots=True)
class ValuePoint:
    """The book's value and cash (account currency) as a cycle found them at its slot (ISO UTC)."""

    slot: str
    value: float
    cash: float


def settings() -> Settings:
    """The settings of the environment; the home is BULLPEN_HOME."""
    return load_settings()


def home() -> Path:
    """Where the desk keeps everything."""
    return settings().home.absolute()


def desk() -> Desk:
    """The desk of this home; opened once, and shared by all sessions of the panel."""
    return _open(home())


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(home: Path) -> Desk:
    return Desk(load_settings(home=home))


def finished() -> tuple[Entry, ...]:
    """The cycles that have a record, the newest slot first."""
    return tuple(entry for entry in reversed(desk().entries()) if entry.status == "done")


def last_finished() -> CycleRecord:
    """The record that was made last, whatever its slot; NotFound where there is none."""
    return desk().record()


def unfinished() -> tuple[Entry, ...]:
    """The cycles that were begun and wait to be finished; one that was abandoned for another slot does not."""
    return tuple(entry for entry in desk().entries() if entry.status in ("started", "decided"))


def record(cycle_id: str) -> CycleRecord:
    """A record by its whole id; records never change, so each is read and checked once."""
    return _record(home(), cycle_id)


@st.cache_resource(max_entries=32, show_spinner=False)
def _record(home: Path, cycle_id: str) -> CycleRecord:
    return _open(home).record(cycle_id)


def value_point(cycle_id: str) -> ValuePoint:
    """What one record says of its book's value."""
    return _value_point(home(), cycle_id)


@st.cache_data(max_entries=20_000, show_spinner=False)
def _value_point(home: Path, cycle_id: str) -> ValuePoint:
    found = _open(home).record(cycle_id)
    return ValuePoint(found.slot, found.opening.net_asset_value, found.opening.cash)


def facts(cycle_id: str) -> Facts:
    """A record as something to cite."""
    return _facts(home(), cycle_id)


@st.cache_resource(max_entries=32, show_spinner=False)
def _facts(home: Path, cycle_id: str) -> Facts:
    return Facts(_record(home, cycle_id).model_dump(mode="json"))


def waterfall(cycle_id: str, symbol: str) -> Waterfall:
    """How one weight of a record came about."""
    return waterfall_of(facts(cycle_id), symbol)


def backtest_run(name: str) -> tuple[Result, dict[str, Any]]:
    """A kept run and its summary; read and checked once, unless it was made again."""
    folder = home() / "backtests" / name
    changed = folder.stat().st_mtime if folder.is_dir() else 0.0
    return _backtest_run(home(), name, changed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _backtest_run(home: Path, name: str, changed: float) -> tuple[Result, dict[str, Any]]:
    return _open(home).backtest_run(name)
