"""What the meta-controller decides on: the views as an array, the book as weights, the names in their order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agents.view import View, by_agent
from data.errors import InputError
from data.market import CASH, FloatArray
from rl.meta.inputs import AGENTS, stack_views
from tools.execution.book import Book


@dataclass(frozen=True, slots=True)
class Holdings:
    """The book as weights.

    `strangers` are the weights (fractions of net asset value) of symbols that the snapshot does not carry; `held`
    (S + 1,) is over its symbols and cash, as fractions of what is left, and sums to 1.
    `drawdown` is 1 - value / peak.
    """

    held: FloatArray
    strangers: dict[str, float]
    drawdown: float

    @property
    def share(self) -> float:
        """What is left of net asset value beside strangers."""
        return 1.0 - math.fsum(self.strangers.values())


def present_agents(views: tuple[View, ...]) -> tuple[int, ...]:
    """Columns of the agents that did not abstain, ascending."""
    spoke = {v.agent for v in views if not v.abstained}
    return tuple(i for i, agent in enumerate(AGENTS) if agent in spoke)


def views_array(views: tuple[View, ...], symbols: tuple[str, ...]) -> FloatArray:
    """Views (S, A, 3) of score, confidence, known; unknown opinions are 0 with known 0. Raises on a stranger's view."""
    strangers = sorted({v.agent for v in views} - set(AGENTS))
    if strangers:
        raise InputError(f"no such agent: {', '.join(strangers)}", f"agents are {', '.join(AGENTS)}")
    score = np.full((len(symbols), len(AGENTS)), np.nan)
    confidence = score.copy()
    for agent, view in by_agent(views).items():
        column = AGENTS.index(agent)
        for row, symbol in enumerate(symbols):
            said = view.opinions.get(symbol)
            if said is not None:
                score[row, column], confidence[row, column] = said.score, said.confidence
    return stack_views(score, confidence)


def holdings(book: Book, symbols: tuple[str, ...]) -> Holdings:
    """The book's weights; raises InputError where it cannot be valued: a position without a mark, or no value left."""
    unmarked = sorted(s for s, p in book.positions.items() if p.quantity and not _priced(book.marks.get(s)))
    if unmarked:
        raise InputError(f"no price for {', '.join(unmarked)}", "the book cannot be valued")
    value = book.net_asset_value
    if not math.isfinite(value) or value <= 0.0:
        raise InputError("the book has no value", "fund it, or open another book")
    weights = book.weights()
    strangers = {s: w for s, w in weights.items() if s not in symbols and s != CASH and w != 0.0}
    share = 1.0 - math.fsum(strangers.values())
    if share <= 0.0:
        raise InputError("all value is in symbols that this source does not carry", "hold this cycle")
    held = np.array([weights.get(s, 0.0) for s in (*symbols, CASH)]) / share
    drawdown = max(0.0, 1.0 - value / book.peak_value) if book.peak_value > 0.0 else 0.0
    return Holdings(held, strangers, drawdown)


def _priced(mark: float | None) -> bool:
    return mark is not None and math.isfinite(mark) and mark > 0.0
