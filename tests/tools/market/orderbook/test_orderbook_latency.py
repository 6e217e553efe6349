"""Messages arrive after their latency, never overtake each other, and a seed gives the same delays again."""

import numpy as np
import pytest

from data.errors import BadConfig
from tools.market.orderbook.latency import FixedLatency, Line, LogNormalLatency


def test_a_message_arrives_once_and_not_before_its_time():
    line = Line(FixedLatency(2.0))
    assert line.send(1_000_000, "order") == 3_000_000
    assert list(line.arrived(2_999_999)) == []
    assert list(line.arrived(3_000_000)) == [(3_000_000, "order")]
    assert list(line.arrived(9_000_000)) == []


def test_messages_keep_their_order_whatever_their_delays():
    line = Line(LogNormalLatency(5.0, 1.5, seed=4))
    arrivals = [line.send(k * 1000, k) for k in range(500)]
    assert arrivals == sorted(arrivals)
    assert [message for _, message in line.arrived(arrivals[-1])] == list(range(500))


def test_log_normal_delays_have_their_median_spread_and_floor():
    latency = LogNormalLatency(10.0, 0.5, seed=1, floor_ms=1.0)
    delays = np.array([latency.delay_ns() for _ in range(20_000)]) / 1e6 - 1.0
    assert np.median(delays) == pytest.approx(10.0, rel=0.02)
    assert np.log(delays).std() == pytest.approx(0.5, rel=0.02)
    again = LogNormalLatency(10.0, 0.5, seed=1, floor_ms=1.0)
    assert [again.delay_ns() for _ in range(3)] == [round(d * 1e6) + 1_000_000 for d in delays[:3]]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), 1e12])
def test_delays_that_make_no_sense_are_refused(bad):
    for make in (
        lambda: FixedLatency(bad),
        lambda: LogNormalLatency(bad, 0.5, seed=1),
        lambda: LogNormalLatency(1.0, bad, seed=1),
        lambda: LogNormalLatency(1.0, 0.5, seed=1, floor_ms=bad),
    ):
        with pytest.raises(BadConfig):
            make()
