"""The limits as constraints of a convex problem in the sizes of the free weights (cvxpy, solved by Clarabel)."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from data.market import BoolArray, FloatArray, IntArray
from tools.risk.exposures import SLACK, kept, room_in
from tools.risk.measures import beta, historical_place, weighted, worst_bars
from tools.risk.portfolio import GRAIN
from tools.risk.situation import Situation
from tools.risk.tails import shape

INSIDE = 1e-6
"""Share of each cap that the solver leaves at first."""
LEAST = 1e-5
"""Price of any cut beside its square: without it the solver cannot tell a tiny one from none."""
NEAR = 1e-5
"""Weights that the solver moved less than this are held where they were, and the others solved again."""
DUST = 1e-7
"""Sizes under this are 0."""
SETTINGS = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-9, "direct_solve_method": "qdldl"}
"""Of Clarabel: tighter than its own, and the solver of linear systems that runs on one thread."""
SOLVED = ("optimal", "optimal_inaccurate")


class Bound(NamedTuple):
    """`amount` <= `cap`: a convex expression of the weights that it `holds` (S,), or one of each (F,) of `columns`."""

    limit: str
    amount: Any
    cap: float
    holds: BoolArray
    columns: IntArray
    shrinks: bool
    """Whether smaller weights always use less of it: then it is of no interest once it is met."""

    def within(self, share: float) -> Any:
        """The constraint that no more than `share` of the cap is used, in shares: caps differ by powers of ten."""
        return self.amount / self.cap <= share if self.cap > 0.0 else self.amount <= 0.0

    def met(self) -> bool:
        """Whether the present sizes are within it."""
        return float(np.max(self.amount.value)) <= self.cap * SLACK

    def used(self, column: int) -> float:
        """How much of the cap is used, 1 is all, by the weight in a column or by all of them together."""
        value = np.asarray(self.amount.value, dtype=np.float64)
        amount = float(value[int(np.searchsorted(self.columns, column))] if value.ndim else value)
        return amount / self.cap if self.cap > 0.0 else 1.0


@dataclass(frozen=True, slots=True)
class Problem:
    """F free weights: sizes `x` (F,) of `sign` (F,) in `columns` (F,) of the S; what is frozen is `fixed` (S,)."""

    cp: Any
    x: Any
    weights: FloatArray
    fixed: FloatArray
    columns: IntArray
    sign: FloatArray
    past: FloatArray
    """What each free weight of 1 would have returned, by its sign (R', F)."""
    fixed_past: FloatArray
    """(R',)"""
    rows: BoolArray
    s: Situation

    def bounds(self, guess: FloatArray | None = None) -> Iterator[Bound]:
        """All limits there are, in the order of the clamps; what is not convex is taken at the weights `guess` (S,).

        Without a guess, it is taken at those that were asked for, and historical VaR is left out.
        """
        self.x.value = self.most
        for bound in (*self._of_sizes(), *self._of_the_whole(), *self._of_tails(guess)):
            if math.isfinite(bound.cap) and not (bound.shrinks and bound.met()):
                yield bound

    def solve(self, bounds: list[Bound], inside: float = INSIDE) -> FloatArray:
        """The nearest weights (S,) within `bounds`, in whole grains towards zero; ValueError where none are found.

        `inside` is the share of each cap that is left, so that the solver's last digits stay within it.
        """
        within = [bound.within(1.0 - inside) for bound in bounds]
        sizes = self._minimise([self.x >= 0.0, self.x <= self.most, *within])
        near = self.most - sizes < NEAR
        if near.any() and not near.all():
            try:
                sizes = self._minimise([self.x[~near] >= 0.0, self.x[near] == self.most[near], *within])
            except ValueError:
                near[:] = False  # they were not to be left alone after all
        sizes = np.where(near, self.most, np.where(sizes < DUST, 0.0, np.floor(sizes / GRAIN) * GRAIN))
        self.x.value = sizes = np.minimum(sizes, self.most)
        found = self.fixed.copy()
        found[self.columns] = self.sign * sizes
        return found

    @property
    def most(self) -> FloatArray:
        """The sizes that were asked for (F,)."""
        return np.abs(self.weights[self.columns])

    def _minimise(self, constraints: list[Any]) -> FloatArray:
        cp = self.cp
        cut = self.most - self.x
        asked = cp.Problem(cp.Minimize(cp.sum_squares(cut) + LEAST * cp.sum(cut)), constraints)
        try:
            asked.solve(solver=cp.CLARABEL, **SETTINGS)
        except cp.error.SolverError as error:
            raise ValueError(str(error)) from error
        if asked.status not in SOLVED:
            raise ValueError(f"the solver found the limits {asked.status}")
        return np.asarray(self.x.value, dtype=np.float64)

    def _bound(
        self, limit: str, amount: Any, cap: float, holds: FloatArray | None = None, shrinks: bool = False
    ) -> Bound:
        holding = np.zeros(self.weights.size, dtype=np.bool_)
        holding[self.columns] = True if holds is None else holds > 0.0
        return Bound(limit, amount, cap, holding, self.columns, shrinks)

    def _of_sizes(self) -> Iterator[Bound]:
        cp, s = self.cp, self.s
        yield self._bound("max_name_weight", self.x, s.limits.max_name_weight, shrinks=True)
        for limit, groups in s.groups.items():
            for group in groups:
                members = group.members[self.columns]
                if members.any():
                    room = room_in(group, self.weights, s)
                    yield self._bound(limit, members @ self.x, room, members, shrinks=True)
        opened = cp.pos(self.x - np.abs(kept(self.weights, s))[self.columns])
        yield self._bound("max_turnover_per_cycle", cp.sum(opened), s.limits.max_turnover_per_cycle, shrinks=True)
        room = s.room[self.columns]
        share = cp.multiply(1.0 / np.maximum(room, GRAIN), opened)
        yield self._bound("max_participation", share, 1.0, np.isfinite(room).astype(np.float64), shrinks=True)

    def _of_the_whole(self) -> Iterator[Bound]:
        cp, s, limits = self.cp, self.s, self.s.limits
        net, one_side = float(self.fixed.sum()), bool(np.all(self.sign == self.sign[0]))
        shrinks = one_side and net * self.sign[0] >= 0.0
        yield self._bound("max_net", cp.abs(net + self.sign @ self.x), limits.max_net, shrinks=shrinks)
        if limits.max_beta is not None:
            benchmark = s.benchmark[self.rows]
            each = np.array([beta(column, benchmark) for column in self.past.T])
            yield self._bound("max_beta", cp.abs(beta(self.fixed_past, benchmark) + each @ self.x), limits.max_beta)
        yield self._bound(
            "max_volatility_annual", self._deviation() * s.bars_per_year**0.5, limits.max_volatility_annual
        )
        if limits.max_stress_loss is not None:
            yield self._bound("max_stress_loss", self._stress_loss(), limits.max_stress_loss)

    def _of_tails(self, guess: FloatArray | None) -> Iterator[Bound]:
        cp, limits = self.cp, self.s.limits
        past = self.fixed_past + self.past @ self.x
        now = weighted(self.s.returns[self.rows], self.weights if guess is None else guess)
        if limits.var_method == "historical":
            worst = worst_bars(now.size)
            yield self._bound("max_cvar_95", cp.sum_largest(-past, worst) / worst, limits.max_cvar_95)
            if guess is not None:
                spared = np.argsort(now, kind="stable")[historical_place(now.size) :]
                yield self._bound("max_var_95", cp.max(-past[spared]), limits.max_var_95)
            return
        bent, mean = shape(now, limits.var_method), cp.sum(past) / now.size
        for limit, cap, factor in (
            ("max_var_95", limits.max_var_95, bent.var),
            ("max_cvar_95", limits.max_cvar_95, bent.cvar),
        ):
            yield self._bound(limit, max(0.0, factor) * self._deviation() - mean, cap)

    def _deviation(self) -> Any:
        centred, fixed = self.past - self.past.mean(axis=0), self.fixed_past - self.fixed_past.mean()
        return self.cp.norm(fixed + centred @ self.x) / (self.fixed_past.size - 1) ** 0.5

    def _stress_loss(self) -> Any:
        """The largest loss of any scenario and any window, as in portfolio.stress_loss."""
        s, bars = self.s, min(self.s.limits.stress_window_bars, self.fixed_past.size)
        scenarios = s.shocks[:, self.columns] * self.sign
        moves = np.concatenate((scenarios, _windows(self.past, bars)))
        fixed = np.concatenate((weighted(s.shocks, self.fixed), _windows(self.fixed_past[:, None], bars)[:, 0]))
        return self.cp.max(-(fixed + moves @ self.x))


def pose(weights: FloatArray, rows: BoolArray, s: Situation) -> Problem:
    """The problem of the weights (S,) over the past `rows` (R,); ImportError where cvxpy is not installed."""
    cp: Any = importlib.import_module("cvxpy")
    columns = np.flatnonzero(~s.frozen & (weights != 0.0))
    if not columns.size:
        raise ValueError("nothing can be traded")
    sign = np.sign(weights[columns])
    fixed = np.where(s.frozen, weights, 0.0)
    past = s.returns[rows]
    return Problem(
        cp=cp, x=cp.Variable(columns.size), weights=weights, fixed=fixed, columns=columns, sign=sign,
        past=past[:, columns] * sign, fixed_past=weighted(past, fixed), rows=rows, s=s,
    )  # fmt: skip


def _windows(returns: FloatArray, bars: int) -> FloatArray:
    """Sums of `bars` successive rows (R, F) -> (R - bars + 1, F)."""
    total = np.concatenate((np.zeros((1, returns.shape[1])), np.cumsum(returns, axis=0)))
    return total[bars:] - total[: total.shape[0] - bars]
