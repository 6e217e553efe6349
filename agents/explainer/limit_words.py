"""What each limit of the risk check is for, in words: said after its name, without figures of its own."""

from __future__ import annotations

LIMIT_WORDS = {
    "untradable": "it cannot be traded now, so it stays as it is held",
    "long_only": "the book holds no short positions",
    "max_position_loss": "a stop: too much was lost since it was bought, and it is left alone for a while",
    "max_trailing_loss": "a stop: too much was lost since its best price, and it is left alone for a while",
    "restricted": "nothing is opened in what is on the restricted list",
    "max_name_weight": "the most of one symbol",
    "max_class_weight": "the most of one asset class",
    "max_sector_weight": "the most of one sector",
    "max_currency_weight": "the most in one currency",
    "max_gross": "the most that is invested, longs and shorts added up",
    "max_leverage": "the most market exposure, counting what options and futures carry",
    "max_turnover_per_cycle": "the most that is opened in one cycle",
    "max_participation": "the most of an average day's trading",
    "risk_unknown": "too little of its past is known, so nothing is opened",
    "max_net": "the most that longs may outweigh shorts, or shorts longs",
    "max_beta": "the most that the book may follow its benchmark",
    "max_volatility_annual": "the most that the book may swing in a year",
    "max_var_95": "the most that a bad day may lose",
    "max_cvar_95": "the most that the worst days may lose on average",
    "max_stress_loss": "the most that a crisis of the past may lose if it came again",
    "least_change": "the nearest weights within all limits",
}
"""By the name in `Clamp.limit`."""


def limit_words(limit: str) -> str:
    """The words in brackets, with a space before them; nothing for a limit of another version."""
    return f" ({LIMIT_WORDS[limit]})" if limit in LIMIT_WORDS else ""
