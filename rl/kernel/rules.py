"""How episodes are drawn and how orders are carried out: the numbers, their ranges, and the check."""

from __future__ import annotations

import math
from typing import NamedTuple

from data.errors import BadConfig

NEXT_STEP, SAME_STEP = 0, 1
"""gymnasium's AutoresetMode: a row that ended begins anew on the next step, or at once."""


class Rules(NamedTuple):
    """How episodes are drawn and orders carried out; the defaults switch off what they stand for."""

    horizon: int
    """Bars in an episode."""
    cost_low: float
    cost_high: float
    """Costs are multiplied, for a whole episode, by a uniform draw from this range."""
    generic: float
    """Probability that an episode trains the generic head (0) instead of the symbol's own (1 + symbol)."""
    random_position: float
    """Probability of starting with a position (a quarter to all of the limit) instead of flat."""
    noise: float
    """Standard deviation of the noise added to each market column."""
    blind: float
    """Probability that an episode sees zeros for the shared columns."""
    seed: int
    capital: float = 0.0
    """What a sleeve begins with, in account currency: the size that moves prices. 0: too small to move them."""
    stop: float = 0.0
    """Loss on the entry price, a fraction, at which a position is closed at the next fill; 0: none."""
    trailing: float = 0.0
    """The same from the best close since the entry; 0: none."""
    block: float = 0.0
    """Mean length, in bars, of the blocks of a stationary bootstrap (Politis and Romano, "The stationary bootstrap",
    Journal of the American Statistical Association 89 (1994) 1303-1313); 0: bars follow each other as they did."""
    renoise: float = 0.0
    """Standard deviation of what is added to each bar's move, in bar volatilities; its mean is zero."""
    delay: float = 0.0
    """Probability that an episode's orders are filled one bar late."""
    dropout: float = 0.0
    """Probability that a bar or context column is zero for a whole episode."""
    autoreset: int = NEXT_STEP
    """NEXT_STEP or SAME_STEP."""


_SHARES = ("generic", "random_position", "blind", "delay", "dropout")
_RANGES = {
    **dict.fromkeys(_SHARES, (0.0, 1.0)),
    "horizon": (1, 1 << 40),
    "cost_low": (0.0, 1e3),
    "cost_high": (0.0, 1e3),
    "noise": (0.0, 10.0),
    "capital": (0.0, 1e15),
    "stop": (0.0, 1.0),
    "trailing": (0.0, 1.0),
    "block": (0.0, 1e9),
    "renoise": (0.0, 10.0),
    "autoreset": (NEXT_STEP, SAME_STEP),
}


def checked_rules(rules: Rules) -> Rules:
    """The rules, if each number lies in its range; else BadConfig, which names the field."""
    for name, (low, high) in _RANGES.items():
        value = getattr(rules, name)
        if not (math.isfinite(value) and low <= value <= high):
            raise BadConfig(f"{name} = {value} of the rules lies outside {low} to {high}", "see rl.kernel.rules.Rules")
    if rules.cost_high < rules.cost_low:
        raise BadConfig(f"cost_high = {rules.cost_high} is below cost_low = {rules.cost_low}", "swap them")
    if 0.0 < rules.block < 1.0:
        raise BadConfig(
            f"block = {rules.block} is shorter than a bar", "give a mean length of 1 or more, or 0 for none"
        )
    return rules
