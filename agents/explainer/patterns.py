"""The kinds of questions there are, and what a question about a symbol takes for granted.

Each line of the table is a premise and regular expressions (" | " between them) any of which shows it; the first line
that does counts. The question is in lower case.
"""

from __future__ import annotations

import re
from typing import Literal, cast

Kind = Literal[
    "why", "decision", "changes", "positions", "contributors", "limits", "approval", "state", "evidence", "views",
    "abstentions", "risk", "turnover", "orders", "costs", "cash", "book", "gains", "data", "policies", "fallback",
    "regime", "macro", "identity", "history", "counterfactual", "compare", "quote", "settings", "help", "beyond",
    "absent", "empty", "unknown",
]  # fmt: skip
Premise = Literal["grew", "shrank", "held", "not_held", ""]

_PREMISES = r"""
not_held (\bnot\b|n't|no longer|never|without|none of)\b.*(hold|held|own|have|in the|invest|position|buy|bought)
not_held \bno (position|exposure|weight) | avoid | left out | exclud
shrank shr[aiu]nk | reduc | \bcut\b | cutting | \bsell | \bsold\b | \btrim | lower | decreas | smaller
shrank \bdrop | \bfell\b
shrank \bfall | \bdown\b | dump | \bexit | \bless\b | got out | get rid | got rid | lighten | slash | scaled? back
grew \bgr[eo]w | increas | \bbuy | bought | \badd(ed|ing)?\b | \brais | \brose\b | \brise | bigger | larger
grew \bup\b | \bmore\b
grew went into | piled
held \bhold | \bheld\b | \bowns?\b | \bhave\b | \bkeep | \bkept\b | in the (book|portfolio) | invest | position | weight
held so (much|large|big|high)
"""


def _premise(line: str) -> tuple[Premise, re.Pattern[str]]:
    premise, alternatives = line.split(" ", 1)
    return cast(Premise, premise), re.compile("|".join(alternatives.split(" | ")))


PREMISES: tuple[tuple[Premise, re.Pattern[str]], ...] = tuple(_premise(line) for line in _PREMISES.strip().splitlines())
"""What a question takes for granted about a symbol; the first that is found counts."""
