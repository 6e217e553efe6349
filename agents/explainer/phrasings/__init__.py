"""Questions as people ask them, by kind: what the router learns from.

SYM and SY2 stand for symbols, AGT for an agent; " | " stands between phrasings, "# kind" before those of a kind.
"""

from __future__ import annotations

from typing import cast

from agents.explainer.patterns import Kind
from agents.explainer.phrasings import checks, decisions, sources


def read(table: str) -> dict[Kind, tuple[str, ...]]:
    """The phrasings of a table by kind."""
    found: dict[Kind, list[str]] = {}
    kind: Kind = "unknown"
    for line in table.strip().splitlines():
        if line.startswith("# "):
            kind = cast(Kind, line[2:])
        else:
            found.setdefault(kind, []).extend(line.split(" | "))
    return {kind: tuple(phrasings) for kind, phrasings in found.items()}


PHRASINGS = read("\n".join(part.TABLE.strip() for part in (decisions, checks, sources)))
