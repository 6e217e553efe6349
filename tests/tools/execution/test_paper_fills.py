"""What the paper broker's market gives: prices against the bar, pieces under the cap, costs of tools.market."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from data.outcomes import NextBar
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import SymbolTerms, attempt, proportional, terms_from
from tools.execution.orders import Order
from tools.market.terms import fill_cost, proportional_terms

NOW = datetime(2020, 3, 16, 20, tzinfo=UTC)
DAY = timedelta(days=1)
FREE = terms_from({})


def order(side="buy", quantity=100.0, **changes):
    values = {"order_id": "bp-1", "symbol": "A", "side": side, "quantity": quantity, "reference_price": 100.0}
    return Order(**(values | changes))


def bar(price=100.0, high=102.0, low=98.0, volume=math.nan, days=1, **more):
    return NextBar(price, NOW + days * DAY, "next_open", high, low, volume, **more)


def venue(tmp_path, bars, **terms):
    """A paper broker over these bars, in order; it knows those up to a day after its time."""
    columns = {name: np.array([value]) for name, value in terms.items()}
    priced = SymbolTerms(("A",), proportional_terms(np.array([5.0]))._replace(**columns))
    return PaperBroker(
        RecordedGate(), tmp_path / "venue.sqlite", "b",
        lambda symbol, after: next((b for b in bars if b.time >= after), None), NOW, priced, 1e6,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("side", "kind", "prices", "expected"),
    [
        ("buy", "market", {}, 100.0),
        ("buy", "limit", {"limit_price": 101.0}, 100.0),
        ("buy", "limit", {"limit_price": 99.0}, 99.0),
        ("buy", "limit", {"limit_price": 98.0}, 98.0),
        ("buy", "limit", {"limit_price": 97.9}, None),
        ("sell", "limit", {"limit_price": 99.0}, 100.0),
        ("sell", "limit", {"limit_price": 101.0}, 101.0),
        ("sell", "limit", {"limit_price": 102.1}, None),
        ("buy", "stop", {"stop_price": 99.0}, 100.0),
        ("buy", "stop", {"stop_price": 101.0}, 101.0),
        ("buy", "stop", {"stop_price": 102.1}, None),
        ("sell", "stop", {"stop_price": 101.0}, 100.0),
        ("sell", "stop", {"stop_price": 99.0}, 99.0),
        ("sell", "stop", {"stop_price": 97.9}, None),
        ("buy", "stop_limit", {"stop_price": 101.0, "limit_price": 101.5}, 101.0),
        ("buy", "stop_limit", {"stop_price": 101.0, "limit_price": 100.5}, None),
        ("buy", "stop_limit", {"stop_price": 99.0, "limit_price": 99.5}, 99.5),
        ("sell", "stop_limit", {"stop_price": 99.0, "limit_price": 98.5}, 99.0),
        ("sell", "stop_limit", {"stop_price": 99.0, "limit_price": 99.5}, None),
    ],
)
def test_prices_against_a_bar_of_98_to_102_that_opened_at_100(side, kind, prices, expected):
    found = attempt(order(side, kind=kind, **prices), 100.0, bar(), FREE, triggered=False)
    assert (found.price if found.units else None) == expected
    if expected is not None:
        assert found.convention == ("next_open" if expected == 100.0 else "venue")


def test_a_stop_that_was_reached_is_remembered_and_its_limit_works_in_the_next_bar(tmp_path):
    broker = venue(tmp_path, [bar(), bar(price=100.0, high=100.2, low=99.8, days=2)])
    stop = order(kind="stop_limit", stop_price=101.0, limit_price=100.1, time_in_force="gtc")
    assert broker.submit(stop) == "accepted"
    broker.advance(NOW + 3 * DAY)
    assert [f.price for f in broker.query("bp-1").fills] == [100.0]
    broker.close()


def test_where_a_bar_has_closes_only_a_limit_is_held_against_the_close():
    closes = NextBar(100.0, NOW + DAY, "next_close")
    assert attempt(order(kind="limit", limit_price=99.0), 1.0, closes, FREE, triggered=False).units == 0.0
    found = attempt(order(kind="limit", limit_price=101.0), 1.0, closes, FREE, triggered=False)
    assert (found.units, found.price, found.convention) == (1.0, 100.0, "next_close")


def test_a_large_order_is_filled_in_pieces_over_the_bars_that_become_known(tmp_path):
    bars = [bar(price=100.0 + k, volume=400.0, days=k) for k in (1, 2, 3)]
    broker = venue(tmp_path, bars, cap=0.1, impact=0.7, lot=1.0)
    assert broker.submit(order()) == "partial"
    assert [f.quantity for f in broker.query("bp-1").fills] == [40.0]
    broker.advance(NOW + 2 * DAY)
    answer = broker.query("bp-1")
    assert [(f.quantity, f.price) for f in answer.fills] == [(40.0, 101.0), (40.0, 102.0)]
    assert [(o.quantity, o.filled) for o in broker.open_orders()] == [(100.0, 80.0)]
    broker.advance(NOW + 3 * DAY)
    assert [f.quantity for f in broker.query("bp-1").fills] == [40.0, 40.0, 20.0]
    assert broker.query("bp-1").state == "filled"
    assert broker.positions() == {"A": 100.0}
    broker.close()


def test_costs_are_those_of_the_one_cost_function(tmp_path):
    found = bar(volume=5000.0, volatility=0.02)
    terms = {"impact": 0.7, "kyle": 0.3, "per_unit": 0.005, "minimum": 1.0, "spread_vol": 0.1}
    broker = venue(tmp_path, [found], **terms)
    broker.submit(order())
    (fill,) = broker.query("bp-1").fills
    row = proportional_terms(np.array([5.0]))._replace(**{k: np.array([v]) for k, v in terms.items()})
    assert fill.cost == fill_cost(100.0, 100.0, 1.0, 5000.0, 0.02, row, 0)
    assert broker.cash() == 1e6 - 100.0 * 100.0 - fill.cost
    broker.close()


def test_without_terms_beyond_the_rate_an_order_is_filled_whole_and_pays_the_rate(tmp_path):
    broker = venue(tmp_path, [bar(volume=1.0, volatility=0.5)])
    broker.submit(order(quantity=12345.678))
    (fill,) = broker.query("bp-1").fills
    assert (fill.quantity, fill.cost) == (12345.678, 12345.678 * 100.0 * 5.0 * 1e-4)
    broker.close()


def test_lots_are_whole_and_the_rest_that_is_less_than_one_is_cancelled(tmp_path):
    broker = venue(tmp_path, [bar()], lot=1.0)
    assert broker.submit(order(quantity=10.7)) == "cancelled"
    answer = broker.query("bp-1")
    assert ([f.quantity for f in answer.fills], answer.reason) == ([10.0], "the rest is less than a lot of 1.0")
    assert broker.submit(order(quantity=0.7, order_id="bp-2")) == "rejected"
    assert "less than a lot" in broker.query("bp-2").reason
    broker.close()


@pytest.mark.parametrize(("time_in_force", "filled"), [("ioc", [40.0]), ("fok", [])])
def test_what_is_not_filled_at_once_is_cancelled(tmp_path, time_in_force, filled):
    broker = venue(tmp_path, [bar(volume=400.0), bar(days=2)], cap=0.1)
    assert broker.submit(order(time_in_force=time_in_force)) == "cancelled"
    broker.advance(NOW + 3 * DAY)
    assert [f.quantity for f in broker.query("bp-1").fills] == filled
    broker.close()


def test_a_limit_for_the_day_lapses_and_one_that_is_good_till_cancelled_waits(tmp_path):
    broker = venue(tmp_path, [bar(), bar(price=90.0, high=91.0, low=89.0, days=2)])
    day, gtc = order(kind="limit", limit_price=95.0), order(
        kind="limit", limit_price=95.0, time_in_force="gtc", order_id="bp-2"
    )  # fmt: skip
    assert (broker.submit(day), broker.submit(gtc)) == ("accepted", "accepted")
    broker.advance(NOW + 2 * DAY)
    assert (broker.query("bp-1").state, broker.query("bp-1").reason) == ("cancelled", "the day is over")
    assert [f.price for f in broker.query("bp-2").fills] == [90.0]
    broker.close()


def test_an_order_never_meets_a_bar_of_a_later_decision(tmp_path):
    broker = venue(tmp_path, [bar(volume=100.0, days=1), bar(volume=100.0, days=2)], cap=0.1)
    broker.submit(order())
    broker.advance(NOW + DAY)
    assert len(broker.query("bp-1").fills) == 1
    broker.cancel("bp-1")
    broker.advance(NOW + 5 * DAY)
    assert len(broker.query("bp-1").fills) == 1
    broker.close()


def test_reduce_only_never_opens_or_turns_a_position(tmp_path):
    broker = venue(tmp_path, [bar()])
    broker.submit(order())
    assert broker.submit(order("sell", 40.0, order_id="bp-2", reduce_only=True)) == "filled"
    assert broker.submit(order("sell", 61.0, order_id="bp-3", reduce_only=True)) == "rejected"
    assert broker.submit(order("buy", 1.0, order_id="bp-4", reduce_only=True)) == "rejected"
    assert "60.0 held" in broker.query("bp-4").reason
    broker.close()


def test_a_short_position_is_counted_below_zero(tmp_path):
    broker = venue(tmp_path, [bar()])
    broker.submit(order("sell", 5.0))
    assert broker.positions() == {"A": -5.0}
    assert broker.cash() == pytest.approx(1e6 + 500.0 - 0.25)
    broker.close()


def test_the_deposit_is_that_of_the_first_opening(tmp_path):
    for deposit, expected in ((1000.0, 1000.0), (5000.0, 1000.0)):
        broker = PaperBroker(
            RecordedGate(), tmp_path / "v.sqlite", "b", lambda s, a: None, NOW, proportional({"A": 5.0}), deposit
        )
        assert broker.cash() == expected
        broker.close()
