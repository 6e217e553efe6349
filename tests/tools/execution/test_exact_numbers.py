"""The border of exact numbers: rounding of floats is mended, everything else is refused or left out, never sent up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import OrderRefused
from tools.execution.brokers.decimals import as_decimal, in_lots, plain

UNITS = (Decimal("0.01"), Decimal("0.00001"), Decimal("0.000000001"), Decimal(1), Decimal(50))


def test_a_float_that_missed_its_decimal_is_mended():
    assert as_decimal(0.1 + 0.2, Decimal("0.1"), "X") == Decimal("0.3")
    assert in_lots(0.1 + 0.2, Decimal("0.1"), "X") == Decimal("0.3")
    assert in_lots(0.3 - 1e-17, Decimal("0.1"), "X") == Decimal("0.3")


@given(st.integers(1, 10**6), st.sampled_from(UNITS))
def test_every_multiple_arrives_as_it_is(count, unit):
    assert as_decimal(float(count * unit), unit, "X") == in_lots(float(count * unit), unit, "X") == count * unit


@given(st.floats(1e-6, 1e6), st.sampled_from(UNITS))
def test_lots_are_never_more_than_was_asked(quantity, unit):
    try:
        sent = in_lots(quantity, unit, "X")
    except OrderRefused:
        assert Decimal(repr(quantity)) < unit
    else:
        assert sent % unit == 0
        assert sent <= Decimal(repr(quantity)) + unit * Decimal("1e-6")
        assert sent > Decimal(repr(quantity)) - unit


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0, -0.0])
@pytest.mark.parametrize("border", [as_decimal, in_lots])
def test_what_is_no_positive_number_is_refused(border, value):
    with pytest.raises(OrderRefused) as refused:
        border(value, Decimal("0.01"), "X")
    assert refused.value.rule == "malformed"


def test_a_price_between_two_ticks_is_refused():
    with pytest.raises(OrderRefused, match="no multiple"):
        as_decimal(100.005, Decimal("0.01"), "X")


@pytest.mark.parametrize(
    ("value", "text"), [(10.0, "10"), (0.3, "0.3"), (3e-9, "0.000000003"), (1_000_000.0, "1000000")]
)
def test_a_venue_is_sent_plain_digits(value, text):
    assert plain(as_decimal(value, Decimal("0.000000001"), "X")) == text
