"""Making a tape: bars of a panel, a history or plain arrays, checked, with the conditions under which they trade.

    bars -> refused or sound -> last known closes where there is no bar -> volatility -> Tape

A bar that breaks a rule of data.quality is refused by symbol, bar and rule; nothing is mended. Prices must be positive:
WTI closed at -36.98 USD on 2020-04-20, and no percentage return, weight or ratio means anything across that bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.errors import BadBar, InputError
from data.history import History
from data.market import AssetClass, BoolArray, FloatArray, Instrument, TimeArray
from data.panel import Panel
from data.quality import LARGEST_PRICE, VALUE_RULES, broken_values
from tools.backtest.actions import check_shown, place, slot_name
from tools.backtest.conditions import Conditions, carry, rates_of_exchange
from tools.backtest.tape import Tape

VOLATILITY_BARS = 21
"""Returns in a volatility: a month of trading days."""

_REMEDY = "leave the bar out (its slot then has none), or correct it"
_NOT_POSITIVE = "a price at or below 0 has no return: leave the bar out, or trade a fund or a later contract instead"
_FIRST_SLOT = np.datetime64("2000-01-03T21:00:00", "ns")


@dataclass(frozen=True, slots=True)
class _Bars:
    """(T, S) each; a cell counts where it is `fresh`."""

    instruments: tuple[Instrument, ...]
    times: TimeArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    fresh: BoolArray


def tape_from_history(history: History, conditions: Conditions | None = None) -> Tape:
    """The tape of a history: closes of its panel, and as opens what its decisions are filled at.

    The open of a slot is the first one after the slot before (`History.fill`), so that no decision is filled at a price
    of its past, whichever hours a symbol keeps. A bar whose fill is not known yet is no bar. Raises BadBar,
    UnknownSymbol for an action's symbol, InputError for a rate.
    """
    bars = _of_panel(history.panel)
    opens = np.vstack([_or_close(bars)[:1], history.fill[:-1]])
    return _tape(bars, conditions or Conditions(), opens)


def tape_from_panel(panel: Panel, conditions: Conditions | None = None) -> Tape:
    """The tape of a panel whose bars lie between its slots, each symbol's as every other's: the open is the bar's.

    Where calendars differ a bar may open before the slot that decides on it: take the history. Raises as
    `tape_from_history`.
    """
    return _tape(_of_panel(panel), conditions or Conditions())


def tape_of(
    close: FloatArray,
    open: FloatArray | None = None,
    *,
    volume: FloatArray | None = None,
    times: TimeArray | None = None,
    instruments: Sequence[Instrument] | None = None,
    fresh: BoolArray | None = None,
    conditions: Conditions | None = None,
) -> Tape:
    """A tape from arrays (T, S), for tests and benchmarks. Left out: opens are the closes, volumes unknown, slots daily
    from 2000-01-03 21:00 UTC, instruments US stocks S0, S1, ..., and every cell is fresh where its close is not NaN.
    Raises as `tape_from_history`."""
    close = np.asarray(close, dtype=np.float64)
    if close.ndim != 2 or 0 in close.shape:
        raise InputError(f"closes of shape {close.shape}", "give one row a slot and one column a symbol")
    opens = close if open is None else np.asarray(open, dtype=np.float64)
    if opens.shape != close.shape:
        raise InputError(f"open has shape {opens.shape}, not {close.shape}", "give one cell a bar")
    names = (
        [Instrument(f"S{n}", AssetClass.STOCK) for n in range(close.shape[1])] if instruments is None else instruments
    )
    bars = _Bars(
        tuple(names),
        _FIRST_SLOT + np.arange(len(close)) * np.timedelta64(1, "D") if times is None else times,
        opens,
        np.maximum(opens, close),
        np.minimum(opens, close),
        close,
        np.full(close.shape, np.nan) if volume is None else np.asarray(volume, dtype=np.float64),
        ~np.isnan(close) if fresh is None else fresh,
    )
    return _tape(bars, conditions or Conditions())


def rolling_volatility(close: FloatArray, split: FloatArray, fresh: BoolArray) -> FloatArray:
    """(T, S): sample standard deviation (ddof 1) of the last VOLATILITY_BARS simple returns from bar to bar through t,
    splits taken out; 0 before there are so many, and unchanged where there is no bar. Each window is summed by itself:
    no later bar changes a bit."""
    out = np.zeros(close.shape)
    units = np.cumprod(split, axis=0)
    for column in range(close.shape[1]):
        rows = np.flatnonzero(fresh[:, column])
        worth = close[rows, column] * units[rows, column]
        if len(rows) <= VOLATILITY_BARS:
            continue
        returns = worth[1:] / worth[:-1] - 1.0
        windows = np.lib.stride_tricks.sliding_window_view(returns, VOLATILITY_BARS)
        known = rows[VOLATILITY_BARS:]
        last = np.searchsorted(known, np.arange(known[0], len(close)), side="right") - 1
        out[known[0] :, column] = windows.std(axis=1, ddof=1)[last]
    return out


def _of_panel(panel: Panel) -> _Bars:
    return _Bars(
        panel.instruments, panel.times, panel.open, panel.high, panel.low, panel.close, panel.volume, panel.age == 0
    )


def _or_close(bars: _Bars) -> FloatArray:
    """(T, S): the opens, or the closes of bars that have no open."""
    return np.where(np.isnan(bars.open), bars.close, bars.open)


def _tape(bars: _Bars, conditions: Conditions, opens: FloatArray | None = None) -> Tape:
    """`opens` (T, S) stand for the bars' own where given; a bar whose open is NaN then is not fresh."""
    _check_frame(bars)
    bars = _checked(bars, conditions)
    opens = _or_close(bars) if opens is None else opens
    fresh = bars.fresh & ~np.isnan(opens)
    _refuse(fresh & ~((opens > 0.0) & (opens <= LARGEST_PRICE)), bars, "the open is no price", _NOT_POSITIVE)
    placed = place(conditions.actions, bars.instruments, bars.times, bars.fresh)
    check_shown(placed.split, bars.close, bars.fresh, [i.symbol for i in bars.instruments], bars.times)
    interest, borrow, funding = carry(conditions, bars.instruments, bars.times)
    close = _carried(bars.close, placed.split, bars.fresh)
    return Tape(
        instruments=bars.instruments,
        times=bars.times,
        open=np.ascontiguousarray(np.where(fresh, opens, close)),
        close=close,
        volume=np.ascontiguousarray(np.where(fresh, bars.volume, np.nan)),
        fresh=np.ascontiguousarray(fresh),
        volatility=rolling_volatility(bars.close, placed.split, bars.fresh),
        fx=rates_of_exchange(conditions, bars.instruments, bars.times),
        split=placed.split,
        dividend=placed.dividend,
        delisted=placed.delisted,
        interest=interest,
        borrow=borrow,
        funding=funding,
    )


def _check_frame(bars: _Bars) -> None:
    """Slots and columns: BadBar for slots out of order or given twice and for a symbol twice, InputError for shapes."""
    shape = (len(bars.times), len(bars.instruments))
    for name in ("open", "high", "low", "close", "volume", "fresh"):
        if getattr(bars, name).shape != shape:
            raise InputError(f"{name} has shape {getattr(bars, name).shape}, not {shape}", "give one cell a bar")
    if 0 in shape:
        raise InputError("a tape without a bar", "give at least one slot and one symbol")
    if np.isnat(bars.times).any():
        raise BadBar("every symbol", "NaT", "a slot without a time", "give every slot a time")
    step = np.diff(bars.times.astype("datetime64[ns]").astype(np.int64))
    if (step <= 0).any():
        at = int(np.flatnonzero(step <= 0)[0]) + 1
        rule = "the slot is given twice" if step[at - 1] == 0 else "the slot is out of order"
        raise BadBar("every symbol", slot_name(bars.times, at), rule, "sort the bars and keep one of each")
    seen: set[str] = set()
    for one in bars.instruments:
        if one.symbol in seen:
            raise BadBar(one.symbol, "every bar", "the symbol is given twice", "keep one column of it")
        seen.add(one.symbol)


def _checked(bars: _Bars, conditions: Conditions) -> _Bars:
    """The bars, those of no volume refused or not fresh; BadBar for the first that breaks a rule of data.quality."""
    values = broken_values(bars.open, bars.high, bars.low, bars.close, bars.volume)
    for rule, broken in zip(VALUE_RULES, values, strict=True):
        _refuse(broken & bars.fresh, bars, rule, _NOT_POSITIVE if "not positive" in rule else _REMEDY)
    empty = bars.fresh & (bars.volume == 0.0)
    if conditions.zero_volume == "refuse":
        _refuse(
            empty,
            bars,
            "nothing was traded",
            "give NaN where volume is unknown, or let orders wait: zero_volume: wait, in --conditions",
        )
    return replace(bars, fresh=bars.fresh & ~empty)


def _refuse(bad: BoolArray, bars: _Bars, rule: str, remedy: str) -> None:
    """BadBar for the first cell, by slot and then by column, at which `bad` (T, S) is True."""
    if bad.any():
        slot, column = np.argwhere(bad)[0].tolist()
        raise BadBar(bars.instruments[column].symbol, slot_name(bars.times, slot), rule, remedy)


def _carried(close: FloatArray, split: FloatArray, fresh: BoolArray) -> FloatArray:
    """(T, S): the close where fresh, else the last known one after splits; NaN before the first bar."""
    out = np.ascontiguousarray(np.where(fresh, close, np.nan))
    for t in range(1, len(out)):
        out[t] = np.where(fresh[t], out[t], out[t - 1] / split[t])
    return out
