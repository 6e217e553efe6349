"""The controller's network after its first layer, for every coalition of sources in turn: one kernel without a BLAS.

Hidden units are rows and symbols columns, so that the inner loops run over symbols; sums are added in a fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from data.compiled import inlined, njit
from data.market import FloatArray


@njit(cache=True, nogil=True, error_model="numpy")
def weigh(
    base: FloatArray, low: FloatArray, high: FloatArray, cash_base: FloatArray, cash_low: FloatArray,
    cash_high: FloatArray, still: FloatArray, keeper: int, half: int, second: Any, stakes: FloatArray, kappa: float,
    out: FloatArray,
) -> None:  # fmt: skip
    """`out` (2^n, T + 1): each coalition's share of what can be traded, cash last.

    A coalition is two halves: `base` (H, T) plus a row of `low` (2^half, H, T) plus one of `high` is the first layer of
    the T symbols; that of cash likewise (M,). `second` are the tensors after it; `stakes` (T + 1,) the prior.
    """
    mix_embed, mix_pooled, mix_bias, symbol_out, symbol_bias, cash_pooled, cash_out, cash_bias = second
    hidden, symbols = base.shape
    mixed = mix_bias.size
    embed, pooled = np.empty((hidden, symbols)), np.empty(2 * hidden)
    mix = np.empty(symbols)
    wish, patience = np.empty(symbols + 1), np.empty(symbols + 1)
    for coalition in range(out.shape[0]):
        at_low, at_high = coalition & ((1 << half) - 1), coalition >> half
        for h in range(hidden):
            _show(base[h], low[at_low, h], high[at_high, h], embed[h])
            pooled[h], pooled[hidden + h] = _pool(embed[h])
        wish[:symbols], patience[:symbols] = symbol_bias[0], symbol_bias[1]
        wish[symbols], patience[symbols] = cash_bias[0], cash_bias[1]
        for m in range(mixed):
            common, own = mix_bias[m], cash_base[m] + cash_low[at_low, m] + cash_high[at_high, m]
            for h in range(2 * hidden):
                common += pooled[h] * mix_pooled[m, h]
                own += pooled[h] * cash_pooled[m, h]
            own = own if own > 0.0 else 0.0
            wish[symbols] += own * cash_out[0, m]
            patience[symbols] += own * cash_out[1, m]
            mix[:] = common
            _mix(embed, mix_embed[m], mix)
            _read(mix, symbol_out[0, m], symbol_out[1, m], wish, patience)
        shows = keeper < 0 or (coalition >> keeper) & 1
        for s in range(symbols + 1):
            calm = 1.0 / (1.0 + np.exp(-patience[s]))
            kept = still[s] if shows else 0.0
            out[coalition, s] = np.rint(np.tanh((1.0 - calm) * wish[s] + calm * kept) * 1e9) / 1e9
        _share(out[coalition], stakes, kappa)


@inlined
def _show(base: FloatArray, low: FloatArray, high: FloatArray, embed: FloatArray) -> None:
    """relu of the sum, (T,)."""
    for s in range(embed.size):
        value = base[s] + low[s] + high[s]
        embed[s] = value if value > 0.0 else 0.0


@inlined
def _pool(embed: FloatArray) -> tuple[float, float]:
    """Mean and largest of (T,), in four strands: one would wait for each addition."""
    size = embed.size
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    e, f, g, h = 0.0, 0.0, 0.0, 0.0
    for s in range(0, size - 3, 4):
        a, b, c, d = a + embed[s], b + embed[s + 1], c + embed[s + 2], d + embed[s + 3]
        e = embed[s] if embed[s] > e else e
        f = embed[s + 1] if embed[s + 1] > f else f
        g = embed[s + 2] if embed[s + 2] > g else g
        h = embed[s + 3] if embed[s + 3] > h else h
    for s in range(size - size % 4, size):
        a += embed[s]
        e = embed[s] if embed[s] > e else e
    return ((a + b) + (c + d)) / max(size, 1), max(max(e, f), max(g, h))


@inlined
def _mix(embed: FloatArray, weight: FloatArray, mix: FloatArray) -> None:
    """`mix` (T,) plus `weight` (H,) times `embed` (H, T), four hidden units at a time."""
    hidden, symbols = embed.shape
    for h in range(0, hidden - 3, 4):
        a, b, c, d = weight[h], weight[h + 1], weight[h + 2], weight[h + 3]
        for s in range(symbols):
            mix[s] += (embed[h, s] * a + embed[h + 1, s] * b) + (embed[h + 2, s] * c + embed[h + 3, s] * d)
    for h in range(hidden - hidden % 4, hidden):
        for s in range(symbols):
            mix[s] += embed[h, s] * weight[h]


@inlined
def _read(mix: FloatArray, for_wish: float, for_patience: float, wish: FloatArray, patience: FloatArray) -> None:
    """The last layer's share of one mixed unit (T,)."""
    for s in range(mix.size):
        value = mix[s] if mix[s] > 0.0 else 0.0
        wish[s] += value * for_wish
        patience[s] += value * for_patience


@inlined
def _share(r: FloatArray, stakes: FloatArray, kappa: float) -> None:
    """In place: tilts (T + 1,) become shares of `stakes` exp(kappa r) that sum to 1."""
    total = 0.0
    for s in range(r.size):
        r[s] = stakes[s] * np.exp(kappa * r[s])
        total += r[s]
    for s in range(r.size):
        r[s] /= total
