"""Training on RLlib: the torch twins, the replay, the learner, and what is learned and chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from meta_toys import toy
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.core.columns import Columns

from data.errors import InputError
from rl.meta.actor import Actor
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv, flatten
from rl.meta.evaluation import actor_rule, walk
from rl.meta.inputs import AGENTS
from rl.meta.networks import CriticTrunk, Layout
from rl.meta.replay import Bars, ColumnReplay
from rl.meta.sac import MetaSAC, meta_sac
from rl.meta.tape import Tape, build_tape
from rl.meta.tilt import tilt
from rl.meta.trails import advance
from rl.meta.training import MetaResult, train_meta
from rl.meta.worlds import Worlds
from rl.ray_session import ray_session

TINY = MetaConfig(
    worlds=8, symbols_per_world=4, episode_bars=12, hidden=6, mixed=5, critic_hidden=6, updates=8, batch_size=16,
    updates_per_iteration=2, bars_per_iteration=5, warmup_bars=10, replay_bars=20, checkpoints=2,
)  # fmt: skip
TRAIN, VALIDATION, UNSEEN = slice(0, 120), slice(125, 170), slice(175, 220)


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    with ray_session(1):
        yield


def small_tape(seed: int = 0) -> Tape:
    history, scores = toy(seed, slots=220, symbols=8)
    return build_tape(history, scores, TINY.costs)


def algorithm(tape: Tape, seed: int = 0) -> MetaSAC:
    return meta_sac(TINY, lambda: AllocationVectorEnv(tape, TRAIN, TINY, TINY.worlds, seed), seed)


def train(seed: int, config: MetaConfig = TINY) -> MetaResult:
    history, scores = toy(1, slots=220, symbols=8)
    return train_meta(history, scores, TRAIN, VALIDATION, UNSEEN, config, seed, lambda fraction, figures: None)


def test_the_numpy_policy_is_the_torch_module() -> None:
    built = algorithm(small_tape())
    try:
        for _ in range(3):
            built.train()
        module = built.env_runner_group.local_env_runner.module
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
        worlds = Worlds(small_tape(3), TRAIN, TINY, 64, np.random.default_rng(0))
        inputs, views = worlds.observe()
        with torch.no_grad():
            out = module.forward_inference({Columns.OBS: torch.from_numpy(flatten(inputs, views))})
        expected = torch.tanh(out[Columns.ACTION_DIST_INPUTS].chunk(2, dim=-1)[0]).numpy()
        found = Actor(built.actor_tensors()).tilts(inputs, views)
        assert np.abs(expected).max() > 0.3
        np.testing.assert_allclose(found, expected, atol=1e-6)
    finally:
        built.stop()


def test_the_critic_sees_the_weights_that_the_environment_would_make() -> None:
    layout = Layout(4, 14)
    trunk = CriticTrunk(layout, 6, TINY.kappa)
    worlds = Worlds(small_tape(), TRAIN, TINY, 32, np.random.default_rng(0))
    for _ in range(4):
        inputs, views = worlds.observe()
        r = np.random.default_rng(1).uniform(-1, 1, (32, 5))
        worlds.step(inputs, r)
    inputs, views = worlds.observe()
    sight = layout.split(torch.from_numpy(flatten(inputs, views)))
    active, trade = trunk.acts(sight, torch.from_numpy(r.astype(np.float32)))[:, :, :2].unbind(2)
    weights = tilt(inputs.prior, inputs.held, inputs.tradable, r, TINY.kappa)
    still = tilt(inputs.prior, inputs.held, inputs.tradable, np.zeros_like(r), TINY.kappa)
    share = inputs.tradable.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(active, (weights - still)[:, :-1] * share, atol=1e-5)
    moved = (weights - inputs.held)[:, :-1] * inputs.tradable * share
    np.testing.assert_allclose(trade, moved, atol=1e-5)
    assert (~inputs.tradable).any()


def test_critic_and_actor_do_not_care_for_the_order_of_symbols() -> None:
    built = algorithm(small_tape())
    try:
        learner = built.learner_group._learner
        module = learner.module["default_policy"]
        assert isinstance(learner, SACTorchLearner)
        inputs, views = Worlds(small_tape(), TRAIN, TINY, 16, np.random.default_rng(0)).observe()
        order = np.array([2, 0, 3, 1])
        action = torch.rand(16, 5) * 2 - 1
        turned_action = action[:, [*order, 4]]
        plain = torch.from_numpy(flatten(inputs, views))
        inputs.symbol[:] = inputs.symbol[:, order]
        turned = torch.from_numpy(flatten(inputs, views[:, order]))
        with torch.no_grad():
            q = module.compute_q_values({Columns.OBS: plain, Columns.ACTIONS: action})
            q_turned = module.compute_q_values({Columns.OBS: turned, Columns.ACTIONS: turned_action})
        assert q.std() > 0.0
        np.testing.assert_allclose(q, q_turned, atol=1e-5)
    finally:
        built.stop()


def test_replay_pairs_each_bar_with_the_next_of_its_world_and_skips_resets() -> None:
    replay = ColumnReplay(bars=6, worlds=3, observation=1, action=1, seed=0)
    for begin in (0, 4, 8):
        bar = torch.arange(begin, begin + 4)[:, None].expand(4, 3)
        observation = (100.0 * bar + torch.arange(3))[..., None]
        replay.add(Bars(observation, observation.clone(), bar.float(), (bar % 5 != 3)))
    found = replay.sample(500)
    bar, world = found[Columns.OBS][:, 0] // 100, found[Columns.OBS][:, 0] % 100
    assert set(bar.tolist()) == {6.0, 7.0, 9.0, 10.0}
    assert set(world.tolist()) == {0.0, 1.0, 2.0}
    assert (found[Columns.NEXT_OBS][:, 0] == (bar + 1) * 100 + world).all()
    assert (found[Columns.REWARDS] == bar).all()
    assert (found[Columns.ACTIONS] == found[Columns.OBS]).all()


def test_the_same_seed_trains_the_same_weights() -> None:
    first, again, other = train(5), train(5), train(6)
    assert first.metrics == again.metrics
    assert all((first.tensors[name] == again.tensors[name]).all() for name in first.tensors)
    assert any((first.tensors[name] != other.tensors[name]).any() for name in first.tensors)


def test_what_does_not_beat_the_prior_on_validation_ships_as_the_prior() -> None:
    result = train(0, TINY.model_copy(update={"least_gain": 9.0}))
    assert result.tensors["kappa"][0] == 0.0
    for name in ("seen", "validation", "unseen"):
        figures = result.metrics[name]
        assert figures["sharpe"] == figures["prior_sharpe"]
        assert figures["turnover"] == figures["prior_turnover"]
    assert result.metrics["validation"]["candidates"] == 6.0
    assert result.metrics["validation"]["checkpoint"] == 0.0


def test_unseen_rows_choose_nothing() -> None:
    history, scores = toy(1, slots=220, symbols=8)
    before = train_meta(history, scores, TRAIN, VALIDATION, UNSEEN, TINY, 0, lambda f, m: None)
    history.panel.close[UNSEEN] *= np.linspace(1, 3, 45)[:, None]
    history.features.values[UNSEEN] = 0.1
    after = train_meta(history, scores, TRAIN, VALIDATION, UNSEEN, TINY, 0, lambda f, m: None)
    assert all((before.tensors[name] == after.tensors[name]).all() for name in before.tensors)
    assert before.metrics["validation"] == after.metrics["validation"]
    assert before.metrics["unseen"] != after.metrics["unseen"]


def test_a_run_that_leaves_the_numbers_ends() -> None:
    tape = small_tape()
    tape.views[50:, :, 0, 0] = np.nan
    built = algorithm(tape)
    try:
        with pytest.raises(InputError, match=r"diverged|NaN"):
            advance(built, 20)
    finally:
        built.stop()


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    history, scores = toy(1, slots=220, symbols=8)
    train_meta(history, scores, TRAIN, VALIDATION, UNSEEN, TINY, 0, lambda f, m: told.append(f))
    assert told == sorted(set(told)), "never twice the same, never back"
    assert told[0] == 1 / 8, "a checkpoint of one of three folds and the final training"
    assert told[-1] == 1.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_planted_view_is_found_and_pays_on_unseen_worlds() -> None:
    """The oracle's score correlates 0.1 with the next return: the controller must follow it, and no other agent."""
    history, scores = toy(7, slots=1600, symbols=24, strength=0.1, oracle="macro")
    config = MetaConfig(updates=1500, checkpoints=5)
    parts = slice(0, 1000), slice(1020, 1280), slice(1300, 1600)
    result = train_meta(history, scores, *parts, config, 3, lambda f, m: None)
    unseen = result.metrics["unseen"]
    assert unseen["sharpe"] > unseen["prior_sharpe"] + 0.5
    assert unseen["annual_return"] > unseen["prior_annual_return"]
    tape, actor = build_tape(history, scores, config.costs), Actor(result.tensors)
    rule, rows = actor_rule(actor), slice(1300, 1400)
    heard = walk(tape, rows, rule).weights
    moved = {a: float(np.abs(walk(silenced(tape, a), rows, rule).weights - heard).sum()) for a in AGENTS}
    assert max(moved, key=lambda name: moved[name]) == "macro"
    assert moved["macro"] > 2.0 * sorted(moved.values())[-2]


def silenced(tape: Tape, agent: str) -> Tape:
    """The same history without what one agent says."""
    views = tape.views.copy()
    views[:, :, AGENTS.index(agent)] = 0.0
    return dataclasses.replace(tape, views=views)
