"""What a run leaves behind: the account at the end of each slot, and every execution."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from tools.backtest.arithmetic import room_for, trades_of
from tools.backtest.event.account import Account
from tools.backtest.result import Refused, Result, Trades
from tools.backtest.tape import Tape


class Recorder:
    """Rows are written once, as the slots end."""

    def __init__(self, tape: Tape) -> None:
        slots, symbols = tape.close.shape
        self._tape = tape
        self._equity, self._cash, self._units = np.empty(slots), np.empty(slots), np.empty((slots, symbols))
        self._made: list[Trades] = []
        self._told = 0

    def executed(self, made: Trades) -> None:
        """Keep what one phase of a slot filled."""
        self._made.append(made)

    def closed(self, slot: int, value: float, account: Account) -> None:
        """Keep the account as a slot ends."""
        self._equity[slot], self._cash[slot], self._units[slot] = value, account.cash, account.units

    def lately(self) -> Trades:
        """What was executed since this was asked last."""
        told, self._told = self._told, len(self._made)
        return _joined(self._made[told:])

    def result(self, refused: tuple[Refused, ...]) -> Result:
        """Everything kept."""
        tape = self._tape
        return Result(tape.symbols, tape.times, self._equity, self._cash, self._units, _joined(self._made), refused)


def _joined(parts: list[Trades]) -> Trades:
    every = [trades_of(room_for(0), 0), *parts]
    return Trades(*(np.concatenate([getattr(part, field.name) for part in every]) for field in fields(Trades)))
