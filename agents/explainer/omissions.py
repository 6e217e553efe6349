"""What a question "what if ... had not been there" leaves out, in the names that a counterfactual run understands."""

from __future__ import annotations

import re
from typing import get_args

from agents.explainer.facts import Facts
from agents.explainer.limit_words import LIMIT_WORDS
from tools.portfolio.prior import PriorName

_CLAMPS = {
    "max_name_weight": r"(name|single|position|symbol)\w* (cap|limit|weight)|cap on (names|positions|single|symbols)",
    "max_class_weight": r"(asset )?class (cap|limit)|cap on (the )?(asset )?class|(crypto|option|forex)\w* (cap|limit)",
    "max_sector_weight": r"sector (cap|limit)",
    "max_turnover_per_cycle": r"turnover (cap|limit)",
    "max_var_95": r"\bvar (cap|limit)|value at risk limit",
    "max_cvar_95": r"\bcvar (cap|limit)|shortfall limit",
    "max_volatility_annual": r"vol(atility)? (cap|limit|target)",
    "max_gross": r"gross (cap|limit)",
    "max_beta": r"beta (cap|limit)",
}
_GROUPS = re.compile(r"\b(?:the )?([a-z_]+) features?\b")
_PRIOR = re.compile(r"\bprior\b")


def omissions(words: str, agents: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """Agents by name, "features:<group>", "clamp:<limit>" and "prior=<name>" that lower-case `words` leave out."""
    found = [f"features:{group}" for group in _GROUPS.findall(words) if group not in ("the", "any", "all", "what")]
    found += [f"clamp:{limit}" for limit in _clamps(words, facts)]
    if _PRIOR.search(words):
        named = (name for name in get_args(PriorName) if name in words or name.replace("_", " ") in words)
        found += [f"prior={name}" for name in named]
    return tuple(dict.fromkeys(found)) or agents


def _clamps(words: str, facts: Facts) -> list[str]:
    """Limits named in full or in words; of "the cap" or "the limits" alone, those that fired."""
    named = [limit for limit in LIMIT_WORDS if limit in words or limit.replace("_", " ") in words]
    named += [limit for limit, pattern in _CLAMPS.items() if re.search(pattern, words) and limit not in named]
    if named or not re.search(r"\b(cap|caps|clamps?|(risk )?limits?)\b", words):
        return named
    return list(dict.fromkeys(str(clamp["limit"]) for clamp in facts.items("verdict.clamps")))
