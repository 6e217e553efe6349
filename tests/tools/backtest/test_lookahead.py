"""The lookahead check finds planted leaks by name and accuses nobody else."""

import numpy as np
import pytest

from data.errors import InputError
from tests.tools.backtest.toy_histories import closes, history_of, moment
from tools.backtest.lookahead import look_ahead

CLOSE = closes()
ROWS = (40, 80, 118)


class Honest:
    name = "honest"

    def indicators(self, panel):
        fast = np.full_like(panel.close, np.nan)
        fast[4:] = np.stack([panel.close[t - 4 : t + 1].mean(axis=0) for t in range(4, len(panel.close))])
        return {"mean_5": fast}

    def decide(self, snapshot):
        above = snapshot.panel.close[-1] > snapshot.last("mean_5")
        return {s: 0.3 * float(a) for s, a in zip(snapshot.symbols, above, strict=True)}


class Centred(Honest):
    """The mean of two slots before and two after: it knows the day after tomorrow."""

    name = "centred"

    def indicators(self, panel):
        mean = panel.close.copy()
        for t in range(2, len(panel.close) - 2):
            mean[t] = panel.close[t - 2 : t + 3].mean(axis=0)
        return super().indicators(panel) | {"centred_mean": mean}


class WholeSample(Honest):
    """Scaled by the highest price there will ever be."""

    name = "whole_sample"

    def indicators(self, panel):
        return {"mean_5": panel.close / panel.close.max(axis=0)}

    def decide(self, snapshot):
        return {s: 0.3 * float(v) for s, v in zip(snapshot.symbols, snapshot.last("mean_5"), strict=True)}


class Peeker(Honest):
    """No feature leaks: it kept the array it was shown while preparing."""

    name = "peeker"

    def indicators(self, panel):
        self.kept = panel.close
        return {}

    def decide(self, snapshot):
        ahead = min(len(snapshot.panel.close), len(self.kept) - 1)
        return {"AAA": float(self.kept[ahead, 0] > snapshot.panel.close[-1, 0])}


def checked(strategy, close=CLOSE):
    return look_ahead(strategy, history_of(close), lambda row: history_of(close[: row + 1]), moment, ROWS)


def test_an_honest_strategy_is_not_accused():
    report = checked(Honest())
    assert report.leaks == ()
    assert report.cuts == len(ROWS)
    assert report.compared > 1_000


def test_a_centred_mean_is_named_with_the_slot_where_it_first_differs():
    leak = checked(Centred()).leaks[0]
    assert (leak.kind, leak.name) == ("feature", "centred_mean")
    assert leak.slot == str(np.datetime_as_string(history_of(CLOSE).panel.times[39], unit="s")) + "Z"
    assert leak.with_future != leak.without


def test_scaling_by_the_whole_sample_leaks_from_the_first_slot():
    leaks = checked(WholeSample()).leaks
    assert leaks[0].name == "mean_5"
    assert leaks[0].slot == "2020-01-01T21:00:00Z"


def test_features_are_named_before_the_decisions_they_spoil():
    leaks = checked(WholeSample()).leaks
    kinds = [leak.kind for leak in leaks]
    assert kinds == sorted(kinds, key=lambda k: k == "decision")
    assert "decision" in kinds


def test_a_decision_that_remembers_the_future_is_found_without_any_feature():
    close = CLOSE.copy()
    close[:, 0] = np.linspace(100.0, 200.0, len(close))  # tomorrow is always higher; today is not above itself
    leaks = checked(Peeker(), close).leaks
    assert [(leak.kind, leak.name) for leak in leaks] == [("decision", "AAA")]


def test_rounding_is_no_leak():
    class Rounded(Honest):
        def indicators(self, panel):
            return {"noisy": panel.close * (1.0 + 1e-13 * len(panel.close))} | super().indicators(panel)

    assert checked(Rounded()).leaks == ()


def test_an_indicator_may_not_take_a_features_name():
    class Thief(Honest):
        def indicators(self, panel):
            return {"ret_1": panel.close}

    with pytest.raises(InputError, match="rename it"):
        checked(Thief())


def test_an_indicator_has_one_row_a_slot():
    class Short(Honest):
        def indicators(self, panel):
            return {"short": panel.close[1:]}

    with pytest.raises(InputError, match="shape"):
        checked(Short())


def test_other_slots_cannot_be_compared():
    with pytest.raises(InputError, match="other slots"):
        look_ahead(Honest(), history_of(CLOSE), lambda row: history_of(CLOSE[:row]), moment, ROWS)
