from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from data.features.cross_section import breadth, ranks
from data.features.macro import macro_features, releases
from data.features.technical import technical
from data.features.text import text_features
from data.market import AssetClass, FloatArray, Instrument
from data.panel import Panel
from data.sources.protocol import COLUMNS, Kind

SLOTS = np.datetime64("2020-01-01T21:00", "ns") + np.arange(300) * np.timedelta64(1, "D")


def panel_of(close: FloatArray, *, volume: FloatArray | None = None, wide: float = 0.0) -> Panel:
    """A panel (T, S) of fresh bars whose range is `wide` around the close; NaN before a symbol's first bar."""
    names = tuple(Instrument(chr(65 + s), AssetClass.STOCK) for s in range(close.shape[1]))
    age = np.where(np.isnan(close), -1, 0)
    volume = np.where(np.isnan(close), np.nan, 100.0) if volume is None else volume
    return Panel(
        names, SLOTS[: len(close)], close, close * (1 + wide), close * (1 - wide), close, volume, age,
        np.zeros(len(names), np.bool_),
    )  # fmt: skip


@pytest.fixture(scope="module")
def prices() -> FloatArray:
    steps = np.random.default_rng(5).normal(0.0, 0.01, (300, 3))
    close = 20.0 * np.exp(np.cumsum(steps, axis=0))
    close[:40, 1] = np.nan
    return close


def test_ratios_and_returns_agree_with_pandas(prices: FloatArray):
    frame, found = pd.DataFrame(prices), technical(panel_of(prices))
    for n in (1, 5, 21):
        np.testing.assert_allclose(found[f"ret_{n}"], frame.pct_change(n, fill_method=None), rtol=1e-9)
    for n in (20, 50, 200):
        np.testing.assert_allclose(found[f"sma_ratio_{n}"], frame / frame.rolling(n).mean() - 1, rtol=1e-6, atol=1e-12)
    for n in (21, 63):
        vol = frame.pct_change(fill_method=None).rolling(n).std() * np.sqrt(252)
        np.testing.assert_allclose(found[f"vol_{n}"], vol, rtol=1e-6)
    for n in (21, 63, 252):
        np.testing.assert_allclose(found[f"mom_{n}"], frame / frame.shift(n) - 1, rtol=1e-9)
    band = (frame - frame.rolling(20).mean()) / (2 * frame.rolling(20).std(ddof=0))
    np.testing.assert_allclose(found["bollinger_20"], band, rtol=1e-6, atol=1e-9)


def test_rsi_is_wilders(prices: FloatArray):
    close = prices[:, 0]
    change = np.diff(close)
    up, down = np.maximum(change, 0), np.maximum(-change, 0)
    gain, loss = up[:14].mean(), down[:14].mean()
    expected = [gain / (gain + loss)]
    for u, d in zip(up[14:], down[14:], strict=True):
        gain, loss = (13 * gain + u) / 14, (13 * loss + d) / 14
        expected.append(gain / (gain + loss))
    np.testing.assert_allclose(technical(panel_of(prices))["rsi_14"][14:, 0], expected, rtol=1e-9)


def test_true_range_is_the_bars_where_there_is_one_and_close_to_close_where_not(prices: FloatArray):
    for wide in (0.0, 0.05):
        close = prices[:, :1]
        before = np.r_[np.nan, close[:-1, 0]]
        high, low = close[:, 0] * (1 + wide), close[:, 0] * (1 - wide)
        span = np.nanmax([high - low, np.abs(high - before), np.abs(low - before)], axis=0)
        expected = [span[1:15].mean()]
        for value in span[15:]:
            expected.append((13 * expected[-1] + value) / 14)
        found = technical(panel_of(close, wide=wide))["atr_14"][14:, 0]
        np.testing.assert_allclose(found, np.array(expected) / close[14:, 0], rtol=1e-9)
    absent = panel_of(close, wide=0.05)
    absent.high[:], absent.low[:] = np.nan, np.nan
    np.testing.assert_array_equal(technical(absent)["atr_14"], technical(panel_of(close))["atr_14"])


def test_obv_slope_is_the_signed_share_of_volume(prices: FloatArray):
    volume = np.random.default_rng(1).integers(1, 99, prices.shape).astype(np.float64)
    signed = np.sign(np.diff(prices[:, 0])) * volume[1:, 0]
    found = technical(panel_of(prices, volume=volume))
    expected = [signed[t - 20 : t].sum() / volume[t - 19 : t + 1, 0].sum() for t in range(20, 300)]
    np.testing.assert_allclose(found["obv_slope_20"][20:, 0], expected, rtol=1e-9, atol=1e-12)
    assert (found["volume_known"][19:, 0] == 1.0).all()
    assert (found["volume_known"][:19, 0] == 0.0).all()


@pytest.mark.parametrize("volume", [np.nan, 0.0])
def test_unknown_or_absent_volume_is_zero_and_flagged(prices: FloatArray, volume: float):
    found = technical(panel_of(prices, volume=np.full(prices.shape, volume)))
    assert (found["volume_known"] == 0.0).all()
    assert (found["obv_slope_20"][60:] == 0.0).all()


def test_one_gap_in_volume_unknows_twenty_slots(prices: FloatArray):
    volume = np.full(prices.shape, 10.0)
    volume[100, 0] = np.nan
    known = technical(panel_of(prices, volume=volume))["volume_known"][:, 0]
    assert np.flatnonzero(known[20:] == 0.0).tolist() == list(range(80, 100))


def test_a_price_that_never_moves_has_neutral_oscillators():
    found = technical(panel_of(np.full((300, 1), 3.7)))
    assert found["rsi_14"][-1, 0] == 0.5
    assert found["bollinger_20"][-1, 0] == 0.0
    assert found["vol_21"][-1, 0] == 0.0


def test_ranks_agree_with_scipy_ties_included():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 6, (200, 9)).astype(np.float64)
    values[rng.random(values.shape) < 0.3] = np.nan
    alive = rng.random(values.shape) < 0.8
    found = ranks(values, alive)
    for row, shown in zip(found, np.where(alive, values, np.nan), strict=True):
        known = ~np.isnan(shown)
        assert np.isnan(row[~known]).all()
        if known.sum() > 1:
            np.testing.assert_allclose(row[known], 2 * (rankdata(shown[known]) - 1) / (known.sum() - 1) - 1, atol=1e-12)
        else:
            assert (row[known] == 0.0).all()


def test_breadth_counts_only_the_fresh():
    ratio = np.array([[0.1, -0.1, 0.2, np.nan], [np.nan] * 4])
    alive = np.array([[True, True, False, True]] * 2)
    np.testing.assert_array_equal(breadth(ratio, alive), [0.5, np.nan])


def test_tone_decays_over_five_slots_and_counts_the_market_by_a_quarter(prices: FloatArray):
    panel = panel_of(prices[:20])
    known = pd.DatetimeIndex(SLOTS[[4, 6]] - np.timedelta64(1, "h")).tz_localize("UTC")
    texts = pd.DataFrame({"symbol": ["A", ""], "known_at": known, "tone": [0.8, -0.4]})
    found = text_features("news", texts, panel)
    tone, count = found["news_tone"], found["news_count"]
    assert tone[3, 0] == count[3, 0] == 0.0
    np.testing.assert_allclose(tone[4:6, 0], 0.8)
    np.testing.assert_allclose(count[4, 0], np.log1p(1.0))
    own, wide = 0.7**2, 0.25
    np.testing.assert_allclose(tone[6, 0], (own * 0.8 - wide * 0.4) / (own + wide))
    np.testing.assert_allclose(count[6, 0], np.log1p(1.25))
    np.testing.assert_allclose(tone[6, 2], -0.4)
    assert count[8, 0] == np.log1p(1.25)
    assert count[9, 0] == np.log1p(0.25)
    assert count[11, 0] == 0.0


def test_a_text_known_at_the_very_slot_counts_for_it(prices: FloatArray):
    known = pd.DatetimeIndex(SLOTS[[4]]).tz_localize("UTC")
    texts = pd.DataFrame({"symbol": ["A"], "known_at": known, "tone": [0.8]})
    count = text_features("post", texts, panel_of(prices[:20]))["post_count"][:, 0]
    assert np.flatnonzero(count).tolist() == [4, 5, 6, 7, 8]


def macro_frame(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Rows of (series, event date, known date, value), all of the growth role."""
    frame = pd.DataFrame(rows, columns=["series", "event_time", "known_at", "value"])
    for name in ("event_time", "known_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[ns, UTC]")
    return frame.assign(role="growth", unit="percent")[list(COLUMNS[Kind.MACRO])].sort_values(
        "known_at", ignore_index=True
    )


def test_a_release_is_compared_with_the_period_before_as_then_revised():
    frame = macro_frame(
        ("GDP", "2020-01-01", "2020-02-10", 1.0),
        ("GDP", "2020-02-01", "2020-03-10", 2.0),
        ("GDP", "2020-01-01", "2020-03-05", 1.4),
        ("GDP", "2020-01-01", "2020-05-05", 9.0),
        ("GDP", "2020-02-01", "2020-03-20", 2.5),
        ("CPI", "2020-01-01", "2020-02-01", 7.0),
    )
    table = releases(frame)
    gdp = table[table["series"] == "GDP"]
    assert gdp["value"].tolist() == [1.0, 1.4, 2.0, 2.5]
    np.testing.assert_allclose(gdp["change"], [np.nan, np.nan, 0.6, 1.1])
    assert table["series"].tolist()[0] == "CPI"
    assert np.isnan(table["change"].iloc[0])


def test_a_release_said_to_precede_its_period_is_passed_over():
    assert releases(macro_frame(("GDP", "2020-03-01", "2020-02-10", 1.0))).empty


def test_changes_are_scored_against_their_own_past_and_go_stale():
    rng = np.random.default_rng(4)
    days = pd.date_range("2020-01-05", periods=20, freq="7D", tz="UTC")
    values = np.cumsum(rng.normal(size=20))
    frame = macro_frame(*(("GDP", str(d.date()), str(d.date()), v) for d, v in zip(days, values, strict=True)))
    found = macro_features(frame, SLOTS)
    changes = np.diff(values)
    at = int(np.searchsorted(SLOTS, days[15].tz_convert(None).to_datetime64()))
    past = changes[:15]
    np.testing.assert_allclose(found["macro_growth"][at], (past[-1] - past.mean()) / past.std(), rtol=1e-6)
    assert (found["macro_growth"][: int(np.searchsorted(SLOTS, days[8].tz_convert(None).to_datetime64()))] == 0.0).all()
    assert found["macro_known"][at] == pytest.approx(1 / 6)
    gone = (days[-1] + pd.Timedelta(days=24, hours=1)).tz_convert(None).to_datetime64() < SLOTS
    assert (found["macro_known"][gone] == 0.0).all()
    assert (found["macro_growth"][gone] == 0.0).all()
    assert found["macro_known"][~gone][-1] > 0.0
