"""Prioritised replay: what is drawn how often, by which weight it is corrected, and what may not be drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from scipy.stats import chisquare

from data.errors import InputError
from rl.meta.replay import PRIORITY_FLOOR, Bars, ColumnReplay
from rl.meta.sum_tree import SumTree

RARE = 1e-4
"""Seeds are fixed; one seed in ten thousand would fail a sampler that is right, and a wrong one is far beyond."""


def filled(priority: float = 0.7, correction: float = 0.5, bars: int = 4) -> ColumnReplay:
    """Three worlds; an observation is 10 * bar + world, the last bar of world 2 was a reset."""
    replay = ColumnReplay(bars, 3, observation=1, action=1, seed=0, priority=priority, correction=correction)
    replay.add(numbered(0, 4))
    return replay


def numbered(first: int, stop: int) -> Bars:
    bar = torch.arange(first, stop)[:, None].expand(stop - first, 3)
    observation = (10.0 * bar + torch.arange(3))[..., None]
    valid = ~((bar % 4 == 1) & (torch.arange(3) == 2))
    return Bars(observation, observation.clone(), bar.float(), valid)


def teach(replay: ColumnReplay, size: int = 400) -> None:
    """TD errors that are one hundredth of the observation."""
    replay.learn(replay.sample(size)[Columns.OBS][:, 0].numpy() / 100.0)


def test_a_tree_draws_leaves_in_proportion_to_their_priorities() -> None:
    tree, priorities = SumTree(37), np.arange(37.0) % 5
    tree.assign(np.arange(37), np.ones(37))
    tree.assign(np.arange(37), priorities)
    found = np.bincount(tree.draw(np.random.default_rng(0).random(100_000)), minlength=37)
    assert tree.total == priorities.sum()
    assert (found[priorities == 0.0] == 0).all()
    live = priorities > 0.0
    assert chisquare(found[live], 100_000 * priorities[live] / priorities.sum()).pvalue > RARE


def test_a_tree_draws_what_a_search_of_the_running_sum_finds() -> None:
    rng = np.random.default_rng(1)
    tree, priorities, uniforms = SumTree(37), rng.integers(0, 5, 37).astype(float), rng.random(10_000)
    tree.assign(np.arange(37), priorities)
    expected = np.searchsorted(np.cumsum(priorities), uniforms * priorities.sum(), side="right")
    assert (tree.draw(uniforms) == expected).all()


def test_a_tree_finds_the_leaf_at_each_edge_of_the_running_sum() -> None:
    tree = SumTree(4)
    tree.assign(np.array([0, 1, 3, 1]), np.array([1.0, 9.0, 4.0, 3.0]))
    assert tree.draw(np.array([0.0, 0.124, 0.125, 0.499, 0.5, 1.0 - 1e-16])).tolist() == [0, 0, 1, 1, 3, 3]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_tree_refuses_what_is_no_priority(bad: float) -> None:
    with pytest.raises(InputError, match="priority"):
        SumTree(3).assign(np.array([1]), np.array([bad]))


def test_an_empty_tree_cannot_be_drawn_from() -> None:
    with pytest.raises(InputError, match="nothing"):
        SumTree(3).draw(np.array([0.5]))


def test_transitions_are_replayed_by_the_power_of_their_td_error() -> None:
    replay = filled()
    teach(replay)
    found = replay.sample(60_000)[Columns.OBS][:, 0].numpy().astype(int)
    names = np.array([0, 1, 2, 10, 11, 20, 21, 22])
    assert set(found) == set(names), "neither resets nor the newest bar"
    odds = (names / 100.0 + PRIORITY_FLOOR) ** 0.7
    counts = np.array([(found == name).sum() for name in names])
    assert chisquare(counts, 60_000 * odds / odds.sum()).pvalue > RARE


def test_importance_weights_are_those_of_the_paper() -> None:
    replay = filled()
    teach(replay)
    found = replay.sample(5_000)
    odds = (found[Columns.OBS][:, 0].numpy() / 100.0 + PRIORITY_FLOOR) ** 0.7
    names = np.array([0, 1, 2, 10, 11, 20, 21, 22])
    chance = odds / ((names / 100.0 + PRIORITY_FLOOR) ** 0.7).sum()
    expected = (8 * chance) ** -0.5
    np.testing.assert_allclose(found["weights"], expected / expected.max(), rtol=1e-5)


def test_new_transitions_are_as_likely_as_the_likeliest_and_old_ones_go() -> None:
    replay = filled()
    teach(replay)
    replay.add(numbered(4, 6))
    found = replay.sample(40_000)
    names, counts = np.unique(found[Columns.OBS][:, 0].numpy(), return_counts=True)
    assert names.tolist() == [20.0, 21.0, 22.0, 30.0, 31.0, 32.0, 40.0, 41.0, 42.0]
    fresh = counts[3:]
    assert chisquare(fresh).pvalue > RARE
    assert fresh.min() > counts[:3].max()
    assert (found[Columns.NEXT_OBS] == found[Columns.OBS] + 10.0).all()


def test_uniform_replay_weighs_all_alike() -> None:
    replay = filled(priority=0.0)
    teach(replay)
    found = replay.sample(40_000)
    assert (found["weights"] == 1.0).all()
    assert chisquare(np.unique(found[Columns.OBS][:, 0].numpy(), return_counts=True)[1]).pvalue > RARE
