"""How fast learning is: the row kernel, and PPO end to end on RLlib. Run: python -m benchmarks.learning"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from app.desk import Desk
from app.settings import load_settings
from benchmarks.figures import Figure, figure, median_seconds, publish
from data.history import History
from rl.market import RowMarket, row_market, starts_in
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.rows import Rows
from rl.training.preset import load_preset

ROWS = 4096
STEPS = 50
TRAIN_STEPS = 4


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as home:
        history = _history(Path(home))
    market = row_market(history)
    publish("learning", [_kernel(market), _ppo(market)])


def _history(home: Path) -> History:
    market = Desk(load_settings(home=home, source="simulated")).market
    first, last = market.source.span()
    return market.builder.history(first, market.slots.at_or_before(last))


def _kernel(market: RowMarket) -> Figure:
    """Rows a second of the whole step: trade, account, reward, observe 64 float32 columns; one thread."""
    preset = load_preset("quick")
    starts = starts_in(market, np.ones(market.slots, dtype=np.bool_))
    rows = Rows(market, starts, preset.episodes.rules(), RewardConfig(), ROWS)
    rows.begin(0)
    actions = np.random.default_rng(0).integers(0, 7, (STEPS, ROWS))

    def walk() -> None:
        for step in range(STEPS):
            rows.step(actions[step])

    walk()
    seconds = median_seconds(walk, 7)
    return figure(
        "row kernel, 64 float32 observations, one core", STEPS * ROWS / seconds, "rows/s",
        f"median of 7 walks of {STEPS} steps of {ROWS} rows, random actions, 60 simulated symbols",
    )  # fmt: skip


def _ppo(market: RowMarket) -> Figure:
    """Samples a second through sampling, GAE and the Learner's update, after one warm-up iteration."""
    from rl.algorithms.fast_ppo import fast_ppo

    preset = load_preset("quick")
    starts = starts_in(market, np.ones(market.slots, dtype=np.bool_))
    with ray_session(preset.ppo.threads):
        algorithm = fast_ppo(market, starts, preset.episodes.rules(), preset.reward, preset.ppo, 0)
        try:
            algorithm.train()
            before, began = algorithm.samples, time.perf_counter()
            for _ in range(TRAIN_STEPS):
                algorithm.train()
            seconds = time.perf_counter() - began
            rate = (algorithm.samples - before) / seconds
        finally:
            algorithm.stop()
    return figure(
        "PPO end to end, quick preset", rate, "samples/s",
        f"{TRAIN_STEPS} iterations after one to warm up: sampling, GAE, Learner update; {preset.ppo.threads} threads",
    )  # fmt: skip


if __name__ == "__main__":
    main()
