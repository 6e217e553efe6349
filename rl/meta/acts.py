"""What an action makes of a rows, as the critics read it: one kernel forward, one for the gradient.

With p the prior's and h the held weights of what can be traded and the rest of the book frozen, an action a makes
stakes s_i = p_i exp(kappa a_i), cash likewise, and weights w_i = rest s_i / D, where D sums stakes and cash. Then
`active` = w - rest p and `trade` = w - h, both in units of an equal share.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from data.compiled import njit
from data.market import Float32Array
from rl.meta.inputs import SYMBOL_COLUMNS

PRIOR, HELD, TRADABLE = (SYMBOL_COLUMNS.index(name) for name in ("prior", "held", "tradable"))
ACT_TERMS = 5
"""What a critic weighs of a symbol's act: active, trade, |trade|, active squared, active times trade."""


def act_terms(rows: Tensor, action: Tensor, kappa: float) -> Tensor:
    """Terms (B, N, ACT_TERMS) of each symbol's act, zero where not tradable; gradients reach the action alone.

    `rows` (B, N, >= K0) begin with SYMBOL_COLUMNS; `action` (B, N + 1), cash last.
    """
    return cast(Tensor, _Acts.apply(rows, action, kappa))


class _Acts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, action: Tensor, kappa: float) -> Tensor:
        seen, wished = rows.contiguous().numpy(), action.detach().contiguous().numpy()
        stakes, terms = np.empty_like(wished), np.empty((*seen.shape[:2], ACT_TERMS), dtype=wished.dtype)
        _forward(seen, wished, wished.dtype.type(kappa), stakes, terms)
        ctx.kept = seen, stakes, terms, kappa
        return torch.from_numpy(terms)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        seen, stakes, terms, kappa = ctx.kept
        found = np.empty_like(stakes)
        _backward(seen, stakes, terms, stakes.dtype.type(kappa), grad_outputs[0].contiguous().numpy(), found)
        return None, torch.from_numpy(found), None


@njit(cache=True)
def _shares(rows: Float32Array) -> tuple[float, float, float]:
    """Count of tradable symbols (1 at least), prior weight on them, and what is not frozen."""
    count, invested, frozen = 0.0, 0.0, 0.0
    for n in range(rows.shape[0]):
        count += rows[n, TRADABLE]
        invested += rows[n, PRIOR] * rows[n, TRADABLE]
        frozen += rows[n, HELD] * (1.0 - rows[n, TRADABLE])
    count = max(count, 1.0)
    return count, invested / count, 1.0 - frozen / count


@njit(cache=True)
def _forward(rows: Float32Array, action: Float32Array, kappa: float, stakes: Float32Array, terms: Float32Array) -> None:
    """`stakes` (B, N + 1) are the shares of the unfrozen book that an action makes, cash last."""
    symbols = rows.shape[1]
    for b in range(rows.shape[0]):
        count, invested, rest = _shares(rows[b])
        total = max(1.0 - invested, 0.0) * np.exp(kappa * action[b, symbols])
        stakes[b, symbols] = total
        for n in range(symbols):
            stakes[b, n] = rows[b, n, PRIOR] * rows[b, n, TRADABLE] / count * np.exp(kappa * action[b, n])
            total += stakes[b, n]
        for n in range(symbols + 1):
            stakes[b, n] /= total
        for n in range(symbols):
            weight = stakes[b, n] * rest * count
            active = weight - rest * rows[b, n, PRIOR] * rows[b, n, TRADABLE]
            trade = weight - rows[b, n, HELD] * rows[b, n, TRADABLE]
            terms[b, n, 0], terms[b, n, 1], terms[b, n, 2] = active, trade, abs(trade)
            terms[b, n, 3], terms[b, n, 4] = active * active, active * trade


@njit(cache=True)
def _backward(
    rows: Float32Array, stakes: Float32Array, terms: Float32Array, kappa: float, given: Float32Array,
    found: Float32Array,
) -> None:  # fmt: skip
    """Gradient `found` (B, N + 1) of the action from that of the terms."""
    symbols = rows.shape[1]
    for b in range(rows.shape[0]):
        count, _, rest = _shares(rows[b])
        reach, common = kappa * rest * count, 0.0
        for n in range(symbols):
            active, trade, g = terms[b, n, 0], terms[b, n, 1], given[b, n]
            by_weight = g[0] + g[1] + g[2] * np.sign(trade) + 2.0 * g[3] * active + g[4] * (active + trade)
            found[b, n] = by_weight
            common += by_weight * stakes[b, n]
        for n in range(symbols):
            found[b, n] = reach * stakes[b, n] * (found[b, n] - common)
        found[b, symbols] = -reach * stakes[b, symbols] * common
