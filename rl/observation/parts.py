"""What an observation is: a versioned list of named parts, and the slices, spaces and layout that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal

from data.errors import InputError
from data.features.spec import Features
from rl.actions import N_ACTIONS
from rl.kernel.layout import Layout
from rl.observation.transform import Transform

Source = Literal["symbol", "market", "class", "forecast"]


@dataclass(frozen=True, slots=True)
class Part:
    """Columns under one name. `source`: per-symbol features, market-wide ones, the asset class, or rl.forecasts."""

    name: str
    source: Source
    columns: tuple[Transform, ...]


@dataclass(frozen=True)
class ObservationSchema:
    """An observation row, float32: `window` bars, oldest first, then context, own state, book, directives, seven mask
    bits, zeros, and last the index of the head that answers. A changed column, order, scale or clip is a new id.
    """

    id: str
    window: int
    """W: bars shown."""
    bar: tuple[Part, ...]
    """K columns, shown for each bar of the window."""
    context: tuple[Part, ...]
    """C columns, shown for the bar decided on."""
    own: tuple[str, ...]
    portfolio: tuple[str, ...]
    directives: tuple[str, ...]
    width: int

    @property
    def bar_width(self) -> int:
        """K."""
        return _width(self.bar)

    @property
    def context_width(self) -> int:
        """C."""
        return _width(self.context)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Name -> columns, in order; together they are every column once. A window of bars is one slice, `window`."""
        parts = [(p.name, len(p.columns)) for p in self.bar] if self.window == 1 else [("window", self._window_width)]
        parts += [(p.name, len(p.columns)) for p in self.context]
        parts += [("own", len(self.own)), ("portfolio", len(self.portfolio)), ("directives", len(self.directives))]
        parts.append(("mask", N_ACTIONS))
        parts.append(("padding", self.width - 1 - sum(size for _, size in parts)))
        parts.append(("head", 1))
        ends = list(accumulate(size for _, size in parts))
        return {name: slice(end - size, end) for (name, size), end in zip(parts, ends, strict=True) if size}

    @property
    def mask(self) -> slice:
        """The seven mask bits."""
        return self.slices["mask"]

    @property
    def head(self) -> int:
        """Column of the head index; not an input of a network."""
        return self.width - 1

    @property
    def inputs(self) -> slice:
        """The columns a network reads."""
        return slice(0, self.mask.stop)

    @property
    def needs_forecasts(self) -> bool:
        """Whether columns come from rl.forecasts."""
        return any(p.source == "forecast" for p in (*self.bar, *self.context))

    def layout(self) -> Layout:
        """Where the kernel puts what."""
        own = self._window_width + self.context_width
        directives = own + len(self.own) + len(self.portfolio)
        shared_from, shared_to = self._shared()
        return Layout(
            self.window, own, len(self.own) + len(self.portfolio), directives, len(self.directives), self.mask.start,
            self.head, shared_from, shared_to, self.width,
        )  # fmt: skip

    def market_wide(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First column and end of the market-wide ones: within a bar's K columns, and within the C of the context."""
        return _market_wide(self.bar), _market_wide(self.context)

    def required(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the per-symbol and of the market-wide features that must be there."""
        parts = (*self.bar, *self.context)
        symbol, market = ([c.feature for p in parts if p.source == source for c in p.columns] for source in _FEATURES)
        return tuple(symbol), tuple(market)

    def check(self, features: Features) -> None:
        """InputError, naming them, where features are missing."""
        symbol, market = self.required()
        names, shared = features.names, features.shared_names
        missing = [name for name in symbol if name not in names] + [name for name in market if name not in shared]
        if missing:
            raise InputError(f"features lack {', '.join(missing)}, which {self.id} needs", "rebuild the gold tables")

    @property
    def _window_width(self) -> int:
        return self.window * self.bar_width

    def _shared(self) -> tuple[int, int]:
        bar, context = self.market_wide()
        if bar != (0, 0):
            return bar
        return self._window_width + context[0], self._window_width + context[1]


_FEATURES: tuple[Source, Source] = ("symbol", "market")


def _width(parts: tuple[Part, ...]) -> int:
    return sum(len(p.columns) for p in parts)


def _market_wide(parts: tuple[Part, ...]) -> tuple[int, int]:
    """First column and end of the market-wide parts, which stand together; (0, 0) where there are none."""
    ends = list(accumulate(len(p.columns) for p in parts))
    shared = [(end - len(p.columns), end) for p, end in zip(parts, ends, strict=True) if p.source == "market"]
    return (shared[0][0], shared[-1][1]) if shared else (0, 0)
