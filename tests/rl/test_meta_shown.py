"""The kernel of coalitions says what the network itself says of each, to the last bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from agents.meta.attribution import shapley
from data.features.catalog import SHARED_SPECS
from data.features.groups import GROUPS
from rl.meta.actor import Actor, actor_shapes
from rl.meta.inputs import AGENTS, SHARED_BOOK_COLUMNS, SYMBOL_COLUMNS, MetaInputs, assemble
from rl.meta.shown import BOOK, Source, agent_sources, input_sources, worth
from rl.meta.tilt import tilt

NAMES = tuple(spec.name for spec in SHARED_SPECS)
GROUPED = input_sources(NAMES)
ALL = (*agent_sources(range(len(AGENTS))), *GROUPED)


def case(seed: int, symbols: int = 9, hidden: int = 6, mixed: int = 5, kappa: float = 1.2):
    """A random network, inputs with two symbols that cannot be traded, and views."""
    rng = np.random.default_rng(seed)
    shapes = actor_shapes(hidden, mixed, len(NAMES) + len(SHARED_BOOK_COLUMNS))
    tensors = {name: rng.standard_normal(shape) * 0.6 for name, shape in shapes.items()}
    tradable = np.ones(symbols, dtype=bool)
    tradable[1 : min(3, symbols - 1)] = False
    prior, held = (rng.dirichlet(np.ones(symbols + 1)) for _ in range(2))
    market = rng.standard_normal((symbols, 6))
    inputs = assemble(market, rng.standard_normal(len(NAMES)), tradable, prior, held, np.float64(0.1))
    views = rng.uniform(-1.0, 1.0, (symbols, len(AGENTS), 3))
    views[:, :, 2] = rng.integers(0, 2, views.shape[:2])
    return Actor(tensors | {"kappa": np.array([kappa])}), inputs, views * views[:, :, 2:]


def asked(actor: Actor, inputs: MetaInputs, views: np.ndarray, sources: tuple[Source, ...], shown: int) -> np.ndarray:
    """The network's own answer where the sources not in `shown` are blanked."""
    symbol, shared, seen = inputs.symbol.copy(), inputs.shared.copy(), np.zeros_like(views)
    for i, source in enumerate(sources):
        if shown >> i & 1 and source.agent >= 0:
            seen[:, source.agent] = views[:, source.agent]
        if not shown >> i & 1:
            symbol[:, list(source.symbol)], shared[list(source.shared)] = 0.0, 0.0
    blanked = MetaInputs(inputs.prior, inputs.held, inputs.tradable, symbol, shared)
    tilts = actor.tilts(blanked, seen[None])
    return tilt(inputs.prior, inputs.held, inputs.tradable, tilts, actor.kappa)[0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["views", "groups", "both", "none"])
def test_every_coalition_gets_the_weights_of_the_network(seed: int, kind: str) -> None:
    sources = {"views": agent_sources((0, 3, 6)), "groups": GROUPED, "both": ALL[4:11], "none": ()}[kind]
    actor, inputs, views = case(seed)
    found = worth(actor, inputs, views, sources)
    assert found.shape == (2 ** len(sources), inputs.prior.size)
    for shown in range(len(found)):
        np.testing.assert_allclose(found[shown], asked(actor, inputs, views, sources, shown), atol=1e-12)


@pytest.mark.parametrize(("symbols", "hidden", "mixed"), [(1, 1, 1), (2, 4, 2), (5, 7, 3), (13, 32, 16)])
def test_any_number_of_symbols_and_units_will_do(symbols: int, hidden: int, mixed: int) -> None:
    actor, inputs, views = case(1, symbols, hidden, mixed)
    found = worth(actor, inputs, views, GROUPED[:3])
    for shown in range(8):
        np.testing.assert_allclose(found[shown], asked(actor, inputs, views, GROUPED[:3], shown), atol=1e-12)


def test_untradable_symbols_keep_what_they_hold_bit_for_bit() -> None:
    actor, inputs, views = case(2)
    found = worth(actor, inputs, views, GROUPED)
    frozen = ~inputs.tradable
    assert frozen.any()
    assert (found[:, :-1][:, frozen] == inputs.held[:-1][frozen]).all()
    np.testing.assert_allclose(shapley(found)[:, :-1][:, frozen], 0.0, atol=1e-15)


def test_all_sources_at_once_sum_to_the_whole() -> None:
    actor, inputs, views = case(3)
    found = worth(actor, inputs, views, ALL)
    np.testing.assert_allclose(shapley(found).sum(axis=0), found[-1] - found[0], atol=1e-12)
    np.testing.assert_allclose(found[-1], asked(actor, inputs, views, ALL, 2 ** len(ALL) - 1), atol=1e-12)


def test_a_source_that_shows_what_is_zero_contributes_nothing() -> None:
    actor, inputs, views = case(4)
    views[:, 3] = 0.0
    values = shapley(worth(actor, inputs, views, agent_sources((2, 3, 4))))
    np.testing.assert_allclose(values[1], 0.0, atol=1e-15)


def test_groups_are_those_of_the_features_and_each_input_stands_in_one() -> None:
    assert {source.name for source in GROUPED} - {BOOK} <= set(GROUPS)
    symbol = list(itertools.chain.from_iterable(source.symbol for source in GROUPED))
    shared = list(itertools.chain.from_iterable(source.shared for source in GROUPED))
    assert sorted(shared) == list(range(len(NAMES) + len(SHARED_BOOK_COLUMNS)))
    always = {SYMBOL_COLUMNS.index("prior"), SYMBOL_COLUMNS.index("tradable")}
    assert sorted(symbol) == sorted(set(range(len(SYMBOL_COLUMNS))) - always)
