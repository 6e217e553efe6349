"""FinRL's StockTradingEnv on given prices, in an interpreter of its own: prints asset-steps a second as JSON.

Run by benchmarks.rl.kernel as `PYTHON finrl_env.py prices.npy`; it imports nothing of this project.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

INDICATORS = ["macd", "rsi_30", "cci_30", "dx_30"]
"""Four of FinRL's own list."""
STEPS = 2000


def environment_class() -> Any:
    """The class, read from its file: importing its package asks for brokers' libraries."""
    package = importlib.util.find_spec("finrl")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "meta" / "env_stock_trading" / "env_stocktrading.py"
    spec = importlib.util.spec_from_file_location("env_stocktrading", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.StockTradingEnv


def main(prices: str) -> None:
    """Step it with random actions through its episodes; the first 100 steps are not counted."""
    close = np.load(prices)
    slots, count = close.shape
    days = np.repeat(np.arange(slots), count)
    frame = pd.DataFrame({"date": days, "tic": np.tile([f"S{s:02d}" for s in range(count)], slots)}, index=days)
    frame["close"] = close.reshape(-1)
    for name in INDICATORS:
        frame[name] = 0.0
    env = environment_class()(
        df=frame, stock_dim=count, hmax=100, initial_amount=1_000_000, num_stock_shares=[0] * count,
        buy_cost_pct=[0.001] * count, sell_cost_pct=[0.001] * count, reward_scaling=1e-4,
        state_space=1 + 2 * count + len(INDICATORS) * count, action_space=count, tech_indicator_list=INDICATORS,
        print_verbosity=1 << 30,
    )  # fmt: skip
    env.reset()
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (STEPS + 100, count))
    begun = time.perf_counter()
    for step, action in enumerate(actions):
        if step == 100:
            begun = time.perf_counter()
        if env.step(action)[2]:
            env.reset()
    print(json.dumps({"rate": STEPS * count / (time.perf_counter() - begun)}))


if __name__ == "__main__":
    main(sys.argv[1])
