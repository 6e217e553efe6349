"""What rows of a team owe each other: a shared reward, a price on crowding, and spreading their money."""

from __future__ import annotations

import numpy as np

from data.market import FloatArray, IntArray


def team_means(values: FloatArray, teams: IntArray) -> FloatArray:
    """For each row the mean of `values` (N,) over the rows of its team; `teams` (N,) in [0, M)."""
    return (np.bincount(teams, weights=values) / np.maximum(np.bincount(teams), 1))[teams]


def cooperation(reward: FloatArray, teams: IntArray, share: float) -> FloatArray:
    """What sharing adds to each row's reward (N,): share x (mean of the team - own). A team's sum does not change."""
    return share * (team_means(reward, teams) - reward)


def crowding(trades: FloatArray, groups: IntArray) -> FloatArray:
    """What each row's trade (N,), a signed fraction of its sleeve, pays for going where the others go, in [0, 1].

    |trade| x the mean signed trade of the other rows of its group (asset class) on the same side. Alone, or with the
    others trading the other way, it is 0. Temporary impact is linear in the flow of others here, as in Almgren and
    Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3 (2001) 5-39, so that what a group pays
    grows with the square of its common flow.
    """
    trades = np.clip(trades, -1.0, 1.0)
    flow, size = np.bincount(groups, weights=trades)[groups], np.bincount(groups)[groups]
    others = np.divide(flow - trades, size - 1, out=np.zeros_like(trades), where=size > 1)
    return np.clip(np.maximum(trades * others, 0.0), 0.0, 1.0)


def spread(targets: FloatArray, teams: IntArray) -> FloatArray:
    """Diversification of each row's team (N,), in [0, 1]: 1 less the Herfindahl index of the team's money, normalised.

    Each of a team's K rows has 1/K of its money and puts `targets` (N,) of that, its absolute value, into its symbol;
    the rest is cash, one more holding. Equal holdings (cash too) are 1, a single one is 0. Of a team of one row it is
    rl.reward.kernel.diversification.
    """
    size = np.bincount(teams)
    weight = np.minimum(np.abs(targets), 1.0) / size[teams]
    held, squares = np.bincount(teams, weights=weight), np.bincount(teams, weights=weight**2)
    concentration = squares + np.maximum(1.0 - held, 0.0) ** 2
    return np.clip((1.0 - concentration) * (size + 1.0) / np.maximum(size, 1), 0.0, 1.0)[teams]
