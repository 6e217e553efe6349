"""Who decides: a strategy shown snapshots, or rows of weights made beforehand; and the risk check behind either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import numpy as np

from data.errors import InputError, UnknownSymbol
from data.market import FloatArray
from data.snapshot import Snapshot
from tools.backtest.event.account import Account
from tools.backtest.event.moments import Moments
from tools.backtest.event.recorder import Recorder
from tools.backtest.event.sizing import checked_row
from tools.backtest.result import Trades
from tools.backtest.rules import Rules
from tools.backtest.strategy import Strategy
from tools.backtest.tape import Tape

Decide = Callable[[Snapshot], Mapping[str, float]]
"""As `Strategy.decide`."""
Rows = Callable[[int], FloatArray]
"""Slot -> target weights (S,), NaN where the units held are kept; asked once a slot, in order."""


class Moment(NamedTuple):
    """The account at a decision, for the check behind it. Money is in the account currency."""

    slot: int
    time: np.datetime64
    symbols: tuple[str, ...]
    value: float
    cash: float
    units: FloatArray
    """(S,)"""
    prices: FloatArray
    """(S,): the marks, account currency a unit; NaN before a symbol's first bar."""
    snapshot: Snapshot | None
    """None where rows of weights decide."""
    trades: Trades
    """What was filled since the moment before."""
    split: FloatArray
    """(S,): units after / before, by the splits of this slot."""


Check = Callable[[Mapping[str, float], Moment], Mapping[str, float]]
"""(target weights, moment) -> the weights that are allowed; an empty mapping decides nothing. Asked at every slot, with
an empty mapping where the strategy decides nothing: a stop does not wait for a strategy."""


class Decider:
    """Asks the strategy and then the check, and refuses what no account can hold."""

    def __init__(
        self, strategy: Strategy | Decide | Rows, moments: Moments | None, check: Check | None, tape: Tape, rules: Rules
    ) -> None:
        self._rows, self._moments, self._check = _rows_of(strategy, moments, tape), moments, check
        self._tape, self._symbols, self._rules = tape, tape.symbols, rules

    def row(self, t: int, value: float, account: Account, recorder: Recorder) -> FloatArray | None:
        """The weights (S,) decided at slot `t` for an account worth `value`; None where nothing is decided."""
        row = self._rows(t)
        decides = checked_row(row, self._symbols, t, self._rules)
        if self._check is not None:
            moment = self._moment(t, value, account, recorder.lately())
            row = row_of(self._check(_named(row, self._symbols), moment), self._symbols)
            decides = checked_row(row, self._symbols, t, self._rules)
        return row if decides else None

    def _moment(self, t: int, value: float, account: Account, trades: Trades) -> Moment:
        return Moment(
            t, self._tape.times[t], self._symbols, value, account.cash, account.units.copy(),
            self._tape.close[t] * self._tape.fx[t], None if self._moments is None else self._moments(t), trades,
            self._tape.split[t],
        )  # fmt: skip


def _rows_of(strategy: Strategy | Decide | Rows, moments: Moments | None, tape: Tape) -> Rows:
    """Rows of weights from whoever decides: with `moments` a strategy (or its `decide`), without them rows already."""
    if moments is None:
        if hasattr(strategy, "decide"):
            raise InputError("a strategy decides on snapshots", "hand in moments(history) as well")
        return cast(Rows, strategy)
    if moments.symbols != tape.symbols or not np.array_equal(moments.times, tape.times):
        raise InputError("the snapshots have other slots or symbols than the tape", "make both from one history")
    asked = cast(Decide, getattr(strategy, "decide", strategy))
    return lambda slot: row_of(asked(moments(slot)), tape.symbols)


def row_of(weights: Mapping[str, float], symbols: tuple[str, ...]) -> FloatArray:
    """Weights by symbol as a row (S,), NaN where a symbol is not named; UnknownSymbol for a name that is none."""
    strangers = weights.keys() - set(symbols)
    if strangers:
        raise UnknownSymbol(f"weights for {', '.join(sorted(strangers))}", "a decision names symbols of the tape only")
    return np.array([weights.get(symbol, np.nan) for symbol in symbols], dtype=np.float64)


def _named(row: FloatArray, symbols: tuple[str, ...]) -> dict[str, float]:
    """The weights of a row that decide something, by symbol."""
    return {symbol: weight for symbol, weight in zip(symbols, row.tolist(), strict=True) if weight == weight}
