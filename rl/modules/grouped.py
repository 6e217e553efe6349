"""A linear map of its own for every row's head, compiled: about as fast as one map for all rows.

Sums run in a fixed order in one thread, so the same batch gives the same bits. The compiler may reassociate and
contract them; it may not assume them finite: NaN stays NaN.
"""

from __future__ import annotations

import numpy as np

from data.compiled import OPTIONS, njit
from data.market import Float32Array, IntArray

BLOCK = 1024
"""Rows whose gradients are taken at a time: with 144 heads of 64 by 8 what they touch stays in a cache of 1 MB."""
_SUMS = {"reassoc", "contract", "nsz"}
ZERO = np.float32(0.0)


@njit(**OPTIONS, fastmath=_SUMS)
def whole_heads(
    generic: Float32Array, generic_bias: Float32Array, offset: Float32Array, offset_bias: Float32Array,
    weight: Float32Array, bias: Float32Array,
) -> None:  # fmt: skip
    """Write each head whole, generic plus offset, into `weight` (H, O, I) and `bias` (H, O); head 0 has no offset."""
    heads, outputs, inputs = weight.shape
    for o in range(outputs):
        bias[0, o] = generic_bias[o]
        for k in range(inputs):
            weight[0, o, k] = generic[o, k]
    for h in range(1, heads):
        for o in range(outputs):
            bias[h, o] = generic_bias[o] + offset_bias[h - 1, o]
            for k in range(inputs):
                weight[h, o, k] = generic[o, k] + offset[h - 1, o, k]


@njit(**OPTIONS, fastmath=_SUMS)
def forward_rows(
    x: Float32Array, head: IntArray, generic: Float32Array, generic_bias: Float32Array, offset: Float32Array,
    offset_bias: Float32Array, weight: Float32Array, bias: Float32Array, out: Float32Array,
) -> bool:  # fmt: skip
    """out[i] = weight[head[i]] @ x[i] + bias[head[i]]; four outputs share a reading of x.

    `weight` and `bias` are written first (`whole_heads`). False where a head does not exist.
    """
    whole_heads(generic, generic_bias, offset, offset_bias, weight, bias)
    inputs = x.shape[1]
    heads, outputs = bias.shape
    for i in range(x.shape[0]):
        h, o = head[i], 0
        if h < 0 or h >= heads:
            return False
        while o + 4 <= outputs:
            a = b = c = d = ZERO
            for k in range(inputs):
                v = x[i, k]
                a += v * weight[h, o, k]
                b += v * weight[h, o + 1, k]
                c += v * weight[h, o + 2, k]
                d += v * weight[h, o + 3, k]
            out[i, o], out[i, o + 1] = a + bias[h, o], b + bias[h, o + 1]
            out[i, o + 2], out[i, o + 3] = c + bias[h, o + 2], d + bias[h, o + 3]
            o += 4
        while o < outputs:
            a = ZERO
            for k in range(inputs):
                a += x[i, k] * weight[h, o, k]
            out[i, o] = a + bias[h, o]
            o += 1
    return True


@njit(**OPTIONS, fastmath=_SUMS)
def backward_rows(
    x: Float32Array, head: IntArray, weight: Float32Array, grad: Float32Array, start: IntArray, order: IntArray,
    grad_x: Float32Array, grad_weight: Float32Array, grad_bias: Float32Array,
    generic: Float32Array, generic_bias: Float32Array,
) -> None:  # fmt: skip
    """Gradients by rows (N, I), by whole heads (H, O, I), (H, O) and, their sum, by what all heads share.

    Rows are taken in blocks, and in a block by head. `start` (H + 1,) and `order` (N,) are room to work in.
    """
    heads, outputs, inputs = weight.shape
    grad_weight[:], grad_bias[:] = ZERO, ZERO
    for first in range(0, head.size, BLOCK):
        sort_rows(head, first, min(first + BLOCK, head.size), start, order)
        for h in range(heads):
            if start[h] < start[h + 1]:
                input_gradient(h, start[h], start[h + 1], order, weight, grad, grad_x)
                weight_gradient(h, start[h], start[h + 1], order, x, grad, grad_weight, grad_bias)
    generic[:], generic_bias[:] = ZERO, ZERO
    for h in range(heads):
        for o in range(outputs):
            generic_bias[o] += grad_bias[h, o]
            for k in range(inputs):
                generic[o, k] += grad_weight[h, o, k]


@njit(**OPTIONS)
def sort_rows(head: IntArray, first: int, last: int, start: IntArray, order: IntArray) -> None:
    """Counting sort of the rows first:last, stable: head h then has the rows order[start[h] : start[h + 1]]."""
    for h in range(start.size):
        start[h] = 0
    for i in range(first, last):
        start[head[i] + 1] += 1
    start[0] = first
    for h in range(1, start.size):
        start[h] += start[h - 1]
    for i in range(first, last):
        order[start[head[i]]] = i
        start[head[i]] += 1
    for h in range(start.size - 1, 0, -1):
        start[h] = start[h - 1]
    start[0] = first


@njit(**OPTIONS, fastmath=_SUMS)
def input_gradient(
    h: int, first: int, last: int, order: IntArray, weight: Float32Array, grad: Float32Array, grad_x: Float32Array
) -> None:
    """grad_x[i] = grad[i] @ weight[h] for the rows order[first:last] of head h."""
    outputs, inputs = weight.shape[1], weight.shape[2]
    for j in range(first, last):
        i, o = order[j], 0
        for k in range(inputs):
            grad_x[i, k] = ZERO
        while o + 4 <= outputs:
            a, b, c, d = grad[i, o], grad[i, o + 1], grad[i, o + 2], grad[i, o + 3]
            for k in range(inputs):
                grad_x[i, k] += (
                    a * weight[h, o, k] + b * weight[h, o + 1, k] + c * weight[h, o + 2, k] + d * weight[h, o + 3, k]
                )
            o += 4
        while o < outputs:
            a = grad[i, o]
            for k in range(inputs):
                grad_x[i, k] += a * weight[h, o, k]
            o += 1


@njit(**OPTIONS, fastmath=_SUMS)
def weight_gradient(
    h: int, first: int, last: int, order: IntArray, x: Float32Array, grad: Float32Array,
    grad_weight: Float32Array, grad_bias: Float32Array,
) -> None:  # fmt: skip
    """Add to head h's gradients those of its rows order[first:last]; four rows share a writing of the sum."""
    outputs, inputs = grad_weight.shape[1], grad_weight.shape[2]
    j = first
    while j + 4 <= last:
        p, q, r, s = order[j], order[j + 1], order[j + 2], order[j + 3]
        for o in range(outputs):
            a, b, c, d = grad[p, o], grad[q, o], grad[r, o], grad[s, o]
            grad_bias[h, o] += a + b + c + d
            for k in range(inputs):
                grad_weight[h, o, k] += a * x[p, k] + b * x[q, k] + c * x[r, k] + d * x[s, k]
        j += 4
    while j < last:
        p = order[j]
        for o in range(outputs):
            a = grad[p, o]
            grad_bias[h, o] += a
            for k in range(inputs):
                grad_weight[h, o, k] += a * x[p, k]
        j += 1
