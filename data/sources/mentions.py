"""Which symbols a text names, in the strict ways that are hardly ever something else."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MENTION = re.compile(r"\$([A-Za-z]{1,6})\b|\((?:[A-Za-z]{2,8}:\s?)?([A-Z]{1,6})\)|\b(?:NYSE|NASDAQ):\s?([A-Z]{1,6})\b")


def mentioned(text: str, symbols: Iterable[str]) -> tuple[str, ...]:
    """Those of `symbols` written as $AAPL, (AAPL), (NASDAQ: AAPL) or NYSE: AAPL, sorted; () where there is none.

    A bare AAPL is not enough: ALL, NOW and GOLD are tickers too. BTC-USD is found as $BTC.
    """
    found = {next(filter(None, match.groups())).upper() for match in _MENTION.finditer(text)}
    return tuple(sorted(symbol for symbol in symbols if re.split(r"[-=]", symbol)[0] in found))
