"""Target weights over a tape: one account of shared cash for each set of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.market import BoolArray, FloatArray, IntArray, TimeArray
from tools.backtest.arithmetic import market_of, room_for, trades_of
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.tape import Tape
from tools.backtest.vectorised.account import Law, Path, account_pass
from tools.backtest.vectorised.checks import check_terms, check_weights
from tools.market.terms import CostTerms


@dataclass(frozen=True, slots=True)
class Sweep:
    """P accounts over T slots, one a set of weights; money is in the account currency."""

    times: TimeArray
    equity: FloatArray
    """(P, T): value at the close of each slot, after what was filled there."""
    cash: FloatArray
    """(P, T)"""
    fills: IntArray
    """(P,): how many."""
    costs: FloatArray
    """(P,): cash paid in costs."""
    turnover: FloatArray
    """(P,): notional bought and sold."""


def run_weights(tape: Tape, weights: FloatArray, terms: CostTerms, rules: Rules) -> Result:
    """Run `weights` (T, S), one row a slot, by the rules: the account with its positions and every fill.

    TargetRefused, naming slot and symbol, for weights that no account under `rules` can hold; InputError where `terms`
    has not one row a symbol. Nothing is run then.
    """
    rows = _checked(tape, weights, terms, rules)
    slots, symbols = rows.shape
    path = Path(np.empty(slots), np.empty(slots), np.empty(rows.shape))
    fills = room_for(slots * symbols)
    made = account_pass(
        market_of(tape), _acts(tape), rows, terms, _law(rules), path, fills, np.zeros(3)
    )  # fmt: skip
    trades = trades_of(fills, made)
    return Result(tape.symbols, tape.times, path.equity, path.cash, path.units, trades)


def run_sweep(tape: Tape, weights: FloatArray, terms: CostTerms, rules: Rules) -> Sweep:
    """Run P sets of `weights` (P, T, S), each as `run_weights` does, keeping values and totals only.

    The compiled pass holds no lock, so sweeps of one tape may run in threads. Errors as in `run_weights`; all sets are
    checked before the first is run.
    """
    if weights.ndim != 3:
        raise InputError(f"a sweep of shape {weights.shape}", "give (sets, slots, symbols)")
    sets = [_checked(tape, one, terms, rules) for one in weights]
    shape = (len(sets), tape.times.size)
    equity, cash, totals = np.empty(shape), np.empty(shape), np.zeros((len(sets), 3))
    market, acts, law, fills = market_of(tape), _acts(tape), _law(rules), room_for(len(tape.instruments))
    none = np.empty((0, len(tape.instruments)))
    for p, rows in enumerate(sets):
        account_pass(market, acts, rows, terms, law, Path(equity[p], cash[p], none), fills, totals[p])
    return Sweep(tape.times, equity, cash, totals[:, 0].astype(np.int64), totals[:, 1].copy(), totals[:, 2].copy())


def _checked(tape: Tape, weights: FloatArray, terms: CostTerms, rules: Rules) -> FloatArray:
    check_terms(terms, len(tape.instruments))
    check_weights(weights, tape.symbols, tape.times.size, rules)
    return np.ascontiguousarray(weights, dtype=np.float64)


def _acts(tape: Tape) -> BoolArray:
    return ((tape.split != 1.0) | (tape.dividend != 0.0)).any(axis=1)


def _law(rules: Rules) -> Law:
    return Law(
        rules.fill == "next_open", rules.fill == "same_close", rules.sizing == "fill", rules.initial_cash,
        rules.min_notional, rules.borrow, rules.recovery,
    )  # fmt: skip
