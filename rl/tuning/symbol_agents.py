"""Symbol agents as a search trains them: one seed on the training dates, judged by the validation dates.

The unseen dates are not looked at: they stay a fair test of what the search chose.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.history import History
from rl.market import hedged
from rl.training.figures import bars_per_year
from rl.training.roster import call_roster
from rl.training.rows import open_rows
from rl.training.split import make_split, rows_in
from rl.training.symbol_agents import fit
from rl.tuning.order import Tell, TrainFunction
from rl.tuning.space import Params, SearchSpace

HELD_OUT = "held-out"
"""The figure that `fit` tells: the annualised Sharpe ratio of what the scores foretold on dates not learned from."""


def symbol_agent_trials(history: History, space: SearchSpace, seed: int) -> TrainFunction:
    """What a trial calls. Everything that can be refused of the history is refused here (InputError)."""
    market, _ = open_rows(history, space.preset)
    first = int(np.argmax(market.arrays.ready.any(axis=1)))
    split = make_split(history.panel.times, space.preset.split_for(history.source), first)
    learn, per_year = rows_in(split.train, market.slots), bars_per_year(history.panel.times)

    def train(params: Params, tell: Tell) -> None:
        preset = space.preset_with(params)
        against = preset.benchmark
        lessons = hedged(market, learn, against.peers, against.own_mean, against.premium)

        def told(fraction: float, figures: Mapping[str, float]) -> None:
            tell(fraction, figures[HELD_OUT])

        roster = call_roster(history, learn, preset)
        fit(lessons, learn, split.validation, preset, preset.ppo.samples, seed, per_year, told, roster=roster)

    return train
