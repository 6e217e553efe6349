"""Whether a smile or a surface could be arbitraged: negative densities (butterflies) and falling variance (calendars).

Sources: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014); R. Lee,
"The moment formula for implied volatility at extreme strikes", Mathematical Finance 14 (2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np

from data.market import FloatArray

TOLERANCE = 1e-9
"""Of g (pure number) and of total variance: smaller violations are rounding."""
GRID = 401
"""Points between the outermost quotes of an expiry on which arbitrage is looked for."""
STEEPEST = 2.0
"""Largest slope of total variance in log-moneyness far from the money (Lee)."""


class Curve(NamedTuple):
    """Total variance (vol^2 x years) and its first two derivatives in k = log(strike / forward), each (K,)."""

    value: FloatArray
    slope: FloatArray
    bend: FloatArray


class Slice(Protocol):
    """One expiry of a surface."""

    @property
    def years(self) -> float:
        """Time to expiry."""
        ...

    @property
    def forward(self) -> float:
        """Price of the underlying for delivery at expiry."""
        ...

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest log-moneyness that is quoted."""
        ...

    def curve(self, k: FloatArray) -> Curve:
        """At log-moneyness `k` (K,)."""
        ...


class Violation(NamedTuple):
    """Where a surface is most wrong: `amount` below 0 is the lowest g, or the lowest difference of total variance."""

    kind: Literal["butterfly", "calendar"]
    years: float
    log_moneyness: float
    amount: float


def butterfly(curve: Curve, k: FloatArray) -> FloatArray:
    """Gatheral's g(k), (K,): the density of the underlying over that of a lognormal; negative is an arbitrage."""
    w, slope = curve.value, curve.slope
    return (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * curve.bend


def floor(earlier: Sequence[Slice], k: FloatArray) -> FloatArray:
    """Largest total variance of the `earlier` expiries that are quoted at each `k` (K,); 0 where none is."""
    lowest = np.zeros(len(k))
    for one in earlier:
        quoted = (k >= one.span[0]) & (k <= one.span[1])
        lowest = np.where(quoted, np.maximum(lowest, one.curve(k).value), lowest)
    return lowest


def violations(slices: Sequence[Slice]) -> tuple[Violation, ...]:
    """Where quotes are, at most one of each kind an expiry; `slices` are sorted by years."""
    found: list[Violation] = []
    for row, one in enumerate(slices):
        k = np.linspace(*one.span, GRID)
        curve = one.curve(k)
        g = butterfly(curve, k) if bool((curve.value > 0.0).all()) else curve.value
        tests: tuple[tuple[Literal["butterfly", "calendar"], FloatArray], ...] = (
            ("butterfly", g),
            ("calendar", curve.value - floor(slices[:row], k)),
        )
        for kind, amount in tests:
            worst = int(np.argmin(amount))
            if amount[worst] < -TOLERANCE:
                found.append(Violation(kind, one.years, float(k[worst]), float(amount[worst])))
    return tuple(found)
