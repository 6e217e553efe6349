"""How the book is run: limits, venue, costs that are assumed, approval, as the record's settings say."""

from __future__ import annotations

import re

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.limit_words import limit_words

_TOPICS = (
    (r"venue|broker|exchange|paper|live|real money", ("venue", "live")),
    (r"approv", ("approval", "limits.approval_turnover")),
    (r"llm|chat|language model|\bgpt\b", ("llm",)),
    (r"often|frequen|calendar|schedule", ("frequency", "calendar")),
    (r"universe|which symbols", ("universe",)),
    (r"capital|starting|initial", ("initial_cash",)),
    (r"minimum order|smallest order|order size|min\w* order", ("min_order_notional",)),
    (r"short\b|long[- ]only|short[- ]?sell", ("limits.long_only",)),
    (r"cost|fee|commission|spread", ("costs",)),
    (r"\bcvar\b|shortfall", ("limits.max_cvar_95",)),
    (r"\bvar\b", ("limits.max_var_95",)),
    (r"drawdown", ("limits.max_drawdown",)),
    (r"leverage", ("limits.max_leverage", "limits.max_gross")),
    (r"volatil", ("limits.max_volatility_annual",)),
    (r"turnover", ("limits.max_turnover_per_cycle", "limits.approval_turnover")),
    (r"class|crypto|option|forex|commodit", ("limits.max_class_weight",)),
    (r"position size|per name|per symbol|per position|single|name weight", ("limits.max_name_weight",)),
    (r"daily loss|lose in a day", ("limits.max_daily_loss",)),
)
_USUAL = ("venue", "live", "approval", "frequency", "initial_cash")
_LIMITS = ("max_name_weight", "max_gross", "max_turnover_per_cycle", "max_var_95", "max_cvar_95",
           "max_volatility_annual", "max_drawdown", "max_daily_loss")  # fmt: skip
_MONEY = ("initial_cash", "min_order_notional")


def settings(ask: Ask) -> list[str]:
    """The settings that the question is about; the usual ones and the main limits where it names none."""
    named = [path for pattern, paths in _TOPICS if re.search(pattern, ask.intent.words) for path in paths]
    usual = (*(() if re.search(r"limit|rule", ask.intent.words) else _USUAL), *(f"limits.{limit}" for limit in _LIMITS))
    lines = [line for path in dict.fromkeys(named or usual) for line in _setting(ask, path)]
    return ["Settings of the book in this cycle:", *bullets(lines)]


def _setting(ask: Ask, name: str) -> list[str]:
    """One setting; a table of settings line by line. One that the record lacks is said to be lacking."""
    path = f"config.{name}"
    if name == "costs":
        return [line for kind in ask.facts.keys(path) for line in _costs(ask, kind)] or [_missing(name)]
    if ask.facts.keys(path):
        return [f"`{key}` {_value(ask, f'{path}.{key}')}" for key in ask.facts.keys(path)[:MOST_LINES]]
    known = ask.facts.has(path)
    meaning = limit_words(name.removeprefix("limits."))
    return [f"`{name.removeprefix('limits.')}` {_value(ask, path)}{meaning}" if known else _missing(name)]


def _costs(ask: Ask, kind: str) -> list[str]:
    path = f"config.costs.{kind}"
    figures = ", ".join(f"`{name}` {ask.cite.number(f'{path}.{name}')}" for name in ask.facts.keys(path))
    return [f"`{kind}`: {figures}"] if figures else []


def _missing(name: str) -> str:
    """Without the digits of a setting's name, which would be figures."""
    return f"The record does not hold this setting: {re.sub(r'[^a-z]+', ' ', name.rpartition('.')[2]).strip()}."


def _value(ask: Ask, path: str) -> str:
    """Limits that are fractions of net asset value as percent, the rest as it stands."""
    value = ask.facts.get(path)
    if isinstance(value, bool | str):
        return ask.cite.quote(path) if value != "" else f"not set [{path}]"
    if isinstance(value, list):
        return f"{ask.cite.count(path)} named (none: all that the source has)"
    if ".limits." in path and not path.endswith("beta") and isinstance(value, float):
        return ask.cite.percent(path)
    return ask.cite.number(path, 2 if path.rpartition(".")[2] in _MONEY else None)
