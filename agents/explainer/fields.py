"""What a citation is about: whose figure it is, of which stage of the decision, a level or a change, its unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from agents.explainer.facts import Facts
from data.errors import NotFound
from data.market import CASH

_FRACTION = re.compile(
    r"weights|contributions|classes|clamps\S*(?:before|after)|measures|difference|market\.(?:regime|breadth)|\.limits\."
)
_CHANGE = re.compile(r" - |contributions\.(?!prior)|difference|\.change$|return")
_SOURCE = re.compile(r"(?:views|contributions|counterfactuals)(?:\.([^.\[\]]+)|\[(\d+)\])")
_STAGES = (
    (r"^opening|\.opening\.", 0), (r"contributions\.prior", 1), (r"allocation", 2), (r"^approval", 3),
    (r"verdict\.clamps", 4), (r"verdict", 1000), (r"closing|fills", 2000),
)  # fmt: skip
_LONGEST_NAME = 3
"""Words."""
_FREE_TEXT = re.compile(r"\.(?:text|detail|reason|note|notes|description|command)\b|reasons|refusals|unavailable")


@dataclass(frozen=True)
class Field:
    """A citation with its value in one record."""

    path: str
    value: Any
    facts: Facts

    @cached_property
    def number(self) -> float | None:
        """The value where it is a figure."""
        try:
            return self.facts.number(self.path)
        except NotFound:
            return None

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Symbols (CASH among them) that the path names, or that the item cited is about."""
        found = {s for p in self.path.split(" - ") for s in _symbols_of(p, self.facts)}
        if isinstance(self.value, str) and self.value in self.facts.symbols:
            found.add(self.value)
        return frozenset(found)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Agents, the prior or the context, where the figure is theirs."""
        found = {named or self._view(int(place)) for named, place in _SOURCE.findall(self.path)}
        return frozenset(found) & {*self.facts.agents, "prior", "context"}

    def _view(self, place: int) -> str:
        path = f"views[{place}].agent"
        return str(self.facts.get(path)) if self.facts.has(path) else ""

    @property
    def is_fraction(self) -> bool:
        """Whether it may be shown in percent or basis points."""
        return bool(_FRACTION.search(self.path)) and not self.path.startswith("count ")

    @property
    def is_change(self) -> bool:
        """Whether its sign says which way something went."""
        return bool(_CHANGE.search(self.path))

    @property
    def is_count(self) -> bool:
        """Whether it counts items."""
        return self.path.startswith("count ")

    @cached_property
    def rank(self) -> tuple[str, int]:
        """(slot, stage): the order in time of levels, from the opening to the fills."""
        return rank_of(self.path, self.facts)

    def change(self) -> float:
        """The change it tells, later less earlier; 0.0 where it tells none."""
        if self.number is None:
            return 0.0
        first, minus, second = self.path.partition(" - ")
        if not minus:
            return self.number
        later = rank_of(first, self.facts) >= rank_of(second, self.facts)
        return self.number if later else -self.number

    def words(self) -> set[str]:
        """Words of its path, and of a value that is a name or a label; never those of a text that strangers wrote."""
        found = set(re.split(r"[^A-Za-z]+", self.path.lower()))
        return found | set(re.split(r"[^A-Za-z]+", self.label)) | {self.label}

    @property
    def label(self) -> str:
        """A value that is a name, in lower case; "" where it is none, or a text that strangers may have written."""
        short = isinstance(self.value, str) and len(self.value.split()) <= _LONGEST_NAME
        return self.value.lower() if short and not _FREE_TEXT.search(self.path) else ""

    def day(self) -> datetime | None:
        """The instant, where it is one."""
        try:
            return datetime.fromisoformat(self.value) if isinstance(self.value, str) else None
        except ValueError:
            return None


def rank_of(path: str, facts: Facts) -> tuple[str, int]:
    """(slot, stage) of one path."""
    slot = str(facts.get("slot")) if facts.has("slot") else ""
    past = re.match(r"history(\[\d+\]|\.[^.]+)", path)
    if past:
        slot = str(facts.get(f"history{past[1]}.slot"))
    stage = next((n for pattern, n in _STAGES if re.search(pattern, path)), -1)
    clamp = re.search(r"clamps\[?\.?(\d+)\]?\.(before|after)", path)
    return (slot, stage + 2 * int(clamp[1]) + (clamp[2] == "after") if clamp else stage)


def _symbols_of(path: str, facts: Facts) -> set[str]:
    parts = re.split(r"[ .\[\]]+", path)
    found = {s for i in range(len(parts)) for n in (1, 2, 3) if (s := ".".join(parts[i : i + n])) in facts.symbols}
    if "CASH" in parts or parts[-1:] == ["cash"]:
        found.add(CASH)
    item = re.match(r"(.*(?:\]|orders\.[^.]+|fills\.[^.]+))\.", path)
    if item and facts.has(f"{item[1]}.symbol"):
        found.add(str(facts.get(f"{item[1]}.symbol")))
    return found
