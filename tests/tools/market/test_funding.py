"""Carry: day counts, parity and funding instants, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tools.market.funding import accrued, funding_instants, fx_rollover, perpetual_funding, swap_points


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[ns]")


FRIDAY_TO_TUESDAY = days("2024-03-01T21:00", "2024-03-04T21:00", "2024-03-05T21:00")


def test_a_weekend_is_three_days_of_interest_and_the_first_slot_none():
    np.testing.assert_allclose(accrued(360.0, FRIDAY_TO_TUESDAY), [0.0, 3e-4, 1e-4], rtol=1e-14)
    np.testing.assert_allclose(accrued(365.0, FRIDAY_TO_TUESDAY, 365.0), [0.0, 3e-4, 1e-4], rtol=1e-14)


def test_the_rate_at_the_start_of_a_span_is_charged_for_it():
    rate = np.array([360.0, 720.0, 9_999.0])
    np.testing.assert_allclose(accrued(rate, FRIDAY_TO_TUESDAY), [0.0, 3e-4, 2e-4], rtol=1e-14)


def test_the_low_yielder_pays_the_high_yielder():
    assert fx_rollover(100.0, 460.0, FRIDAY_TO_TUESDAY)[1] == pytest.approx(3e-4)
    assert fx_rollover(460.0, 100.0, FRIDAY_TO_TUESDAY)[1] == pytest.approx(-3e-4)
    assert not fx_rollover(250.0, 250.0, FRIDAY_TO_TUESDAY).any()


def test_swap_points_leave_no_arbitrage():
    """A euro lent for a quarter and sold forward earns what its price in dollars earns."""
    spot, base, quote = 1.1, 350.0, 525.0
    forward = spot + swap_points(spot, base, quote, 90.0, 360.0)
    assert (1.0 + 0.035 / 4) * forward == pytest.approx(spot * (1.0 + 0.0525 / 4), rel=1e-14)
    assert swap_points(spot, 300.0, 300.0, 90.0, 360.0) == 0.0


def test_perpetual_funding_is_paid_by_who_holds_at_the_instant():
    paid_at = days("2024-03-01T16:00", "2024-03-02T00:00", "2024-03-02T08:00", "2024-03-02T16:00")
    slots = days("2024-03-01T16:00", "2024-03-02T08:00", "2024-03-02T12:00", "2024-03-03T00:00")
    rates = np.array([100.0, 1.0, 2.0, -4.0])
    np.testing.assert_allclose(perpetual_funding(paid_at, rates, slots), [0.0, 3e-4, 0.0, -4e-4], atol=1e-18)


def test_a_perpetual_pays_three_times_a_day():
    slots = days("2024-03-01T21:00", "2024-03-02T21:00", "2024-03-04T21:00")
    instants = funding_instants(slots)
    assert {str(hour) for hour in instants.astype("datetime64[h]")} >= {
        "2024-03-02T00",
        "2024-03-02T08",
        "2024-03-02T16",
    }
    paid = perpetual_funding(instants, np.ones(len(instants)), slots)
    np.testing.assert_allclose(paid, [0.0, 3e-4, 6e-4], rtol=1e-12)
