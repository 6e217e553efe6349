"""How long the last gate looks at an order, and what gets past it. Run: python -m benchmarks.market.gate"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from benchmarks.figures import Figure, figure, publish
from data.errors import OrderRefused
from tools.execution.orders import Order
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import AccountState, Listing
from tools.risk.kill_switch.halt import read_halt

SYMBOLS = tuple(f"S{n:03}" for n in range(150))
ORDERS = 200_000
FUZZED = 1_000_000
ROUNDS = 20
SEED = 7
LIMITS = GateLimits(
    max_messages_per_s=100_000, max_repeats=100_000, duplicate_window_s=0.0, max_gross_usd=1e15, max_leverage=20.0,
    max_net=20.0, max_unsettled=1.0, max_borrow=1.0,
)  # fmt: skip


def main() -> None:
    """Measure and publish."""
    publish("gate", [*times(), *breaches()])


def breaches() -> list[Figure]:
    """A million fuzzed orders with no risk check before the gate, judged by plain lines that do not know the gate."""
    from tests.tools.risk.gate_fuzz import REGIMES, fuzz

    runs = fuzz(SEED + 100, FUZZED)
    refused: Counter[str] = sum((run.refused for run in runs), Counter())
    accepted, found = sum(run.judge.accepted for run in runs), sum(len(run.judge.breaches) for run in runs)
    note = (
        f"{FUZZED} fuzzed orders under {len(REGIMES)} sets of limits, seed {SEED + 100}: {accepted} reached the venue"
    )
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(refused.items()))
    return [figure("orders past a limit that reached the venue", found, "orders", f"{note}; refused by {rules}")]


def times() -> list[Figure]:
    """Times of single checks, the kill switch's file looked up in each; a garbage collection may fall into any.

    Other work on the machine falls into wall times too, so the least disturbed of the rounds is given, with the worst.
    """
    orders = _orders(random.Random(SEED))
    size = len(orders) // ROUNDS
    with tempfile.TemporaryDirectory() as home:
        gate = Gate(LIMITS, halted=lambda: read_halt(Path(home)).on)
        gate.open(_account())
        rounds = [_quantiles(gate, orders[n * size : (n + 1) * size]) for n in range(ROUNDS)]
    note = (
        f"{size} orders in 150 symbols a round, half of them passing all rules, one process; worst of {ROUNDS} rounds"
    )
    out: list[Figure] = []
    for place, name in ((499, "median"), (989, "p99")):
        for kind, clock in enumerate(("wall", "processor")):
            found = [r[kind][place] for r in rounds]
            words = f"{note}: {max(found):.1f}"
            out.append(figure(f"last gate, {name} of an order, {clock} time", min(found), "microseconds", words))
    return out


def _quantiles(gate: Gate, orders: list[Order]) -> tuple[list[float], list[float]]:
    """Permille quantiles of the wall and of the processor time of a check, microseconds."""
    wall, processor = [0.0] * len(orders), [0.0] * len(orders)
    for n, order in enumerate(orders):
        worked, start = time.thread_time_ns(), time.perf_counter_ns()
        with suppress(OrderRefused):
            gate.check(order)
        wall[n], processor[n] = (time.perf_counter_ns() - start) * 1e-3, (time.thread_time_ns() - worked) * 1e-3
    return statistics.quantiles(wall, n=1000), statistics.quantiles(processor, n=1000)


def _account() -> AccountState:
    return AccountState(
        cash=1e12,
        positions=dict.fromkeys(SYMBOLS[::2], 1_000.0),
        marks=dict.fromkeys(SYMBOLS, 100.0),
        listings=dict.fromkeys(SYMBOLS, Listing(lot=1e-6, tick=0.01)),
        volumes=dict.fromkeys(SYMBOLS, 1e12),
    )


def _orders(random_: random.Random) -> list[Order]:
    return [
        Order(
            order_id=f"bp-{n:08}",
            symbol=random_.choice(SYMBOLS),
            side=random_.choice(("buy", "sell")),
            quantity=round(random_.uniform(1.0, 100.0), 6),
            reference_price=100.0,
            kind="limit",
            limit_price=round(random_.uniform(95.0, 105.0), 2),
        )
        for n in range(ORDERS)
    ]


if __name__ == "__main__":
    main()
