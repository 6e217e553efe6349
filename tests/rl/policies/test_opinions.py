"""The opinion read from a network equals what counting every action and size, one by one, comes to."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rl.actions import N_ACTIONS, SIZES, mask_bits, sized_target, target_position
from rl.observation import OBS_V1
from rl.policies.ensemble import Ensemble
from rl.policies.mlp import Actor
from rl.policies.network import own_inputs
from rl.policies.opinion import expected_target, stateless_view

SYMBOLS, SLOTS = 6, 3
LOW = np.array([0.0, -1.0, -0.5, 0.0, -0.1, -1.0])
HIGH = np.array([1.0, 1.0, 0.3, 0.4, 2.0, 1.0])


def network(outputs: int, seed: int = 0) -> Actor:
    rng = np.random.default_rng(seed)

    def drawn(*shape):
        return rng.normal(0.0, 0.6, shape).astype(np.float32)

    return Actor(
        {"encoder.0.weight": drawn(9, OBS_V1.inputs.stop), "encoder.0.bias": drawn(9),
         "head.weight": drawn(SYMBOLS + 1, 9, outputs), "head.bias": drawn(SYMBOLS + 1, outputs)}
    )  # fmt: skip


NETWORKS = {
    "seven": network(N_ACTIONS),
    "hybrid": network(N_ACTIONS + len(SIZES)),
    "hybrid ensemble": Ensemble([network(N_ACTIONS + len(SIZES), seed) for seed in (1, 2)]),
}


@pytest.fixture
def block():
    return np.random.default_rng(3).normal(0.0, 1.0, (SYMBOLS, SLOTS, OBS_V1.bar_width)).astype(np.float32)


def asked(actor, columns, head: int, position: float, low: float, high: float):
    """Every (probability, target) of one row that holds `position`, and the largest and smallest target."""
    bits = np.zeros((1, N_ACTIONS), dtype=np.float32)
    mask_bits(bits, 0, 0, position, False, True, low, high)
    obs = np.zeros((1, OBS_V1.width), dtype=np.float32)
    obs[0, OBS_V1.inputs] = [*columns, *own_inputs(OBS_V1, position, bits[0])]
    obs[0, OBS_V1.head] = head
    logits = actor.logits(obs)[0]
    odds = [np.exp(part) / np.exp(part).sum() for part in (logits[:N_ACTIONS], logits[N_ACTIONS:]) if len(part)]
    found = []
    for choice in itertools.product(np.flatnonzero(bits[0]), *(range(len(sizes)) for sizes in odds[1:])):
        target = target_position(choice[0], position, False, low, high)
        if len(choice) > 1:
            target = sized_target(target, position, choice[1])
        found.append((float(np.prod([p[k] for p, k in zip(odds, choice, strict=True)])), target))
    return found


def by_counting(actor, columns, head: int, low: float, high: float) -> tuple[float, float]:
    """Score and confidence of one symbol at one slot."""
    moves = up = down = 0.0
    doubts = []
    for position in [0.0, high, *([low] if low < 0.0 else [])]:
        found = asked(actor, columns, head, position, low, high)
        assert sum(p for p, _ in found) == pytest.approx(1.0)
        moves += sum(p * (target - position) for p, target in found)
        up += max(target for _, target in found) - position
        down += position - min(target for _, target in found)
        doubts.append(-sum(p * np.log(p) for p, _ in found) / np.log(len(found)))
    return moves / (up if moves > 0.0 else down), 1.0 - float(np.mean(doubts))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("limited", [False, True], ids=["long only", "low and high"])
def test_score_and_confidence_equal_counting_every_action(name, limited, block):
    heads = np.array([1, 2, 3, 4, 5, 0])
    low, high = (LOW, HIGH) if limited else (None, None)
    view = stateless_view(NETWORKS[name], block, heads, low, high)
    assert view.shape == (2, SYMBOLS, SLOTS)
    for s, t in itertools.product(range(SYMBOLS), range(SLOTS)):
        limits = (LOW[s], HIGH[s]) if limited else (0.0, 1.0)
        expected = by_counting(NETWORKS[name], block[s, t], int(heads[s]), *limits)
        assert view[:, s, t] == pytest.approx(expected, abs=1e-6)
    assert np.ptp(view[0]) > 0.05


@pytest.mark.parametrize("name", NETWORKS)
def test_the_position_that_is_followed_is_the_mean_of_what_is_asked_for(name, block):
    position, low, high = np.array([0.0, 0.6, -0.25, 0.4, 1.5, -1.0]), LOW, HIGH
    obs = np.zeros((SYMBOLS, OBS_V1.width), dtype=np.float32)
    expected = []
    for s in range(SYMBOLS):
        bits = np.zeros((1, N_ACTIONS), dtype=np.float32)
        mask_bits(bits, 0, 0, position[s], False, True, low[s], high[s])
        obs[s, OBS_V1.inputs] = [*block[s, 0], *own_inputs(OBS_V1, position[s], bits[0])]
        obs[s, OBS_V1.head] = s
        expected.append(sum(p * x for p, x in asked(NETWORKS[name], block[s, 0], s, position[s], low[s], high[s])))
    assert expected_target(NETWORKS[name], obs, position, low, high) == pytest.approx(expected, abs=1e-6)
