"""What own heads cost: 143 of them against one shared by all symbols. Run: python -m benchmarks.rl.heads"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.figures import Figure, figure, publish
from rl.encoders.config import MLPConfig
from rl.encoders.mlp import MLPEncoder
from rl.modules.heads import SymbolHeads
from rl.observation import OBS_V1

SYMBOLS = 143
OUTPUTS = 8
"""Seven logits and a value."""
REPEATS = 81
TRUNKS = ((64, 64), (128, 128))
SAMPLING, TRAINING = 512, (4096, 8192)
LIMIT = 1.3


class Network(nn.Module):
    """The policies' encoder on obs-v1 and either heads by index or one for all rows."""

    def __init__(self, trunk: tuple[int, ...], own: bool) -> None:
        super().__init__()
        self.trunk = MLPEncoder(OBS_V1, MLPConfig(hidden=trunk))
        self.own = SymbolHeads(1 + SYMBOLS, trunk[-1], OUTPUTS) if own else None
        self.shared = nn.Linear(trunk[-1], OUTPUTS)

    def forward(self, inputs: Tensor, head: Tensor) -> Tensor:
        """Observations (N, width) and (N,) to (N, OUTPUTS)."""
        embedding = self.trunk(inputs)
        return self.shared(embedding) if self.own is None else self.own(embedding, head)


def main() -> None:
    """Measure and publish."""
    torch.set_num_threads(1)
    found: list[Figure] = []
    for trunk in TRUNKS:
        found.append(_ratio(trunk, SAMPLING, learning=False))
        found += [_ratio(trunk, rows, learning=True) for rows in (SAMPLING, *TRAINING)]
        found += [_heads_alone(trunk[-1], rows) for rows in (SAMPLING, *TRAINING)]
    publish("rl_heads", found)


def _ratio(trunk: tuple[int, ...], rows: int, learning: bool) -> Figure:
    """The whole network with own heads over the same with one, in alternating repeats."""
    torch.manual_seed(0)
    inputs, head = torch.randn(rows, OBS_V1.width), torch.randint(0, 1 + SYMBOLS, (rows,))
    grad = torch.randn(rows, OUTPUTS)
    calls: list[Callable[[], object]] = []
    for own in (True, False):
        network = Network(trunk, own)
        calls.append(_call(network, inputs, head, grad if learning else None))
    part = "forward and backward" if learning else "forward, as in sampling"
    return _figure(f"network, {trunk[0]}-wide, {rows} rows, {part}", calls)


def _heads_alone(width: int, rows: int) -> Figure:
    """The last layer by itself, backward included: its fixed cost shows where there are few rows."""
    torch.manual_seed(0)
    x, head = torch.randn(rows, width, requires_grad=True), torch.randint(0, 1 + SYMBOLS, (rows,))
    grad = torch.randn(rows, OUTPUTS)
    own, shared = SymbolHeads(1 + SYMBOLS, width, OUTPUTS), nn.Linear(width, OUTPUTS)
    wrt, wrt_shared = (x, *own.parameters()), (x, *shared.parameters())
    calls: list[Callable[[], object]] = [
        lambda: torch.autograd.grad(own(x, head), wrt, grad),
        lambda: torch.autograd.grad(shared(x), wrt_shared, grad),
    ]
    return _figure(f"last layer alone, {width}-wide, {rows} rows, forward and backward", calls)


def _call(network: Network, inputs: Tensor, head: Tensor, grad: Tensor | None) -> Callable[[], object]:
    used = [p for name, p in network.named_parameters() if network.own is None or not name.startswith("shared")]

    def learn() -> object:
        return torch.autograd.grad(network(inputs, head), used, grad)

    def sample() -> object:
        with torch.no_grad():
            return network(inputs, head)

    return sample if grad is None else learn


def _figure(name: str, calls: list[Callable[[], object]]) -> Figure:
    times: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        for call, taken in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
    own, shared = (statistics.median(taken[1:]) for taken in times)
    note = (
        f"{SYMBOLS} own heads {own * 1e6:.0f} us, one shared head {shared * 1e6:.0f} us: medians of {REPEATS - 1} "
        f"alternating repeats after one to warm up, one thread, random heads; limit {LIMIT}"
    )
    return figure(name, own / shared, "times the shared head", note)


if __name__ == "__main__":
    main()
