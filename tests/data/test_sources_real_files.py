"""The files source on real dirt; skipped where the real market data is not beside the checkout."""

from collections import Counter

import pandas as pd
import pytest

from data.errors import BadFile
from data.quality import check_bars
from data.sources.files import FilesSource
from data.sources.protocol import Kind


def test_five_files_of_etfs_are_one_universe(market_data):
    source = FilesSource(str(market_data / "etf"))
    assert len(source.instruments()) == 66
    assert {(i.asset_class.value, i.calendar) for i in source.instruments()} == {("etf", "XNYS")}
    assert source.findings() == ()
    assert len(source.fetch(Kind.BARS, None, None)) == 165_943


def test_the_negative_oil_price_is_quarantined_and_its_neighbours_stay(market_data):
    source = FilesSource(str(market_data / "commodities"))
    told = source.fetch(Kind.BARS, None, None)
    assert told["close"].min() == pytest.approx(-36.98)
    oil = check_bars(told).clean.query("symbol == 'WTI_USD_bbl'").set_index("event_time")["close"]
    assert pd.Timestamp("2020-04-20T22:00Z") not in oil.index
    assert oil[pd.Timestamp("2020-04-21T22:00Z")] == pytest.approx(8.91)
    assert (oil > 0).all()
    refused = [f for f in source.findings() if f.rule == "refused"]
    assert [(f.symbol, f.detail.split(": ")[1]) for f in refused] == [
        ("HENRYHUB_USD_mmbtu", "the close is missing"),
        ("WTI_USD_bbl", "the close is not positive"),
    ]
    assert "-36.98" in refused[1].detail
    assert Counter(f.rule for f in source.findings())["snapped"] == 4


def test_half_a_million_stock_bars_have_one_bad_one(market_data):
    source = FilesSource(str(market_data / "stocks" / "us_stocks_daily_adj_2015_2022.parquet"))
    (finding,) = source.findings()
    assert (finding.symbol, finding.rule) == ("HUBB", "refused")
    assert "2021-05-05" in finding.detail
    told = source.fetch(Kind.BARS, None, None)
    assert len(told) == 503_438
    assert list(check_bars(told).refused["symbol"]) == ["HUBB"]


def test_two_bases_of_the_same_stocks_contradict_each_other(market_data):
    with pytest.raises(BadFile, match=r"AAPL has two different bars .*adj.*raw.*give one of the files by its path"):
        FilesSource(str(market_data / "stocks"))


def test_raw_prices_with_adjusted_closes_are_continuous_over_a_split(market_data):
    source = FilesSource(str(market_data / "stocks" / "us_stocks_daily_raw_1999_2021.parquet"))
    apple = source.fetch(Kind.BARS, None, None).query("symbol == 'AAPL'").set_index("event_time")["close"]
    around = apple["2014-06-05":"2014-06-11"].pct_change().dropna()
    assert around.abs().max() < 0.03, "the 7:1 split of June 2014 must not be a return"


def test_daily_and_hourly_crypto_by_choice(market_data):
    with pytest.raises(BadFile, match="say which frequency"):
        FilesSource(str(market_data / "crypto"))
    daily, hourly = (FilesSource(str(market_data / "crypto"), frequency=f) for f in ("1d", "1h"))
    assert (len(daily.instruments()), len(hourly.instruments())) == (5, 1)
    assert daily.calendar == hourly.calendar == "24/7"


def test_four_hourly_and_minute_bars_are_refused(market_data):
    for path, named in (("forex/fx_4h_2012_2020.parquet", "4h"), ("futures", "1m")):
        with pytest.raises(BadFile, match=f"has {named} bars.*resample"):
            FilesSource(str(market_data / path))
    assert FilesSource(str(market_data / "forex" / "fx_daily_2012_2020.parquet")).calendar == "24/5"
