"""The real yfinance, over loopback, against a stub that speaks Yahoo's format."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from data.errors import BadAnswer, BadConfig, RateLimited, SourceUnavailable, UnknownSymbol
from data.market import AssetClass
from data.sources.live import YAHOO_URL, LiveSource, parse_symbols
from data.sources.protocol import COLUMNS, Kind, Source
from data.sources.retry import Retry, Unreachable
from tests.stubs.http_stub import Reply
from tests.stubs.providers import CHART, Chart, at, yahoo_stub

NOW = at(2024, 6, 12, 15)
DAYS = pd.bdate_range("2024-05-20", "2024-06-12").difference(pd.DatetimeIndex(["2024-05-27"]))


def daily(first=100.0, days=DAYS, zone="America/New_York", hour=(9, 30)):
    opens = [day.tz_localize(zone).replace(hour=hour[0], minute=hour[1]).to_pydatetime() for day in days]
    return [(o, first + n, first + n + 1, first + n - 1, first + n + 0.5, 1000 + n) for n, o in enumerate(opens)]


@pytest.fixture(autouse=True)
def _forget_answers():
    """yfinance remembers some answers for the whole process."""
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def source(tmp_path, slept):
    def make(stub, symbols="AAPL", now=NOW, **how):
        environ = {YAHOO_URL: stub.url, "BULLPEN_HOME": str(tmp_path)}
        return LiveSource(symbols, environ=environ, now=lambda: now, retry=Retry(sleep=slept.append), **how)

    return make


def test_it_keeps_the_contract_of_a_source(source):
    with yahoo_stub({"AAPL": Chart(daily()), "SPY": Chart(daily(400.0), "ETF")}) as stub:
        live = source(stub, "SPY:etf,AAPL")
        assert isinstance(live, Source)
        assert (live.name, live.static, live.fingerprint()) == ("yahoo", False, "")
        frame = live.fetch(Kind.BARS, None, None)
    assert tuple(frame.columns) == COLUMNS[Kind.BARS]
    assert frame["known_at"].is_monotonic_increasing
    assert set(frame["symbol"]) == {"AAPL", "SPY"}
    assert frame["event_time"].iloc[0] == pd.Timestamp("2024-05-20T20:00Z")
    assert frame["open"].iloc[0] == 100.0
    assert frame["close"].iloc[0] == 100.5, "as traded, not adjusted for dividends"
    assert live.span() == (at(2015, 1, 1), at(2024, 6, 11, 20))


def test_the_bar_of_today_is_not_told_before_it_has_settled(source):
    chart = {"AAPL": Chart(daily())}
    close = at(2024, 6, 12, 20)
    for now, last in (
        (NOW, at(2024, 6, 11, 20)),
        (close + timedelta(minutes=5), at(2024, 6, 11, 20)),
        (close + timedelta(minutes=20), close),
    ):
        with yahoo_stub(chart) as stub:
            live = source(stub, now=now)
            assert live.fetch(Kind.BARS, None, None)["known_at"].max() == last
            assert live.span()[1] == last


def test_an_hourly_book_reaches_to_the_last_settled_hour_of_the_session():
    live = LiveSource("AAPL", frequency="1h", now=lambda: at(2024, 6, 12, 16, 55))
    assert live.span()[1] == at(2024, 6, 12, 16, 30)


def test_increments_follow_the_window(source):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        live = source(stub)
        first, last = at(2024, 6, 5, 20), at(2024, 6, 7, 20)
        known = live.fetch(Kind.BARS, first, last)["known_at"]
        assert list(known) == [pd.Timestamp(at(2024, 6, 6, 20)), pd.Timestamp(last)]
        asked = datetime.fromtimestamp(int(stub.paths(CHART)[-1].query["period1"]), first.tzinfo)
    assert timedelta(0) < first - asked < timedelta(days=7), "an increment does not ask for the whole history"


def test_asking_for_a_time_without_bars_is_truly_empty(source):
    with yahoo_stub({"AAPL": Chart(daily(days=DAYS[:3]))}) as stub:
        assert source(stub).fetch(Kind.BARS, at(2024, 6, 5, 20), None).empty


def test_a_split_restates_the_past_from_its_own_day_on(source):
    whole = daily()
    split_day = whole[10][0]
    after = Chart([(o, *(p / 10 for p in bar[:4]), bar[4]) for o, *bar in whole], splits={split_day: 10})
    known = at(2024, 6, 4, 20)
    assert split_day.date() == known.date()
    with yahoo_stub({"AAPL": after}) as stub:
        frame = source(stub).fetch(Kind.BARS, at(2024, 5, 31, 20), None)
        early = source(stub).fetch(Kind.BARS, at(2024, 5, 29, 20), at(2024, 6, 3, 20))
        whole_history = source(stub).fetch(Kind.BARS, None, None)
    restated = frame.loc[frame["event_time"] < known]
    assert len(restated) == 10, "every earlier bar comes again"
    assert set(restated["known_at"]) == {pd.Timestamp(known)}
    assert restated["close"].iloc[0] == pytest.approx(10.05)
    later = frame.loc[frame["event_time"] >= known]
    assert (later["known_at"] == later["event_time"]).all()
    assert len(early) == 3
    assert (early["known_at"] == early["event_time"]).all(), "before the split nothing was restated"
    assert (whole_history["known_at"] == whole_history["event_time"]).all()


def test_hourly_bars_end_at_the_hour_or_the_close(source):
    opens = [at(2024, 6, 11, 13, 30) + timedelta(hours=n) for n in range(7)]
    bars = [(o, 100.0, 101.0, 99.0, 100.5, 10) for o in opens]
    with yahoo_stub({"AAPL": Chart(bars)}) as stub:
        live = source(stub, frequency="1h")
        frame = live.fetch(Kind.BARS, None, None)
        oldest = int(stub.paths(CHART)[-1].query["period1"])
    assert list(frame["event_time"].dt.strftime("%H:%M"))[-2:] == ["19:30", "20:00"]
    assert oldest >= (NOW - timedelta(days=730)).timestamp()


def test_currencies_have_no_volume_and_coins_trade_on_sunday(source):
    days = pd.date_range("2024-06-01", "2024-06-11")
    charts = {
        "EURUSD=X": Chart(daily(1.0, days[days.dayofweek < 5], "Europe/London", (0, 0)), "CURRENCY", "Europe/London"),
        "BTC-USD": Chart(daily(60_000.0, days, "UTC", (0, 0)), "CRYPTOCURRENCY", "UTC"),
    }
    charts["EURUSD=X"] = replace(charts["EURUSD=X"], bars=[(*b[:5], 0) for b in charts["EURUSD=X"].bars])
    with yahoo_stub(charts) as stub:
        frame = source(stub, "EURUSD=X,BTC-USD").fetch(Kind.BARS, None, None)
    assert frame.query("symbol == 'EURUSD=X'")["volume"].isna().all()
    coins = frame.query("symbol == 'BTC-USD'")
    assert len(coins) == 11
    assert coins["event_time"].iloc[1] == pd.Timestamp("2024-06-03T00:00Z")


def test_bad_bars_are_handed_over_and_named(source):
    bars = daily()
    bars[4] = (bars[4][0], 0.0, 0.0, 0.0, 104.5, 7)
    with yahoo_stub({"AAPL": Chart(bars)}) as stub:
        live = source(stub)
        frame = live.fetch(Kind.BARS, None, None)
        bad = frame.loc[frame["event_time"] == pd.Timestamp("2024-05-24T20:00Z")]
        assert (bad["open"].item(), bad["close"].item()) == (0.0, 104.5)
        assert [(f.rule, f.symbol) for f in live.findings()] == [("refused", "AAPL")]
        assert "2024-05-24" in live.findings()[0].detail
        live.fetch(Kind.BARS, at(2024, 5, 24, 20), None)
        assert live.findings() == (), "nothing is said of bars that were not asked for"


def test_an_unknown_symbol_stops_a_first_fetch_and_not_a_running_desk(source):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        live = source(stub, "AAPL,GONE")
        with pytest.raises(UnknownSymbol, match="GONE"):
            live.fetch(Kind.BARS, None, None)
        frame = live.fetch(Kind.BARS, at(2024, 6, 3, 20), None)
    assert set(frame["symbol"]) == {"AAPL"}
    assert [(f.rule, f.symbol) for f in live.findings()] == [("missing", "GONE")]


def test_a_desk_none_of_whose_symbols_are_known_is_without_bars(source):
    with yahoo_stub({}) as stub, pytest.raises(SourceUnavailable, match="none of the symbols"):
        source(stub, "AAPL,GONE").fetch(Kind.BARS, at(2024, 6, 3, 20), None)


def test_a_symbol_of_another_class_is_refused_with_the_right_spelling(source):
    with (
        yahoo_stub({"SPY": Chart(daily(), "ETF")}) as stub,
        pytest.raises(BadConfig, match=r"SPY is of class etf.*write it SPY:etf"),
    ):
        source(stub, "SPY").fetch(Kind.BARS, None, None)


@pytest.mark.parametrize("reply", [Reply("", 503), Reply("oops", 500), Reply(status=0)])
def test_a_failure_that_passes_is_survived_and_one_that_stays_is_raised(source, slept, reply):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        stub.fail(CHART, reply, times=2)
        assert len(source(stub).fetch(Kind.BARS, None, None)) == len(DAYS) - 1
        assert len(slept) == 2
        stub.fail(CHART, reply, times=20)
        with pytest.raises(Unreachable):
            source(stub).fetch(Kind.BARS, None, None)


def test_a_rate_limit_is_waited_for_or_told(source, slept):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        stub.fail(CHART, Reply("Too Many Requests", 429, {"Retry-After": "9"}))
        assert len(source(stub).fetch(Kind.BARS, None, None)) == len(DAYS) - 1
        assert slept == [9.0]
        stub.fail(CHART, Reply("Too Many Requests", 429, {"Retry-After": "900"}))
        with pytest.raises(RateLimited) as error:
            source(stub).fetch(Kind.BARS, None, None)
        assert error.value.retry_after_s == 900.0
        assert slept == [9.0]


@pytest.mark.parametrize(
    "body",
    [
        "<html>sign in</html>",
        "",
        "[]",
        "{}",
        '{"finance": {"result": null, "error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}',
        json.dumps({"chart": {"result": [{"meta": {}, "indicators": {"quote": [{"close": [1]}]}}], "error": None}}),
        json.dumps({"chart": {"result": [{"timestamp": [1]}], "error": None}}),
    ],
)
def test_garbage_is_a_bad_answer_and_never_an_empty_table(source, body):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        live = source(stub)
        stub.fail(CHART, Reply(body), times=20)
        for since in (None, at(2024, 6, 3, 20)):
            with pytest.raises(BadAnswer):
                live.fetch(Kind.BARS, since, None)


def test_a_missing_crumb_does_not_stop_prices(source):
    with yahoo_stub({"AAPL": Chart(daily())}) as stub:
        stub.fail("/v1/test/getcrumb", Reply("Too Many Requests", 429), times=20)
        assert len(source(stub).fetch(Kind.BARS, None, None)) == len(DAYS) - 1


def test_yfinance_is_left_as_it_was(source):
    import yfinance

    before = yfinance.config.debug.hide_exceptions
    with yahoo_stub({}) as stub, pytest.raises(UnknownSymbol):
        source(stub).fetch(Kind.BARS, None, None)
    assert yfinance.config.debug.hide_exceptions is before


@pytest.mark.parametrize(
    ("text", "asset_class", "calendar"),
    [
        ("AAPL", "stock", "XNYS"),
        ("BRK-B", "stock", "XNYS"),
        ("SPY:etf", "etf", "XNYS"),
        ("ES=F", "index_future", "CMES"),
        ("CL=F", "commodity", "CMES"),
        ("EURUSD=X", "forex", "24/5"),
        ("BTC-USD", "crypto", "24/7"),
    ],
)
def test_the_form_of_a_symbol_tells_its_class(text, asset_class, calendar):
    (one,) = parse_symbols(text)
    assert (one.asset_class, one.calendar) == (AssetClass(asset_class), calendar)


@pytest.mark.parametrize("text", ["", " , ", "^GSPC", "SPY:fund", "../x", "A B"])
def test_what_cannot_be_traded_is_refused(text):
    with pytest.raises(BadConfig):
        parse_symbols(text)


def test_chains_are_unavailable(source):
    with yahoo_stub({}) as stub, pytest.raises(SourceUnavailable, match="no option chains"):
        source(stub).fetch(Kind.CHAINS, None, None)
