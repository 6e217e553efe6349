"""Run every benchmark and keep its figures under benchmarks/results. Run: python -m benchmarks.run"""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "cycle", "kill_switch",
    "rl.kernel", "rl.ppo", "rl.heads", "rl.sac", "rl.decide", "rl.curves", "rl.cluster",
    "rl.evidence", "rl.evidence_meta", "rl.ablation",
    "desk.cycle", "desk.overhead", "desk.recovery", "desk.shapley", "desk.answers", "desk.replays", "desk.schedule",
    "market.vectorised", "market.event", "market.orderbook", "market.gate", "market.options",
)  # fmt: skip


def main(names: tuple[str, ...]) -> None:
    """Run those named, or all."""
    for name in names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
