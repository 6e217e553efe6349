"""The record as something to cite: every field by its path, and the few stated ways to derive a figure from fields.

    allocation.weights.AAPL            a field
    verdict.clamps[2].before           an item of a list by its place, from 0
    views.momentum.opinions.AAPL       an item of a list by its agent, id or order_id
    opening.weights.AAPL               derived: quantity x mark / net asset value (likewise closing.weights,
                                       opening.net_asset_value, closing.net_asset_value)
    costs[0].shortfall                 derived: what each order cost (see agents.explainer.costs)
    holdings.AAPL.gain                 derived: positions and the limits that fired (see agents.explainer.holdings);
    bindings[0].taken
    verdict.classes.crypto             derived: the sum of verdict.weights over the symbols of that asset class
    verdict.weights.AAPL - opening.weights.AAPL      a difference
    sum fills.*.cost                   a sum over all items; "sum abs ..." sums absolute values
    count verdict.clamps               how many items
    absent AAPL                        true where no symbol of the record has that name
    tradable AAPL                      whether snapshot.tradable lists it

A mapping of weights or contributions names what it holds: a symbol of the record that it does not name has 0 there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from agents.explainer.costs import order_costs
from agents.explainer.holdings import bindings, holdings
from data.errors import CorruptFile, NotFound
from data.market import CASH
from tools.execution.book import Book

NEEDED = ("opening", "snapshot", "views", "allocation", "verdict", "orders", "fills")
_NAMING = ("allocation.weights", "verdict.weights", "snapshot.prices", "opening.positions", "closing.positions")
"""Where the symbols of a record are named."""
_IDENTITY = ("agent", "id", "order_id")


class Facts:
    """A CycleRecord's JSON with derived book figures beside it. Raises CorruptFile where it is not a record."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        missing = [key for key in NEEDED if key not in record]
        if missing:
            raise CorruptFile(f"the record lacks {', '.join(missing)}", "read it from the journal again")
        self._root: dict[str, Any] = dict(record)
        self._sums: dict[str, float] = {}
        for name in ("opening", "closing"):
            if name in record:
                self._root[name] = _with_weights(record[name])
        self._root["costs"] = order_costs(record, record.get("history", ()))
        self._root |= {"holdings": holdings(record), "bindings": bindings(record)}
        self._root["verdict"] = _with_classes(record["verdict"], record["snapshot"])
        self._held = tuple(f"{noun}.weights" for noun in ("opening", "closing", "allocation", "verdict", "approval"))
        self._held += tuple(f"allocation.contributions.{source}" for source in self.keys("allocation.contributions"))
        self.symbols = frozenset(name for path in _NAMING for name in self.keys(path)) - {CASH}

    def get(self, path: str) -> Any:
        """The value at a path; NotFound where the record has none."""
        found = _descend(self._root, _parts(path))
        if found is not None:
            return found[0]
        if any(path.startswith(f"{held}.") and path[len(held) + 1 :] in self.symbols for held in self._held):
            return 0.0
        raise NotFound(f"the record has no {path}")

    def has(self, path: str) -> bool:
        """Whether there is a value other than null at a path."""
        try:
            return self.get(path) is not None
        except NotFound:
            return False

    def holds(self, citation: str) -> bool:
        """Whether a citation can be evaluated at all."""
        try:
            self.evaluate(citation)
        except (NotFound, TypeError):
            return False
        return True

    def number(self, path: str) -> float:
        """A finite number at a citation; NotFound where there is none."""
        value = self.evaluate(path)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise NotFound(f"{path} is not a number")
        return float(value)

    def evaluate(self, citation: str) -> Any:
        """The value of a citation (see the module); NotFound where it has none."""
        head, _, rest = citation.partition(" ")
        if head == "sum" and rest:
            if citation not in self._sums:
                values = [self.number(path) for path in self._expand(rest.removeprefix("abs "))]
                self._sums[citation] = math.fsum(map(abs, values) if rest.startswith("abs ") else values)
            return self._sums[citation]
        if head == "count" and rest:
            return len(self.get(rest))
        if head == "absent" and rest:
            return rest not in self.symbols and rest != CASH
        if head == "tradable" and rest in self.symbols:
            return rest in self.get("snapshot.tradable")
        left, minus, right = citation.partition(" - ")
        return self.number(left) - self.number(right) if minus else self.get(citation)

    def written(self, citation: str) -> str:
        """The citation as it is written down: places in lists stand in brackets ("orders.0.side": "orders[0].side")."""
        head, _, rest = citation.partition(" ")
        if head in ("sum", "count") and rest:
            absolute = "abs " if rest.startswith("abs ") else ""
            return f"{head} {absolute}{self._written(rest.removeprefix('abs '))}"
        if head in ("absent", "tradable") and rest:
            return citation
        return " - ".join(self._written(path) for path in citation.split(" - "))

    def keys(self, path: str) -> tuple[str, ...]:
        """The keys of the mapping at a path, sorted; empty where there is no mapping."""
        found = self._at(path)
        return tuple(sorted(found)) if isinstance(found, Mapping) else ()

    def items(self, path: str) -> Sequence[Mapping[str, Any]]:
        """The list at a path; empty where there is none."""
        found = self._at(path)
        return cast(Sequence[Mapping[str, Any]], found) if isinstance(found, list) else ()

    def size(self, path: str) -> int:
        """How many items the list or mapping at a path has; 0 where there is none."""
        found = self._at(path)
        return len(found) if isinstance(found, list | Mapping) else 0

    @property
    def agents(self) -> tuple[str, ...]:
        """Agents in the record's order."""
        return tuple(str(view["agent"]) for view in self.items("views"))

    def _at(self, path: str) -> Any:
        found = _descend(self._root, _parts(path))
        return None if found is None else found[0]

    def _written(self, path: str) -> str:
        found = _descend(self._root, _parts(path))
        return path if found is None else found[1].removeprefix(".")

    def _expand(self, pattern: str) -> Iterator[str]:
        before, star, after = pattern.partition("*")
        if not star:
            yield pattern
            return
        within = self.get(before.rstrip("."))
        names = range(len(within)) if isinstance(within, list) else sorted(within)
        for name in names:
            yield f"{before}{name}{after}"


_NOTHING: Any = object()
_PLAIN_NAME = re.compile(r"[\w.:=^/-]+")


def _parts(path: str) -> list[str]:
    return path.replace("]", "").replace("[", ".").split(".")


def _descend(value: Any, parts: list[str]) -> tuple[Any, str] | None:
    """What lies under `parts`, and how that path is written; keys that hold dots themselves (BRK.B) are found too."""
    if not parts:
        return value, ""
    for taken in range(len(parts), 0, -1):
        child, step = _child(value, ".".join(parts[:taken]))
        found = None if child is _NOTHING else _descend(child, parts[taken:])
        if found is not None:
            return found[0], step + found[1]
    return None


def _child(value: Any, key: str) -> tuple[Any, str]:
    """A child and how it is written behind its parent; a list's item goes by its place where its name is a riddle."""
    if isinstance(value, Mapping):
        return cast(Mapping[str, Any], value).get(key, _NOTHING), f".{key}"
    if isinstance(value, list):
        items = cast(list[Any], value)
        if key.isdecimal() and int(key) < len(items):
            return items[int(key)], f"[{int(key)}]"
        for i, item in enumerate(items):
            if isinstance(item, Mapping) and any(cast(Mapping[str, Any], item).get(n) == key for n in _IDENTITY):
                return item, f".{key}" if _PLAIN_NAME.fullmatch(key) else f"[{i}]"
    return _NOTHING, ""


def _with_weights(book: Any) -> dict[str, Any]:
    """A book's JSON with its value and weights, by the book's own arithmetic."""
    try:
        parsed = Book.model_validate(book)
        value = parsed.net_asset_value
    except (ValidationError, KeyError) as error:
        raise CorruptFile("a book of the record cannot be read", "read it from the journal again") from error
    weights = parsed.weights() if value > 0.0 else {}
    return {**book, "net_asset_value": value, "weights": weights}


def _with_classes(verdict: Mapping[str, Any], snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict's JSON with its weights summed by asset class."""
    classes: Mapping[str, str] = snapshot.get("asset_class", {})
    members = {name: [s for s in sorted(classes) if classes[s] == name] for name in sorted(set(classes.values()))}
    weights: Mapping[str, float] = verdict.get("weights", {})
    summed = {name: math.fsum(weights.get(s, 0.0) for s in symbols) for name, symbols in members.items()}
    return {**verdict, "classes": summed}
