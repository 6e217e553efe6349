"""Worlds: the books, the reward, the gymnasium contract, and what is drawn at random."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from meta_toys import toy

from data.errors import InputError
from data.features.spec import Features
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationEnv, AllocationVectorEnv
from rl.meta.evaluation import equal_weight, prior_rule, walk, walk_many
from rl.meta.hedge import hedged
from rl.meta.inputs import AGENTS, MetaInputs, build_inputs
from rl.meta.prior import inverse_volatility
from rl.meta.tape import Tape, build_tape, check_rows
from rl.meta.tilt import tilt
from rl.meta.worlds import Worlds
from tools.strategies.scores import Scores

SMALL = MetaConfig(worlds=5, symbols_per_world=4, episode_bars=12, hidden=4, mixed=4, critic_hidden=4)
ROWS = slice(10, 120)
NO_PENALTIES = {"turnover_penalty_bps": 0.0, "drawdown_penalty": 0.0, "risk_aversion": 0.0}


def small_tape(seed: int = 0, symbols: int = 9) -> Tape:
    history, scores = toy(seed, slots=150, symbols=symbols)
    return build_tape(history, scores, SMALL.costs)


def test_gymnasium_accepts_the_single_environment() -> None:
    check_env(AllocationEnv(small_tape(), ROWS, SMALL), skip_render_check=True)


def test_doing_nothing_earns_exactly_nothing() -> None:
    env = AllocationVectorEnv(small_tape(), ROWS, SMALL, 5)
    env.reset(seed=3)
    for _ in range(30):
        _, rewards, *_ = env.step(np.zeros((5, 5), dtype=np.float32))
        assert (rewards == 0.0).all()


def test_reward_and_weights_equal_an_explicit_ledger() -> None:
    """Units and cash, traded at the fill with costs, against the environment's books."""
    config = SMALL.model_copy(update={"episode_bars": 40} | NO_PENALTIES)
    history, scores = toy(4, slots=150, symbols=9)
    worlds = Worlds(build_tape(history, scores, config.costs), ROWS, config, 1, np.random.default_rng(0))
    rng, close, chosen = np.random.default_rng(1), history.panel.close, worlds.chosen[0]
    units, cash, value = worlds.books.held[0, :-1] / close[worlds.slot[0], chosen], worlds.books.held[0, -1], 1.0
    frozen = 0
    for _ in range(38):
        slot, before = int(worlds.slot[0]), float(worlds.prior_books.value[0])
        inputs, _ = worlds.observe()
        np.testing.assert_allclose(worlds.books.held[0, :-1] * value, units * close[slot, chosen], atol=1e-10)
        r, unit = rng.uniform(-1, 1, (1, 5)), units_of_risk(worlds, inputs)[0]
        reward, _ = worlds.step(inputs, r)
        target = tilt(inputs.prior, inputs.held, inputs.tradable, r, config.kappa)[0, :-1]
        units, cash = trade(units, cash, target, inputs.tradable[0], history.fill[slot, chosen], worlds.cost_bps[0])
        earned, value = (cash + units @ close[slot + 1, chosen]) / value, cash + units @ close[slot + 1, chosen]
        np.testing.assert_allclose(worlds.books.value[0], value, rtol=1e-10)
        gain = np.log(earned) - np.log(float(worlds.prior_books.value[0]) / before)
        np.testing.assert_allclose(reward[0], config.reward_scale * gain / unit, atol=1e-8)
        frozen += int((~inputs.tradable).sum())
    assert frozen > 0, "the ledger should have met a symbol that could not be traded"


def units_of_risk(worlds: Worlds, inputs: MetaInputs) -> np.ndarray:
    """Before a step: what each prior's book would risk in the slot, were its tradable symbols independent, (W,)."""
    still = tilt(inputs.prior, worlds.prior_books.held, inputs.tradable, np.zeros_like(inputs.prior), 1.0)[:, :-1]
    volatility = worlds.tape.volatility[worlds.slot[:, None], worlds.chosen] / np.sqrt(worlds.tape.bars_per_year)
    return np.array([np.sqrt(sum((still[w, o] * volatility[w, o]) ** 2)) for w, o in enumerate(inputs.tradable)])


def trade(
    units: np.ndarray, cash: float, target: np.ndarray, open_: np.ndarray, fill: np.ndarray, cost_bps: np.ndarray
) -> tuple[np.ndarray, float]:
    """Units and cash after trading what is open to `target` of the value after costs, which bisection finds."""
    value = cash + units @ fill

    def costs(after: float) -> float:
        return float(np.abs(target * after - units * fill)[open_] @ cost_bps[open_]) * 1e-4

    low, high = 0.5 * value, value
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if middle + costs(middle) < value else (low, middle)
    wanted = np.where(open_, target * low / fill, units)
    return wanted, cash - (wanted - units) @ fill - costs(low)


def test_penalties_take_turnover_drawdown_and_risk_beyond_the_priors() -> None:
    free = SMALL.model_copy(update=NO_PENALTIES)
    dear = SMALL.model_copy(update={"turnover_penalty_bps": 50.0, "drawdown_penalty": 2.0, "risk_aversion": 0.4})
    tape, r = small_tape(), np.random.default_rng(2).uniform(-1, 1, (12, 5, 5))
    without, within = (Worlds(tape, ROWS, c, 5, np.random.default_rng(0)) for c in (free, dear))
    for step in r[:10]:
        fall = [b.drawdown for b in (within.books, within.prior_books)]
        inputs, _ = within.observe()
        unit, slot, still = units_of_risk(within, inputs), within.slot, within.prior_books.held
        bare, _ = without.step(without.observe()[0], step)
        net, _ = within.step(inputs, step)
        deeper = [np.maximum(b.drawdown - f, 0) for b, f in zip((within.books, within.prior_books), fall, strict=True)]
        turnover = within.books.turnover - within.prior_books.turnover
        active = tilt(inputs.prior, inputs.held, inputs.tradable, step, free.kappa)
        active = (active - tilt(inputs.prior, still, inputs.tradable, np.zeros_like(step), 1.0))[
            :, :-1
        ] * inputs.tradable
        variance = ((active * tape.volatility[slot[:, None], within.chosen]) ** 2).sum(axis=1) / tape.bars_per_year
        expected = (5e-3 * turnover + 2.0 * (deeper[0] - deeper[1])) / unit + 0.2 * variance / unit**2
        np.testing.assert_allclose(bare - net, free.reward_scale * expected, atol=1e-9)


def test_the_hedge_takes_chance_off_rewards_and_neither_premia_nor_books() -> None:
    plain = small_tape()
    plain.to_close[:] += 0.1 * np.random.default_rng(9).standard_normal((150, 1)) * plain.volatility
    without_chance = hedged(plain, ROWS, peers=1.0, own_mean=0.0)
    known = plain.tradable & (without_chance.hedge_day != 0.0)
    for block in (without_chance.hedge_gap, without_chance.hedge_day):
        np.testing.assert_allclose(np.where(known, block, 0.0).sum(axis=0) / known.sum(axis=0), 0.0, atol=1e-15)
        assert not block[: ROWS.start].any()
        assert not block[ROWS.stop - 1 :].any()
    day = plain.to_close[ROWS][known[ROWS]]
    assert (day - without_chance.hedge_day[ROWS][known[ROWS]]).std() < 0.7 * day.std()
    one, other = (Worlds(t, ROWS, SMALL, 5, np.random.default_rng(0)) for t in (plain, without_chance))
    for step in np.random.default_rng(2).uniform(-1, 1, (10, 5, 5)):
        inputs, _ = other.observe()
        at, unit, before = (other.slot[:, None], other.chosen), units_of_risk(other, inputs), other.prior_books.held
        bare, _ = one.step(one.observe()[0], step)
        net, _ = other.step(inputs, step)
        left_out = (inputs.held - before)[:, :-1] * without_chance.hedge_gap[at]
        target = tilt(inputs.prior, inputs.held, inputs.tradable, step, SMALL.kappa)
        still = tilt(inputs.prior, before, inputs.tradable, np.zeros_like(step), 1.0)
        left_out += (target - still)[:, :-1] * without_chance.hedge_day[at]
        np.testing.assert_allclose(bare - net, SMALL.reward_scale * left_out.sum(axis=1) / unit, atol=1e-10)
        assert (one.books.held == other.books.held).all()


def test_the_same_seed_draws_the_same_worlds_and_another_seed_others() -> None:
    def run(seed: int) -> np.ndarray:
        env = AllocationVectorEnv(small_tape(), ROWS, SMALL, 5)
        seen = [env.reset(seed=seed)[0]]
        for _ in range(15):
            seen.append(env.step(np.full((5, 5), 0.3, dtype=np.float32))[0])
        return np.stack(seen)

    assert (run(1) == run(1)).all()
    assert not np.allclose(run(1), run(2))


def test_episodes_are_truncated_and_begin_anew_on_the_next_step() -> None:
    env = AllocationVectorEnv(small_tape(), ROWS, SMALL, 5)
    env.reset(seed=0)
    uneven = np.tile(np.array([1, -1, 0.5, -0.5, 0.2], dtype=np.float32), (5, 1))
    flags = [False]
    for _ in range(30):
        _, rewards, terminated, truncated, _ = env.step(uneven)
        assert not terminated.any()
        assert (rewards[0] == 0.0) == flags[-1]
        assert not flags[-1] or env.worlds.books.value[0] == 1.0
        flags.append(bool(truncated[0]))
    assert [i for i, f in enumerate(flags[1:]) if f] == [11, 24]


def test_nothing_outside_the_rows_is_ever_seen() -> None:
    inside = small_tape()
    spoiled = small_tape()
    outside = np.ones(150, dtype=bool)
    outside[ROWS] = False
    for name in ("market", "shared", "views", "volatility", "to_fill", "to_close"):
        block = getattr(spoiled, name)
        block[outside] = np.nan
    spoiled.to_fill[ROWS.stop - 1] = spoiled.to_close[ROWS.stop - 1] = np.nan
    runs = []
    for tape in (inside, spoiled):
        env = AllocationVectorEnv(tape, ROWS, SMALL, 5)
        seen = [env.reset(seed=0)[0]]
        for _ in range(200):
            seen.append(env.step(np.full((5, 5), 0.5, dtype=np.float32))[0])
        runs.append(np.stack(seen))
        assert np.isfinite(walk(tape, ROWS, prior_rule).growth).all()
    assert (runs[0] == runs[1]).all()


def test_worlds_differ_in_symbols_costs_silence_and_blindness() -> None:
    worlds = Worlds(small_tape(), ROWS, SMALL, 400, np.random.default_rng(0))
    assert all(len(set(row)) == 4 for row in worlds.chosen.tolist())
    assert len({tuple(sorted(row)) for row in worlds.chosen.tolist()}) > 50
    multiplier = worlds.cost_bps / worlds.tape.cost_bps[worlds.chosen]
    assert 0.5 <= multiplier.min() < 0.6
    assert 1.8 < multiplier.max() <= 2.0
    assert abs(worlds.silent.mean() - SMALL.agent_dropout) < 0.05
    inputs, views = worlds.observe()
    assert not views[worlds.silent.repeat(4, axis=0).reshape(400, 4, 7)].any()
    assert not inputs.shared[worlds.blind, :11].any()
    assert inputs.shared[~worlds.blind, :11].any()


def test_the_environment_shows_what_the_cycle_would_build() -> None:
    config = SMALL.model_copy(update={"blind": 0.0})
    history, scores = toy(0, slots=150, symbols=9)
    worlds = Worlds(build_tape(history, scores, config.costs), ROWS, config, 3, np.random.default_rng(0))
    rng = np.random.default_rng(5)
    for _ in range(8):
        inputs, _ = worlds.observe()
        for w in range(3):
            row, columns = int(worlds.slot[w]), worlds.chosen[w]
            features = _only(history.features, columns)
            prior = inverse_volatility(features["vol_63"][row], history.ready[row, columns])
            held, drawdown = worlds.books.held[w], float(worlds.books.drawdown[w])
            alone = build_inputs(features, row, history.ready[row, columns], prior, held, drawdown)
            np.testing.assert_allclose(inputs.symbol[w], alone.symbol, atol=1e-15)
            np.testing.assert_allclose(inputs.shared[w], alone.shared, atol=1e-15)
        worlds.step(inputs, rng.uniform(-1, 1, (3, 5)))


def _only(features: Features, columns: np.ndarray) -> Features:
    return Features(features.specs, features.values[:, columns], features.shared_specs, features.shared)


def test_a_walk_is_deterministic_and_each_rule_has_its_own_book() -> None:
    tape = small_tape()
    alone, again = walk(tape, ROWS, prior_rule), walk(tape, ROWS, prior_rule)
    both = walk_many(tape, ROWS, [equal_weight, prior_rule])
    assert (alone.growth == again.growth).all()
    assert (alone.growth == both[1].growth).all()
    assert not np.allclose(both[0].growth, both[1].growth)
    assert alone.growth.size == check_rows(tape, ROWS, 1)[1] - check_rows(tape, ROWS, 1)[0]
    assert set(alone.figures()) == {"sharpe", "annual_return", "annual_volatility", "max_drawdown", "turnover"}


def test_costs_are_paid_in_a_walk() -> None:
    cheap, dear = small_tape(), small_tape()
    dear.cost_bps[:] *= 10
    assert walk(dear, ROWS, equal_weight).growth.prod() < walk(cheap, ROWS, equal_weight).growth.prod()


def test_unusable_arguments_are_refused() -> None:
    history, scores = toy(slots=60, symbols=5)
    with pytest.raises(InputError, match="news"):
        build_tape(history, {a: scores[a] for a in AGENTS if a != "news"}, SMALL.costs)
    wrong = Scores(np.zeros((3, 5)), np.zeros((3, 5)))
    with pytest.raises(InputError, match="risk"):
        build_tape(history, scores | {"risk": wrong}, SMALL.costs)
    tape = build_tape(history, scores, SMALL.costs)
    with pytest.raises(InputError, match="symbols"):
        Worlds(tape, slice(0, 60), MetaConfig(symbols_per_world=6), 1, np.random.default_rng(0))
    with pytest.raises(InputError, match="decisions"):
        Worlds(tape, slice(0, 10), SMALL, 1, np.random.default_rng(0))


def test_the_vector_environment_keeps_gymnasiums_shapes() -> None:
    env = AllocationVectorEnv(small_tape(), ROWS, SMALL, 5)
    observations, _ = env.reset(seed=0)
    assert env.observation_space.contains(observations)
    observations, rewards, terminated, truncated, _ = env.step(env.action_space.sample())
    assert env.observation_space.contains(observations)
    assert rewards.shape == terminated.shape == truncated.shape == (5,)
    assert env.metadata["autoreset_mode"] == gym.vector.AutoresetMode.NEXT_STEP
