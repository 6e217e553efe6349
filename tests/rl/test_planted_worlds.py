"""Planted worlds obey the law they declare: what is foretold, by which column, when it can be earned."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import InputError
from rl.worlds.planted import PLANTED, Process, planted, pure_noise

LAW = Process(memory=0.8, information=0.2, volatility=0.02, cost_bps=7.0, gap=0.3)


@pytest.fixture(scope="module")
def worlds():
    return planted(LAW, 40, 3000, seed=3, columns=6)


def bar_returns(market):
    close, fill = market.arrays.close, market.arrays.fill
    return fill[:-1] / close[:-1] - 1.0, close[1:] / fill[:-1] - 1.0


def correlation(x, y):
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def test_one_column_foretells_the_next_bar_as_declared_and_no_other_does(worlds):
    gap, day = bar_returns(worlds)
    whole = (1.0 + gap) * (1.0 + day) - 1.0
    error = 1.0 / np.sqrt(whole.size)
    for column in range(6):
        z = worlds.arrays.block[:, :-1, column].T
        foretold = LAW.information if column == PLANTED else 0.0
        assert correlation(z, whole) == pytest.approx(foretold, abs=4.0 * error)


def test_what_is_foretold_and_the_noise_are_split_between_gap_and_day(worlds):
    gap, day = bar_returns(worlds)
    z = worlds.arrays.block[:, :-1, PLANTED].T
    for part, share in ((gap, LAW.gap), (day, 1.0 - LAW.gap)):
        slope = float((z * part).mean() / (z * z).mean())
        assert slope == pytest.approx(LAW.volatility * LAW.information * share, abs=4.0 * LAW.volatility / 346.0)
        left = part - LAW.volatility * LAW.information * share * z
        assert left.var() == pytest.approx(LAW.volatility**2 * share * (1.0 - LAW.information**2), rel=0.03)


def test_noise_columns_have_the_law_of_the_planted_one(worlds):
    block = worlds.arrays.block.astype(np.float64)
    for column in range(6):
        x = block[:, :, column]
        assert x.var() == pytest.approx(1.0, abs=0.06)
        assert correlation(x[:, :-1], x[:, 1:]) == pytest.approx(LAW.memory, abs=0.01)
    assert abs(correlation(block[:, :, 0], block[:, :, 1])) < 0.05


def test_a_world_is_the_same_however_many_stand_beside_it(worlds):
    few = planted(LAW, 3, 3000, seed=3, columns=6)
    assert np.array_equal(few.arrays.block, worlds.arrays.block[:3])
    assert np.array_equal(few.arrays.close, worlds.arrays.close[:, :3])
    other = planted(LAW, 3, 3000, seed=4, columns=6)
    assert not np.isclose(other.arrays.block, few.arrays.block).any(axis=(0, 1)).all()


def test_pure_noise_has_the_same_features_and_foretells_nothing(worlds):
    silent = pure_noise(LAW, 40, 3000, seed=3, columns=6)
    assert np.array_equal(silent.arrays.block, worlds.arrays.block)
    gap, day = bar_returns(silent)
    assert abs(correlation(silent.arrays.block[:, :-1, PLANTED].T, gap + day)) < 4.0 / np.sqrt(gap.size)


def test_costs_and_volatility_are_the_declared_ones(worlds):
    assert (worlds.arrays.cost_bps == LAW.cost_bps).all()
    assert (worlds.arrays.scale == LAW.volatility).all()
    assert np.isnan(worlds.arrays.fill[-1]).all()


@pytest.mark.parametrize(
    "law", [{"memory": 1.0}, {"information": -0.1}, {"gap": 1.1}, {"volatility": 0.0}, {"cost_bps": -1.0}]
)
def test_a_law_out_of_bounds_is_refused(law):
    with pytest.raises(InputError):
        Process(**law)


def test_no_world_is_no_market():
    with pytest.raises(InputError):
        planted(Process(), 0, 100, seed=1)
