"""Gradient steps a second of SAC, end to end: MetaSAC beside stock RLlib in one run. Run: python -m benchmarks.rl.sac

Stock twice, as a user would take it (its default networks on the flat observation) and with the meta-controller's own
networks; the same environment, batch and threads, sampling included. Rounds of the three alternate, so that a change in
what else the machine does falls on all; `--cpu` counts processor time instead, for a machine that is not quiet.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.figures import Figure, figure, publish
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationEnv, AllocationVectorEnv
from rl.meta.inputs import SHARED_BOOK_COLUMNS
from rl.meta.planted import Plant, planted_tape
from rl.meta.tape import Tape
from rl.ray_session import ray_session
from rl.threads import limit_threads

ROUNDS = 5
STOCK_UPDATES = 20
BARS, SYMBOLS = 800, 32
OURS, STOCK, STOCK_SAME = "MetaSAC", "RLlib's SAC, its default networks", "RLlib's SAC, the same networks"


def main() -> None:
    """Measure and publish."""
    meta = MetaConfig()
    clock = time.process_time if "--cpu" in sys.argv else time.perf_counter
    limit_threads(meta.threads)
    tape = planted_tape(Plant(), BARS, SYMBOLS, seed=0)
    with ray_session(meta.threads):
        rates = _rates(_candidates(tape, meta), clock)
    kind = "processor time" if "--cpu" in sys.argv else "wall time"
    note = f"batch {meta.batch_size}, sampling included, {meta.threads} thread, median of {ROUNDS} rounds, {kind}"
    figures = [figure(f"SAC end to end, {name}", rate, "updates/s", note) for name, rate in rates.items()]
    publish("rl_sac", [*figures, _ratio(rates, STOCK, note), _ratio(rates, STOCK_SAME, note)])


def _ratio(rates: dict[str, float], name: str, note: str) -> Figure:
    return figure(f"{OURS} over {name}", rates[OURS] / rates[name], "x", note)


def _candidates(tape: Tape, meta: MetaConfig) -> dict[str, tuple[Any, int]]:
    """Algorithms by name, with the gradient steps of one `training_step`."""
    from rl.meta.sac import meta_sac, module_spec

    rows = slice(0, tape.times.size)
    own = meta_sac(meta, lambda: AllocationVectorEnv(tape, rows, meta, meta.worlds), 0)
    spec = module_spec(meta, tape.shared.shape[1] + len(SHARED_BOOK_COLUMNS))
    return {
        OURS: (own, meta.updates_per_iteration),
        STOCK: (_stock(tape, meta, None), 1),
        STOCK_SAME: (_stock(tape, meta, spec), 1),
    }


def _stock(tape: Tape, meta: MetaConfig, spec: Any) -> Any:
    """RLlib's own training step on a single environment: a sample, its episodes, its prioritised buffer, an update."""
    from ray.rllib.algorithms.sac import SACConfig
    from ray.tune import register_env

    register_env("allocation", lambda _: AllocationEnv(tape, slice(0, tape.times.size), meta))
    config: Any = (
        SACConfig()
        .environment("allocation")
        .env_runners(num_env_runners=0)
        .learners(num_learners=0)
        .training(train_batch_size_per_learner=meta.batch_size, num_steps_sampled_before_learning_starts=1)
        .debugging(seed=0, log_level="ERROR")
    )
    if spec is not None:
        config = config.rl_module(rl_module_spec=spec)
    return config.build_algo()


def _rates(candidates: dict[str, tuple[Any, int]], clock: Callable[[], float]) -> dict[str, float]:
    """Updates a second of each, the median over ROUNDS alternating rounds."""
    found: dict[str, list[float]] = {name: [] for name in candidates}
    try:
        for round_ in range(ROUNDS + 1):
            for name, (algorithm, steps) in candidates.items():
                began = clock()
                calls = max(1, STOCK_UPDATES // steps)
                for _ in range(calls):
                    algorithm.training_step()
                if round_ > 0:
                    found[name].append(calls * steps / (clock() - began))
    finally:
        for algorithm, _ in candidates.values():
            algorithm.stop()
    return {name: median(rates) for name, rates in found.items()}


if __name__ == "__main__":
    main()
