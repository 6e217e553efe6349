"""The kernel's draws on tensors: the same hash in 64-bit integers that wrap, so the same numbers."""

from __future__ import annotations

from torch import Tensor, float64

_ROW, _COUNT, _DRAW, _SEED = 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7, 0xAAAAAAAAAAAAAAAB, 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def signed(value: int) -> int:
    """The int64 with the bits of `value` modulo 2^64: tensors have no unsigned product."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def shifted(x: Tensor, by: int) -> Tensor:
    """x >> by, as if x were unsigned."""
    return (x >> by) & ((1 << (64 - by)) - 1)


def uniform(seed: int, row: Tensor, count: Tensor, draw: Tensor | int) -> Tensor:
    """Numbers in [0, 1), float64: those of rl.kernel.draws.uniform for int64 tensors that broadcast."""
    drawn = signed(draw * _DRAW) if isinstance(draw, int) else draw * signed(_DRAW)
    x = (row * signed(_ROW)) ^ signed(seed * _SEED) ^ (count * signed(_COUNT)) ^ drawn
    x = (x ^ shifted(x, 30)) * signed(_FIRST)
    x = (x ^ shifted(x, 27)) * signed(_SECOND)
    x = x ^ shifted(x, 31)
    return shifted(x, 11).to(float64) * (1.0 / 9007199254740992.0)
