"""The oracle of a planted world: who knows its law, and decides by dynamic programming with the agents' own actions.

It maximises the average net return a bar, which is what PPO's rewards add up to, by relative value iteration (Puterman
1994, section 8.5) on a grid of (z, position). Between bars a position is taken to stay what it is: its drift with the
price, of the order of one volatility, is left out, and is nothing at all for the positions 0 and 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.market import Float32Array, FloatArray
from rl.actions import N_ACTIONS, Action
from rl.observation import MASK, OWN
from rl.policies.opinion import asked_for
from rl.worlds.planted import BARS_PER_YEAR, PLANTED, Process

REACH = 5.0
"""The grid of z spans as many standard deviations on either side: what lies beyond has a probability under 1e-6."""
POINTS = 101
"""Of z: a spacing of 0.1, a quarter of the standard deviation of a step at a memory of 0.9; twice as many move the
average by less than 1 %. The products stay small enough for one thread."""
POSITIONS = 17
"""Sixteenths of the sleeve: the quarters that are bought and what halving them twice leaves."""
BAND = 0.01
"""To this the ends of the no-trade band are told."""
TOLERANCE = 1e-10
"""Span of the last change of the values, in bar volatilities, at which iteration stops."""
ROUNDS = 4_000
"""A memory of 0.99 takes about 2,500."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """The best stationary policy of a process."""

    process: Process
    value: FloatArray
    """(POINTS, POSITIONS): expected value of the next bars, in bar volatilities, given z now and the position that is
    ordered now."""
    average: float
    """Average net return a bar of the policy, in bar volatilities, on the grid."""

    def logits(self, obs: Float32Array) -> FloatArray:
        """(N, 7) for observations (N, 64) of a planted world: 0 for its choice and -inf for all others.

        The same answer as a trained network's, so that one evaluation walks both.
        """
        z, held = (obs[:, column].astype(np.float64) for column in (PLANTED, OWN.start))
        gain = np.where(obs[:, MASK] > 0.5, self.gain(z, held), -np.inf)
        chosen = np.arange(N_ACTIONS) == gain.argmax(axis=1)[:, None]
        return np.where(chosen, 0.0, -np.inf)

    def gain(self, z: FloatArray, position: FloatArray) -> FloatArray:
        """What each action is worth from z (N,) and the `position` (N,) held, in bar volatilities: (N, 7)."""
        targets = asked_for(position)
        now = bar_value(self.process, z[:, None], position[:, None], targets)
        return now + _looked_up(self.value, z[:, None], targets)


def bar_value(process: Process, z: FloatArray, position: FloatArray, target: FloatArray) -> FloatArray:
    """Expected net return of one bar, in bar volatilities, for arrays that broadcast: the position to the fill, the
    target from there, costs paid."""
    held = process.gap * position + (1.0 - process.gap) * target
    cost = process.cost_bps * 1e-4 / process.volatility
    return process.information * z * held - cost * np.abs(target - position)


def solve(process: Process) -> Oracle:
    """The oracle of a process.

    Raises InputError where the values do not settle: a memory so close to 1 that z hardly ever comes back.
    """
    z, positions, odds = z_grid(), np.linspace(0.0, 1.0, POSITIONS), transitions(process.memory)
    targets = asked_for(positions)
    gain = bar_value(process, z[:, None, None], positions[:, None], targets)
    low, share = _cell(targets, 0.0, 1.0, POSITIONS)
    value = np.zeros((POINTS, POSITIONS))
    for _ in range(ROUNDS):
        ahead = value[:, low] * (1.0 - share) + value[:, low + 1] * share
        change = odds @ (gain + ahead).max(axis=2) - value
        value += change - change[POINTS // 2, 0]
        if float(np.ptp(change)) < TOLERANCE:
            return Oracle(process, value, float(change.mean()))
    raise InputError(f"no oracle found for a memory of {process.memory}", "choose a memory of at most 0.99")


def thresholds(oracle: Oracle) -> tuple[float, float]:
    """The no-trade band: the oracle buys all above the second and sells all below the first (infinite if never).

    The problem is linear in the position, so it never wants a part; the band widens with costs.
    """
    z = np.linspace(-REACH, REACH, 1 + round(2.0 * REACH / BAND))
    bought, sold = (oracle.gain(z, np.full(z.size, held)).argmax(axis=1) != Action.HOLD for held in (0.0, 1.0))
    return (
        float(z[sold].max()) if sold.any() else -math.inf,
        float(z[bought].min()) if bought.any() else math.inf,
    )


def free_sharpe(process: Process) -> float:
    """Annualised Sharpe ratio of the oracle where trading is free, in closed form: long exactly while z > 0.

    With p the position, E[r] = information (1 - gap + gap memory) phi(0) and E[r^2] = 1/2 (to the square of the
    information), in bar volatilities. Of one sleeve; it is the ceiling of every net one.
    """
    mean = process.information * (1.0 - process.gap + process.gap * process.memory) / math.sqrt(2.0 * math.pi)
    return mean / math.sqrt(0.5 - mean**2) * math.sqrt(BARS_PER_YEAR)


def z_grid() -> FloatArray:
    """(POINTS,) values of z."""
    return np.linspace(-REACH, REACH, POINTS)


def transitions(memory: float) -> FloatArray:
    """(POINTS, POINTS): odds of the next z by the one now, from the normal law of the cells (Tauchen 1986)."""
    z = z_grid()
    edges = 0.5 * (z[1:] + z[:-1])
    scaled = (edges[None, :] - memory * z[:, None]) / math.sqrt(2.0 * (1.0 - memory**2))
    below = 0.5 * (1.0 + np.vectorize(math.erf)(scaled))
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def _cell(x: FloatArray, first: float, last: float, points: int) -> tuple[np.ndarray, FloatArray]:
    """The grid point at or below each x and how far x is towards the next one, in [0, 1]."""
    place = (np.clip(x, first, last) - first) / (last - first) * (points - 1)
    low = np.minimum(place.astype(np.int64), points - 2)
    return low, place - low


def _looked_up(value: FloatArray, z: FloatArray, position: FloatArray) -> FloatArray:
    """Bilinear interpolation of `value` (POINTS, POSITIONS) at arrays that broadcast."""
    (i, u), (j, v) = _cell(z, -REACH, REACH, POINTS), _cell(position, 0.0, 1.0, POSITIONS)
    below = value[i, j] * (1.0 - v) + value[i, j + 1] * v
    above = value[i + 1, j] * (1.0 - v) + value[i + 1, j + 1] * v
    return below * (1.0 - u) + above * u
