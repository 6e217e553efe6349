import pytest

from data.errors import BadAnswer, RateLimited
from data.sources.mentions import mentioned
from data.sources.retry import UNSTATED_WAIT_S, Retry, Unreachable, check_status, retry_after_s


class Provider:
    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def __call__(self):
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_passing_failure_is_asked_again_ever_later():
    slept = []
    provider = Provider(Unreachable("a"), Unreachable("b"), 7)
    assert Retry(attempts=3, first_wait_s=1.0, sleep=slept.append).call("p", provider) == 7
    assert 1.0 <= slept[0] <= 1.5
    assert 2.0 <= slept[1] <= 3.0


def test_attempts_are_bounded_and_the_last_error_is_told():
    slept = []
    provider = Provider(*[Unreachable(str(n)) for n in range(9)])
    with pytest.raises(Unreachable, match="3"):
        Retry(attempts=4, sleep=slept.append).call("p", provider)
    assert (provider.asked, len(slept)) == (4, 3)


def test_waits_never_exceed_the_longest():
    slept = []
    with pytest.raises(Unreachable):
        Retry(attempts=9, longest_wait_s=3.0, sleep=slept.append).call("p", Provider(*[Unreachable("x")] * 9))
    assert max(slept) == 3.0


def test_retry_after_is_honoured():
    slept = []
    assert Retry(sleep=slept.append).call("p", Provider(RateLimited("x", 11.0), 1)) == 1
    assert slept == [11.0]


def test_a_long_retry_after_is_not_waited_for():
    slept = []
    provider = Provider(RateLimited("x", 3600.0), 1)
    with pytest.raises(RateLimited) as error:
        Retry(sleep=slept.append).call("p", provider)
    assert (error.value.retry_after_s, slept, provider.asked) == (3600.0, [], 1)


def test_what_will_not_pass_is_not_asked_again():
    provider = Provider(BadAnswer("x"), 1)
    with pytest.raises(BadAnswer):
        Retry(sleep=lambda s: None).call("p", provider)
    assert provider.asked == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT"}, UNSTATED_WAIT_S),
        ({"Retry-After": "soon"}, UNSTATED_WAIT_S),
        ({}, UNSTATED_WAIT_S),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers, wait):
    assert retry_after_s(headers) == wait
    with pytest.raises(RateLimited) as error:
        check_status("p", 429, headers)
    assert error.value.retry_after_s == wait


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_server_errors_may_pass(status):
    with pytest.raises(Unreachable, match=str(status)):
        check_status("p", status, {})


@pytest.mark.parametrize("status", [200, 301, 400, 401, 404])
def test_other_answers_are_left_to_the_library(status):
    check_status("p", status, {})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$AAPL to the moon", ("AAPL",)),
        ("Apple (AAPL) and Exxon (NYSE: XOM)", ("AAPL", "XOM")),
        ("NASDAQ:AAPL up", ("AAPL",)),
        ("I lost $500 on APPLE, ALL IN NOW", ()),
        ("AAPL without a sign", ()),
        ("$btc rallies", ("BTC-USD",)),
        ("$AAPLX", ()),
    ],
)
def test_only_strict_mentions_count(text, found):
    assert mentioned(text, ("AAPL", "XOM", "ALL", "NOW", "BTC-USD", "ES=F")) == found
