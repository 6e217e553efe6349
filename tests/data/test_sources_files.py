import gzip
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from data.errors import BadConfig, BadFile, SourceUnavailable
from data.market import AssetClass
from data.sources.files import FilesSource
from data.sources.protocol import COLUMNS, Kind, Source

DAYS = pd.bdate_range("2021-03-01", "2021-04-30").difference(pd.DatetimeIndex(["2021-04-02"]))


def bars(symbol="AAA", days=DAYS, start=100.0):
    close = start + np.arange(len(days), dtype=float)
    return pd.DataFrame({
        "date": days.strftime("%Y-%m-%d"), "symbol": symbol, "open": close - 0.5, "high": close + 1.0,
        "low": close - 1.0, "close": close, "volume": 1000.0,
    })  # fmt: skip


def write(folder, name, frame):
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def read(path, kind=Kind.BARS, **how):
    return FilesSource(str(path), **how).fetch(kind, None, None)


# --- layouts -------------------------------------------------------------------------------------------------------


def test_it_keeps_the_contract_of_a_source(tmp_path):
    write(tmp_path, "prices.csv", pd.concat([bars("BBB"), bars("AAA")]))
    source = FilesSource(str(tmp_path))
    assert isinstance(source, Source)
    assert (source.name, source.static, source.calendar, source.frequency) == ("files", True, "XNYS", "1d")
    frame = source.fetch(Kind.BARS, None, None)
    assert tuple(frame.columns) == COLUMNS[Kind.BARS]
    assert frame["known_at"].is_monotonic_increasing
    assert [i.symbol for i in source.instruments()] == ["AAA", "BBB"]
    assert source.findings() == ()
    first, last = source.span()
    assert first == datetime(2021, 3, 1, 21, tzinfo=UTC)
    assert last == datetime(2021, 4, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize("name", ["prices.csv", "prices.csv.gz", "prices.parquet", "PRICES.CSV"])
def test_every_format_gives_the_same_bars(tmp_path, name):
    frame = read(write(tmp_path, name, bars()))
    pd.testing.assert_frame_equal(frame, read(write(tmp_path, "other.csv", bars())))


@pytest.mark.parametrize(
    ("old", "new"),
    [("symbol", "ticker"), ("symbol", "pair"), ("symbol", "Series"), ("date", "ts"), ("date", "Datetime")],
)
def test_other_column_names_are_understood(tmp_path, old, new):
    frame = read(write(tmp_path, "prices.csv", bars().rename(columns={old: new})))
    assert len(frame) == len(DAYS)
    assert set(frame["symbol"]) == {"AAA"}


def test_one_file_a_symbol_takes_the_symbol_from_the_name(tmp_path):
    for symbol in ("BRK-B", "NA"):
        write(tmp_path, f"{symbol}.csv", bars().drop(columns="symbol"))
    assert [i.symbol for i in FilesSource(str(tmp_path)).instruments()] == ["BRK-B", "NA"]


def test_the_ticker_na_is_a_ticker(tmp_path):
    assert set(read(write(tmp_path, "prices.csv", bars("NA")))["symbol"]) == {"NA"}


def test_a_wide_table_of_closes(tmp_path):
    wide = pd.DataFrame({"AAA": np.arange(1.0, 11), "LOW": [np.nan] * 4 + list(range(6))[::-1]}, index=DAYS[:10])
    wide["LOW"] += 1
    wide.to_csv(tmp_path / "closes.csv")
    frame = read(tmp_path / "closes.csv")
    counts = frame.groupby("symbol").size()
    assert dict(counts) == {"AAA": 10, "LOW": 6}
    assert frame[["open", "high", "low", "volume"]].isna().all(axis=None)
    assert FilesSource(str(tmp_path / "closes.csv")).findings() == ()


def test_closes_alone_will_do(tmp_path):
    frame = read(write(tmp_path, "prices.csv", bars()[["date", "symbol", "close"]]))
    assert frame["open"].isna().all()
    assert frame["close"].iloc[0] == 100.0


def test_an_adjusted_close_adjusts_the_bar_and_keeps_the_money_traded(tmp_path):
    raw = bars().assign(adj_close=lambda f: f["close"] * np.where(np.arange(len(f)) < 20, 0.5, 1.0))
    frame = read(write(tmp_path, "prices.csv", raw))
    plain = read(write(tmp_path, "plain.csv", bars()))
    assert np.allclose(frame["open"][:20], plain["open"][:20] * 0.5)
    assert np.allclose(frame["close"] * frame["volume"], plain["close"] * plain["volume"])
    assert np.array_equal(frame["close"][20:], plain["close"][20:])


def test_volume_in_dollars_becomes_units(tmp_path):
    frame = read(write(tmp_path, "prices.csv", bars().rename(columns={"volume": "volume_usd"})))
    assert np.allclose(frame["volume"] * frame["close"], 1000.0)


# --- times ---------------------------------------------------------------------------------------------------------


def test_a_daily_bar_ends_at_its_session_close(tmp_path):
    half_day = bars(days=pd.DatetimeIndex(["2020-11-25", "2020-11-27"]))
    frame = read(write(tmp_path, "prices.csv", half_day))
    assert list(frame["event_time"]) == [pd.Timestamp("2020-11-25T21:00Z"), pd.Timestamp("2020-11-27T18:00Z")]
    assert (frame["known_at"] == frame["event_time"]).all()


def test_a_day_without_a_session_is_named_and_ends_at_midnight(tmp_path):
    source = FilesSource(str(write(tmp_path, "p.csv", bars(days=pd.DatetimeIndex(["2021-04-01", "2021-04-02"])))))
    assert source.fetch(Kind.BARS, None, None)["event_time"].iloc[-1] == pd.Timestamp("2021-04-03T00:00Z")
    assert [(f.rule, f.symbol) for f in source.findings()] == [("snapped", "AAA")]


@pytest.mark.parametrize(("zone", "day"), [("-04:00", "2021-04-01"), ("+09:00", "2021-04-01"), ("Z", "2021-04-01")])
def test_a_local_midnight_means_its_day(tmp_path, zone, day):
    days = [f"{day} 00:00:00{zone}", f"2021-04-05 00:00:00{zone}"]
    frame = read(write(tmp_path, "p.csv", bars(days=pd.DatetimeIndex(DAYS[:2])).assign(date=days)))
    assert frame["event_time"].iloc[0] == pd.Timestamp("2021-04-01T20:00Z")


def test_hourly_bars_end_an_hour_later_or_at_the_close(tmp_path):
    times = pd.to_datetime(["2021-04-01T13:30Z", "2021-04-01T14:30Z", "2021-04-01T15:30Z", "2021-04-01T19:30Z"])
    frame = bars(days=DAYS[:4]).assign(date=times.strftime("%Y-%m-%dT%H:%M:%SZ"))
    source = FilesSource(str(write(tmp_path, "p.csv", frame)))
    assert source.frequency == "1h"
    ends = source.fetch(Kind.BARS, None, None)["event_time"]
    assert list(ends.dt.strftime("%H:%M")) == ["14:30", "15:30", "16:30", "20:00"]


@pytest.mark.parametrize(("step", "named"), [("4h", "4h"), ("1min", "1m"), ("7D", "7d"), ("MS", "31d")])
def test_other_frequencies_are_refused_with_a_remedy(tmp_path, step, named):
    times = pd.date_range("2021-03-01", periods=30, freq=step).strftime("%Y-%m-%dT%H:%M:%S")
    path = write(tmp_path, "p.csv", bars(days=DAYS[:30]).assign(date=times))
    with pytest.raises(BadFile, match=f"p.csv has {named} bars.*resample"):
        FilesSource(str(path))


def test_two_frequencies_in_a_folder_need_a_choice(tmp_path):
    write(tmp_path, "daily.csv", bars())
    hours = pd.date_range("2021-03-01", periods=len(DAYS), freq="h").strftime("%Y-%m-%dT%H:%M:%S")
    write(tmp_path, "hourly.csv", bars("BBB").assign(date=hours))
    with pytest.raises(BadFile, match=r"daily.csv 1d, hourly.csv 1h.*say which frequency"):
        FilesSource(str(tmp_path))
    source = FilesSource(str(tmp_path), frequency="1d")
    assert [i.symbol for i in source.instruments()] == ["AAA"]
    assert "hourly.csv" in source.findings()[0].detail


# --- classes and calendars -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "file", "asset_class", "calendar"),
    [
        ("etf", "a.csv", "etf", "XNYS"),
        ("data", "commodity_etf_daily.csv", "etf", "XNYS"),
        ("crypto", "a.csv", "crypto", "24/7"),
        ("data", "fx_daily.csv", "forex", "24/5"),
        ("commodities", "a.csv", "commodity", "CMES"),
        ("futures", "a.csv", "index_future", "CMES"),
        ("stocks", "crypto.csv", "crypto", "24/7"),
        ("data", "a.csv", "stock", "XNYS"),
        ("transfixed", "a.csv", "stock", "XNYS"),
    ],
)
def test_names_hint_at_the_class(tmp_path, folder, file, asset_class, calendar):
    (tmp_path / folder).mkdir()
    write(tmp_path / folder, file, bars())
    for path in (tmp_path / folder, tmp_path / folder / file):
        (only,) = FilesSource(str(path)).instruments()
        assert (only.asset_class, only.calendar) == (asset_class, calendar)


def test_the_argument_beats_the_hint_and_the_universe_beats_both(tmp_path):
    write(tmp_path, "crypto.csv", pd.concat([bars("AAA"), bars("BBB")]))
    universe = pd.DataFrame({"symbol": ["BBB"], "asset_class": ["etf"], "sector": ["Bonds"], "calendar": [""]})
    write(tmp_path, "universe.csv", universe)
    aaa, bbb = FilesSource(str(tmp_path), asset_class="forex").instruments()
    assert (aaa.asset_class, aaa.calendar) == (AssetClass.FOREX, "24/5")
    assert (bbb.asset_class, bbb.calendar, bbb.sector) == (AssetClass.ETF, "XNYS", "Bonds")


def test_settings_that_are_refused(tmp_path):
    write(tmp_path, "p.csv", bars())
    for how, match in (
        ({"asset_class": "etff"}, "did you mean etf"),
        ({"calendar": "XNYX"}, "did you mean XNYS"),
        ({"frequency": "4h"}, "choose 1d or 1h"),
    ):
        with pytest.raises(BadConfig, match=match):
            FilesSource(str(tmp_path), **how)
    with pytest.raises(BadFile, match="1d bars, 1h were asked for"):
        FilesSource(str(tmp_path), frequency="1h")
    write(tmp_path, "universe.csv", pd.DataFrame({"symbol": ["AAA"], "asset_class": ["stonk"]}))
    with pytest.raises(BadFile, match=r"universe.csv names the asset class 'stonk'.*did you mean stock"):
        FilesSource(str(tmp_path))


def test_params_give_the_path_as_it_was_given(tmp_path, monkeypatch):
    write(tmp_path, "p.csv", bars())
    monkeypatch.chdir(tmp_path)
    source = FilesSource("../" + tmp_path.name)
    assert source.params()["path"] == "../" + tmp_path.name
    again = FilesSource(**source.params())
    assert again.fingerprint() == source.fingerprint()


def test_the_fingerprint_follows_the_content(tmp_path):
    path = write(tmp_path, "p.csv", bars())
    before = FilesSource(str(tmp_path))
    moved = tmp_path.parent / "elsewhere"
    moved.mkdir()
    write(moved, "p.csv", bars())
    assert FilesSource(str(moved)).fingerprint() == before.fingerprint()
    assert FilesSource(str(tmp_path), asset_class="etf").fingerprint() != before.fingerprint()
    path.write_text(path.read_text().replace("100.0,", "100.1,"))
    after = FilesSource(str(tmp_path))
    assert after.fingerprint() != before.fingerprint()
    assert after.fetch(Kind.BARS, None, None)["close"].iloc[0] == 100.1


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_nothing_there(tmp_path):
    with pytest.raises(BadFile, match=r"there is nothing at .*nowhere"):
        FilesSource(str(tmp_path / "nowhere"))
    with pytest.raises(BadFile, match="holds no Parquet or CSV file"):
        FilesSource(str(tmp_path))
    (tmp_path / "inner").mkdir()
    with pytest.raises(BadFile, match="give one of its folders: inner"):
        FilesSource(str(tmp_path))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda f: f.rename(columns={"close": "clsoe"}), r"no column close.*did you mean clsoe"),
        (lambda f: f.rename(columns={"date": "dat"}), r"no column date.*did you mean dat"),
        (lambda f: f.drop(columns="date"), r"no column date"),
        (lambda f: f.drop(columns="close"), r"no column close.*add a column"),
        (lambda f: f.drop(columns="high"), r"no column high"),
        (lambda f: f.rename(columns={"low": "lows"}), r"no column low.*did you mean lows"),
        (lambda f: f.assign(date=[*f["date"][:-1], "yesterday"]), "1 unreadable dates, such as 'yesterday'"),
        (lambda f: f.assign(date="03/04/2020"), "unreadable dates, such as '03/04/2020'.*YYYY-MM-DD"),
        (lambda f: f.assign(date=range(20210301, 20210301 + len(f))), "numbers for dates"),
        (lambda f: f.assign(date="2921-03-01"), "the date 2921-03-01"),
        (lambda f: f.iloc[:0], "no rows"),
        (lambda f: f.assign(symbol="CASH"), "CASH"),
        (lambda f: f.assign(symbol=None), "rows without a symbol"),
        (lambda f: f.assign(close=np.nan), "holds no usable bar"),
        (lambda f: pd.concat([f, f.assign(close=f["close"] + 0.1)]), r"AAA has two different bars for 2021-03-01"),
        (lambda f: pd.concat([f, f.assign(close=f["close"] + 0.1)]).drop(columns="symbol"), "column symbol missing"),
    ],
)  # fmt: skip
def test_structural_trouble_names_the_file_and_the_remedy(tmp_path, wrong, match):
    path = write(tmp_path, "prices.csv", wrong(bars()))
    with pytest.raises(BadFile, match=match) as error:
        FilesSource(str(path))
    assert "prices" in error.value.message
    assert error.value.remedy
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["prices.csv", "prices.csv.gz", "prices.parquet"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff\xfe garbage \x80", id="garbage"),
        pytest.param(gzip.compress(b"date,close\n" * 50, mtime=0)[:30], id="cut"),
    ],
)
def test_torn_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile):
        FilesSource(str(tmp_path))


def test_two_files_that_disagree_are_both_named(tmp_path):
    write(tmp_path, "one.csv", bars())
    write(tmp_path, "two.csv", bars(start=200.0))
    with pytest.raises(BadFile, match=r"in one.csv and two.csv.*give one of the files"):
        FilesSource(str(tmp_path))


def test_stray_files_are_passed_over_and_named(tmp_path):
    write(tmp_path, "prices.csv", bars())
    write(tmp_path, "sectors.csv", pd.DataFrame({"ticker": ["AAA"], "sector": ["Tech"]}))
    write(tmp_path, "members.csv", pd.DataFrame({"ticker": ["AAA"], "start_date": ["2001-01-01"]}))
    source = FilesSource(str(tmp_path))
    assert [i.symbol for i in source.instruments()] == ["AAA"]
    assert [f.detail.split()[2] for f in source.findings()] == ["members.csv", "sectors.csv"]
    with pytest.raises(BadFile, match=r"sectors.csv has no date column"):
        FilesSource(str(tmp_path / "sectors.csv"))


# --- bars that cannot be believed ----------------------------------------------------------------------------------


def test_bad_values_are_handed_over_and_listed(tmp_path):
    frame = bars()
    frame.loc[3, "close"] = np.nan
    frame["close"] = frame["close"].astype(object)
    frame.loc[5, "close"] = "n/a"
    frame.loc[7, "close"] = -5.0
    frame.loc[9, "high"] = 1.0
    source = FilesSource(str(write(tmp_path, "p.csv", frame)))
    told = source.fetch(Kind.BARS, None, None)
    assert np.array_equal(told["close"].iloc[[3, 5, 7]], [np.nan, np.nan, -5.0], equal_nan=True)
    assert told["high"].iloc[9] == 1.0
    assert len(told) == len(DAYS)
    assert [f.rule for f in source.findings()] == ["refused"] * 4
    assert "-5" in source.findings()[2].detail
    assert [f.detail.split("T")[0][-10:] for f in source.findings()] == [str(DAYS[n].date()) for n in (3, 5, 7, 9)]


def test_a_refused_last_bar_is_within_the_span_and_a_refused_first_one_is_not(tmp_path):
    frame = bars().assign(close=lambda f: f["close"].where(~f.index.isin([0, len(f) - 1]), -1.0))
    source = FilesSource(str(write(tmp_path, "p.csv", frame)))
    assert source.span() == (datetime(2021, 3, 2, 21, tzinfo=UTC), datetime(2021, 4, 30, 20, tzinfo=UTC))


def test_a_symbol_without_a_usable_bar_is_named_and_not_listed(tmp_path):
    later = DAYS.union(pd.DatetimeIndex(["2021-05-03"]))
    dead = bars("DEAD", days=later).assign(close=np.nan)
    source = FilesSource(str(write(tmp_path, "p.csv", pd.concat([bars(), dead]))))
    assert [i.symbol for i in source.instruments()] == ["AAA"]
    assert set(source.fetch(Kind.BARS, None, None)["symbol"]) == {"AAA"}
    assert source.span()[1] == datetime(2021, 4, 30, 20, tzinfo=UTC)
    assert {f.symbol for f in source.findings()} == {"DEAD"}


def test_a_bar_given_twice_counts_once_and_is_named(tmp_path):
    source = FilesSource(str(write(tmp_path, "p.csv", pd.concat([bars(), bars()[:3]]))))
    assert len(source.fetch(Kind.BARS, None, None)) == len(DAYS)
    assert [(f.rule, f.detail) for f in source.findings()] == [("duplicate", "3 bars given twice with the same values")]


def test_a_refused_twin_does_not_contradict_the_good_one(tmp_path):
    source = FilesSource(str(write(tmp_path, "p.csv", pd.concat([bars(), bars()[:1].assign(close=np.nan)]))))
    assert len(source.fetch(Kind.BARS, None, None)) == len(DAYS) + 1
    assert [f.rule for f in source.findings()] == ["refused"]


# --- facts beside the prices ---------------------------------------------------------------------------------------


def test_macro_news_and_posts_beside_the_prices(tmp_path):
    write(tmp_path, "prices.csv", bars())
    write(tmp_path, "macro.csv", pd.DataFrame({
        "series": ["CPI", "CPI"], "role": "inflation", "event_time": ["2021-01-01", "2021-02-01"],
        "known_at": ["2021-02-10", "2021-03-10T13:30:00Z"], "value": [261.6, np.nan],
    }))  # fmt: skip
    write(
        tmp_path,
        "news.csv",
        pd.DataFrame({"known_at": ["2021-03-02T09:30:00-05:00"], "text": ["Up"], "symbol": ["AAA"]}),
    )
    write(
        tmp_path,
        "posts.parquet",
        pd.DataFrame({"known_at": pd.to_datetime(["2021-03-02T10:00Z"]), "text": ["to the moon"]}),
    )
    source = FilesSource(str(tmp_path))
    macro = source.fetch(Kind.MACRO, None, None)
    assert list(macro["known_at"]) == [pd.Timestamp("2021-02-11T00:00Z")], "a bare day is known at its end"
    assert [f.detail for f in source.findings()] == ["macro.csv: 1 values of CPI are missing"]
    news = source.fetch(Kind.NEWS, None, None)
    assert news["known_at"].iloc[0] == pd.Timestamp("2021-03-02T14:30Z")
    assert len(news["id"].iloc[0]) == 8
    posts = source.fetch(Kind.POSTS, None, None)
    assert tuple(posts.columns) == COLUMNS[Kind.POSTS]
    assert posts["symbol"].iloc[0] == ""
    with pytest.raises(SourceUnavailable, match="the files carry no chains"):
        source.fetch(Kind.CHAINS, None, None)


def test_a_zoned_midnight_release_is_not_moved_earlier(tmp_path):
    write(tmp_path, "prices.csv", bars())
    write(tmp_path, "news.csv", pd.DataFrame({"known_at": ["2021-03-02T00:00:00-05:00"], "text": ["Up"]}))
    assert read(tmp_path, Kind.NEWS)["known_at"].iloc[0] == pd.Timestamp("2021-03-02T05:00Z")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"known_at": "2020-12-01"}, "1 rows known before they happened"),
        ({"role": "weather"}, "the role 'weather'.*growth"),
        ({"known_at": None}, "unreadable dates"),
    ],
)
def test_facts_out_of_time_are_refused(tmp_path, change, match):
    write(tmp_path, "prices.csv", bars())
    row = {"series": "CPI", "role": "inflation", "event_time": "2021-01-01", "known_at": "2021-02-10", "value": 1.0}
    write(tmp_path, "macro.csv", pd.DataFrame([row | {"series": "GDP"}, row | change]))
    with pytest.raises(BadFile, match=match):
        FilesSource(str(tmp_path))


def test_facts_without_a_release_time_are_refused(tmp_path):
    write(tmp_path, "prices.csv", bars())
    write(tmp_path, "news.csv", pd.DataFrame({"date": ["2021-03-02"], "text": ["Up"]}))
    with pytest.raises(BadFile, match=r"news.csv has no column known_at"):
        FilesSource(str(tmp_path))


def test_without_such_files_the_kind_is_unavailable(tmp_path):
    write(tmp_path, "prices.csv", bars())
    for kind in (Kind.MACRO, Kind.NEWS, Kind.POSTS):
        with pytest.raises(SourceUnavailable, match=f"the files carry no {kind.value}"):
            read(tmp_path, kind)
