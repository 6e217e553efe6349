"""The simulated bars: consistent, on their calendars, and shaped like markets."""

from __future__ import annotations

import exchange_calendars as xc
import numpy as np
import pandas as pd
import pytest

from data.market import CALENDARS, AssetClass
from data.simulated.universe import LISTINGS, PRIMARY
from data.sources.protocol import Kind
from data.sources.simulated import SimulatedSource

NS = "datetime64[ns]"


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource()


@pytest.fixture(scope="module")
def bars(source: SimulatedSource) -> pd.DataFrame:
    return source.fetch(Kind.BARS, None, None)


@pytest.fixture(scope="module")
def hourly() -> pd.DataFrame:
    return SimulatedSource(frequency="1h").fetch(Kind.BARS, None, None)


def wide(bars: pd.DataFrame, column: str, names: list[str]) -> pd.DataFrame:
    return bars[bars["symbol"].isin(names)].pivot(index="known_at", columns="symbol", values=column)[names]


def regime_at(source: SimulatedSource, index: pd.Index) -> np.ndarray:
    """Regime of the day each XNYS bar closes on."""
    truth = source.market.truth
    return truth.regime[np.searchsorted(truth.days, index.tz_localize(None).floor("D").to_numpy().astype(NS))]


@pytest.mark.parametrize("frequency", ["1d", "1h"])
def test_every_bar_is_consistent(frequency: str, bars: pd.DataFrame, hourly: pd.DataFrame) -> None:
    table = bars if frequency == "1d" else hourly
    assert (table["low"] > 0).all()
    assert (table["low"] <= table[["open", "close"]].min(axis=1)).all()
    assert (table["high"] >= table[["open", "close"]].max(axis=1)).all()
    assert (table["volume"] >= 1).all()
    assert (table["start"] < table["event_time"]).all()
    assert (table["known_at"] == table["event_time"]).all()
    assert not table.isna().any().any()
    assert not table.duplicated(["symbol", "event_time"]).any()
    assert table["known_at"].is_monotonic_increasing


def test_seven_classes_of_about_sixty_symbols_have_bars(bars: pd.DataFrame, source: SimulatedSource) -> None:
    counts = pd.Series([str(i.asset_class) for i in source.instruments()]).value_counts().to_dict()
    assert counts == {
        "stock": 24, "etf": 10, "commodity": 6, "option": 6, "forex": 5, "crypto": 5, "index_future": 4,
    }  # fmt: skip
    assert set(bars["symbol"]) == {i.symbol for i in source.instruments()}


@pytest.mark.parametrize("asset_class", list(AssetClass))
def test_bars_stand_on_the_sessions_of_their_calendar(asset_class: AssetClass, bars: pd.DataFrame) -> None:
    calendar = xc.get_calendar(CALENDARS[asset_class], start="2015-01-01", end="2024-12-31")
    for listing in (x for x in LISTINGS if x.asset_class is asset_class):
        own = bars[bars["symbol"] == listing.symbol]
        assert (own["start"].to_numpy() == calendar.opens.to_numpy()).all()
        assert (own["event_time"].to_numpy() == calendar.closes.to_numpy()).all()


def test_stocks_rest_on_a_holiday_and_coins_trade_on_a_weekend(bars: pd.DataFrame) -> None:
    day = bars["start"].dt.strftime("%Y-%m-%d")
    christmas, saturday = set(bars["symbol"][day == "2020-12-25"]), set(bars["symbol"][day == "2020-12-26"])
    coins = {x.symbol for x in LISTINGS if x.asset_class is AssetClass.CRYPTO}
    assert "ORBTEK" not in christmas
    assert "ALLFUND" not in christmas
    assert coins <= christmas
    assert saturday == coins
    short = bars[(bars["symbol"] == "ORBTEK") & (day == "2020-11-27")]
    assert short["event_time"].iloc[0] == pd.Timestamp("2020-11-27T18:00Z")


def test_tickers_cannot_be_taken_for_real_ones() -> None:
    assert all(len(x.symbol) >= 6 and x.symbol.isalpha() for x in LISTINGS)
    assert len({x.symbol for x in LISTINGS}) == len(LISTINGS) == 60


def test_stocks_gap_overnight_and_coins_hardly(bars: pd.DataFrame) -> None:
    def share(name: str) -> float:
        own = np.log(bars[bars["symbol"] == name][["open", "close"]])
        gap = own["open"] - own["close"].shift()
        return float(gap.var() / own["close"].diff().var())

    assert 0.2 < share("ORBTEK") < 0.4
    assert 0.2 < share("ALLFUND") < 0.4
    assert share("GLIMCOIN") < 0.06


def test_volatility_clusters_and_tails_are_fat(bars: pd.DataFrame) -> None:
    names = [x.symbol for x in PRIMARY if x.asset_class is AssetClass.STOCK]
    moves = np.log(wide(bars, "close", names)).diff().to_numpy()[1:]
    size = np.abs(moves - moves.mean(axis=0))
    for lag, least in ((1, 0.10), (5, 0.08), (20, 0.04)):
        acf = [np.corrcoef(size[lag:, i], size[:-lag, i])[0, 1] for i in range(len(names))]
        assert np.mean(acf) > least
    kurtosis = ((moves - moves.mean(axis=0)) ** 4).mean(axis=0) / moves.var(axis=0) ** 2
    assert kurtosis.min() > 4.0
    assert np.median(kurtosis) < 15.0
    plain = [np.corrcoef(moves[1:, i], moves[:-1, i])[0, 1] for i in range(len(names))]
    assert np.abs(plain).max() < 0.12


def test_turbulence_raises_volatility_and_correlation(bars: pd.DataFrame, source: SimulatedSource) -> None:
    names = [x.symbol for x in PRIMARY if x.asset_class is AssetClass.STOCK]
    moves = np.log(wide(bars, "close", names)).diff().iloc[1:]
    regime = regime_at(source, moves.index)
    off = ~np.eye(len(names), dtype=bool)
    vol = [moves[regime == r].std().mean() for r in range(3)]
    together = [np.corrcoef(moves[regime == r].to_numpy().T)[off].mean() for r in range(3)]
    assert vol[0] < vol[1] < vol[2]
    assert vol[2] > 1.5 * vol[0]
    assert together[0] < together[1] < together[2]
    assert together[2] > together[0] + 0.15


def test_stocks_of_a_sector_move_together_more_than_others(bars: pd.DataFrame) -> None:
    stocks = [x for x in PRIMARY if x.asset_class is AssetClass.STOCK]
    corr = np.log(wide(bars, "close", [x.symbol for x in stocks])).diff().corr().to_numpy()
    same = np.array([[a.sector == b.sector and a is not b for b in stocks] for a in stocks])
    other = np.array([[a.sector != b.sector for b in stocks] for a in stocks])
    assert corr[same].mean() > corr[other].mean() + 0.1


def test_volume_rises_with_the_move(bars: pd.DataFrame) -> None:
    for name in ("ORBTEK", "ALLFUND", "TALERUSD", "GLIMCOIN", "BUYWRITE"):
        own = bars[bars["symbol"] == name]
        move = np.log(own["close"]).diff().abs()
        assert np.corrcoef(move[1:], np.log(own["volume"])[1:])[0, 1] > 0.3


def signal(moves: np.ndarray, half_life: float) -> np.ndarray:
    memory, now, out = 0.5 ** (1 / half_life), np.zeros(moves.shape[1]), np.empty_like(moves)
    for row in range(len(moves)):
        now = memory * now + moves[row]
        out[row] = now
    return out / out.std(axis=0)


def trend_ic(bars: pd.DataFrame, style: str, half_life: float) -> float:
    """Correlation of the averaged past return with the next return between open and close, over symbols."""
    chosen = [x for x in PRIMARY if x.style == style and x.asset_class is AssetClass.STOCK]
    names = [x.symbol for x in chosen]
    every = [x.symbol for x in PRIMARY if x.asset_class is AssetClass.STOCK]
    close, opened = np.log(wide(bars, "close", every)), np.log(wide(bars, "open", every))
    moves = close.diff().iloc[1:]
    relative = moves.sub(0.7 * moves.mean(axis=1), axis=0)[names].to_numpy()
    after = (close - opened).iloc[1:]
    after = after.sub(after.mean(axis=1), axis=0)[names].to_numpy()
    past = signal(relative, half_life)[:-1]
    return float(np.corrcoef(past.ravel(), (after[1:] / after.std(axis=0)).ravel())[0, 1])


def test_planted_trends_are_there_and_modest(bars: pd.DataFrame) -> None:
    assert 0.02 < trend_ic(bars, "momentum", 40.0) < 0.08
    assert -0.08 < trend_ic(bars, "mean_reversion", 3.0) < -0.02


def test_without_signal_there_are_no_trends() -> None:
    noise = SimulatedSource(signal=0.0).fetch(Kind.BARS, None, None)
    assert abs(trend_ic(noise, "momentum", 40.0)) < 0.02
    assert abs(trend_ic(noise, "mean_reversion", 3.0)) < 0.02


def test_funds_are_what_they_hold(bars: pd.DataFrame) -> None:
    names = ["ORBTEK", "NOVALIN", "PIXELOR", "TECHFUND"]
    moves = np.log(wide(bars, "close", names)).diff().iloc[1:]
    held = (moves["ORBTEK"] * 5 + moves["NOVALIN"] * 3 + moves["PIXELOR"] * 1.5) / 9.5
    assert np.corrcoef(held, moves["TECHFUND"])[0, 1] > 0.99


def test_the_future_and_the_fund_of_the_home_market_agree(bars: pd.DataFrame) -> None:
    moves = np.log(wide(bars, "close", ["ALLFUND"])).diff().iloc[1:, 0]
    future = np.log(wide(bars, "close", ["NORTHFUT"])).iloc[:, 0]
    future.index = future.index.floor("D")
    moves.index = moves.index.floor("D")
    both = pd.concat([moves, future.diff()], axis=1, join="inner").dropna()
    assert both.corr().iloc[0, 1] > 0.8


def test_hourly_bars_add_up_to_the_daily_ones(bars: pd.DataFrame, hourly: pd.DataFrame) -> None:
    for name in ("ORBTEK", "ALLFUND", "CONDORS", "PETRAL", "TALERUSD", "GLIMCOIN"):
        day, hour = bars[bars["symbol"] == name], hourly[hourly["symbol"] == name]
        row = np.searchsorted(day["start"].to_numpy(), hour["start"].to_numpy(), side="right") - 1
        groups, whole = hour.groupby(row), day.iloc[np.unique(row)]
        assert (groups["open"].first().to_numpy() == whole["open"].to_numpy()).all()
        assert (groups["close"].last().to_numpy() == whole["close"].to_numpy()).all()
        assert np.allclose(groups["volume"].sum().to_numpy(), whole["volume"].to_numpy(), rtol=1e-3)
        assert (groups["event_time"].last().to_numpy() == whole["event_time"].to_numpy()).all()
        assert (hour["event_time"] - hour["start"] <= pd.Timedelta(hours=1)).all()


def test_hourly_bars_cover_the_last_two_years(hourly: pd.DataFrame) -> None:
    assert hourly["start"].min() >= pd.Timestamp("2023-01-01T00:00Z")
    assert hourly[hourly["symbol"] == "ORBTEK"].groupby(hourly["start"].dt.date).size().max() == 7


def test_the_first_hour_does_not_tell_the_rest_of_the_day(hourly: pd.DataFrame) -> None:
    first, rest = {}, {}
    for name in [x.symbol for x in LISTINGS if CALENDARS[x.asset_class] == "XNYS"]:
        own = hourly[hourly["symbol"] == name]
        groups = own.groupby(own["start"].dt.floor("D"))
        first[name] = np.log(groups["close"].first() / groups["open"].first())
        rest[name] = np.log(groups["close"].last() / groups["close"].first())
    one, two = pd.DataFrame(first), pd.DataFrame(rest)
    assert one["ORBTEK"].corr(one["ALLFUND"]) > 0.3
    cross = np.corrcoef(one.T, two.T)[: len(first), len(first) :]
    assert np.sqrt((cross**2).mean()) < 2.0 / np.sqrt(len(one))
    market = one.mean(axis=1)
    assert max(abs(market.corr(two[name])) for name in two) < 4.0 / np.sqrt(len(one))


def test_the_future_before_the_open_does_not_tell_the_day(hourly: pd.DataFrame) -> None:
    fund = hourly[hourly["symbol"] == "ALLFUND"]
    groups = fund.groupby(fund["start"].dt.floor("D"))
    day = np.log(groups["close"].last() / groups["open"].first())
    future = hourly[hourly["symbol"] == "NORTHFUT"].set_index("known_at")["close"]
    opened = groups["start"].first()
    before, evening = (
        future.reindex(opened - pd.Timedelta(hours=hours), method="ffill").to_numpy() for hours in (0, 12)
    )
    night = pd.Series(np.log(before / evening), day.index)
    gap = np.log(groups["open"].first() / groups["close"].last().shift())
    assert night.corr(gap) > 0.3
    assert abs(night.corr(day)) < 4.0 / np.sqrt(len(day))
