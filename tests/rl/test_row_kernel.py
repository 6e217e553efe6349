"""The row kernel: accounting, masks, episodes, rewards; by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl import kernel as k
from rl.actions import N_ACTIONS, Action
from rl.market import hedged, row_market, starts_in
from rl.observation import BLOCK_WIDTH, HEAD, MASK, OWN, PADDING, SHARED
from rl.reward import PARTS, RewardConfig
from rl.rows import PLAIN, Rows
from tests.rl.histories import from_prices, history
from tools.market.accounting import sleeve_step

NET_ONLY = RewardConfig(reference=0.0, drawdown=0.0, sharpe=0.0)


SHORT = PLAIN._replace(horizon=20)


def rows_of(market, count=8, rules=SHORT, reward=NET_ONLY, allowed=None):
    allowed = np.ones(market.slots, dtype=np.bool_) if allowed is None else allowed
    return Rows(market, starts_in(market, allowed), rules, reward, count)


def placed(market, slot=30, symbol=0, reward=NET_ONLY, rules=PLAIN):
    rows = rows_of(market, 1, rules, reward)
    rows.place(np.array([slot]), np.array([symbol]), np.array([0]), market.slots - 1)
    return rows


def act(rows, action):
    return rows.step(np.full(len(rows.reward), action, dtype=np.int64))


def test_a_step_is_the_sleeve_step_of_the_one_simulator():
    market = row_market(history())
    a, rows = market.arrays, placed(market)
    act(rows, Action.BUY_MEDIUM)
    position, net, _ = sleeve_step(0.0, 0.5, a.close[30, 0], a.fill[30, 0], a.close[31, 0], a.cost_bps[0])
    assert rows.positions[0] == position
    assert rows.net[0] == net
    assert rows.reward[0] == pytest.approx(net / a.scale[30, 0], rel=1e-12)


def test_holding_costs_nothing_and_drifts_with_the_price():
    market = row_market(history())
    a, rows = market.arrays, placed(market)
    act(rows, Action.BUY_MEDIUM)
    before = rows.positions[0]
    act(rows, Action.HOLD)
    growth = 1.0 + before * (a.close[32, 0] / a.close[31, 0] - 1.0)
    assert rows.net[0] == pytest.approx(growth - 1.0, abs=1e-15)
    assert rows.positions[0] == pytest.approx(before * a.close[32, 0] / a.close[31, 0] / growth, rel=1e-12)
    assert rows.traded[0] == 0.0


def test_the_entry_price_is_the_average_of_what_was_bought():
    close = np.full((60, 1), 100.0)
    close[:32, 0] += 0.01 * np.arange(32)
    close[31:] = 100.0
    fill = close.copy()
    fill[40], fill[41] = 100.0, 110.0
    market = row_market(from_prices(close, fill))
    rows = placed(market, 40)
    act(rows, Action.BUY_MEDIUM)
    held = rows.positions[0]
    act(rows, Action.BUY_SMALL)
    kept, bought = held * 1.1, held + 0.25 - held
    assert rows.state[0, k.ENTRY] == pytest.approx((kept * 100.0 + bought * 110.0) / (kept + bought), rel=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, N_ACTIONS - 1), min_size=5, max_size=60), st.integers(0, 3))
def test_an_action_outside_its_mask_changes_nothing(actions, symbol):
    market = row_market(history(120, 4, seed=3))
    rows = placed(market, 30, symbol)
    obs = rows.obs
    for action in actions:
        held, allowed = rows.positions[0], obs[0, MASK][action] > 0.5
        obs = act(rows, action)
        assert 0.0 <= rows.positions[0] <= 1.0
        if not allowed:
            assert rows.traded[0] == 0.0
        elif action != Action.HOLD:
            assert rows.traded[0] > 0.0 or held == 0.0


def test_the_mask_bits_follow_position_and_profit():
    market = row_market(history(200, 1, drift=0.01, volatility=0.001))
    rows = placed(market)
    bits = [rows.obs[0, MASK].tolist()]
    for action in (Action.BUY_SMALL, Action.ADD_TO_WINNER, Action.BUY_LARGE):
        bits.append(act(rows, action)[0, MASK].tolist())
    flat, some, more, full = bits
    assert flat == [1, 1, 1, 1, 0, 0, 0]
    assert some == more == [1, 1, 1, 1, 1, 1, 1]
    assert full == [1, 0, 0, 0, 1, 1, 0]


def test_on_an_unknown_bar_a_row_can_only_hold():
    given_history = history()
    given_history.ready[31, 0] = False
    market = row_market(given_history)
    rows = placed(market)
    obs = act(rows, Action.BUY_MEDIUM)
    held = rows.positions[0]
    assert obs[0, MASK].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert not obs[0, :BLOCK_WIDTH].any()
    act(rows, Action.SELL_ALL)
    assert rows.traded[0] == 0.0
    assert rows.positions[0] == pytest.approx(held, abs=0.01)


def test_a_row_that_ended_begins_anew_on_the_next_step():
    rows = rows_of(row_market(history()), 1, PLAIN._replace(horizon=3))
    rows.begin(5)
    for _ in range(3):
        assert not rows.truncated[0]
        act(rows, Action.BUY_LARGE)
    assert rows.truncated[0]
    assert rows.positions[0] > 0.0
    act(rows, Action.BUY_LARGE)
    assert (rows.reward[0], rows.net[0], rows.positions[0], rows.truncated[0]) == (0.0, 0.0, 0.0, False)
    assert rows.index[0, k.EPISODE] == 2


def test_a_missing_price_ends_the_row_instead_of_giving_nan():
    given_history = history()
    given_history.fill[32, 0] = np.nan
    rows = placed(row_market(given_history))
    for _ in range(3):
        obs = act(rows, Action.BUY_SMALL)
        assert np.isfinite(obs).all()
        assert np.isfinite(rows.reward).all()
    assert rows.truncated[0]


def test_a_ruined_sleeve_is_terminated():
    close = 100.0 * np.cumprod(1.0 + 0.01 * np.sin(np.arange(80.0)))[:, None]
    close[40:] *= 0.01
    rows = placed(row_market(from_prices(close, close.copy())), 38)
    act(rows, Action.BUY_LARGE)
    act(rows, Action.HOLD)
    assert rows.terminated[0]
    assert not rows.truncated[0]


def test_episodes_are_never_marked_outside_the_dates_they_began_in():
    market = row_market(history(300, 3))
    allowed = np.zeros(300, dtype=np.bool_)
    allowed[40:90] = allowed[150:220] = True
    rows = rows_of(market, 64, PLAIN._replace(horizon=60), allowed=allowed)
    rows.begin(1)
    inside = set()
    for _ in range(200):
        assert allowed[rows.index[:, k.SLOT]].all()
        inside |= set(rows.index[:, k.SLOT].tolist())
        act(rows, Action.HOLD)
    assert {89, 219} <= inside


def test_later_prices_change_nothing_before_them():
    early, late = history(200, 3), history(200, 3)
    late.panel.close[120:] *= 1.5
    late.fill[120:] *= 1.5
    late.features.values[121:] += 1.0
    late.features.shared[121:] += 1.0
    seen = []
    for given_history in (early, late):
        rows = rows_of(row_market(given_history), 3)
        rows.place(np.full(3, 60), np.arange(3), np.arange(3), 119)
        trail = [rows.obs.copy()]
        for t in range(59):
            rows.step(np.full(3, t % N_ACTIONS, dtype=np.int64))
            trail.append(np.concatenate([rows.obs, rows.reward[:, None]], axis=1))
        seen.append(trail)
    assert all(np.array_equal(a, b) for a, b in zip(*seen, strict=True))


def test_the_same_seed_draws_the_same_episodes_and_another_seed_others():
    market, rules = row_market(history()), PLAIN._replace(horizon=9, noise=0.2, blind=0.5, random_position=0.5)
    trails = []
    for seed in (1, 1, 2):
        rows = rows_of(market, 16, rules)
        rows.begin(seed)
        trails.append(np.stack([act(rows, Action.BUY_SMALL).copy() for _ in range(40)]))
    assert np.array_equal(trails[0], trails[1])
    assert not np.array_equal(trails[0], trails[2])


def test_the_observation_is_market_own_state_mask_zeros_head():
    market = row_market(history())
    rows = placed(market, 30, 2)
    assert np.array_equal(rows.obs[0, :BLOCK_WIDTH], market.arrays.block[2, 30])
    assert not rows.obs[0, OWN].any()
    assert not rows.obs[0, PADDING].any()
    assert rows.obs[0, HEAD] == 0
    rows = rows_of(market, 200, PLAIN._replace(horizon=9, generic=0.25, blind=0.5))
    obs = rows.begin(3)
    own = obs[:, HEAD] == 1 + rows.index[:, k.SYMBOL]
    assert (own | (obs[:, HEAD] == 0)).all()
    assert 0.1 < (obs[:, HEAD] == 0).mean() < 0.4
    assert 0.35 < (obs[:, SHARED] == 0.0).all(axis=1).mean() < 0.65


def test_costs_are_multiplied_for_a_whole_episode():
    market = row_market(history())
    paid = []
    for times in (1.0, 3.0):
        rows = rows_of(market, 1, PLAIN._replace(cost_low=times, cost_high=times))
        rows.begin(4)
        act(rows, Action.BUY_LARGE)
        t, s = rows.index[0, k.SLOT] - 1, rows.index[0, k.SYMBOL]
        paid.append(1.0 - (1.0 + rows.net[0]) / (market.arrays.close[t + 1, s] / market.arrays.fill[t, s]))
    assert paid[1] == pytest.approx(3.0 * paid[0], rel=0.02)
    assert paid[0] > 0.0


def test_reward_parts_sum_to_the_reward_and_are_what_they_say():
    market = row_market(history())
    reward = RewardConfig(net=1.0, reference=0.5, cost=0.7, drawdown=0.3, sharpe=0.2, sharpe_rate=0.1)
    rows, a = placed(market, reward=reward), market.arrays
    mean, square, value, peak = 0.0, 1.0, 1.0, 1.0
    held = 0.0
    for t, action in enumerate((3, 0, 4, 5, 1), start=30):
        act(rows, action)
        unit, move = 1.0 / a.scale[t, 0], a.close[t + 1, 0] / a.close[t, 0] - 1.0
        net = rows.net[0]
        deeper_from = value / peak
        value *= 1.0 + net
        peak = max(peak, value)
        x = net * unit
        d = (square * (x - mean) - 0.5 * mean * (x * x - square)) / max(square - mean * mean, 0.05) ** 1.5
        mean, square = mean + 0.1 * (x - mean), square + 0.1 * (x * x - square)
        parts = rows.parts[0]
        assert parts[0] == pytest.approx(net * unit, rel=1e-9)
        assert parts[1] == pytest.approx(-0.5 * move * unit, rel=1e-9)
        assert (parts[2] < 0.0) == (action != 0)
        assert parts[PARTS.index("drawdown")] == pytest.approx(
            -0.3 * max(0.0, deeper_from - value / peak) * unit, abs=1e-9
        )
        assert parts[PARTS.index("sharpe")] == pytest.approx(0.2 * np.clip(d, -3, 3), rel=1e-9)
        assert rows.reward[0] == pytest.approx(parts.sum(), rel=1e-12)
        held = rows.positions[0]
    assert held == pytest.approx(0.25, abs=0.01)


def test_the_reference_position_does_not_depend_on_the_actions():
    market = row_market(history(seed=2))
    found = []
    for action in (Action.HOLD, Action.BUY_LARGE):
        rows = placed(market, reward=RewardConfig(reference=0.5, drawdown=0.0, sharpe=0.0))
        found.append([])
        for _ in range(10):
            act(rows, action)
            found[-1].append(rows.parts[0, 1])
    assert found[0] == found[1]
    assert any(found[0])


def test_a_hedged_market_pays_nothing_on_average_for_always_holding():
    given_history = history(400, 7, drift=0.002)
    learn = np.arange(400) < 300
    plain = row_market(given_history)
    market = hedged(plain, learn, 0.7, 1.0, 0.0)
    total = []
    for m in (plain, market):
        rows = rows_of(m, 7, reward=NET_ONLY)
        rows.place(np.full(7, 30), np.arange(7), np.zeros(7, dtype=np.int64), 299)
        rewards = []
        for _ in range(269):
            act(rows, Action.BUY_LARGE)
            rewards.append(rows.reward.copy())
        total.append(np.mean(rewards))
    assert total[0] > 0.1
    assert abs(total[1]) < 0.03


def test_later_dates_do_not_enter_what_rewards_are_measured_against():
    learn = np.arange(400) < 300
    early, late = history(400, 9), history(400, 9)
    late.panel.close[301:] *= 1.3
    a, b = (hedged(row_market(h), learn, 0.7, 1.0, 1.0).arrays for h in (early, late))
    assert np.array_equal(a.hedge_day[:300], b.hedge_day[:300], equal_nan=True)
    assert np.array_equal(a.hedge_gap[:300], b.hedge_gap[:300], equal_nan=True)


def test_rows_may_learn_before_the_regime_is_known_and_then_see_zeros():
    given_history = history()
    given_history.features.shared[:100, 7:10] = np.nan
    market = row_market(given_history)
    assert market.arrays.ready[50].all()
    assert not market.arrays.block[:, 50, SHARED][:, 7:10].any()
    assert market.arrays.block[:, 150, SHARED][:, 7:10].any()


def test_a_row_knows_its_position_profit_age_and_drawdown():
    close = np.full((80, 1), 100.0)
    close[:, 0] += np.sin(np.arange(80.0))
    close[40:44, 0] = [100.0, 110.0, 99.0, 99.0]
    market = row_market(from_prices(close, close.copy()))
    rows = placed(market, 40)
    obs = act(rows, Action.BUY_LARGE)[0, OWN].copy()
    scale = market.arrays.scale
    assert obs == pytest.approx([1.0, min(3.0, 0.1 / scale[41, 0] / 5.0), 1.0 / 8.0, 0.0], rel=1e-5)
    obs = act(rows, Action.HOLD)[0, OWN].copy()
    peak, value = rows.state[0, k.PEAK], rows.state[0, k.VALUE]
    assert value / peak == pytest.approx(0.9, rel=1e-12)
    assert obs == pytest.approx([1.0, -0.01 / scale[42, 0] / 5.0, np.sqrt(2.0) / 8.0, -1.0], rel=1e-5)
    obs = act(rows, Action.SELL_ALL)[0, OWN]
    assert obs[:3].tolist() == [0.0, 0.0, 0.0]
    assert act(rows, Action.BUY_SMALL)[0, OWN][2] == pytest.approx(1.0 / 8.0)
