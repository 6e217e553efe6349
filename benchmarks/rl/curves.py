"""Learning curves of stock RLlib's PPO and the columnar one, seed by seed. Run: python -m benchmarks.rl.curves"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.figures import Figure, figure, publish
from benchmarks.rl.ppo_world import fast, parts, preset, stock
from rl.algorithms.shared import EnvParts
from rl.ray_session import ray_session
from rl.threads import limit_threads

SEEDS = 5
POINTS, ITERATIONS = 8, 5
"""Points of a curve, and iterations between two of them."""
ROWS, STEPS = 64, 64
SETTINGS = preset(
    rows=ROWS, steps=STEPS, minibatches=4, hidden=(32,), learning_rate=3e-3, final_rate=1.0, weight_decay=0.0,
    offset_decay=0.0,
)  # fmt: skip
JUDGES = 256
"""Rows, stepped 128 bars with the same draws for both, whose mean reward is a point."""


def main() -> None:
    """Train both from the same seeds and publish their mean curves with 95 % intervals."""
    limit_threads(1)
    given = parts()
    minibatch = ROWS * STEPS // SETTINGS.minibatches
    with ray_session(2):
        curves = {
            "columnar": [_curve(given, fast(given, SETTINGS, seed), seed) for seed in range(SEEDS)],
            "stock": [_curve(given, stock(given, SETTINGS, minibatch, seed), seed) for seed in range(SEEDS)],
        }
    publish("rl_curves", [f for name, found in curves.items() for f in _figures(name, np.array(found))])


def _curve(given: EnvParts, algorithm: Any, seed: int) -> list[float]:
    """Mean reward a step after every few iterations."""
    found: list[float] = []
    for _ in range(POINTS):
        for _ in range(ITERATIONS):
            algorithm.train()
        found.append(_judged(given, algorithm.env_runner_group.local_env_runner.module, seed))
    algorithm.stop()
    return found


def _judged(given: EnvParts, module: Any, seed: int) -> float:
    """Mean reward a step of the policy's draws on rows that neither was trained on."""
    env, random = given.env(JUDGES), torch.Generator().manual_seed(seed)
    obs = env.reset(seed=10_000 + seed)[0]
    module = getattr(module, "unwrapped", lambda: module)()
    total = 0.0
    with torch.inference_mode():
        for _ in range(128):
            logits = module.outputs(torch.from_numpy(obs))[0]
            noise = torch.empty(logits.shape).exponential_(generator=random).log_()
            obs, reward, *_ = env.step((logits - noise).argmax(-1).numpy())
            total += float(reward.mean())
    return total / 128


def _figures(name: str, curves: np.ndarray) -> list[Figure]:
    """One figure a point: the mean over seeds, and its interval by the normal law."""
    half = 1.96 * curves.std(axis=0, ddof=1) / np.sqrt(len(curves))
    made: list[Figure] = []
    for point, mean in enumerate(curves.mean(axis=0)):
        samples = (point + 1) * ITERATIONS * ROWS * STEPS
        note = f"{len(curves)} seeds, 95 % interval {mean - half[point]:.4f} to {mean + half[point]:.4f}"
        made.append(figure(f"{name}, mean reward after {samples} samples", float(mean), "reward/step", note))
    return made


if __name__ == "__main__":
    main()
