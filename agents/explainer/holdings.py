"""What each position of a book is worth against what was paid for it, and what limits took away, figure by figure.

Derived from the record alone, so that an explanation can cite it:

    holdings    symbol -> quantity, average_price, mark, value = quantity x mark, gain = value - quantity x
                average_price, gain_share = gain / |quantity x average_price|; of the closing book, after fills
    bindings    one for each limit that fired, by its detail: the weights it was `asked` for and `allowed` (sums of
                absolute weights of the symbols it changed), `taken` = asked - allowed, and how many `symbols`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def holdings(record: Json) -> dict[str, dict[str, float]]:
    """The positions of the closing book, of the opening one where there is no closing; left out where unmarked."""
    book: Json = record.get("closing") or record["opening"]
    marks: Mapping[str, float] = book.get("marks", {})
    return {
        symbol: _holding(position, marks[symbol])
        for symbol, position in sorted(book.get("positions", {}).items())
        if position["quantity"] != 0.0 and symbol in marks
    }


def _holding(position: Json, mark: float) -> dict[str, float]:
    quantity, paid = float(position["quantity"]), float(position["quantity"]) * float(position["average_price"])
    gain = quantity * mark - paid
    known = {"quantity": quantity, "average_price": float(position["average_price"]), "mark": mark}
    shares = {"gain_share": gain / abs(paid)} if paid else {}
    return known | {"value": quantity * mark, "gain": gain} | shares


def bindings(record: Json) -> list[dict[str, Any]]:
    """The limits that fired, in the order in which they first did."""
    found: dict[tuple[str, str], list[Json]] = {}
    for clamp in record["verdict"].get("clamps", ()):
        found.setdefault((str(clamp["limit"]), str(clamp.get("detail", ""))), []).append(clamp)
    return [_binding(limit, detail, clamps) for (limit, detail), clamps in found.items()]


def _binding(limit: str, detail: str, clamps: list[Json]) -> dict[str, Any]:
    asked = math.fsum(abs(float(c["before"])) for c in clamps)
    allowed = math.fsum(abs(float(c["after"])) for c in clamps)
    return {"limit": limit, "detail": detail, "asked": asked, "allowed": allowed, "taken": asked - allowed,
            "symbols": len(clamps)}  # fmt: skip
