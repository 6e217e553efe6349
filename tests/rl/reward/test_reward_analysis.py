"""The analysis of a reward: figures by hand, dominance, correlation, and ways of acting over a history."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data.errors import InputError
from rl.market import row_market
from rl.reward import PARTS, REFERENCE, RewardConfig
from rl.reward.analysis import behaviour
from rl.reward.page import FIGURES, PAGE, RewardPage, write_page
from rl.reward.rolling import at_random, buy_and_hold, roll, sampled
from tests.rl.histories import history

HEADS = np.zeros(4, dtype=np.int64)


def test_figures_by_hand():
    found = behaviour(np.array([[1.0, -0.1], [3.0, 0.1], [np.nan, 0.0]]), ("large", "small"))
    assert found.steps == 2
    large, small = found.figures["large"], found.figures["small"]
    assert (large.mean, large.sd, large.low, large.high) == (2.0, 1.0, 1.0, 3.0)
    assert large.share == pytest.approx(4.0 / 4.2)
    assert large.signal_to_noise == pytest.approx(2.0)
    assert small.signal_to_noise == pytest.approx(0.0)
    assert found.dominant == ("large",)
    assert found.reward_mean == pytest.approx(2.0)
    assert found.reward_sd == pytest.approx(1.1)
    assert found.correlation[0][1] == pytest.approx(1.0)


def test_dominance_begins_above_four_fifths():
    even = behaviour(np.array([[4.0, 1.0], [-4.0, 1.0]]), ("large", "small"))
    assert even.figures["large"].share == pytest.approx(0.8)
    assert even.dominant == ()
    assert even.correlation == ((pytest.approx(1.0), None), (None, None))


def test_a_reward_without_a_step_is_refused():
    with pytest.raises(InputError, match="no step"):
        behaviour(np.full((3, 2), np.nan), ("a", "b"))
    with pytest.raises(InputError, match="two bars"):
        roll(row_market(history()), RewardConfig(), slice(50, 51), HEADS, buy_and_hold)


def test_holding_trades_once_and_acting_at_random_often():
    market, part = row_market(history()), slice(40, 200)
    cost, held = PARTS.index("cost"), REFERENCE.model_copy(update={"hold": 1.0})
    hold, random = (roll(market, held, part, HEADS, way) for way in (buy_and_hold, at_random(1)))
    assert hold.shape == (159, 4, len(PARTS))
    assert (hold[0, :, cost] < 0.0).all()
    assert not hold[1:, :, cost].any()
    assert ((random[:, :, cost] < 0.0).mean(axis=0) > 0.3).all()
    assert behaviour(hold).figures["hold"].mean < behaviour(random).figures["hold"].mean


def test_what_is_not_known_counts_for_nothing():
    given_history = history()
    given_history.ready[60:70, 1] = False
    given_history.fill[80, 2] = np.nan
    parts = roll(row_market(given_history), RewardConfig(), slice(40, 100), HEADS, buy_and_hold)
    gone = np.isnan(parts).all(axis=2)
    assert gone[20:30, 1].all()
    assert gone[40, 2]
    assert gone.sum() == 11


def test_a_network_is_asked_for_its_probabilities():
    class Buyer:
        def logits(self, obs):
            out = np.full((len(obs), 7), -np.inf)
            out[:, 3] = 0.0
            return out

    market, part = row_market(history()), slice(40, 120)
    ours = roll(market, RewardConfig(), part, HEADS, sampled(Buyer(), 3))
    assert np.array_equal(ours, roll(market, RewardConfig(), part, HEADS, buy_and_hold), equal_nan=True)


def test_the_page_and_the_figures_are_written(tmp_path):
    market = row_market(history())
    parts = roll(market, REFERENCE, slice(40, 120), HEADS, at_random(0)).reshape(-1, len(PARTS))
    page = RewardPage("A <reward>", "SIMULATED", {"random": behaviour(parts)}, {"random": parts}, {"seed": 0})
    html = write_page(tmp_path / "out", page).read_text("utf-8")
    assert "A &lt;reward&gt;" in html
    assert "SIMULATED" in html
    assert html.count('class="plotly-graph-div"') == 1
    assert (tmp_path / "out" / PAGE).exists()
    assert (tmp_path / "out" / "plotly.min.js").stat().st_size > 1e6
    told = json.loads((tmp_path / "out" / FIGURES).read_text("utf-8"))
    assert set(told["random"]["figures"]) == set(PARTS)
    assert told["settings"] == {"seed": 0}
