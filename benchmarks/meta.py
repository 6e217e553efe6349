"""How fast the meta-controller decides and its worlds step. Run: python -m benchmarks.meta"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from app.desk import Desk
from app.settings import load_settings
from benchmarks.figures import Figure, figure, median_seconds, publish
from data.history import History
from rl.meta.actor import Actor, actor_shapes
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.inputs import AGENTS, SHARED_BOOK_COLUMNS, build_inputs, coalition_views
from rl.meta.prior import inverse_volatility
from rl.meta.tape import Tape, build_tape
from rl.meta.tilt import tilt
from rl.threads import limit_threads
from tools.strategies.catalog import STRATEGIES
from tools.strategies.scores import Scores

COALITIONS = 2 ** len(AGENTS)
STEPS = 50


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as home:
        history = _history(Path(home))
    unknown = np.full(history.panel.close.shape, np.nan)
    scores = {name: strategy(history.features) for name, strategy in STRATEGIES.items()}
    meta = MetaConfig()
    limit_threads(meta.threads)
    tape = build_tape(history, scores | {"policy": Scores(unknown, unknown)}, meta.costs)
    figures = [_decision(history, tape), _worlds(tape, meta)]
    publish("meta", figures)


def _history(home: Path) -> History:
    market = Desk(load_settings(home=home, source="simulated")).market
    first, last = market.source.span()
    return market.builder.history(first, market.slots.at_or_before(last))


def _decision(history: History, tape: Tape) -> Figure:
    """Weights of all coalitions of agents, as exact attribution asks for them."""
    rng = np.random.default_rng(0)
    shapes = actor_shapes(MetaConfig().hidden, MetaConfig().mixed, tape.shared.shape[1] + len(SHARED_BOOK_COLUMNS))
    actor = Actor({name: 0.1 * rng.standard_normal(shape) for name, shape in shapes.items()} | {"kappa": np.ones(1)})
    row = int(np.flatnonzero(tape.tradable.any(axis=1))[-1])
    prior = inverse_volatility(tape.volatility[row], tape.tradable[row])
    inputs = build_inputs(history.features, row, tape.tradable[row], prior, prior, 0.0)
    views = coalition_views(tape.views[row], rng.random((COALITIONS, len(AGENTS))) < 0.5)
    tilt(inputs.prior, inputs.held, inputs.tradable, actor.tilts(inputs, views), actor.kappa)
    seconds = median_seconds(
        lambda: tilt(inputs.prior, inputs.held, inputs.tradable, actor.tilts(inputs, views), actor.kappa), 51
    )
    what = f"median of 51, {COALITIONS} coalitions, {tape.tradable.shape[1]} symbols"
    return figure("meta-controller, all coalitions", seconds * 1e3, "ms", what)


def _worlds(tape: Tape, meta: MetaConfig) -> Figure:
    env = AllocationVectorEnv(tape, slice(0, tape.times.size), meta, meta.worlds)
    env.reset(seed=0)
    actions = env.action_space.sample()

    def walk() -> None:
        for _ in range(STEPS):
            env.step(actions)

    walk()
    rate = STEPS * meta.worlds / median_seconds(walk, 5)
    what = f"median of 5 walks of {STEPS} steps of {meta.worlds} worlds of {meta.symbols_per_world} symbols"
    return figure("allocation worlds, one core", rate, "steps/s", what)


if __name__ == "__main__":
    main()
