"""The simulated option chains and strategies: priced by the book, free of arbitrage, always positive."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from data.market import AssetClass
from data.simulated.overlays import ROLL, STRATEGIES, Strategy, Underlying, overlay_levels
from data.simulated.surface import Surface, black_scholes
from data.simulated.universe import LISTINGS, OPTIONABLE
from data.sources.protocol import COLUMNS, Kind
from data.sources.simulated import SimulatedSource

START, END = datetime(2017, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource()


@pytest.fixture(scope="module")
def chains(source: SimulatedSource) -> pd.DataFrame:
    """Two years of chains, with the underlying's close and the short rate of the day."""
    table = source.fetch(Kind.CHAINS, START, END)
    bars = source.fetch(Kind.BARS, None, None).rename(columns={"symbol": "underlying", "close": "spot"})
    table = table.merge(bars[["underlying", "event_time", "spot"]], on=["underlying", "event_time"], how="left")
    macro = source.fetch(Kind.MACRO, None, None)
    rate = macro[macro["role"] == "rate"].set_index(macro["event_time"][macro["role"] == "rate"].dt.floor("D"))["value"]
    table["rate"] = rate.reindex(table["event_time"].dt.floor("D")).to_numpy() / 100
    table["years"] = (table["expiry"] - table["event_time"]).dt.total_seconds() / (365.25 * 86400)
    return table


def both_sides(chains: pd.DataFrame) -> pd.DataFrame:
    keys = ["underlying", "event_time", "expiry", "strike"]
    calls, puts = (chains[chains["right"] == side].set_index(keys) for side in ("C", "P"))
    return calls.join(puts[["bid", "ask", "iv"]], rsuffix="_put")


def test_black_scholes_matches_the_textbook() -> None:
    spot, strike, years, vol, rate = (np.array(x) for x in (100.0, 100.0, 1.0, 0.2, 0.05))
    assert black_scholes(spot, strike, years, vol, rate, True) == pytest.approx(10.450583572, abs=1e-8)
    assert black_scholes(spot, strike, years, vol, rate, False) == pytest.approx(5.573526022, abs=1e-8)
    due = np.array(0.0)
    assert black_scholes(spot, strike - 10, due, vol, rate, True) == pytest.approx(10.0)
    assert black_scholes(spot, strike - 10, due, vol, rate, False) == pytest.approx(0.0)


def test_each_day_quotes_four_underlyings_three_months_nine_strikes(chains: pd.DataFrame) -> None:
    assert set(chains["underlying"]) == set(OPTIONABLE)
    sizes = chains.groupby(["event_time", "underlying"]).agg({"expiry": "nunique", "strike": "nunique", "bid": "size"})
    assert (sizes == [3, 9, 54]).all().all()
    assert (chains["years"] > 4 / 365).all()
    expiry = chains["expiry"].drop_duplicates()
    assert expiry.dt.day.between(14, 21).all()
    assert expiry.dt.dayofweek.isin([3, 4]).all()


def test_quotes_are_ordered_and_volatility_is_sane(chains: pd.DataFrame) -> None:
    assert (chains["bid"] >= 0).all()
    assert (chains["bid"] < chains["ask"]).all()
    assert chains["iv"].between(0.03, 2.0).all()
    assert (chains["open_interest"] >= 0).all()


def test_puts_and_calls_are_in_parity_within_the_spread(chains: pd.DataFrame) -> None:
    both = both_sides(chains)
    strike = both.index.get_level_values("strike").to_numpy()
    forward = both["spot"] - strike * np.exp(-both["rate"] * both["years"])
    assert (both["bid"] - both["ask_put"] <= forward + 1e-3).all()
    assert (both["ask"] - both["bid_put"] >= forward - 1e-3).all()
    assert (both["iv"] == both["iv_put"]).all()


def test_strikes_offer_no_arbitrage(chains: pd.DataFrame) -> None:
    keys = ["underlying", "event_time", "expiry", "right"]
    ordered = chains.sort_values([*keys, "strike"])
    bid, ask, strike = (ordered[c].to_numpy().reshape(-1, 9) for c in ("bid", "ask", "strike"))
    call = (ordered["right"] == "C").to_numpy().reshape(-1, 9)[:, 0]
    assert (ask[call, :-1] >= bid[call, 1:]).all()
    assert (ask[~call, 1:] >= bid[~call, :-1]).all()
    assert (ask[:, :-2] + ask[:, 2:] >= 2 * bid[:, 1:-1]).all()
    assert (bid[call, :-1] - ask[call, 1:] <= (strike[call, 1:] - strike[call, :-1])).all()


def test_the_surface_is_skewed_and_rises_in_turbulence(chains: pd.DataFrame, source: SimulatedSource) -> None:
    near = chains[(chains["underlying"] == "ALLFUND") & (chains["right"] == "P")]
    low, high = (near.groupby(["event_time", "expiry"])["iv"].nth(n).to_numpy() for n in (0, 8))
    assert (low > high).all()
    middle = near.groupby(["event_time", "expiry"]).nth(4).groupby("event_time")["iv"].mean()
    truth = source.market.truth
    days = middle.index.tz_localize(None).floor("D").to_numpy().astype("datetime64[ns]")
    regime = truth.regime[np.searchsorted(truth.days, days)]
    assert middle[regime == 2].mean() > 1.3 * middle[regime == 0].mean()


def test_chains_without_a_since_are_the_latest_only(source: SimulatedSource) -> None:
    latest = source.fetch(Kind.CHAINS, None, datetime(2018, 12, 25, 12, tzinfo=UTC))
    assert set(latest["known_at"]) == {pd.Timestamp("2018-12-24T18:00Z")}
    assert len(latest) == 4 * 54


def test_a_chain_does_not_depend_on_the_window_it_is_asked_in(source: SimulatedSource, chains: pd.DataFrame) -> None:
    day = datetime(2018, 6, 1, 20, tzinfo=UTC)
    alone = source.fetch(Kind.CHAINS, None, day)
    within = chains[chains["event_time"] == pd.Timestamp(day)].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, within[list(COLUMNS[Kind.CHAINS])])


def flat_world(sessions: int = 64, rate: float = 0.02, drift: float = 0.0) -> Underlying:
    time = np.datetime64("2020-01-02T21:00", "ns") + np.arange(sessions) * np.timedelta64(24, "h")
    close = 100.0 * np.exp(drift * np.arange(sessions))
    return Underlying(close, time, Surface(np.full(sessions, 0.2), 0.2), np.full(sessions, rate))


def test_a_covered_call_is_worth_a_covered_put() -> None:
    wiggle = flat_world(drift=0.004)
    covered, _ = overlay_levels(STRATEGIES["BUYWRITE"], wiggle)
    secured, _ = overlay_levels(Strategy(0.0, 1.0, ((False, 1.0, -1.0),)), wiggle)
    assert np.allclose(covered, secured, rtol=1e-12)


def test_sellers_earn_the_premium_when_nothing_moves_and_buyers_lose_it() -> None:
    flat = flat_world(rate=0.0)
    levels = {name: overlay_levels(strategy, flat)[0] for name, strategy in STRATEGIES.items()}
    assert all(level[0] == pytest.approx(100.0) for level in levels.values())
    atm = black_scholes(np.array(1.0), np.array(1.0), np.array(ROLL / 365.25), np.array(0.2), np.array(0.0), True)
    assert levels["BUYWRITE"][ROLL] == pytest.approx(100.0 * (1.0 + float(atm)))
    assert levels["STRADDLE"][ROLL] == pytest.approx(100.0 * (1.0 - float(atm)))
    assert levels["BUYWRITE"][2 * ROLL] == pytest.approx(100.0 * (1.0 + float(atm)) ** 2)
    assert levels["PROTPUT"][ROLL] < 100.0 < levels["CONDORS"][ROLL]


@pytest.mark.parametrize("shock", [-0.6, -0.2, 0.2, 0.6])
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_strategies_stay_positive_through_a_crash_or_a_melt_up(name: str, shock: float) -> None:
    calm = flat_world()
    hit = calm.close * np.where(np.arange(len(calm.close)) >= 30, 1.0 + shock, 1.0)
    level, _ = overlay_levels(STRATEGIES[name], Underlying(hit, calm.time, calm.surface, calm.rate))
    assert (level > 0).all()
    if name == "PROTPUT":
        assert level[42:].min() > 100.0 * min(0.85, 1 + shock) * (0.9 if shock > 0 else 1.0)


def test_strategy_indices_are_positive_and_do_what_they_say(source: SimulatedSource) -> None:
    bars = source.fetch(Kind.BARS, None, None)
    close = bars.pivot(index="known_at", columns="symbol", values="close")
    names = [x.symbol for x in LISTINGS if x.asset_class is AssetClass.OPTION]
    close = close[[*names, "ALLFUND"]].dropna()
    assert (close > 0).all().all()
    moves = np.log(close).diff().iloc[1:]
    vol, fund = moves.std(), moves["ALLFUND"]
    for name in ("BUYWRITE", "PUTWRITE", "COLLARED", "PROTPUT"):
        assert vol[name] < vol["ALLFUND"]
        assert moves[name].corr(fund) > 0.6
    worst = fund.nsmallest(20).index
    assert moves["PROTPUT"][worst].mean() > 0.95 * fund[worst].mean()
    assert moves["STRADDLE"].corr(fund.abs()) > 0.2
    assert moves["CONDORS"].corr(fund.abs()) < -0.2
