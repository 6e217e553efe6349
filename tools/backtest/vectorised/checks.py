"""What the vectorised engine refuses before it trades anything, each refusal naming the slot and the symbol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.errors import BadBar, InputError, TargetRefused
from data.market import BoolArray, FloatArray
from tools.backtest.rules import Rules
from tools.market.terms import CostTerms

SUM_SLACK = 1e-9
"""How far the weights of a row may add up beyond 1: rounding, not leverage."""
LARGEST = 1e6
"""No weight is meant to be larger: what is, would end in infinite money."""


def check_weights(weights: FloatArray, symbols: tuple[str, ...], slots: int, rules: Rules) -> None:
    """Refuse (TargetRefused) weights (T, S) that no account under `rules` can hold: another shape, infinite, negative
    without `short`, adding up beyond 1 without `borrow`, beyond LARGEST."""
    if weights.shape != (slots, len(symbols)):
        raise TargetRefused(
            f"weights of shape {weights.shape} for {slots} slots of {len(symbols)} symbols", "shape", 0, "",
            "give one row a slot and one column a symbol",
        )  # fmt: skip
    _refuse(np.isinf(weights), weights, symbols, "finite", "give a fraction of value, or NaN to keep what is held")
    if not rules.short:
        _refuse(weights < 0.0, weights, symbols, "short", "allow shorts in the rules, or ask for 0 or more")
    if not rules.borrow:
        beyond = np.nansum(weights, axis=1) > 1.0 + SUM_SLACK
        if beyond.any():
            t = int(np.argmax(beyond))
            s = int(np.nanargmax(weights[t]))
            raise TargetRefused(
                f"the weights of slot {t} add up to {np.nansum(weights[t])}, {symbols[s]} the largest", "borrow", t,
                symbols[s], "allow borrowing in the rules, or let the weights add up to 1 at most",
            )  # fmt: skip
    _refuse(np.abs(weights) > LARGEST, weights, symbols, "size", f"ask for {LARGEST:.0f} times the value at most")


def check_terms(terms: CostTerms, symbols: int) -> None:
    """Refuse (InputError) terms that have not one row a symbol."""
    wrong = [name for name, column in terms._asdict().items() if column.shape != (symbols,)]
    if wrong:
        raise InputError(f"terms {', '.join(wrong)} are not one a symbol", "make the terms of the tape's instruments")


def _refuse(bad: BoolArray, weights: FloatArray, symbols: tuple[str, ...], rule: str, remedy: str) -> None:
    if bad.any():
        t, s = (int(i) for i in np.argwhere(bad)[0])
        raise TargetRefused(f"weight {weights[t, s]} of {symbols[s]} in slot {t}", rule, t, symbols[s], remedy)


def check_prices(name: str, prices: FloatArray, symbols: Sequence[str]) -> bool:
    """Refuse (BadBar) prices (T, S) that are neither positive and finite nor NaN; says whether any is NaN."""
    if float(prices.min()) > 0.0 and float(prices.max()) < np.inf:
        return False
    bad = (prices <= 0.0) | np.isinf(prices)
    if bad.any():
        t, s = (int(i) for i in np.argwhere(bad)[0])
        rule = f"{name} {prices[t, s]} is not a positive, finite price"
        raise BadBar(symbols[s], f"slot {t}", rule, "give NaN where there is no bar")
    return True
