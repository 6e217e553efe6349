"""Every limit of the risk check has words, and an answer with them is proven like any other."""

from __future__ import annotations

import inspect
import re

import pytest

from agents.explainer.checker import check
from agents.explainer.explain import explain
from agents.explainer.facts import Facts
from agents.explainer.limit_words import LIMIT_WORDS
from tests.agents.desk_records import a_record
from tools.execution.book import Lock
from tools.risk import exposures, portfolio, projection, stops
from tools.risk.breakers import DAILY_LOSS, DRAWDOWN, WEEKLY_LOSS
from tools.risk.limits import RiskLimits
from tools.risk.verdict import Clamp

BREAKERS = {DRAWDOWN, DAILY_LOSS, WEEKLY_LOSS}
"""They halt the book and clamp nothing."""
BOUNDS_OF_DATA = {"max_stale_bars"}


def names_in(*modules) -> set[str]:
    """The names of limits that the code writes into clamps."""
    text = "".join(inspect.getsource(module) for module in modules)
    return set(re.findall(r'"(max_\w+|untradable|long_only|restricted|risk_unknown|least_change)"', text))


def test_every_limit_has_words_and_no_others():
    fields = {name for name in RiskLimits.model_fields if name.startswith("max_")} - BREAKERS - BOUNDS_OF_DATA
    assert fields <= LIMIT_WORDS.keys()
    assert names_in(exposures, portfolio, projection, stops) == LIMIT_WORDS.keys()


@pytest.mark.parametrize("limit", [*LIMIT_WORDS, "a_limit_of_another_version"])
def test_an_answer_with_the_words_is_proven(limit):
    record = a_record(7)
    symbol = sorted(s for s in record["verdict"]["weights"] if s != "CASH")[0]
    clamp = Clamp(limit=limit, symbol=symbol, before=0.2, after=0.1, detail="limit 0.1")
    record["verdict"]["clamps"] = [clamp.model_dump(mode="json")]
    text = explain(record, "which limits fired?").text
    assert LIMIT_WORDS.get(limit, limit) in text
    assert check(text, Facts(record)) == ()


def test_a_symbol_that_a_stop_keeps_out_is_named():
    record = a_record(7)
    symbol = sorted(s for s in record["verdict"]["weights"] if s != "CASH")[0]
    lock = Lock(rule="max_position_loss", since="2020-03-16T20:00:00Z", until="2020-03-23T20:00:00Z",
                detail=f"{symbol} lost 12.00%, limit 10.00%", symbol=symbol)  # fmt: skip
    record["opening"]["locks"] = [lock.model_dump(mode="json")]
    text = explain(record, "what is the book worth?").text
    assert f"“max_position_loss” [opening.locks[0].rule] holds {symbol} [opening.locks[0].symbol]" in text
    assert check(text, Facts(record)) == ()


def test_a_projection_that_was_not_found_is_told():
    record = a_record(7)
    record["verdict"]["notes"] = ["no projection, the limits act one by one: risk is unknown"]
    text = explain(record, "which limits fired?").text
    assert "“no projection, the limits act one by one: risk is unknown” [verdict.notes[0]]" in text
    assert check(text, Facts(record)) == ()
