"""Structures: their legs, orders and margins, and the combinations that are refused."""

from datetime import date

import numpy as np
import pytest

from data.errors import InputError, UnknownSymbol
from tools.execution.orders import order_id
from tools.options.contracts import Contract, parse
from tools.options.margin import margin, uncovered
from tools.options.payoffs import outcome
from tools.options.structures import (
    Quoted,
    calendar,
    collar,
    covered_call,
    protective_put,
    straddle,
    vertical,
)

JUNE, JULY = date(2014, 6, 20), date(2014, 7, 18)
TODAY = date(2014, 5, 1)


def quoted(right, strike, price, expiry=JUNE):
    return Quoted(Contract("XYZ", expiry, right == "C", float(strike)), price)


def test_a_contract_is_named_as_the_occ_does_and_read_back():
    contract = Contract("AAPL", date(2014, 6, 21), True, 92.855)
    assert contract.symbol == "AAPL140621C00092855"
    assert parse(contract.symbol) == contract
    assert parse("XYZ   140620P00050000") == Contract("XYZ", JUNE, False, 50.0)
    for bad in ("AAPL", "AAPL140631C00092855", "AAPL140621X00092855", "", "aapl140621C00092855"):
        with pytest.raises(UnknownSymbol):
            parse(bad)


def test_orders_carry_leg_numbers_and_deterministic_ids():
    condor = collar("XYZ", 50.0, quoted("P", 45, 1.0), quoted("C", 55, 1.2), contracts=2)
    orders = condor.orders("main", "2014-05-01T20:00:00Z")
    assert [(o.leg, o.symbol, o.side, o.quantity, o.reference_price) for o in orders] == [
        (0, "XYZ", "buy", 200.0, 50.0),
        (1, "XYZ140620P00045000", "buy", 2.0, 1.0),
        (2, "XYZ140620C00055000", "sell", 2.0, 1.2),
    ]
    assert orders[2].order_id == order_id("main", "2014-05-01T20:00:00Z", "XYZ140620C00055000", 2, 1)
    assert orders == condor.orders("main", "2014-05-01T20:00:00Z")
    assert len({o.order_id for o in orders}) == 3


def test_closing_buys_the_short_legs_back_first_and_passes_no_leg_through_zero():
    opened = covered_call("XYZ", 50.0, quoted("C", 55, 1.2)).orders("main", "s")
    closed = covered_call("XYZ", 50.0, quoted("C", 55, 1.2)).orders("main", "t", close=True)
    assert [(o.leg, o.side, o.reduce_only) for o in opened] == [(0, "buy", False), (1, "sell", False)]
    assert [(o.leg, o.side, o.reduce_only) for o in closed] == [(1, "buy", True), (0, "sell", True)]


@pytest.mark.parametrize(
    ("structure", "cost", "result"),
    [
        (covered_call("XYZ", 50.0, quoted("C", 55, 2.0)), 4_800.0, (700.0, 4_800.0, (48.0,))),
        (protective_put("XYZ", 50.0, quoted("P", 45, 1.0)), 5_100.0, (np.inf, 600.0, (51.0,))),
        (collar("XYZ", 50.0, quoted("P", 45, 1.0), quoted("C", 55, 1.0)), 5_000.0, (500.0, 500.0, (50.0,))),
        (vertical(quoted("C", 50, 3.0), quoted("C", 55, 1.0)), 200.0, (300.0, 200.0, (52.0,))),
        (vertical(quoted("P", 45, 1.0), quoted("P", 50, 3.0)), -200.0, (200.0, 300.0, (48.0,))),
        (straddle(quoted("C", 50, 3.0), quoted("P", 50, 2.5)), 550.0, (np.inf, 550.0, (44.5, 55.5))),
        (straddle(quoted("C", 50, 3.0), quoted("P", 50, 2.5), -1), -550.0, (550.0, np.inf, (44.5, 55.5))),
    ],
)
def test_cost_and_outcome_of_each_structure(structure, cost, result):
    assert structure.cost == pytest.approx(cost)
    *extremes, break_evens = outcome(structure.legs(TODAY))
    assert extremes == pytest.approx(result[:2])
    assert break_evens == pytest.approx(result[2])


def test_a_calendar_holds_the_later_expiry():
    legs = calendar(quoted("C", 50, 2.0), quoted("C", 50, 3.0, JULY)).legs(TODAY)
    assert [(leg.units, round(leg.years * 365)) for leg in legs] == [(100.0, 78), (-100.0, 50)]


def test_uncovered_margin_by_hand():
    """A call of strike 55 at 2, the underlying at 50: 2 + max(20 % of 50 - 5, 10 % of 50); puts by the strike."""
    assert uncovered(quoted("C", 55, 2.0).contract, 2.0, 50.0) == 2.0 + 5.0
    assert uncovered(quoted("C", 52, 2.0).contract, 2.0, 50.0) == 2.0 + 8.0
    assert uncovered(quoted("C", 60, 1.0).contract, 1.0, 50.0) == 1.0 + 5.0
    assert uncovered(quoted("P", 40, 1.0).contract, 1.0, 50.0) == 1.0 + 4.0
    assert uncovered(quoted("P", 60, 11.0).contract, 11.0, 50.0) == 11.0 + 10.0


@pytest.mark.parametrize(
    ("structure", "spot", "initial", "maintenance"),
    [
        (covered_call("XYZ", 50.0, quoted("C", 55, 2.0)), 50.0, 2_500.0, 1_250.0),
        (covered_call("XYZ", 60.0, quoted("C", 55, 7.0)), 60.0, 3_000.0, 100 * (0.25 * 55 + 5)),
        (protective_put("XYZ", 50.0, quoted("P", 45, 1.0)), 50.0, 2_600.0, 100 * (4.5 + 5.0)),
        (protective_put("XYZ", 80.0, quoted("P", 45, 0.1)), 80.0, 4_010.0, 2_000.0),
        (collar("XYZ", 50.0, quoted("P", 45, 1.0), quoted("C", 48, 4.0)), 50.0, 2_600.0, 100 * (9.5 + 2.0)),
        (vertical(quoted("C", 50, 3.0), quoted("C", 55, 1.0)), 50.0, 300.0, 0.0),
        (vertical(quoted("P", 45, 1.0), quoted("P", 50, 3.0)), 50.0, 600.0, 500.0),
        (vertical(quoted("C", 90, 0.1), quoted("C", 50, 3.0)), 50.0, 10.0 + 1_300.0, 1_300.0),
        (calendar(quoted("C", 50, 2.0), quoted("C", 50, 3.0, JULY)), 50.0, 300.0, 0.0),
        (straddle(quoted("C", 50, 3.0), quoted("P", 50, 2.5)), 50.0, 550.0, 0.0),
        (straddle(quoted("C", 55, 1.0), quoted("P", 55, 6.0), -2), 50.0, 200 * (16.0 + 1.0), 200 * 17.0),
    ],
)
def test_margin_of_each_structure_by_hand(structure, spot, initial, maintenance):
    found = margin(structure, spot)
    assert found.initial == pytest.approx(initial)
    assert found.maintenance == pytest.approx(maintenance)


def test_margin_is_refused_without_a_price_or_a_rule():
    one = covered_call("XYZ", 50.0, quoted("C", 55, 2.0))
    for spot in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="covered call: the underlying"):
            margin(one, spot)
    with pytest.raises(InputError, match="No margin rule for a condor"):
        margin(one._replace(name="condor"), 50.0)


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (lambda: covered_call("XYZ", 50.0, quoted("P", 55, 2.0)), "is no call"),
        (lambda: covered_call("ABC", 50.0, quoted("C", 55, 2.0)), "several underlyings: ABC, XYZ"),
        (lambda: covered_call("XYZ", -50.0, quoted("C", 55, 2.0)), "XYZ x 100 at -50"),
        (lambda: covered_call("XYZ", 50.0, quoted("C", 55, float("nan"))), "at nan"),
        (lambda: covered_call("XYZ", 50.0, quoted("C", 55, 2.0), 0), "x 0"),
        (lambda: covered_call("XYZ", 50.0, quoted("C", 55, 2.0), -1), "first leg of this structure is bought"),
        (lambda: vertical(quoted("C", 50, 3.0), quoted("P", 55, 1.0)), "no vertical"),
        (lambda: vertical(quoted("C", 50, 3.0), quoted("C", 50, 1.0)), "no vertical"),
        (lambda: vertical(quoted("C", 50, 3.0), quoted("C", 55, 1.0, JULY)), "two days"),
        (lambda: straddle(quoted("C", 50, 3.0), quoted("P", 55, 1.0)), "no straddle"),
        (lambda: collar("XYZ", 50.0, quoted("P", 55, 1.0), quoted("C", 45, 1.0)), "lies below"),
        (lambda: calendar(quoted("C", 50, 3.0, JULY), quoted("C", 50, 2.0)), "no calendar"),
        (lambda: calendar(quoted("C", 50, 2.0), quoted("C", 55, 3.0, JULY)), "no calendar"),
    ],
)
def test_what_is_not_the_structure_it_says_is_refused_by_name(build, match):
    with pytest.raises(InputError, match=match):
        build()
