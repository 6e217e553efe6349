"""The row kernel with costs, shorts, stops and made worlds: identities and limits, by hand and by property."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from data.errors import BadBar, BadConfig, InputError
from rl import kernel as k
from rl.actions import N_ACTIONS, Action, sized_target, target_position
from rl.env import TradingEnv
from rl.kernel import SAME_STEP, Rules
from rl.kernel.layout import one_bar
from rl.market import RowMarket, starts_in
from rl.reward import RewardConfig
from rl.rows import Rows
from tests.rl.kernel_worlds import ALL, OFF, hybrid_actions, layout, market


def rows_of(world: RowMarket, rules: Rules, count: int = 64, allowed: np.ndarray | None = None) -> Rows:
    if allowed is None:
        allowed = np.arange(world.slots) >= world.layout.window - 1
    return Rows(world, starts_in(world, allowed), rules, RewardConfig(), count)


def test_value_follows_from_trades_and_prices_with_every_cost():
    """Units, cash and costs in plain Python give the value of each row to 1e-9."""
    world = market(1)
    a, rows = world.arrays, rows_of(world, ALL._replace(renoise=0.0, block=0.0, stop=0.0, trailing=0.0))
    rows.begin(3)
    rng, seen = np.random.default_rng(0), 0
    cash = np.where(rows.index[:, k.RESET] == 0, 1.0 - rows.positions, 0.0) * 1e6
    units = rows.positions * 1e6 / a.close[rows.index[:, k.SLOT], rows.index[:, k.SYMBOL]]
    for _ in range(150):
        before, state, resets = rows.index.copy(), rows.state.copy(), rows.index[:, k.RESET] == 1
        rows.step(hybrid_actions(rng, 64))
        for i in range(64):
            t, s = before[i, k.SLOT], before[i, k.SYMBOL]
            if resets[i]:
                t, s = rows.index[i, k.SLOT], rows.index[i, k.SYMBOL]
                cash[i], units[i] = (1.0 - rows.positions[i]) * 1e6, rows.positions[i] * 1e6 / a.close[t, s]
                continue
            if rows.index[i, k.SLOT] == t:
                assert rows.truncated[i]
                continue
            held = units[i] * a.close[t, s]
            value0 = cash[i] + held
            owed = a.borrow[s] * max(0.0, -held) + a.financing * max(0.0, -cash[i]) + a.funding[t + 1, s] * held
            cash[i] -= owed
            value = cash[i] + units[i] * a.fill[t, s]
            weight = state[i, k.POSITION]
            late, due = state[i, k.PENDING], rows.traded[i]
            if due > 0.0:
                target = weight + due if rows_bought(rows, i, weight, due, a, t, s) else weight - due
                size = abs(target * value - units[i] * a.fill[t, s])
                bps = a.cost_bps[s]
                if a.volume[t, s] > 0.0:
                    bps += 1e4 * a.scale[t, s] * a.impact[s] * min(1.0, size / a.volume[t, s]) ** 0.5
                rate = bps * state[i, k.COSTS] * 1e-4
                after = value
                for _ in range(60):
                    after = value - rate * abs(target * after - units[i] * a.fill[t, s])
                cash[i], units[i] = after * (1.0 - target), target * after / a.fill[t, s]
            value1 = cash[i] + units[i] * a.close[t + 1, s]
            assert value1 / value0 - 1.0 == pytest.approx(rows.net[i], abs=1e-9), (late, weight)
            assert value1 / 1e6 == pytest.approx(rows.state[i, k.VALUE], abs=1e-9)
            seen += 1
    assert seen > 5000


def rows_bought(rows: Rows, i: int, weight: float, traded: float, a, t: int, s: int) -> bool:
    """Which way a row traded: the weight after it, carried back to the fill, is the target."""
    held = rows.positions[i]
    grown = a.close[t + 1, s] / a.fill[t, s]
    target = held / (grown - held * (grown - 1.0)) if held != 0.0 else 0.0
    return abs(target - (weight + traded)) < abs(target - (weight - traded))


def test_masks_limits_and_finite_numbers_hold_over_a_million_random_steps():
    rules = ALL._replace(noise=0.0, delay=0.0)
    for seed, (low, high) in enumerate(((0.0, 1.0), (-1.0, 1.5), (-0.5, 0.5), (-2.0, 0.0))):
        world = market(seed, slots=300, low=low, high=high)
        rows = rows_of(world, rules, 2500)
        obs, rng = rows.begin(seed), np.random.default_rng(seed)
        mask, held = slice(world.layout.mask, world.layout.mask + N_ACTIONS), np.arange(2500)
        for _ in range(100):
            actions = hybrid_actions(rng, 2500)
            allowed = obs[:, mask][held, actions[:, 0]] > 0.5
            stopped = obs[:, world.layout.own + 4] <= 0.0
            before = rows.positions.copy()
            obs = rows.step(actions)
            inside = (before >= low) & (before <= high) & ~stopped
            assert not rows.traded[~allowed & inside].any()
            ways = (before - rows.traded, before + rows.traded)
            assert np.logical_or(*((low - 1e-12 <= to) & (to <= high + 1e-12) for to in ways))[rows.traded > 0.0].all()
            stepped = (rows.index[:, k.STEP] > 0) & (rows.net != 0.0)
            assert (rows.traded > 0.0)[stepped & ((before < low - 1e-9) | (before > high + 1e-9))].all()
            assert np.isfinite(obs).all()
            assert np.isfinite(rows.reward).all()
            assert (obs[:, world.layout.mask] == 1.0).all()


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_an_order_never_asks_for_more_than_the_limits(low):
    rng = np.random.default_rng(0)
    for _ in range(5000):
        position, action = rng.uniform(low, 1.5), int(rng.integers(N_ACTIONS))
        target = target_position(action, position, bool(rng.integers(2)), low, 1.5)
        sized = sized_target(target, position, int(rng.integers(4)))
        assert low <= target <= 1.5
        assert min(position, target) - 1e-15 <= sized <= max(position, target) + 1e-15


def test_short_actions_go_down_to_the_limit_and_buys_cover():
    assert target_position(Action.SELL_PARTIAL, 0.0, False, -1.0, 1.0) == -0.25
    assert target_position(Action.SELL_ALL, 0.5, False, -1.0, 1.0) == 0.0
    assert target_position(Action.SELL_ALL, 0.0, False, -1.0, 1.0) == -1.0
    assert target_position(Action.BUY_SMALL, -0.5, False, -1.0, 1.0) == -0.25
    assert target_position(Action.ADD_TO_WINNER, -0.5, True, -1.0, 1.0) == -0.75
    assert target_position(Action.ADD_TO_WINNER, -0.5, False, -1.0, 1.0) == -0.5
    assert target_position(Action.SELL_PARTIAL, 0.0, False) == 0.0


def falling(rules: Rules, path: list[float], low: float = -1.0) -> Rows:
    close = np.array(path)[:, None]
    shape = one_bar(2, 2, 2, 16)
    world = market(0, slots=len(path), symbols=1, shape=shape, bar=2, gaps=False)
    quiet = dict.fromkeys(("impact", "volume", "borrow", "funding"))
    arrays = world.arrays._replace(
        close=close,
        fill=close.copy(),
        cost_bps=np.zeros(1),
        financing=0.0,
        low=np.full(1, low),
        high=np.ones(1),
        **quiet,
    )
    rows = rows_of(RowMarket(world.symbols, world.groups, arrays, shape), rules, 1)
    rows.place(np.array([0]), np.array([0]), np.array([0]), len(path) - 1)
    return rows


@pytest.mark.parametrize(
    ("action", "path"),
    [(Action.BUY_LARGE, [100, 100, 93, 95, 99, 99]), (Action.SELL_ALL, [100, 100, 107, 105, 101, 99])],
)
def test_a_stop_closes_the_position_at_the_next_fill(action, path):
    rows = falling(OFF._replace(stop=0.05), path)
    rows.step(np.array([action]))
    obs = rows.step(np.array([Action.HOLD])).copy()
    assert rows.positions[0] != 0.0
    mask = obs[0, rows.layout.mask : rows.layout.mask + N_ACTIONS]
    assert mask.tolist() == [1, 0, 0, 0, 0, 0, 0]
    rows.step(np.array([action]))
    assert rows.positions[0] == 0.0
    assert rows.net[0] == pytest.approx(0.0, abs=1e-12)


def test_a_trailing_stop_follows_the_best_close():
    rows = falling(OFF._replace(trailing=0.1), [100, 100, 120, 130, 118, 116.9, 90, 90])
    held = []
    for action in (Action.BUY_LARGE, *[Action.HOLD] * 6):
        rows.step(np.array([action]))
        held.append(rows.positions[0])
    assert held == [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_late_orders_are_filled_one_bar_later():
    world = market(2, gaps=False, low=0.0, high=1.0)
    rules = OFF._replace(horizon=60)
    prompt, late = rows_of(world, rules), rows_of(world, rules._replace(delay=1.0))
    prompt.begin(1)
    late.begin(1)
    assert (late.index[:, k.LATE] == 1).all()
    buy, hold = np.full(64, Action.BUY_LARGE), np.full(64, Action.HOLD)
    late.step(buy)
    assert not late.traded.any()
    late.step(hold)
    assert (late.traded[late.index[:, k.RESET] == 0] == 1.0).all()
    late.step(hold)
    assert not late.traded.any()


def test_jumps_keep_windows_whole_and_never_leave_allowed_slots():
    world = market(4, slots=200)
    allowed = np.zeros(200, dtype=np.bool_)
    allowed[20:60] = allowed[100:160] = True
    rules = OFF._replace(horizon=80, block=8.0)
    rows = rows_of(world, rules, 300, allowed)
    obs, rng, jumps, steps = rows.begin(1), np.random.default_rng(0), 0, 0
    for _ in range(160):
        before, resets = rows.index.copy(), rows.index[:, k.RESET] == 1
        value = rows.state[:, k.ENTRY].copy()
        obs = rows.step(hybrid_actions(rng, 300))
        slots, symbols = rows.index[:, k.SLOT], rows.index[:, k.SYMBOL]
        assert allowed[slots].all()
        went = ~resets & (slots != before[:, k.SLOT] + 1) & ~rows.truncated
        jumps, steps = jumps + int(went.sum()), steps + int((~resets).sum())
        assert (symbols[went] == before[went, k.SYMBOL]).all()
        known = world.arrays.ready[slots, symbols]
        for i in np.flatnonzero(known):
            window = world.arrays.block[symbols[i], slots[i] - 2 : slots[i] + 1].reshape(-1)
            assert np.array_equal(obs[i, :15], window)
        assert np.isfinite(value).all()
    assert steps / 8 * 0.8 < jumps < steps / 8 * 1.6
    assert rows.index[:, k.STEP].max() <= 80


def test_a_jump_carries_position_and_profit_over():
    world = market(4, slots=200, gaps=False)
    rows = rows_of(world, OFF._replace(horizon=80, block=3.0), 200)
    rows.begin(1)
    rows.step(np.full(200, Action.BUY_LARGE))
    for _ in range(30):
        before = rows.index.copy()
        entry = rows.state[:, k.ENTRY].copy()
        rows.step(np.full(200, Action.HOLD))
        went = rows.index[:, k.SLOT] != before[:, k.SLOT] + 1
        s = before[went, k.SYMBOL]
        left = world.arrays.close[before[went, k.SLOT] + 1, s] / entry[went]
        found = world.arrays.close[rows.index[went, k.SLOT], s] / rows.state[went, k.ENTRY]
        kept = (rows.index[went, k.RESET] == 0) & (before[went, k.RESET] == 0)
        assert found[kept] == pytest.approx(left[kept], rel=1e-12)
        assert (rows.positions[went][kept] > 0.0).all()


def test_added_moves_have_no_mean_and_the_asked_for_size():
    world = market(5, slots=400, gaps=False, low=0.0, high=1.0)
    runs = []
    for renoise in (0.0, 1.0):
        rows = rows_of(world, OFF._replace(horizon=100, renoise=renoise, random_position=1.0), 2000)
        rows.begin(1)
        rows.step(np.full(2000, Action.BUY_LARGE))
        moves = []
        for _ in range(50):
            scale = world.arrays.scale[rows.index[:, k.SLOT], rows.index[:, k.SYMBOL]]
            rows.step(np.full(2000, Action.HOLD))
            moves.append(rows.net / scale)
        runs.append(np.array(moves))
    added = runs[1] - runs[0]
    assert abs(added.mean()) < 5.0 / np.sqrt(added.size)
    assert added.std() == pytest.approx(1.0, rel=0.05)


def test_dropped_columns_are_zero_for_a_whole_episode_and_others_are_seen():
    world = market(6, gaps=False)
    rows = rows_of(world, OFF._replace(horizon=20, dropout=0.4, noise=0.1, blind=0.5), 200)
    obs = rows.begin(1)
    seen: dict[tuple[int, int], np.ndarray] = {}
    for _ in range(60):
        for i in range(200):
            zero = (obs[i, :15].reshape(3, 5) == 0.0).all(axis=0)
            key = (i, int(rows.index[i, k.EPISODE]))
            assert np.array_equal(seen.setdefault(key, zero), zero)
        obs = rows.step(np.zeros(200, dtype=np.int64))
    assert np.mean(list(seen.values())) == pytest.approx(0.4, abs=0.05)


def test_the_same_seed_gives_the_same_bits_with_everything_on():
    trails = []
    for seed in (1, 1, 2):
        rows, rng = rows_of(market(7), ALL), np.random.default_rng(0)
        rows.begin(seed)
        trail = [np.concatenate([rows.step(hybrid_actions(rng, 64)), rows.state], axis=1) for _ in range(60)]
        trails.append(np.stack(trail).tobytes())
    assert trails[0] == trails[1] != trails[2]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_rows_reset_as_gymnasium_s_own_vector_env_does(mode):
    """SyncVectorEnv over the single-row environment says what each mode shows; the rows must show the same."""
    world = market(8, symbols=1, shape=one_bar(5, 2, 4, 32), bar=5)
    rules = OFF._replace(horizon=7, autoreset=SAME_STEP if mode is AutoresetMode.SAME_STEP else 0)
    starts = starts_in(world, np.ones(world.slots, dtype=np.bool_))

    class One(gym.Env):
        """One row whose episodes follow each other as the kernel draws them."""

        def __init__(self) -> None:
            self.rows = Rows(world, starts, rules._replace(autoreset=0), RewardConfig(), 1)
            wide = gym.spaces.Box(-np.inf, np.inf, (world.layout.width,), np.float32)
            self.observation_space, self.action_space, self.begun = wide, gym.spaces.Discrete(7), False

        def reset(self, *, seed=None, options=None):
            obs = self.rows.step(np.zeros(1, dtype=np.int64)) if self.begun else self.rows.begin(5)
            self.begun = True
            return obs[0].copy(), {}

        def step(self, action):
            obs = self.rows.step(np.array([action]))
            return obs[0].copy(), self.rows.reward[0], bool(self.rows.terminated[0]), bool(self.rows.truncated[0]), {}

    reference = SyncVectorEnv([One], autoreset_mode=mode)
    rows = Rows(world, starts, rules, RewardConfig(), 1)
    assert np.array_equal(reference.reset()[0], rows.begin(5))
    rng, ended = np.random.default_rng(1), 0
    for _ in range(60):
        action = rng.integers(0, 7, 1)
        obs, reward, terminated, truncated, info = reference.step(action)
        rows.step(action)
        assert np.array_equal(obs, rows.obs)
        assert np.array_equal(reward, rows.reward)
        assert np.array_equal(terminated | truncated, rows.terminated | rows.truncated)
        if "final_obs" in info and (terminated | truncated)[0]:
            assert np.array_equal(info["final_obs"][0], rows.final_obs[0])
        ended += int((terminated | truncated)[0])
    assert ended > 5


def test_an_environment_of_one_row_still_works():
    env = TradingEnv(market(9, shape=one_bar(5, 2, 4, 64), gaps=False))
    assert np.isfinite(env.reset(seed=1)[0]).all()


@pytest.mark.parametrize(
    ("field", "spoil", "error"),
    [
        ("block", lambda x: _put(x, np.nan), BadBar),
        ("context", lambda x: _put(x, np.inf), BadBar),
        ("close", lambda x: _put(x, 0.0), BadBar),
        ("close", lambda x: _put(x, np.nan), BadBar),
        ("fill", lambda x: _put(x, -1.0), BadBar),
        ("scale", lambda x: _put(x, np.nan), BadBar),
        ("scale", lambda x: _put(x, 0.0), BadBar),
        ("funding", lambda x: _put(x, np.nan), BadBar),
        ("hedge_gap", lambda x: _put(x, np.nan), BadBar),
        ("volume", lambda x: _put(x, -1.0), BadBar),
        ("fill", lambda x: x[:-1], InputError),
        ("block", lambda x: x[:, :-1], InputError),
        ("block", lambda x: x[:, :, :-1], InputError),
        ("cost_bps", lambda x: x * np.nan, InputError),
        ("cost_bps", lambda x: x - 100.0, InputError),
        ("borrow", lambda x: x + 2.0, InputError),
        ("low", lambda x: x + 2.0, InputError),
        ("high", lambda x: x - 2.0, InputError),
    ],
)
def test_a_market_that_cannot_be_stepped_is_refused_at_once(field, spoil, error):
    world = market(10, gaps=False)
    broken = RowMarket(
        world.symbols, world.groups, world.arrays._replace(**{field: spoil(getattr(world.arrays, field).copy())}),
        world.shown,
    )  # fmt: skip
    with pytest.raises(error) as found:
        broken.packed  # noqa: B018 (packing is what checks)
    assert found.value.remedy
    assert world.packed.cells.shape == (3, 150, 8)


def _put(values: np.ndarray, number: float) -> np.ndarray:
    values[1, 2] = number
    return values


@pytest.mark.parametrize(
    "change",
    [
        {"horizon": 0}, {"noise": np.nan}, {"dropout": 1.5}, {"delay": -0.1}, {"block": 0.5}, {"stop": 2.0},
        {"cost_low": 3.0}, {"capital": np.inf}, {"autoreset": 2},
    ],
)  # fmt: skip
def test_rules_out_of_range_are_refused(change):
    with pytest.raises(BadConfig, match=next(iter(change))):
        rows_of(market(11), OFF._replace(**change))


def test_a_target_that_is_no_number_and_actions_of_another_shape_are_refused():
    rows = rows_of(market(12), OFF)
    rows.begin(1)
    with pytest.raises(InputError, match="row 3"):
        rows.step_to(np.where(np.arange(64) == 3, np.nan, 0.5))
    with pytest.raises(InputError, match="63 actions"):
        rows.step(np.zeros(63, dtype=np.int64))


def test_directives_and_the_book_are_shown_where_the_layout_says():
    world = market(13, gaps=False, shape=layout())
    rows = rows_of(world, OFF._replace(stop=0.5), 8)
    rows.directives[:] = np.arange(16).reshape(8, 2)
    obs, at = rows.begin(1), world.layout
    assert np.array_equal(obs[:, at.directives : at.directives + 2], rows.directives)
    s, t = rows.index[:, k.SYMBOL], rows.index[:, k.SLOT]
    assert np.array_equal(obs[:, 15 : at.own], world.arrays.context[s, t])
    cost = world.arrays.cost_bps[s] * 1e-3 / world.arrays.scale[t, s]
    expected = np.stack([np.ones(8), np.minimum(3.0, cost), np.ones(8), np.zeros(8), np.zeros(8), np.ones(8)], axis=1)
    assert obs[:, at.own + 4 : at.own + 10] == pytest.approx(expected, rel=1e-6)
