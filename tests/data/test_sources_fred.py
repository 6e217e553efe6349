"""The real fredapi, over loopback, against a stub that speaks FRED's XML."""

import pandas as pd
import pytest

from data.errors import BadAnswer, CredentialMissing, RateLimited, SourceUnavailable
from data.sources.fred import SERIES, FredMacro, FredSeries
from data.sources.live import FRED_URL, LiveSource
from data.sources.protocol import COLUMNS, MACRO_ROLES, Kind
from data.sources.retry import Retry, Unreachable
from tests.stubs.http_stub import Reply
from tests.stubs.providers import at, fred_stub

CPI = FredSeries("CPIAUCSL", "inflation", "index")
VIX = FredSeries("VIXCLS", "volatility", "vol points", lag_days=2)
VINTAGES = {
    "CPIAUCSL": [
        ("2020-01-01", "2020-02-13", "257.971"),
        ("2020-01-01", "2021-02-10", "258.682"),
        ("2020-02-01", "2020-03-11", "."),
        ("2020-02-01", "2020-03-12", "258.678"),
    ],
    "VIXCLS": [("2020-03-13", "", "57.83"), ("2020-03-15", "", "."), ("2020-03-16", "", "82.69")],
}
NOW = at(2020, 12, 31)


@pytest.fixture
def slept():
    return []


@pytest.fixture
def macro(slept):
    def make(stub, *series, key="a-fred-key", now=NOW):
        return FredMacro(key, series, base_url=stub.url, now=lambda: now, retry=Retry(sleep=slept.append))

    return make


def test_a_revision_is_a_new_row_known_from_its_own_release(macro):
    with fred_stub(VINTAGES) as stub:
        frame = macro(stub, CPI, now=at(2022, 1, 1)).fetch(None, None)
    assert tuple(frame.columns) == COLUMNS[Kind.MACRO]
    january = frame.loc[frame["event_time"] == pd.Timestamp("2020-01-01T00:00Z")]
    assert list(january["value"]) == [257.971, 258.682]
    assert list(january["known_at"]) == [pd.Timestamp("2020-02-14T00:00Z"), pd.Timestamp("2021-02-11T00:00Z")]


def test_a_desk_in_its_past_sees_only_what_was_released(macro):
    with fred_stub(VINTAGES) as stub:
        source = macro(stub, CPI, now=at(2022, 1, 1))
        then = source.fetch(None, at(2020, 3, 12, 20))
        later = source.fetch(at(2020, 3, 12, 20), at(2020, 3, 13, 20))
    assert list(then["value"]) == [257.971], "February was released that morning; it is known at the end of the day"
    assert list(later["value"]) == [258.678]


def test_an_increment_asks_for_new_vintages_only_and_tells_no_old_one_as_new(macro):
    with fred_stub(VINTAGES) as stub:
        source = macro(stub, CPI, now=at(2022, 1, 1))
        for since in (at(2020, 3, 12), at(2020, 3, 12, 20), at(2020, 3, 13), at(2020, 6, 1), at(2021, 2, 10, 23)):
            part, whole = source.fetch(since, None), source.fetch(None, None)
            wanted = whole.loc[whole["known_at"] > since].reset_index(drop=True)
            pd.testing.assert_frame_equal(part, wanted)
        assert stub.asked[0].query["realtime_start"] == "2020-03-11"


def test_a_long_history_is_read_to_its_last_page(macro):
    with fred_stub(VINTAGES, page=2) as stub:
        frame = macro(stub, CPI, now=at(2022, 1, 1)).fetch(None, None)
        assert [asked.query.get("offset") for asked in stub.asked] == [None, "2"]
        stub.fail("/fred", Reply('<observations count="9"><observation date="2020-01-01" value="1"/></observations>'))
        stub.fail("/fred", Reply('<observations count="9"></observations>'))
        with pytest.raises(BadAnswer, match="fewer observations"):
            macro(stub, CPI).fetch(None, None)
    assert len(frame) == 3


def test_nothing_after_now_is_told(macro):
    with fred_stub(VINTAGES) as stub:
        for until in (None, at(2030, 1, 1)):
            assert 258.682 not in set(macro(stub, CPI).fetch(None, until)["value"])


def test_market_rates_are_known_after_their_lag_and_absent_days_are_absent(macro):
    with fred_stub(VINTAGES) as stub:
        frame = macro(stub, VIX).fetch(None, None)
        assert "realtime_start" not in stub.asked[0].query
    assert list(frame["value"]) == [57.83, 82.69]
    assert list(frame["known_at"]) == [pd.Timestamp("2020-03-15T00:00Z"), pd.Timestamp("2020-03-18T00:00Z")]


def test_there_is_one_series_for_each_role():
    assert [one.role for one in SERIES] == list(MACRO_ROLES)


def test_a_refused_key_names_its_variable_and_is_not_asked_twice(macro):
    with fred_stub(VINTAGES) as stub:
        with pytest.raises(CredentialMissing, match="set FRED_API_KEY") as error:
            macro(stub, CPI, key="wrong-key-123").fetch(None, None)
        assert len(stub.asked) == 1
    assert "wrong-key-123" not in str(error.value)


def test_an_unknown_series_is_named(macro):
    with fred_stub(VINTAGES) as stub, pytest.raises(SourceUnavailable, match="does not have the series"):
        macro(stub, FredSeries("NOPE", "growth", "")).fetch(None, None)


@pytest.mark.parametrize("reply", [Reply("down", 500), Reply("<error/>", 503), Reply(status=0)])
def test_failures_are_asked_again_then_raised(macro, slept, reply):
    with fred_stub(VINTAGES) as stub:
        stub.fail("/fred", reply, times=2)
        assert len(macro(stub, CPI).fetch(None, None)) == 2
        assert len(slept) == 2
        stub.fail("/fred", reply, times=9)
        with pytest.raises(Unreachable):
            macro(stub, CPI).fetch(None, None)


def test_a_rate_limit_carries_its_wait(macro, slept):
    with fred_stub(VINTAGES) as stub:
        stub.fail("/fred", Reply('<error code="429" message="Too Many Requests."/>', 429, {"Retry-After": "3"}))
        assert len(macro(stub, CPI).fetch(None, None)) == 2
        assert slept == [3.0]
        stub.fail("/fred", Reply("", 429, {"Retry-After": "300"}))
        with pytest.raises(RateLimited) as error:
            macro(stub, CPI).fetch(None, None)
    assert error.value.retry_after_s == 300.0


@pytest.mark.parametrize(
    "body",
    [
        "not xml",
        "",
        "<html><body>hello</body></html>",
        "<observations><observation/></observations>",
        '<observations><observation date="2020-01-01" realtime_start="2020-02-13" value="many"/></observations>',
        '<observations><observation date="soon" realtime_start="2020-02-13" value="1.0"/></observations>',
    ],
)
def test_garbage_is_a_bad_answer(macro, body):
    with fred_stub(VINTAGES) as stub:
        stub.fail("/fred", Reply(body), times=3)
        with pytest.raises(BadAnswer):
            macro(stub, CPI).fetch(None, None)


def test_nobody_listening_is_unreachable(macro):
    with fred_stub(VINTAGES) as stub:
        pass
    with pytest.raises(Unreachable, match="cannot be reached"):
        macro(stub, CPI).fetch(None, None)


def test_the_live_source_needs_the_key_and_finds_the_server_in_the_environment():
    with fred_stub({one.series: VINTAGES["CPIAUCSL"] for one in SERIES}) as stub:
        environ = {FRED_URL: stub.url}
        with pytest.raises(CredentialMissing, match="set FRED_API_KEY"):
            LiveSource(environ=environ).fetch(Kind.MACRO, None, None)
        live = LiveSource(environ=environ | {"FRED_API_KEY": "a-fred-key"}, now=lambda: NOW)
        assert set(live.fetch(Kind.MACRO, None, None)["role"]) == set(MACRO_ROLES)
    assert "a-fred-key" not in str(live.params())
