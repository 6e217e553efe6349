"""Tables of records, books and traces: the figures are the record's, in the unit their column names."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.explainer.answer import Step
from agents.explainer.facts import Facts
from agents.explainer.waterfall import waterfall
from agents.meta.allocation import Allocation, Fallback
from graph.record import CycleRecord
from tests.ui.records import a_record, runs, the_views
from tools.execution.book import Book
from tools.risk.verdict import Clamp, Verdict
from ui import frames
from ui.components.charts import waterfall_figure

WEIGHT = st.floats(-1.0, 1.0, allow_nan=False)
SOURCES = ("prior", "context", "news", "macro", "momentum")


def bars(record: CycleRecord, symbol: str) -> tuple[Step, ...]:
    """The bars the Decision page draws."""
    return waterfall(Facts(record.model_dump(mode="json")), symbol).steps


@given(parts=st.lists(WEIGHT, min_size=5, max_size=5), after=WEIGHT, final=WEIGHT)
def test_the_bars_of_a_waterfall_sum_to_the_final_weight(parts: list[float], after: float, final: float) -> None:
    proposed = math.fsum(parts)
    contributions = {s: {"NOVA": part, "CASH": -part + (s == "prior")} for s, part in zip(SOURCES, parts, strict=True)}
    record = a_record(
        allocation=Allocation(
            weights={"NOVA": proposed, "CASH": 1.0 - proposed},
            contributions=contributions,
            fallback_chain=(Fallback(name="rule:blend-v1", used=True),),
        ),
        verdict=Verdict(
            decision="reduced",
            weights={"NOVA": final, "CASH": 1.0 - final},
            clamps=(Clamp(limit="max_name_weight", symbol="NOVA", before=proposed, after=after),),
        ),
    )
    for symbol in ("NOVA", "CASH"):
        steps = bars(record, symbol)
        figure = waterfall_figure(steps)
        assert drawn_end(figure) == pytest.approx(100.0 * record.verdict.weights[symbol], abs=1e-7)
        assert frames.bars(steps)["weight, %"].iloc[-1] == pytest.approx(drawn_end(figure), abs=1e-7)


def drawn_end(figure: go.Figure) -> float:
    """Where the bars of a waterfall lead, by plotly's own rule: a total draws the sum so far and adds nothing."""
    (trace,) = figure.data
    return math.fsum(y for y, kind in zip(trace.y, trace.measure, strict=True) if kind != "total")


def test_the_levels_that_are_written_on_the_bars_are_where_they_are_drawn() -> None:
    (trace,) = waterfall_figure(bars(a_record(), "NOVA")).data
    level = 0.0
    for y, kind, text in zip(trace.y, trace.measure, trace.text, strict=True):
        level += y if kind != "total" else 0.0
        assert float(text) == pytest.approx(y if kind == "relative" else level, abs=0.005)


def test_weights_come_with_the_largest_change_first() -> None:
    frame = frames.weights(a_record())
    assert list(frame["symbol"]) == ["NOVA", "ORBT", "CASH"]
    assert frame.loc[0, ["held, %", "prior, %", "proposed, %", "allowed, %"]].tolist() == pytest.approx(
        [0.0, 47.5, 55.0, 15.0]
    )
    assert frame["change, pp"].tolist() == pytest.approx([15.0, -10.0, -5.0])


def test_an_abstention_has_its_reason_and_no_figures() -> None:
    macro = frames.views(a_record()).set_index("agent").loc["macro"]
    assert macro["says"] == "abstains: no macro release is fresh"
    assert math.isnan(macro["confidence, 0 to 1"])
    assert macro["most bullish"] == ""


def test_a_score_that_was_not_given_stays_empty() -> None:
    frame = frames.scores(a_record()).set_index("symbol")
    assert list(frame.columns) == ["news", "momentum"]
    assert frame.loc["NOVA", "news"] == 0.6
    assert math.isnan(frame.loc["ORBT", "news"])


def test_what_an_agent_does_not_know_stands_with_the_reason() -> None:
    frame = frames.opinions(the_views()[0]).set_index("symbol")
    assert frame.loc["ORBT", "evidence"] == "unknown: no headline"
    assert frame.loc["NOVA", "evidence"] == "news:n1"


def test_an_order_without_a_fill_says_so() -> None:
    frame = frames.orders(a_record()).set_index("symbol")
    assert frame.loc["NOVA", "fill price, ccy"] == 101.0
    assert frame.loc["NOVA", "filled at"] == "next open, 2023-03-16 13:30"
    assert frame.loc["ORBT", "filled at"] == "not filled yet"
    assert math.isnan(frame.loc["ORBT", "cost, ccy"])


def test_positions_are_valued_at_their_marks() -> None:
    frame = frames.positions(a_record().closing).set_index("symbol")
    assert frame.loc["ORBT", "value, ccy"] == pytest.approx(400_000.0)
    assert frame.loc["ORBT", "unrealised, %"] == pytest.approx(25.0)
    assert frame.index[0] == "ORBT"
    assert frames.positions(Book(name="b", cash=1.0, peak_value=1.0, day_start_value=1.0)).empty


def test_drawdown_is_the_fall_from_the_highest_value_so_far() -> None:
    days = (("2023-03-13T20:00:00Z", 100.0), ("2023-03-14T20:00:00Z", 80.0), ("2023-03-15T20:00:00Z", 120.0))
    frame = frames.history([(slot, value, 10.0) for slot, value in days])
    assert frame["drawdown, %"].tolist() == pytest.approx([0.0, -20.0, 0.0])
    assert str(frame["slot"].dtype).endswith("UTC]")


def test_a_trace_is_a_tree_in_the_order_of_time() -> None:
    frame = frames.trace(tuple(reversed(runs("cy-1"))))
    assert [str(name).strip("\u2003└ ") for name in frame["run"][:3]] == ["cycle", "ingest", "news_analyst"]
    assert frame["run"][1].startswith("\u2003└ ")
    assert frame["took, ms"].iloc[0] == pytest.approx(2000.0)
    assert frame["begins after, ms"].iloc[1] == pytest.approx(100.0)
    assert frames.trace(()).empty
