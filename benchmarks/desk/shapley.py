"""Exact Shapley values of twelve sources and 143 symbols through the controller. Run: python -m benchmarks.desk.shapley

Against it: a loop over the same coalitions that asks the same network for one at a time, and the sampling of orders
that libraries of explanations fall back on, with as many questions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.meta.attribution import shapley
from benchmarks.figures import Figure, figure, median_seconds, publish
from data.features.catalog import SHARED_SPECS
from data.market import FloatArray
from rl.meta.actor import Actor, actor_shapes
from rl.meta.inputs import AGENTS, SHARED_BOOK_COLUMNS, MetaInputs, assemble
from rl.meta.shown import Source, agent_sources, input_sources, worth
from rl.meta.tilt import tilt

SYMBOLS, HIDDEN, MIXED = 143, 32, 16
"""As large as the shipped network."""
GROUPS = ("returns", "momentum", "volatility", "macro", "regime")
LOOPED = 256
"""Coalitions that the loop is timed on; its time for all is in proportion."""


def main() -> None:
    """Measure and publish."""
    publish("desk_shapley", measured(np.random.default_rng(0)))


def measured(rng: np.random.Generator) -> list[Figure]:
    """All figures."""
    actor, inputs, views = _case(rng)
    sources = _sources()
    values = shapley(worth(actor, inputs, views, sources))
    whole = worth(actor, inputs, views, sources)
    exact = median_seconds(lambda: shapley(worth(actor, inputs, views, sources)), 15)
    looped = median_seconds(lambda: _one_at_a_time(actor, inputs, views, sources, range(LOOPED)), 3)
    looped *= len(whole) / LOOPED
    agreement = _one_at_a_time(actor, inputs, views, sources, range(0, len(whole), 97)) - whole[::97]
    sampled = _by_orders(whole, len(sources), len(whole) // (len(sources) + 1), rng)
    what = f"{len(sources)} sources ({len(AGENTS)} views, {len(GROUPS)} groups of features), {SYMBOLS} symbols and cash"
    size = f"{len(whole)} coalitions, network of {HIDDEN} and {MIXED} units"
    reached = np.abs(values.sum(axis=0) - (whole[-1] - whole[0])).max()
    return [
        figure("exact Shapley values", exact, "s", f"median of 15 warm, {what}, {size}"),
        figure("the same, a coalition at a time", looped, "s", f"{LOOPED} of them timed, in numpy, {size}"),
        figure("times faster than a coalition at a time", looped / exact, "x", size),
        _small("largest difference between the two", float(np.abs(agreement).max()), "weight", size),
        _small("largest gap of the sum", float(reached), "weight", "contributions against the weights"),
        _small("largest error of sampled orders", float(np.abs(sampled - values).max()), "weight",
                      f"as many questions; the largest value is {np.abs(values).max():.4f}"),
    ]  # fmt: skip


def _small(name: str, value: float, unit: str, note: str) -> Figure:
    """A figure too small for four decimals."""
    return replace(figure(name, 0.0, unit, note), value=float(f"{value:.3g}"))


def _sources() -> tuple[Source, ...]:
    groups = input_sources(tuple(spec.name for spec in SHARED_SPECS))
    return (*agent_sources(range(len(AGENTS))), *(group for group in groups if group.name in GROUPS))


def _case(rng: np.random.Generator) -> tuple[Actor, MetaInputs, FloatArray]:
    shared = len(SHARED_SPECS) + len(SHARED_BOOK_COLUMNS)
    tensors = {n: 0.3 * rng.standard_normal(shape) for n, shape in actor_shapes(HIDDEN, MIXED, shared).items()}
    tradable = np.ones(SYMBOLS, dtype=np.bool_)
    prior, held = (rng.dirichlet(np.ones(SYMBOLS + 1)) for _ in range(2))
    market, common = rng.standard_normal((SYMBOLS, 6)), rng.standard_normal(len(SHARED_SPECS))
    inputs = assemble(market, common, tradable, prior, held, np.float64(0.1))
    views = rng.uniform(-1.0, 1.0, (SYMBOLS, len(AGENTS), 3))
    views[..., 1], views[..., 2] = np.abs(views[..., 1]), 1.0
    return Actor(tensors | {"kappa": np.array([1.0])}), inputs, views


def _one_at_a_time(
    actor: Actor, inputs: MetaInputs, views: FloatArray, sources: tuple[Source, ...], wanted: range
) -> FloatArray:
    """Weights of the coalitions `wanted`, the network asked anew for each."""
    out: list[FloatArray] = []
    for coalition in wanted:
        symbol, shared, shown = inputs.symbol.copy(), inputs.shared.copy(), np.zeros_like(views)
        for i, source in enumerate(sources):
            if coalition >> i & 1:
                if source.agent >= 0:
                    shown[:, source.agent] = views[:, source.agent]
            else:
                symbol[:, list(source.symbol)], shared[list(source.shared)] = 0.0, 0.0
        seen = MetaInputs(inputs.prior, inputs.held, inputs.tradable, symbol, shared)
        tilts = actor.tilts(seen, shown[None])
        out.append(tilt(inputs.prior, inputs.held, inputs.tradable, tilts, actor.kappa)[0])
    return np.array(out)


def _by_orders(whole: FloatArray, sources: int, orders: int, rng: np.random.Generator) -> FloatArray:
    """Marginal effects averaged over random orders of speaking."""
    out: FloatArray = np.zeros((sources, whole.shape[1]))
    for _ in range(orders):
        shown = 0
        for source in rng.permutation(sources):
            joined = shown | 1 << int(source)
            out[source] += whole[joined] - whole[shown]
            shown = joined
    return out / orders


if __name__ == "__main__":
    main()
