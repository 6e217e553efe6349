"""Listed contracts by name: the OCC symbol of an expiry, right and strike."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from data.errors import UnknownSymbol

_OCC = re.compile(r"([A-Z0-9.]{1,6}) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})")


class Contract(NamedTuple):
    """One listed option; `strike` in currency per unit of the underlying."""

    underlying: str
    expiry: date
    call: bool
    strike: float

    @property
    def symbol(self) -> str:
        """Root, yymmdd, C or P, strike x 1000 in eight digits (OCC Option Symbology Initiative, 2010), unpadded."""
        thousandths = round(self.strike * 1000.0)
        return f"{self.underlying}{self.expiry:%y%m%d}{'C' if self.call else 'P'}{thousandths:08d}"


def parse(symbol: str) -> Contract:
    """The contract of an OCC symbol, its root padded to six characters or not; raises UnknownSymbol."""
    found = _OCC.fullmatch(symbol)
    try:
        if found is None:
            raise ValueError(symbol)
        root, year, month, day, right, thousandths = found.groups()
        return Contract(root, date(2000 + int(year), int(month), int(day)), right == "C", int(thousandths) / 1000.0)
    except ValueError:
        raise UnknownSymbol(f"{symbol!r} is no option contract", "write it like AAPL140621C00090000") from None
