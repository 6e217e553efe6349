"""P(up) as columns: found where it is there, out of sample, known at the time, and the same from a policy's tensors."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import CorruptFile
from rl.forecasts import Forecaster, fit_forecaster
from rl.forecasts.fit import LEAST_SLOTS
from rl.forecasts.forecaster import calendar_years, forecast_columns
from rl.observation import FORECAST_HORIZONS
from tests.rl.histories import history, hourly

SLOTS = 1100
"""Three calendar years of the synthetic daily slots."""


def shown(given, forecaster=None):
    forecaster = forecaster or fit_forecaster(given)
    return forecaster.forecasts(given.features, given.panel.instruments, given.panel.times)


@pytest.fixture(scope="module")
def signal():
    return history(SLOTS, 5, seed=1, memory=0.4)


def changed_after(given, row):
    """The same history up to `row`, another future."""
    other = dataclasses.replace(given, panel=dataclasses.replace(given.panel, close=given.panel.close.copy()))
    other.panel.close[row + 1 :] *= np.linspace(1.0, 3.0, SLOTS - row - 1)[:, None]
    values = given.features.values.copy()
    values[row + 1 :] *= -1.0
    return dataclasses.replace(other, features=dataclasses.replace(given.features, values=values))


@pytest.mark.parametrize("row", [760, 1000, 1095])
def test_what_follows_changes_nothing_bit_for_bit(signal, row):
    a, b = shown(signal), shown(changed_after(signal, row))
    assert np.array_equal(a[: row + 1].view(np.int64), b[: row + 1].view(np.int64))
    assert not np.array_equal(a[row + 1 :], b[row + 1 :], equal_nan=True)


def test_a_year_is_fitted_without_the_outcomes_that_reach_into_it(signal):
    first = int(np.flatnonzero(np.diff(calendar_years(signal.panel.times)))[1]) + 1
    other = dataclasses.replace(signal, panel=dataclasses.replace(signal.panel, close=signal.panel.close.copy()))
    other.panel.close[first:] *= 5.0
    one, two = fit_forecaster(signal), fit_forecaster(other)
    year = one.years.tolist().index(int(calendar_years(signal.panel.times)[first]))
    assert np.array_equal(one.weight[: year + 1], two.weight[: year + 1])
    assert not np.array_equal(one.weight[year + 1 :], two.weight[year + 1 :])


def test_a_planted_signal_is_foretold_out_of_sample(signal):
    p = shown(signal)
    served = np.flatnonzero(p[:-1, 0, -1] == 1.0)
    following = signal.panel.close[served + 1] / signal.panel.close[served] - 1.0
    called = (p[served, :, 0] > 0.5) == (following > 0.0)
    assert called.mean() > 0.58
    assert p[served, :, 0].std() > 2.0 * p[served, :, 2].std()


def test_noise_is_left_near_a_coins_odds():
    p = shown(history(SLOTS, 5, seed=2))
    served = np.isfinite(p[:, :, 0]) & (p[:, :, -1] == 1.0)
    assert np.abs(p[served][:, 0] - 0.5).mean() < 0.08


def test_before_a_year_of_outcomes_nothing_is_foretold(signal):
    p = shown(signal)
    assert (p[:LEAST_SLOTS, :, -1] == 0.0).all()
    assert (p[:LEAST_SLOTS, :, :-1] == 0.5).all()
    assert p[-1, :, -1].all()


def test_a_slot_is_the_same_whatever_else_is_asked_for(signal):
    forecaster, times = fit_forecaster(signal), signal.panel.times
    whole = shown(signal, forecaster)
    for rows in (slice(-1, None), slice(700, 733)):
        few = forecaster.forecasts(signal.features, signal.panel.instruments, times, rows)
        assert np.array_equal(few, whole[rows])


def test_an_unknown_column_is_an_unknown_forecast_but_an_unknown_market_is_not(signal):
    values, shared = signal.features.values.copy(), signal.features.shared.copy()
    values[900, 2, 3], shared[901] = np.nan, np.nan
    torn = dataclasses.replace(signal.features, values=values, shared=shared)
    p = fit_forecaster(signal).forecasts(torn, signal.panel.instruments, signal.panel.times)
    assert np.isnan(p[900, 2, :-1]).all()
    assert np.isfinite(p[900, [0, 1, 3, 4]]).all()
    assert np.isfinite(p[901]).all()


def test_a_policy_carries_it_in_float32_tensors(signal):
    forecaster = fit_forecaster(signal)
    tensors = {name: values.astype(np.float32) for name, values in forecaster.tensors().items()}
    assert np.array_equal(shown(signal, Forecaster.from_tensors(tensors)), shown(signal, forecaster))
    with pytest.raises(CorruptFile, match=r"lacks forecast\.bias"):
        Forecaster.from_tensors({k: v for k, v in tensors.items() if k != "forecast.bias"})
    with pytest.raises(CorruptFile, match="not finite"):
        Forecaster.from_tensors(tensors | {"forecast.bias": np.full_like(tensors["forecast.bias"], np.nan)})
    with pytest.raises(CorruptFile, match="years"):
        Forecaster.from_tensors(tensors | {"forecast.weight": tensors["forecast.weight"][:, :2]})


def test_hourly_bars_are_foretold_too():
    given = hourly(2400, 3, memory=0.4)
    p = shown(given)
    assert p[-1, :, -1].all()
    assert p[-500:, :, 0].std() > 0.03
    assert len(FORECAST_HORIZONS) == p.shape[2] - 1


def test_classifiers_read_zeros_where_the_market_is_unknown(signal):
    shared = signal.features.shared.copy()
    shared[5] = np.nan
    block = forecast_columns(dataclasses.replace(signal.features, shared=shared), signal.panel.instruments)
    assert np.isfinite(block[5, :, 27:38]).all()
    assert not block[5, :, 27:38].any()
