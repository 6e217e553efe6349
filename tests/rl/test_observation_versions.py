"""Observation schemas: slices that cover every column once, obs-v2 point in time, at any bar frequency."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from data.errors import BadConfig, InputError
from rl.forecasts import fit_forecaster
from rl.kernel import one_bar
from rl.market import row_market, starts_in
from rl.observation import (
    DAILY,
    OBS_V1,
    OBS_V2,
    SCHEMAS,
    SYMBOL_COLUMNS,
    ObservationSchema,
    Part,
    bar_volatility,
    bars_a_year,
    market_block,
    observe,
    schema,
    shown_at,
    without_market_wide,
)
from rl.observation.columns import CLASS_COLUMNS, DIRECTIVE_COLUMNS, SHARED_COLUMNS
from rl.reward import RewardConfig
from rl.rows import PLAIN, Rows
from tests.rl.histories import history, hourly

SLOTS, SYMBOLS = 1100, 3
COUNT = st.integers(0, 5)


@pytest.fixture(scope="module")
def daily():
    return history(SLOTS, SYMBOLS, seed=3, memory=0.2)


@pytest.fixture(scope="module")
def market(daily):
    return row_market(daily, None, OBS_V2)


@st.composite
def schemas(draw):
    bar = Part("bar", "symbol", SYMBOL_COLUMNS[: draw(st.integers(1, 9))])
    symbol, shared = SYMBOL_COLUMNS[: draw(COUNT)], SHARED_COLUMNS[: draw(COUNT)]
    context = (
        Part("said", "symbol", symbol), Part("market", "market", shared), Part("class", "class", CLASS_COLUMNS)
    )  # fmt: skip
    window, book, directives = draw(st.integers(1, 30)), draw(COUNT), DIRECTIVE_COLUMNS[: draw(COUNT)]
    own = ("position", "unrealised", "bars_held", "drawdown")
    needed = window * len(bar.columns) + len(symbol) + len(shared) + len(CLASS_COLUMNS) + 4 + book + len(directives) + 8
    width = needed + draw(st.integers(0, 9))
    return ObservationSchema("obs-x", window, (bar,), context, own, DIRECTIVE_COLUMNS[:book], directives, width)


@drawn(schemas())
@settings(max_examples=60, deadline=None)
def test_the_slices_of_any_schema_cover_every_column_once_and_in_order(shape):
    columns = [c for part in shape.slices.values() for c in range(part.start, part.stop)]
    assert columns == list(range(shape.width))
    layout = shape.layout()
    assert layout.own == shape.window * shape.bar_width + shape.context_width == shape.slices["own"].start
    assert layout.directives == shape.slices.get("directives", shape.mask).start
    assert layout.mask == layout.directives + layout.directive_columns == shape.mask.start
    assert layout.shared_to - layout.shared_from == len(shape.context[1].columns)
    assert layout.head == shape.head == shape.width - 1 == shape.slices["head"].start


@pytest.mark.parametrize("obs_id", SCHEMAS)
def test_named_columns_lie_where_the_kernel_puts_them(obs_id):
    shape = schema(obs_id)
    layout = shape.layout()
    assert [c for part in shape.slices.values() for c in range(part.start, part.stop)] == list(range(shape.width))
    assert layout.own_columns == len(shape.own) + len(shape.portfolio)
    names = [p for p in shape.slices if shape.slices[p].start >= layout.shared_from]
    ends = [p for p in names if shape.slices[p].stop <= layout.shared_to]
    assert ends == (["shared"] if obs_id == "obs-v1" else ["macro", "regime"])


def test_obs_v1_is_laid_out_as_one_bar():
    assert OBS_V1.layout() == one_bar(45, 27, 38, 64)


def test_obs_v2_shows_24_bars_of_23_columns():
    layout = OBS_V2.layout()
    assert (layout.window, OBS_V2.bar_width) == (24, 23)
    assert (layout.own_columns, layout.directive_columns, layout.width) == (10, 8, 608)


def test_a_misspelt_id_is_answered_with_the_nearest():
    with pytest.raises(BadConfig, match="did you mean 'obs-v2'"):
        schema("obs_v2")
    with pytest.raises(BadConfig, match="one of obs-v1, obs-v2"):
        schema("pixels")


@pytest.mark.parametrize("shape", SCHEMAS.values(), ids=SCHEMAS)
def test_features_that_do_not_match_are_named_before_any_time_is_spent(daily, shape, monkeypatch):
    monkeypatch.setattr("rl.market.fit_forecaster", lambda _: pytest.fail("time was spent"))
    features = daily.features
    fewer = dataclasses.replace(
        features, specs=features.specs[:-1], values=features.values[:, :, :-1],
        shared_specs=features.shared_specs[1:], shared=features.shared[:, 1:],
    )  # fmt: skip
    with pytest.raises(InputError, match=f"post_count, macro_growth, which {shape.id} needs"):
        row_market(dataclasses.replace(daily, features=fewer), None, shape)


def test_forecasts_are_asked_for(daily):
    with pytest.raises(InputError, match="shows forecasts"):
        observe(OBS_V2, daily.features, daily.panel.instruments)


def changed_after(given, row):
    """The same history up to `row`; every price and feature after it is another."""
    panel, features = given.panel, given.features
    close, values, shared = panel.close.copy(), features.values.copy(), features.shared.copy()
    close[row + 1 :] *= np.linspace(0.5, 2.0, len(close) - row - 1)[:, None]
    values[row + 1 :], shared[row + 1 :] = -values[row + 1 :], np.nan
    return dataclasses.replace(
        given, panel=dataclasses.replace(panel, close=close),
        features=dataclasses.replace(features, values=values, shared=shared),
    )  # fmt: skip


@drawn(st.integers(30, SLOTS - 2))
@settings(max_examples=3, deadline=None)
def test_no_observation_depends_on_what_follows(row):
    given = history(SLOTS, SYMBOLS, seed=3, memory=0.2)
    a, b = (row_market(h, None, OBS_V2).arrays for h in (given, changed_after(given, row)))
    for one, two in ((a.block, b.block), (a.context, b.context)):
        assert np.array_equal(one[:, : row + 1].view(np.int32), two[:, : row + 1].view(np.int32))
        assert not np.array_equal(one[:, row + 1 :], two[:, row + 1 :])
    assert np.array_equal(a.ready[: row + 1], b.ready[: row + 1])


def test_the_market_shows_the_technical_columns_of_obs_v1_for_each_bar(daily, market):
    block = market_block(daily.features, daily.panel.instruments)
    technical = np.where(np.isfinite(block[:, :, :23]), block[:, :, :23], 0.0)
    assert np.array_equal(market.arrays.block, technical.transpose(1, 0, 2))
    at, context = OBS_V2.slices, market.arrays.context
    start = at["sentiment"].start
    assert np.array_equal(context[:, 300, at["class"].start - start : at["class"].stop - start], np.eye(7)[:SYMBOLS])
    assert np.array_equal(context[:, 300, :4], block[300, :, 23:27])
    known = context[:, :, at["forecasts"].stop - start - 1]
    assert not known[:, :252].any()
    assert known[:, -1].all()


def test_nothing_is_decided_before_a_whole_window(market):
    assert not market.arrays.ready[:23].any()
    assert market.arrays.ready[40].all()


def test_a_row_of_the_desk_is_the_window_oldest_bar_first(daily, market):
    forecasts = np.zeros((SLOTS, SYMBOLS, 4))
    seen = without_market_wide(
        OBS_V2, observe(OBS_V2, daily.features, daily.panel.instruments, forecasts=forecasts)
    )  # fmt: skip
    shown = shown_at(OBS_V2, seen, 500)
    bars = shown[:, : OBS_V2.slices["window"].stop].reshape(SYMBOLS, 24, 23)
    assert np.array_equal(bars, market.arrays.block[:, 477:501])
    assert shown.shape[1] == OBS_V2.layout().own
    early = shown_at(OBS_V2, seen, 9)[:, : 24 * 23].reshape(SYMBOLS, 24, 23)
    assert not early[:, :14].any()
    assert np.array_equal(early[:, 14:], market.arrays.block[:, :10])


@pytest.mark.parametrize("shape", SCHEMAS.values(), ids=SCHEMAS)
def test_the_kernel_shows_what_the_desk_would_see(daily, shape):
    market = row_market(daily, None, shape)
    times, instruments = daily.panel.times, daily.panel.instruments
    forecasts = fit_forecaster(daily).forecasts(daily.features, instruments, times)
    seen = without_market_wide(shape, observe(shape, daily.features, instruments, forecasts=forecasts))
    rows = Rows(market, starts_in(market, np.ones(SLOTS, dtype=np.bool_)), PLAIN, RewardConfig(), SYMBOLS)
    numbers, at = np.arange(SYMBOLS), shape.slices
    obs = rows.place(np.full(SYMBOLS, 900), numbers, 1 + numbers, SLOTS - 1)
    for slot in (900, 901, 902):
        assert np.array_equal(obs[:, : at["own"].start], shown_at(shape, seen, slot))
        assert obs[:, shape.head].tolist() == [1.0, 2.0, 3.0]
        assert (obs[:, shape.mask.start] == 1.0).all()
        assert not obs[:, at["padding"]].any()
        obs = rows.step(np.array([0, 1, 3]))
    assert (np.diff(obs[:, at["own"].start]) > 0.2).all()
    if shape.directives:
        rows.directives[1, 3] = 0.5
        told = rows.look()[:, at["directives"]]
        assert told[1, 3] == 0.5
        assert np.count_nonzero(told) == 1


def test_bars_a_year_are_counted_by_the_day():
    assert bars_a_year(history(50, 1).panel.times) == DAILY == 252.0
    assert bars_a_year(hourly(50, 1).panel.times) == 1764.0
    assert bars_a_year(hourly(53, 1).panel.times) == 1764.0
    assert bars_a_year(np.array([], dtype="datetime64[ns]")) == 252.0


def test_a_bar_is_as_volatile_as_it_is_at_any_frequency():
    given = hourly(3000, 2, seed=4)
    found = bar_volatility(given.features, per_year=1764.0)[100:]
    assert np.median(found) == pytest.approx(0.004, rel=0.05)
    values = given.features.values.copy()
    values[:, :, given.features.names.index("vol_21")] = 0.0
    pegged = dataclasses.replace(given.features, values=values)
    assert bar_volatility(pegged, per_year=1764.0)[0, 0] == pytest.approx(0.01 / 1764.0**0.5, rel=1e-9)
    assert bar_volatility(pegged)[0, 0] == pytest.approx(0.01 / 252.0**0.5, rel=1e-9)


def test_hourly_volatility_is_shown_as_that_of_a_year():
    given, at = hourly(900, 2, seed=4), [c.feature for c in SYMBOL_COLUMNS].index("vol_21")
    block = row_market(given).arrays.block
    year = 0.004 * 1764.0**0.5
    assert np.median(block[:, 100:, at]) == pytest.approx(np.log(year / 0.2) / 0.7, abs=0.1)
    moves = block[:, 100:, 0]
    assert moves.std() == pytest.approx(1.0, rel=0.1)


def test_hourly_markets_are_shown_in_obs_v2():
    market = row_market(hourly(2400, 2, seed=5), None, OBS_V2)
    known = market.arrays.context[:, :, OBS_V2.slices["forecasts"].stop - OBS_V2.slices["sentiment"].start - 1]
    assert known[:, -1].all()
    assert market.arrays.ready[-1].all()
