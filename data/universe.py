"""The universe of a book: which of a source's names it trades."""

from __future__ import annotations

import difflib

from data.errors import BadConfig, UnknownSymbol
from data.market import Instrument


def select(known: tuple[Instrument, ...], symbols: tuple[str, ...], source: str) -> tuple[Instrument, ...]:
    """The named instruments in the source's order; UnknownSymbol with the nearest name for one it does not carry."""
    by_symbol = {i.symbol: i for i in known}
    for symbol in symbols:
        if symbol not in by_symbol:
            near = difflib.get_close_matches(symbol.upper(), by_symbol, 1) or difflib.get_close_matches(
                symbol, by_symbol, 1
            )
            remedy = f"did you mean {near[0]}?" if near else f"it has {len(known)} symbols, {_some(known)} among them"
            raise UnknownSymbol(f"{source} has no symbol {symbol!r}", remedy)
    if not symbols:
        raise BadConfig("the universe is empty", "name at least one symbol")
    return tuple(i for i in known if i.symbol in set(symbols))


def _some(known: tuple[Instrument, ...]) -> str:
    return ", ".join(i.symbol for i in known[:3])
