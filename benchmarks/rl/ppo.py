"""PPO end to end beside stock RLlib and a hand-written loop, and how runners scale. Run: python -m benchmarks.rl.ppo

Everything takes turns in one run, so that the ratios hold where absolute speeds do not.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, figure, publish
from benchmarks.rl.bare_ppo import BarePPO
from benchmarks.rl.ppo_world import fast, parts, preset, stock
from rl.algorithms.resources import Resources
from rl.algorithms.shared import EnvParts
from rl.ray_session import ray_session
from rl.threads import limit_threads

REPEATS = 5
STOCK_MINIBATCHES = (4096, 16384, 32768)
"""What stock RLlib is tried with; its best counts."""
STEPS_OF_MEMORY = 100_000
"""Steps of every row over which memory is watched."""
SETTING = "512 rows, batch 32,768, 128 x 128, 2 epochs, 16 heads"


def main() -> None:
    """Measure and publish."""
    cores = os.cpu_count() or 1
    limit_threads(cores)
    with ray_session(cores + 2):
        given = parts()
        publish("rl_ppo", [*_against(given, cores), *_runners(given), *_memory(given), *_cuda(given)])


def _against(given: EnvParts, cores: int) -> list[Figure]:
    """Stock RLlib, the bare loop and ours, in turns."""
    ours, bare = fast(given, preset()), BarePPO(given, preset())
    others = {size: stock(given, preset(), size) for size in STOCK_MINIBATCHES}
    batch = preset().rows * preset().steps
    calls: dict[str, Callable[[], float]] = {"columnar": lambda: _samples(ours), "bare": lambda: float(bare.train())}
    for size, other in others.items():
        calls[f"stock {size}"] = lambda other=other: (other.train(), float(batch))[1]
    rates = _in_turns(calls, REPEATS)
    for algorithm in (ours, *others.values()):
        algorithm.stop()
    best = max(STOCK_MINIBATCHES, key=lambda size: rates[f"stock {size}"])
    note = f"median of {REPEATS} iterations in turns after one to warm up, {SETTING}, {cores} threads"
    top = rates[f"stock {best}"]
    return [
        figure("PPO end to end, columnar", rates["columnar"], "samples/s", note),
        figure("PPO end to end, bare torch loop", rates["bare"], "samples/s", note),
        figure("PPO end to end, stock RLlib, vector entry point", top, "samples/s", f"{note}, minibatch {best}"),
        figure("columnar PPO over stock RLlib", rates["columnar"] / top, "times", note),
        figure("columnar PPO over bare torch", rates["columnar"] / rates["bare"], "times", note),
    ]


def _samples(algorithm: object) -> float:
    before = algorithm.samples  # type: ignore[attr-defined]
    algorithm.train()  # type: ignore[attr-defined]
    return float(algorithm.samples - before)  # type: ignore[attr-defined]


def _in_turns(calls: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Median rate of each call, which returns what it has done; one round to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            began = time.perf_counter()
            done = call()
            if turn:
                rates[name].append(done / (time.perf_counter() - began))
    return {name: statistics.median(found) for name, found in rates.items()}


def _runners(given: EnvParts) -> list[Figure]:
    """Samples a second of one and of two env-runner actors with 512 rows each, in turns; the Learner is idle."""
    made = {n: fast(given, preset(rows=512 * n), 0, Resources(num_env_runners=n)) for n in (1, 2)}

    def sampled(n: int) -> float:
        columns = made[n]._samplers.sample(made[n]._weights)
        return float(sum(len(part["obs"]) for part in columns))

    rates = _in_turns({str(n): lambda n=n: sampled(n) for n in made}, REPEATS)
    for algorithm in made.values():
        algorithm.stop()
    note = f"median of {REPEATS} samples of 64 steps, 512 rows a runner, in turns"
    return [
        figure("sampling, one runner", rates["1"], "samples/s", note),
        figure("sampling, two runners", rates["2"], "samples/s", note),
        figure("two runners over one", rates["2"] / rates["1"], "times", note),
    ]


def _memory(given: EnvParts) -> list[Figure]:
    """Resident memory of this process early in training and after 100 thousand steps."""
    algorithm = fast(given, preset(rows=32, steps=64, minibatches=2, hidden=(32,)))
    iterations = STEPS_OF_MEMORY // 64
    warm = iterations // 5
    for _ in range(warm):
        algorithm.train()
    start = _resident()
    for _ in range(iterations):
        algorithm.train()
    grown = _resident() - start
    algorithm.stop()
    note = f"{iterations} iterations of 64 steps of 32 rows, after {warm} to warm up"
    return [
        figure("resident memory at the start", start / 2**20, "MiB", note),
        figure("growth of resident memory over 100 thousand steps", grown / 2**20, "MiB", note),
    ]


def _resident() -> int:
    """Bytes of memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cuda(given: EnvParts) -> list[Figure]:
    """PPO with its Learner on a GPU, where there is one."""
    import torch

    if not torch.cuda.is_available():
        return []
    algorithm = fast(given, preset(rows=8192), 0, Resources(num_gpus_per_learner=1))
    rates = _in_turns({"cuda": lambda: _samples(algorithm)}, REPEATS)
    algorithm.stop()
    note = f"8192 rows x 64 steps, 128 x 128, 2 epochs, rows on the CPU, Learner on {torch.cuda.get_device_name()}"
    return [figure("PPO end to end, Learner on CUDA", rates["cuda"], "samples/s", note)]


if __name__ == "__main__":
    main()
