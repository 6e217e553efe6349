"""What one step of a row tells the reward, and where a row keeps the moments that a reward remembers."""

from __future__ import annotations

from typing import Final, NamedTuple

MEAN: Final = 4
"""Column of a row's float state: moving mean of the net return, in bar volatilities."""
SQUARE: Final = 5
"""Column of a row's float state: moving mean of its square."""


class StepFacts(NamedTuple):
    """One slot of one row. Returns and costs are fractions of the sleeve's value at the close decided on."""

    net: float
    """Net return of the sleeve, costs and carry taken off."""
    gross: float
    """The same before costs of trading."""
    cost: float
    """Costs of trading: spread, commission, slippage, impact; never negative."""
    move: float
    """The symbol's own return from close to close."""
    hedge: float
    """The part of `net` that is left out: position x gap + target x day (rl.market.hedged)."""
    reference_move: float
    """`move` less gap and day: what is left of the symbol's own return."""
    position: float
    """Weight held at the close decided on."""
    target: float
    """Weight ordered, held from the fill on."""
    traded: float
    """abs(target - position)."""
    drawdown_before: float
    """1 - value / peak at the close decided on, in [0, 1]."""
    drawdown_after: float
    """The same at the next close."""
    bars: float
    """Bars that the position is held, this one counted; 0 when flat."""
    unit: float
    """1 / volatility of one bar."""
