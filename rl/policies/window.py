"""Bars as an observation shows them: the window that ends at each slot, oldest bar first, then the context."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from data.market import Float32Array


def windows(block: Float32Array, context: Float32Array | None, window: int, rows: slice) -> Float32Array:
    """The market columns (S, T', W x K + C) of the slots in `rows`, from `block` (S, T, K) and `context` (S, T, C).

    Bars before the first are zeros, as the kernel shows them.
    """
    first, stop, _ = rows.indices(block.shape[1])
    if window == 1 and context is None:
        return block[:, first:stop]
    missing = max(0, window - 1 - first)
    bars = np.pad(block[:, max(0, first - window + 1) : stop], ((0, 0), (missing, 0), (0, 0)))
    shown = sliding_window_view(bars, window, axis=1).transpose(0, 1, 3, 2).reshape(len(block), stop - first, -1)
    return shown if context is None else np.concatenate([shown, context[:, first:stop]], axis=2)
