"""The clock: when the bars of a tape open and close, and what is known beforehand to happen at each slot."""

from __future__ import annotations

import numpy as np

from tools.backtest.event.events import EventQueue, Kind
from tools.backtest.rules import Rules
from tools.backtest.tape import Tape

SESSION = np.timedelta64(390, "m")
"""Length of a session of XNYS, 09:30 to 16:00: a daily bar opens this long before its close."""
FILLED_AT: dict[str, Kind] = {"next_open": Kind.OPEN, "next_close": Kind.CLOSE, "same_close": Kind.SAME_CLOSE}
"""Fill convention -> the event of a slot at which orders are filled."""


class Clock:
    """The times of T slots, nanoseconds since 1970 (UTC).

    A bar opens SESSION before its close, or at the close before it where bars follow each other faster: what comes
    later than that close misses the open.
    """

    def __init__(self, tape: Tape, rules: Rules) -> None:
        closes = tape.times.astype("datetime64[ns]").astype(np.int64)
        opens = (tape.times - SESSION).astype("datetime64[ns]").astype(np.int64)
        opens[1:] = np.maximum(opens[1:], closes[:-1])
        self._opens: list[int] = opens.tolist()
        self._closes: list[int] = closes.tolist()
        self._acts = ((tape.split != 1.0) | (tape.dividend != 0.0)).any(axis=1).tolist()
        self._fill = FILLED_AT[rules.fill]

    @property
    def slots(self) -> int:
        """T."""
        return len(self._closes)

    def schedule(self, queue: EventQueue, t: int) -> None:
        """Push the events of slot `t`; a day without corporate actions has no event of theirs."""
        opens, closes = self._opens[t], self._closes[t]
        if t > 0:
            queue.push(opens, Kind.CARRY, t)
        if self._acts[t]:
            queue.push(opens, Kind.ACTIONS, t)
        queue.push(opens if self._fill is Kind.OPEN else closes, self._fill, t)
        for kind in (Kind.MARK, Kind.DECISION, Kind.END):
            queue.push(closes, kind, t)
