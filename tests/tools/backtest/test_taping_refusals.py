"""Every bar, action and rate that cannot be is refused with its symbol, its bar and its rule; nothing is half made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadBar, InputError, UnknownSymbol
from data.market import AssetClass, Instrument
from data.panel import Panel
from data.quality import LARGEST_PRICE, VALUE_RULES
from tests.tools.backtest.toy_histories import closes, history_of
from tools.backtest.actions import Action, Delisting, Dividend, Split
from tools.backtest.conditions import Conditions
from tools.backtest.taping import tape_from_history, tape_from_panel, tape_of

ROW, COLUMN = 7, 1
SYMBOL, BAR = "BBB", "2020-01-08T21:00:00Z"
NOT_SOUND, OVER = "open, high or low is missing, infinite or not positive", "above 1e+07"


def corrupted(**cells: float) -> Panel:
    """A sound panel but for the named arrays at one bar."""
    panel = history_of(closes(30)).panel
    changed = {name: getattr(panel, name).copy() for name in cells}
    for name, value in cells.items():
        changed[name][ROW, COLUMN] = value
    return replace(panel, **changed)


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"close": np.nan}, "the close is missing"),
        ({"close": np.inf}, "the close is infinite"),
        ({"close": -np.inf}, "the close is infinite"),
        ({"close": 1e308}, OVER),
        ({"close": LARGEST_PRICE * 1.01}, OVER),
        ({"close": 0.0}, "the close is not positive"),
        ({"close": -36.98}, "the close is not positive"),
        ({"close": 5e-324}, "the close is outside [low, high]"),
        ({"close": 500.0}, "the close is outside [low, high]"),
        ({"open": np.nan}, NOT_SOUND),
        ({"open": np.inf}, NOT_SOUND),
        ({"open": -1.0}, NOT_SOUND),
        ({"open": 0.0}, NOT_SOUND),
        ({"open": 1e308}, OVER),
        ({"open": 500.0}, "the open is outside [low, high]"),
        ({"high": np.nan}, NOT_SOUND),
        ({"high": np.inf}, NOT_SOUND),
        ({"high": 1e308}, OVER),
        ({"high": 1.0}, "high is below low"),
        ({"low": np.nan}, NOT_SOUND),
        ({"low": -5.0}, NOT_SOUND),
        ({"low": 1e6}, "high is below low"),
        ({"volume": -1.0}, "the volume is negative or infinite"),
        ({"volume": np.inf}, "the volume is negative or infinite"),
        ({"volume": 0.0}, "nothing was traded"),
        ({"open": np.nan, "high": np.nan}, NOT_SOUND),
    ],
)
def test_a_corrupted_bar_is_refused_by_symbol_bar_and_rule(cells: dict[str, float], rule: str):
    panel = corrupted(**cells)
    for make in (tape_from_panel, lambda each: tape_from_history(replace(history_of(closes(30)), panel=each))):
        with pytest.raises(BadBar) as caught:
            make(panel)
        assert (caught.value.symbol, caught.value.bar) == (SYMBOL, BAR)
        assert rule in caught.value.rule
        assert caught.value.remedy
        assert str(caught.value).startswith(f"{SYMBOL} at {BAR}: ")


def test_the_rules_are_those_of_the_lake():
    with pytest.raises(BadBar) as caught:
        tape_from_panel(corrupted(high=1.0))
    assert caught.value.rule in VALUE_RULES


def test_the_first_bad_bar_is_named():
    panel = corrupted(close=np.nan)
    panel.close[ROW + 2, 0] = np.nan
    with pytest.raises(BadBar) as caught:
        tape_from_panel(panel)
    assert (caught.value.symbol, caught.value.bar) == (SYMBOL, BAR)


def test_a_corrupted_cell_without_a_bar_is_never_read():
    panel = corrupted(close=np.nan)
    age = panel.age.copy()
    age[ROW, COLUMN] = 1
    tape = tape_from_panel(replace(panel, age=age))
    assert tape.close[ROW, COLUMN] == panel.close[ROW - 1, COLUMN]
    assert not tape.fresh[ROW, COLUMN]


@pytest.mark.parametrize("price", [0.0, -1.0, np.inf, 1e308])
def test_a_fill_that_is_no_price_is_refused(price: float):
    history = history_of(closes(30))
    history.fill[ROW - 1, COLUMN] = price
    with pytest.raises(BadBar, match="the open is no price") as caught:
        tape_from_history(history)
    assert (caught.value.symbol, caught.value.bar) == (SYMBOL, BAR)


def with_times(change: Any) -> Panel:
    panel = history_of(closes(30)).panel
    times = panel.times.copy()
    change(times)
    return replace(panel, times=times)


def twice(times: np.ndarray) -> None:
    times[ROW] = times[ROW - 1]


def back(times: np.ndarray) -> None:
    times[ROW - 1], times[ROW] = times[ROW], times[ROW - 1].copy()


def missing(times: np.ndarray) -> None:
    times[ROW] = np.datetime64("NaT")


@pytest.mark.parametrize(
    ("change", "bar", "rule"),
    [
        (twice, "2020-01-07T21:00:00Z", "the slot is given twice"),
        (back, "2020-01-07T21:00:00Z", "the slot is out of order"),
        (missing, "NaT", "a slot without a time"),
    ],
)
def test_duplicate_unsorted_and_timeless_slots_are_refused(change: Any, bar: str, rule: str):
    with pytest.raises(BadBar) as caught:
        tape_from_panel(with_times(change))
    assert (caught.value.symbol, caught.value.bar, caught.value.rule) == ("every symbol", bar, rule)


def test_a_symbol_given_twice_is_refused():
    one = Instrument("AAA", AssetClass.STOCK)
    with pytest.raises(BadBar, match="the symbol is given twice") as caught:
        tape_of(closes(5)[:, :2], instruments=(one, one))
    assert caught.value.symbol == "AAA"


D = date(2000, 1, 12)


@pytest.mark.parametrize(
    ("actions", "rule"),
    [
        ((Split("S1", D, 0.0),), "a split of 0"),
        ((Split("S1", D, -2.0),), "a split of -2"),
        ((Split("S1", D, float("nan")),), "a split of nan"),
        ((Split("S1", D, float("inf")),), "a split of inf"),
        ((Split("S1", D, 1e5),), "a split of 100000"),
        ((Split("S1", D, 1.1), Split("S1", D, 1.1)), "two splits on a day"),
        ((Split("S1", D, 2.0),), "the prices show no split of 2"),
        ((Split("S1", D, 0.1),), "the prices show no split of 0.1"),
        ((Dividend("S1", D, -0.1),), "a dividend of -0.1"),
        ((Dividend("S1", D, float("nan")),), "a dividend of nan"),
        ((Dividend("S1", D, 1.0), Dividend("S1", D, 1.0)), "two dividends on a day"),
        ((Delisting("S1", D),), "a bar after the delisting of 2000-01-12"),
    ],
)
def test_an_action_that_cannot_be_is_refused(actions: tuple[Action, ...], rule: str):
    with pytest.raises(BadBar) as caught:
        tape_of(closes(30), conditions=Conditions(actions=actions))
    assert caught.value.symbol == "S1"
    assert caught.value.rule == rule
    assert caught.value.bar.startswith("2000-01-1")


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(actions=(Split("S9", D, 2.0),)),
        Conditions(borrow_bps={"S9": 10.0}),
        Conditions(funding_bps={"S9": 10.0}),
        Conditions(charges={"S9": np.zeros(30)}),
        Conditions(rolls={"S9": np.zeros(30)}),
    ],
)
def test_an_unknown_symbol_is_refused_by_name(conditions: Conditions):
    with pytest.raises(UnknownSymbol, match="no symbol 'S9'"):
        tape_of(closes(30), conditions=conditions)


EURO = (Instrument("SAP", AssetClass.STOCK, currency="EUR"),)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_a_rate_of_exchange_that_is_none_is_refused_with_its_slot(rate: float):
    row = np.ones(30)
    row[4] = rate
    with pytest.raises(BadBar, match="the rate of EUR is not positive and finite") as caught:
        tape_of(closes(30)[:, :1], instruments=EURO, conditions=Conditions(fx={"EUR": row}))
    assert (caught.value.symbol, caught.value.bar) == ("SAP", "2000-01-07T21:00:00Z")


def test_a_currency_without_a_rate_is_refused():
    with pytest.raises(BadBar, match="prices are in EUR, and no rate to USD is given") as caught:
        tape_of(closes(30)[:, :1], instruments=EURO, conditions=Conditions(fx={"GBP": 1.3}))
    assert caught.value.symbol == "SAP"


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(interest_bps=np.nan),
        Conditions(interest_bps=1e308),
        Conditions(interest_bps=np.zeros(29)),
        Conditions(borrow_bps=np.inf),
        Conditions(funding_bps={"S1": np.full(30, np.nan)}),
        Conditions(charges={"S1": np.full(30, np.inf)}),
    ],
)
def test_rates_that_cannot_be_are_refused(conditions: Conditions):
    with pytest.raises(InputError):
        tape_of(closes(30), conditions=conditions)


def test_shapes_that_do_not_fit_are_refused():
    for bad in (np.zeros((0, 3)), np.zeros(5), np.zeros((5, 0))):
        with pytest.raises(InputError):
            tape_of(bad)
    with pytest.raises(InputError, match="open has shape"):
        tape_of(closes(30), closes(29))
    with pytest.raises(InputError, match="volume has shape"):
        tape_of(closes(30), volume=np.ones((30, 1)))


anything = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.5, 200.0))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=6))
def test_what_is_not_refused_is_sound(rows: list[tuple[float, float]]):
    close, opens = (np.array([[row[n]] for row in rows]) for n in (0, 1))
    try:
        tape = tape_of(close, opens)
    except BadBar:
        return
    for price in (tape.open, tape.close):
        assert ((price > 0.0) & (price <= LARGEST_PRICE))[tape.fresh].all()
    assert np.isfinite(tape.volatility).all()
