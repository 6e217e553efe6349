"""Walk a slice of history with a controller, its prior and equal weight, at the same costs, and say how each did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data.market import FloatArray
from rl.meta.actor import Actor
from rl.meta.books import open_books
from rl.meta.inputs import MetaInputs, assemble
from rl.meta.tape import Tape, check_rows
from rl.meta.tilt import tilt
from rl.training.figures import figures
from tools.portfolio.prior import equal_weight as equal_shares

Rule = Callable[[MetaInputs, FloatArray], FloatArray]
"""(inputs, views (1, S, 7, 3)) -> weights (1, S + 1); `MetaPolicy.weights` is one."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A book over n decisions: `growth` (n,) of value per slot, `turnover` (n,), `weights` (n, S + 1) wanted."""

    growth: FloatArray
    turnover: FloatArray
    weights: FloatArray
    bars_per_year: float

    def figures(self) -> dict[str, float]:
        """sharpe, annual_return, annual_volatility, max_drawdown of `rl.training.figures`, and turnover a year."""
        turnover = float(self.turnover.mean()) * self.bars_per_year
        return figures(self.growth - 1.0, self.bars_per_year) | {"turnover": turnover}


def walk(tape: Tape, rows: slice, rule: Rule) -> Walk:
    """Decide at every slot of `rows` but the last, from all cash, with every symbol of the tape.

    The observation is the cycle's: book weights and drawdown are those of this very walk.
    """
    return walk_many(tape, rows, [rule])[0]


def walk_many(tape: Tape, rows: slice, rules: Sequence[Rule]) -> list[Walk]:
    """`walk` for several rules, each with its own book."""
    first, stop = check_rows(tape, rows, 1)
    symbols = tape.tradable.shape[1]
    cash = np.zeros((len(rules), symbols + 1))
    cash[:, -1] = 1.0
    books = open_books(cash)
    shape = (stop - first, len(rules))
    growth, turnover, wanted = np.empty(shape), np.empty(shape), np.empty((*shape, symbols + 1))
    everything = np.arange(symbols)[None]
    costs = np.broadcast_to(tape.cost_bps, (len(rules), symbols)).copy()
    for n, row in enumerate(range(first, stop)):
        tradable = tape.tradable[row]
        prior = tape.priors(np.array([row]), everything)[0]
        for b, rule in enumerate(rules):
            inputs = assemble(tape.market[row], tape.shared[row], tradable, prior, books.held[b], books.drawdown[b])
            wanted[n, b] = rule(inputs, tape.views[row][None])[0]
        to_fill, to_close = (np.repeat(block[row][None], len(rules), axis=0) for block in (tape.to_fill, tape.to_close))
        growth[n] = books.advance(wanted[n], to_fill, to_close, costs)
        turnover[n] = books.turnover
    return [Walk(growth[:, b], turnover[:, b], wanted[:, b], tape.bars_per_year) for b in range(len(rules))]


def prior_rule(inputs: MetaInputs, views: FloatArray) -> FloatArray:
    """The prior itself: r = 0."""
    r = np.zeros((views.shape[0], inputs.prior.size))
    return tilt(inputs.prior, inputs.held, inputs.tradable, r, 0.0)


def equal_weight(inputs: MetaInputs, views: FloatArray) -> FloatArray:
    """The same share of every tradable symbol, and the prior's cash; what is held where nothing can be traded."""
    weights = equal_shares(inputs.tradable, inputs.held) if inputs.tradable.any() else inputs.held
    return np.repeat(weights[None], views.shape[0], axis=0)


def actor_rule(actor: Actor) -> Rule:
    """An actor that has not been put into a bundle yet."""

    def rule(inputs: MetaInputs, views: FloatArray) -> FloatArray:
        return tilt(inputs.prior, inputs.held, inputs.tradable, actor.tilts(inputs, views), actor.kappa)

    return rule
