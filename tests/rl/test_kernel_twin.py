"""The torch twin steps as the numba kernel does, to 1e-6, with everything switched on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from data.errors import DeviceAbsent
from rl.kernel import SAME_STEP, Rules, uniform
from rl.kernel.layout import one_bar
from rl.kernel.twin import TensorRows, device_of
from rl.kernel.twin_draws import uniform as uniform_tensor
from rl.market import RowMarket, starts_in
from rl.reward import REFERENCE, RewardConfig
from rl.rows import Rows
from tests.rl.kernel_worlds import ALL, OFF, hybrid_actions, layout, market

ARRAYS = ("state", "obs", "reward", "parts", "net", "traded", "terminated", "truncated")


def both(world: RowMarket, rules: Rules, reward: RewardConfig, count: int = 48) -> tuple[Rows, TensorRows]:
    allowed = np.ones(world.slots, dtype=np.bool_)
    allowed[: world.layout.window - 1] = allowed[70:78] = False
    starts = starts_in(world, allowed)
    return Rows(world, starts, rules, reward, count), TensorRows(world, starts, rules, reward, count)


def assert_equal(rows: Rows, twin: TensorRows, step: int) -> None:
    assert np.array_equal(rows.index, twin.index.numpy()), step
    for name in ARRAYS:
        ours, theirs = getattr(rows, name), getattr(twin, name).numpy()
        np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-6, err_msg=f"{name} at step {step}")
    if rows.rules.autoreset == SAME_STEP:
        np.testing.assert_allclose(twin.final_obs.numpy(), rows.final_obs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("rules", "reward", "shape"),
    [
        (ALL, REFERENCE, layout()),
        (ALL._replace(autoreset=SAME_STEP), RewardConfig(timing=0.3, hold=0.2), layout(directives=0)),
        (ALL._replace(stop=0.0, delay=0.0, block=0.0), RewardConfig(cost=0.5), layout(book=False)),
        (OFF._replace(horizon=25), RewardConfig(), one_bar(5, 2, 4, 32)),
    ],
    ids=["all", "same-step", "some", "off"],
)
def test_the_twin_equals_the_kernel_over_thousands_of_steps(rules, reward, shape):
    for seed in range(2):
        rows, twin = both(market(seed, shape=shape), rules, reward)
        rng = np.random.default_rng(seed)
        rows.directives[:] = rng.normal(size=rows.directives.shape)
        twin.directives = torch.from_numpy(rows.directives.copy())
        rows.begin(seed)
        twin.begin(seed)
        for step in range(250):
            actions = hybrid_actions(rng, 48)
            rows.step(actions)
            twin.step(torch.from_numpy(actions))
            assert_equal(rows, twin, step)
        assert rows.index[:, 5].min() > 3


def test_a_margin_call_and_a_ruin_are_the_same_on_the_twin():
    world = market(3, volatility=0.3, gaps=False, low=-5.0, high=5.0)
    rows, twin = both(world, ALL._replace(horizon=10, stop=0.0, trailing=0.0, renoise=1.0), RewardConfig())
    rows.begin(1)
    twin.begin(1)
    rng, ruined = np.random.default_rng(0), 0
    for step in range(150):
        actions = hybrid_actions(rng, 48)
        rows.step(actions)
        twin.step(torch.from_numpy(actions))
        assert_equal(rows, twin, step)
        ruined += int(rows.terminated.sum())
    assert ruined > 10


def test_the_hash_of_the_twin_gives_the_same_bits():
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 1 << 62, (2000, 4))
    numbers[:, 1:3] >>= 40
    ours = np.array([uniform(*(int(x) for x in row)) for row in numbers])
    theirs = [uniform_tensor(int(s), *(torch.tensor([int(x)]) for x in rest)).item() for s, *rest in numbers]
    assert np.array_equal(ours, np.array(theirs))
    assert (ours >= 0.0).all()
    assert (ours < 1.0).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_absent_is_told_before_any_work():
    with pytest.raises(DeviceAbsent, match="cuda"):
        device_of("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_the_twin_on_cuda_equals_the_kernel():
    world = market(1)
    starts = starts_in(world, np.ones(world.slots, dtype=np.bool_))
    rows, twin = Rows(world, starts, ALL, REFERENCE, 64), TensorRows(world, starts, ALL, REFERENCE, 64, "cuda")
    rows.begin(1)
    twin.begin(1)
    rng = np.random.default_rng(0)
    for _ in range(200):
        actions = hybrid_actions(rng, 64)
        rows.step(actions)
        twin.step(torch.from_numpy(actions).cuda())
        for name in ARRAYS:
            found = getattr(twin, name).cpu().numpy()
            np.testing.assert_allclose(found, getattr(rows, name), rtol=1e-6, atol=1e-6)
