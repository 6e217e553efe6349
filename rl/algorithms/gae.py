"""Generalised advantage estimation on (T, N) columns, for environments that reset on the step after a row is done."""

from __future__ import annotations

import numpy as np

from data.compiled import njit
from data.market import BoolArray, FloatArray


@njit(cache=True)
def advantages(
    rewards: FloatArray,
    values: FloatArray,
    terminated: BoolArray,
    truncated: BoolArray,
    done_before: BoolArray,
    gamma: float,
    lam: float,
) -> tuple[FloatArray, BoolArray]:
    """Advantages (T, N) and which transitions are real (T, N).

    `rewards`, `terminated`, `truncated` (T, N) follow the action at t; `values` (T + 1, N) are of the observation the
    action was taken on, the last row of the one after it; `done_before` (N,) is True where the step before the first
    one ended an episode. A truncated step bootstraps from its final observation, which is the next row; the transition
    after a done one is the reset and is not real: its advantage is 0 and nothing flows through it.
    """
    steps, rows = rewards.shape
    result, real = np.zeros((steps, rows)), np.ones((steps, rows), dtype=np.bool_)
    for n in range(rows):
        carried = 0.0
        for t in range(steps - 1, -1, -1):
            real[t, n] = not (done_before[n] if t == 0 else terminated[t - 1, n] or truncated[t - 1, n])
            if not real[t, n]:
                carried = 0.0
                continue
            bootstrap = 0.0 if terminated[t, n] else gamma * values[t + 1, n]
            carried = rewards[t, n] + bootstrap - values[t, n] + gamma * lam * carried
            result[t, n] = carried
    return result, real
