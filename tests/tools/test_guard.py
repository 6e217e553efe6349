"""The as-of guard: at whatever depth and in whatever form a later time hides, the answer is not let through."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.tools import tool
from pydantic import BaseModel

from agents.analysts.answers import MemoryAnswers
from agents.facts import known_then
from agents.policies.chosen import Chosen
from agents.roster import build_roster
from data.clock import slot_text
from data.errors import FutureKnown
from tests.agents.desk_policies import symbol_policy
from tests.agents.desk_snapshots import a_snapshot, text
from tools.guard import AsOfGuard

AS_OF = datetime(2020, 3, 16, 20, tzinfo=UTC)
GUARD = AsOfGuard(AS_OF)
LATER = AS_OF + timedelta(seconds=1)


class Model(BaseModel):
    known_at: datetime


@dataclass
class Row:
    known_at: Any
    price: float = 1.0


FORMS = {
    "datetime": lambda t: t,
    "another zone": lambda t: t.astimezone(timezone(timedelta(hours=9))),
    "without a zone": lambda t: t.replace(tzinfo=None),
    "iso text": slot_text,
    "iso with a space": lambda t: str(t),
    "numpy": lambda t: np.datetime64(t.replace(tzinfo=None), "ns"),
    "numpy array": lambda t: np.array([np.datetime64("NaT"), np.datetime64(t.replace(tzinfo=None), "ns")]),
    "pandas": lambda t: pd.Timestamp(t),
    "table": lambda t: pd.DataFrame({"known_at": [t], "price": [1.0]}),
    "index of a table": lambda t: pd.DataFrame({"price": [1.0]}, index=[t]),
    "column": lambda t: pd.Series([t]),
    "dataclass": Row,
    "model": lambda t: Model(known_at=t),
    "json text": lambda t: json.dumps({"rows": [{"at": slot_text(t)}]}),
    "name of a field": lambda t: {slot_text(t): 1.0},
}
NESTS = (
    lambda inner: {"rows": [inner, 1, None]}, lambda inner: (0.5, {"deep": [[inner]]}), lambda inner: Row(inner),
    lambda inner: {"a": {"b": {"c": inner}}}, lambda inner: inner,
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_second_too_late_is_seen_in_every_form(form: str) -> None:
    GUARD.check(FORMS[form](AS_OF))
    with pytest.raises(FutureKnown, match="later than 2020-03-16T20:00:00Z"):
        GUARD.check(FORMS[form](LATER))


@given(
    seconds=st.integers(-(10**8), 10**8),
    form=st.sampled_from(sorted(FORMS)),
    nests=st.lists(st.sampled_from(NESTS), max_size=4),
)
def test_exactly_what_is_later_is_refused_at_any_depth(seconds: int, form: str, nests: list[Any]) -> None:
    answer = FORMS[form](AS_OF + timedelta(seconds=seconds))
    for nest in nests:
        answer = nest(answer)
    if seconds > 0:
        with pytest.raises(FutureKnown):
            GUARD.check(answer)
    else:
        assert GUARD.check(answer) is answer


def test_a_day_is_known_on_that_day() -> None:
    GUARD.check({"day": date(2020, 3, 16), "text": "2020-03-16"})
    with pytest.raises(FutureKnown, match="day"):
        GUARD.check({"day": date(2020, 3, 17)})
    with pytest.raises(FutureKnown):
        GUARD.check(["2020-03-17"])


@pytest.mark.parametrize("answer", [
    "The vote is on 2020-11-03.", {"text": "results due 2021-01-01, they say"}, {"expiry": "2020-06-19T20:00:00Z"},
    {"opening.locks[0].until": slot_text(LATER)},
    {"until": LATER}, {"n": 20991231}, {"known_at": None}, pd.NaT, np.array([], "datetime64[ns]"), "9999-99-99",
    "{not json",
], ids=str)  # fmt: skip
def test_what_speaks_of_the_future_without_coming_from_it_passes(answer: Any) -> None:
    assert GUARD.check(answer) is answer


def test_the_error_names_the_field_and_who_answered() -> None:
    with pytest.raises(FutureKnown, match=r"history holds 2020-03-16T20:00:01\+00:00 at rows\.1\.known_at"):
        GUARD.check({"rows": [{"known_at": AS_OF}, {"known_at": LATER}]}, "history")


def test_a_guarded_call_is_the_same_call() -> None:
    def history(symbol: str) -> dict[str, str]:
        """History of a symbol."""
        return {"symbol": symbol, "at": slot_text(LATER if symbol == "KO" else AS_OF)}

    guarded = GUARD.guarded(history)
    assert (guarded("XOM")["symbol"], guarded.__doc__) == ("XOM", history.__doc__)
    with pytest.raises(FutureKnown, match="history"):
        guarded("KO")


def test_a_guarded_langchain_tool_keeps_its_face() -> None:
    @tool
    def price(symbol: str, bars: int = 1) -> str:
        """The price of a symbol."""
        return json.dumps({"symbol": symbol, "bars": bars, "at": slot_text(LATER if bars > 1 else AS_OF)})

    guarded = GUARD.tool(price)
    assert (guarded.name, guarded.description, guarded.args) == (price.name, price.description, price.args)
    assert json.loads(guarded.invoke({"symbol": "KO"}))["symbol"] == "KO"
    with pytest.raises(FutureKnown, match="price"):
        guarded.invoke({"symbol": "KO", "bars": 2})


def leaking(field: str) -> Any:
    snapshot = a_snapshot()
    late = snapshot.as_of + timedelta(minutes=1)
    match field:
        case "macro":
            return replace(snapshot, macro=(replace(snapshot.macro[0], known_at=late), *snapshot.macro[1:]))
        case "panel":
            times = snapshot.panel.times + np.timedelta64(60, "s")
            return replace(snapshot, panel=replace(snapshot.panel, times=times))
        case _:
            return replace(snapshot, **{field: (text("late", "KO", "tomorrow's news", hours=-1.0),)})


@pytest.mark.parametrize("field", ["news", "posts", "macro", "panel"])
@pytest.mark.parametrize("agent", ["news", "social", "macro", "momentum", "policy"])
def test_no_agent_speaks_on_a_snapshot_with_a_later_fact(agent: str, field: str) -> None:
    known_then(a_snapshot())
    agents = build_roster(Chosen(symbol_policy()), None, MemoryAnswers())
    with pytest.raises(FutureKnown):
        agents[agent].view(leaking(field))
