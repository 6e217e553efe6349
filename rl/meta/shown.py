"""The controller asked about every coalition of what it is shown: agents' views and groups of its own inputs.

A source is an agent, or a group of the inputs of MetaInputs; what is not shown is zero, as the network sees an agent
that does not know, a kind of data that could not be had, a feature of a symbol that cannot be traded. The first layer
is linear in its inputs, so a coalition's first layer is a sum of parts, one a source; the rest is the kernel's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.market import FloatArray
from rl.meta.actor import Actor
from rl.meta.coalitions import weigh
from rl.meta.inputs import AGENTS, BOOK_COLUMNS, MARKET_COLUMNS, SHARED_BOOK_COLUMNS, SYMBOL_COLUMNS, MetaInputs
from rl.meta.tilt import tilt

BOOK = "book"
"""What is held and lost: the group of inputs that are no feature."""
MOST_SOURCES = 16
_GROUPS: dict[str, tuple[str, ...]] = {
    "returns": ("ret_5/vol_21",),
    "momentum": ("mom_63/vol_63", "rank_mom_63", "rank_mom_252"),
    "volatility": ("rank_vol_21", "vol_21"),
    BOOK: ("held", "drift", *SHARED_BOOK_COLUMNS),
}
_SHARED: dict[str, str] = {"macro_": "macro", "regime_": "regime", "breadth": "breadth"}
"""How the names of shared features of a group begin."""
_SECOND = ("mix.embed", "mix.pooled", "mix.bias", "symbol.weight", "symbol.bias", "cash.pooled", "cash_out.weight",
           "cash_out.bias")  # fmt: skip
"""Tensors of what follows the first layer."""


@dataclass(frozen=True, slots=True)
class Source:
    """`name` shows the view of agent `agent` (a column of AGENTS, or -1), and columns of `symbol` and of `shared`."""

    name: str
    agent: int = -1
    symbol: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()


def agent_sources(present: Sequence[int]) -> tuple[Source, ...]:
    """A source for the view of each agent in the columns `present`."""
    return tuple(Source(AGENTS[i], agent=i) for i in present)


def input_sources(shared_names: Sequence[str]) -> tuple[Source, ...]:
    """A source for each group of features (data.features.groups) that the controller reads, and BOOK.

    `shared_names` are the snapshot's shared features, in order.
    """
    shared = [*(_group_of(name) for name in shared_names), *(BOOK for _ in SHARED_BOOK_COLUMNS)]
    symbol = [next(g for g, names in _GROUPS.items() if c in names) for c in MARKET_COLUMNS]
    symbol += [BOOK if c in _GROUPS[BOOK] else "" for c in BOOK_COLUMNS]
    names = dict.fromkeys([g for g in (*symbol, *shared) if g])
    return tuple(Source(n, symbol=_places(symbol, n), shared=_places(shared, n)) for n in names)


def _group_of(name: str) -> str:
    return next((group for start, group in _SHARED.items() if name.startswith(start)), name)


def _places(groups: Sequence[str], name: str) -> tuple[int, ...]:
    return tuple(i for i, group in enumerate(groups) if group == name)


def worth(actor: Actor, inputs: MetaInputs, views: FloatArray, sources: Sequence[Source]) -> FloatArray:
    """Weights (2^n, S + 1), cash last, of every coalition of the n `sources`; row m shows those whose bit is set.

    `views` (S, A, 3). Inputs that no source stands for are always shown; views of agents that none does never are.
    Equal to the actor's own weights where it is shown the same (1e-9). Untradable symbols keep what they hold.
    """
    assert len(sources) <= MOST_SOURCES, "the coalitions of more sources fit no memory"
    tensors, open_ = actor.tensors, np.flatnonzero(inputs.tradable)
    layers = _first_layers(actor, inputs, views, sources, open_)
    half = len(sources) // 2
    low, high = _sums(layers.symbols[:half]), _sums(layers.symbols[half:])
    cash_low, cash_high = _sums(layers.cash[:half]), _sums(layers.cash[half:])
    out: FloatArray = np.empty((1 << len(sources), len(open_) + 1))
    second = tuple(np.ascontiguousarray(tensors[name]) for name in _SECOND)
    stakes = np.append(inputs.prior[open_], inputs.prior[-1])
    weigh(
        layers.symbol_base, low, high, layers.cash_base, cash_low, cash_high, layers.still, layers.keeper, half, second,
        stakes, actor.kappa, out,
    )  # fmt: skip
    frozen = tilt(inputs.prior, inputs.held, inputs.tradable, np.zeros_like(inputs.prior), 0.0)
    weights = np.repeat(frozen[None], len(out), axis=0)
    rest = max(0.0, 1.0 - float(inputs.held[:-1][~inputs.tradable].sum()))
    weights[:, np.append(open_, -1)] = rest * out
    return weights


@dataclass(frozen=True, slots=True)
class _Layers:
    """What each source adds to the first layers: of T open symbols (n, H, T), and of cash (n, M).

    `still` (T + 1,) are the tilts that keep what is held; source `keeper` shows them (-1: they are always shown).
    """

    symbol_base: FloatArray
    symbols: FloatArray
    cash_base: FloatArray
    cash: FloatArray
    still: FloatArray
    keeper: int


def _first_layers(
    actor: Actor, inputs: MetaInputs, views: FloatArray, sources: Sequence[Source], open_: Any
) -> _Layers:
    t = actor.tensors
    own, shared, shown = inputs.symbol[open_].T, inputs.shared, views[open_]
    by_view = t["embed.views"].reshape(-1, *views.shape[1:])
    symbols, cash = np.zeros((len(sources), len(by_view), len(open_))), np.zeros((len(sources), t["cash.bias"].size))
    for i, source in enumerate(sources):
        columns, common = list(source.symbol), list(source.shared)
        if source.agent >= 0:
            symbols[i] += by_view[:, source.agent] @ shown[:, source.agent].T
        symbols[i] += t["embed.symbol"][:, columns] @ own[columns]
        symbols[i] += (t["embed.shared"][:, common] @ shared[common])[:, None]
        cash[i] += t["cash.shared"][:, common] @ shared[common]
    columns = _others(len(own), [c for s in sources for c in s.symbol])
    common = _others(shared.size, [c for s in sources for c in s.shared])
    base = t["embed.symbol"][:, columns] @ own[columns]
    base += (t["embed.shared"][:, common] @ shared[common] + t["embed.bias"])[:, None]
    cash_base = t["cash.shared"][:, common] @ shared[common] + t["cash.bias"]
    drift = SYMBOL_COLUMNS.index("drift")
    keeper = next((i for i, source in enumerate(sources) if drift in source.symbol), -1)
    still = actor.still(inputs)
    return _Layers(base, symbols, cash_base, cash, np.append(still[open_], still[-1]), keeper)


def _others(size: int, taken: Sequence[int]) -> list[int]:
    return [i for i in range(size) if i not in taken]


def _sums(parts: FloatArray) -> FloatArray:
    """(2^n, ...) sums of every subset of `parts` (n, ...), those of lower bits first."""
    out = np.zeros((1 << len(parts), *parts.shape[1:]))
    for i, part in enumerate(parts):
        out[1 << i : 2 << i] = out[: 1 << i] + part
    return out
