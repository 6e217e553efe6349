"""The row kernel on one core: rows a second, beside the bound of copying, its twin on tensors, and FinRL.

Run: python -m benchmarks.rl.kernel [--finrl PYTHON]

PYTHON is the interpreter of an environment that has FinRL, which cannot live beside this project's packages:

    python -m venv ENV && ENV/bin/pip install --no-deps finrl
    ENV/bin/pip install gymnasium numpy pandas matplotlib stable-baselines3

The copy bound gathers 64 float32 from the same block, at slots and symbols drawn as the kernel's, into an array of the
same shape, and does nothing else. Kernel and copy take turns, on rows of their own, so that neither finds the other's
data in the cache.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.figures import Figure, figure, publish
from data.compiled import compiled
from data.market import AssetClass, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS
from rl.env import LEARN
from rl.kernel import Layout, MarketArrays, Rules
from rl.kernel.twin import TensorRows
from rl.market import RowMarket, starts_in
from rl.reward import RewardConfig
from rl.rows import PLAIN, Rows

SLOTS, SYMBOLS, ROWS, STEPS = 2520, 143, 4096, 200
"""Ten years of days, the symbols of the universe, rows that step at once, and steps that are timed."""
HORIZON, COPIED, STOCKS = 128, 64, 30
WIDE = Layout(24, 24 * 23 + 30, 10, 24 * 23 + 40, 4, 24 * 23 + 44, 639, 24 * 23, 24 * 23 + 20, 640)
"""24 bars of 23 columns, 30 context columns, 10 own ones, 4 directives: the width of obs-v2."""


def world(layout: Layout | None, bar: int) -> RowMarket:
    """Random walks; a block of `bar` columns a bar."""
    rng = np.random.default_rng(0)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, (SLOTS, SYMBOLS)), axis=0))
    context = layout.own - layout.window * bar if layout else 0
    arrays = MarketArrays(
        close=close, fill=close, ready=np.ones(close.shape, dtype=np.bool_), scale=np.full(close.shape, 0.01),
        cost_bps=np.full(SYMBOLS, 4.0), hedge_gap=np.zeros(close.shape), hedge_day=np.zeros(close.shape),
        block=rng.standard_normal((SYMBOLS, SLOTS, bar), dtype=np.float32), shared_from=27, shared_to=38,
        context=rng.standard_normal((SYMBOLS, SLOTS, context), dtype=np.float32) if context else None,
    )  # fmt: skip
    names = tuple(f"S{s:03d}" for s in range(SYMBOLS))
    return RowMarket(names, np.full(SYMBOLS, list(AssetClass).index(AssetClass.STOCK)), arrays, layout)


@compiled
def copy_rows(index: IntArray, flat: Float32Array, bar: int, slots: int, obs: Float32Array) -> None:
    """The bound: 64 columns of each row, and nothing else."""
    for i in range(obs.shape[0]):
        at = (index[i, 1] * slots + index[i, 0]) * bar
        for column in range(COPIED):
            obs[i, column] = flat[at + column]


def rows_on(market: RowMarket, rules: Rules) -> Rows:
    """Rows that have begun."""
    rows = Rows(market, starts_in(market, np.arange(SLOTS) >= 24), rules, RewardConfig(), ROWS)
    rows.begin(1)
    return rows


def turns(market: RowMarket, rules: Rules) -> tuple[FloatArray, FloatArray]:
    """Seconds of each step of the kernel and of each copy, in turns."""
    rows, rng = rows_on(market, rules), np.random.default_rng(0)
    actions = [rng.integers(0, N_ACTIONS, ROWS) for _ in range(8)]
    walkers = np.stack([rng.integers(24, SLOTS - STEPS - 9, ROWS), rng.integers(0, SYMBOLS, ROWS)], axis=1)
    flat, obs = market.arrays.block.reshape(-1), np.zeros((ROWS, COPIED), dtype=np.float32)
    bar, took = market.arrays.block.shape[2], np.zeros((2, STEPS + 5))
    for step in range(STEPS + 5):
        walkers[:, 0] += 1
        took[0, step] = _seconds(lambda step=step: rows.step(actions[step % 8]))
        took[1, step] = _seconds(lambda: copy_rows(walkers, flat, bar, SLOTS, obs))
    return took[0, 5:], took[1, 5:]


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def on_one_core() -> list[Figure]:
    """Rows a second, 64 wide, with and without what is random; their share of the copy bound; and 640 wide."""
    found: list[Figure] = []
    narrow, note = world(None, 45), f"median of {STEPS} steps of {ROWS} rows, {SYMBOLS} symbols x {SLOTS} bars"
    for name, rules in (("plain", PLAIN._replace(horizon=HORIZON)), ("noise, blinding, costs drawn", LEARN)):
        step, copy = (float(np.median(x)) for x in turns(narrow, rules))
        found += [
            figure(f"kernel, 64 wide, {name}", ROWS / step / 1e6, "M rows/s", note),
            figure(f"share of the copy bound, {name}", copy / step, "of 1", f"{ROWS / copy / 1e6:.1f} M copies/s"),
        ]
    step = float(np.median(turns(world(WIDE, 23), PLAIN._replace(horizon=HORIZON))[0]))
    return [*found, figure("kernel, 640 wide", ROWS / step / 1e6, "M rows/s", f"{note}, 24 bars x 23 columns")]


def twin(device: str, rows: int) -> Figure:
    """Rows a second of the twin on a device."""
    market = world(None, 45)
    starts = starts_in(market, np.ones(SLOTS, dtype=np.bool_))
    tensors = TensorRows(market, starts, PLAIN._replace(horizon=HORIZON), RewardConfig(), rows, device)
    tensors.begin(1)
    actions, took = torch.randint(0, N_ACTIONS, (rows,), device=tensors.device), list[float]()
    for _ in range(25):
        begun = time.perf_counter()
        tensors.step(actions)
        if device != "cpu":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - begun)
    name = torch.cuda.get_device_name() if device != "cpu" else f"CPU, {torch.get_num_threads()} threads"
    return figure(
        f"twin, 64 wide, {device}", rows / float(np.median(took[5:])) / 1e6, "M rows/s", f"{name}, {rows} rows"
    )


def beside_finrl(python: str) -> list[Figure]:
    """Asset-steps a second of both on the prices of 30 symbols."""
    market = world(None, 45)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prices.npy"
        np.save(file, market.arrays.close[:, :STOCKS])
        script = Path(__file__).with_name("finrl_env.py")
        told = subprocess.run([python, str(script), str(file)], capture_output=True, text=True, check=True)
    theirs = float(json.loads(told.stdout.splitlines()[-1])["rate"])
    ours = ROWS / float(np.median(turns(market, PLAIN._replace(horizon=HORIZON))[0]))
    note = f"{STOCKS} stocks, random actions, one core"
    return [
        figure("FinRL StockTradingEnv", theirs, "asset-steps/s", note),
        figure("kernel over FinRL", ours / theirs, "times", f"asset-steps, {ROWS} rows"),
    ]


def main() -> None:
    """Measure and publish."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--finrl", default="", help="interpreter of an environment that has finrl")
    python = asked.parse_known_args()[0].finrl
    found = [*on_one_core(), twin("cpu", 16384)]
    if torch.cuda.is_available():
        found.append(twin("cuda", 1 << 22))
    if python:
        found += beside_finrl(python)
    else:
        print("FinRL was not measured: give --finrl PYTHON (see the module)")
    publish("rl_kernel", found)


if __name__ == "__main__":
    main()
