"""What a feature is, and the block of features a snapshot carries."""

from __future__ import annotations

from dataclasses import dataclass

from data.market import FloatArray


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A declared feature: `window` is the number of slots it needs before it is known."""

    name: str
    window: int
    inputs: tuple[str, ...]
    unit: str
    """fraction | ratio | zscore | rank | tone | count | probability"""


@dataclass(frozen=True, slots=True)
class Features:
    """Feature values through time.

    `values` (T, S, F) per symbol, NaN where unknown; `shared` (T, G) for the whole market (macro, regime).
    """

    specs: tuple[FeatureSpec, ...]
    values: FloatArray
    shared_specs: tuple[FeatureSpec, ...]
    shared: FloatArray

    def __getitem__(self, name: str) -> FloatArray:
        """The (T, S) block of a per-symbol feature; KeyError names the unknown one."""
        names = self.names
        return self.values[:, :, names.index(name)] if name in names else _missing(name)

    def market(self, name: str) -> FloatArray:
        """The (T,) series of a shared feature."""
        names = self.shared_names
        return self.shared[:, names.index(name)] if name in names else _missing(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Per-symbol feature names in order."""
        return tuple(s.name for s in self.specs)

    @property
    def shared_names(self) -> tuple[str, ...]:
        """Shared feature names in order."""
        return tuple(s.name for s in self.shared_specs)


def _missing(name: str) -> FloatArray:
    raise KeyError(f"no feature named {name!r}")
