"""Categorical actions as flat logits agree with torch's and RLlib's distributions."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from ray.rllib.core.distribution.torch.torch_distribution import TorchMultiCategorical
from torch.distributions import Categorical

from data.errors import InputError
from rl.algorithms.categorical import draw, entropy, log_policy, log_prob, parts_of

LOGITS = torch.randn(64, 11, generator=torch.Generator().manual_seed(0))
LOGITS[:, 2] = -1e9


def test_parts_are_read_off_the_space():
    assert parts_of(gym.spaces.Discrete(7)) == (7,)
    assert parts_of(gym.spaces.MultiDiscrete([7, 4])) == (7, 4)
    with pytest.raises(InputError):
        parts_of(gym.spaces.Box(0.0, 1.0, (2,)))


def test_one_part_is_a_categorical():
    actions = torch.arange(64) % 11
    policy, expected = log_policy(LOGITS, (11,)), Categorical(logits=LOGITS)
    assert torch.allclose(log_prob(policy, actions), expected.log_prob(actions), atol=1e-6)
    assert torch.allclose(entropy(policy), expected.entropy(), atol=1e-6)


def test_two_parts_are_rllibs_multi_categorical():
    actions = torch.stack([torch.arange(64) % 7, torch.arange(64) % 4], dim=1)
    policy = log_policy(LOGITS, (7, 4))
    expected = TorchMultiCategorical.from_logits(LOGITS, input_lens=[7, 4])
    assert torch.allclose(log_prob(policy, actions), expected.logp(actions), atol=1e-6)
    assert torch.allclose(entropy(policy), expected.entropy(), atol=1e-6)


@pytest.mark.parametrize("parts", [(11,), (7, 4)])
def test_draws_follow_their_probability_and_never_what_is_masked(parts):
    logits = LOGITS[:1].expand(40_000, 11)
    random = torch.Generator().manual_seed(1)
    noise = torch.empty(logits.shape).exponential_(generator=random).log_()
    out = torch.empty((40_000, len(parts)) if len(parts) > 1 else 40_000, dtype=torch.int64)
    draw(logits, noise, parts, out)
    drawn, start = out.view(40_000, len(parts)), 0
    for i, size in enumerate(parts):
        odds = torch.softmax(LOGITS[0, start : start + size], -1)
        found = torch.bincount(drawn[:, i], minlength=size) / 40_000
        assert np.allclose(found, odds, atol=0.01)
        start += size
    assert not bool((drawn[:, 0] == 2).any())
