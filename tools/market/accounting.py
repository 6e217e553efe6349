"""What a decision is worth: weights held to the fill, traded there, and held to the next close.

The one arithmetic of training, backtest and paper. Weights are fractions of value. A target equal to the weight held
(bit for bit) is not traded: it drifts with its price, so that holding is free. Any other target is reached at the fill,
as a fraction of the value that is left after costs, so that a target of 1 never borrows.
"""

from __future__ import annotations

import numpy as np

from data.compiled import njit
from data.market import FloatArray
from tools.market.costs import trade_cost


@njit(cache=True)
def sleeve_step(
    position: float, target: float, close0: float, fill: float, close1: float, cost_bps: float
) -> tuple[float, float, float]:
    """One slot of a sleeve that holds one symbol and cash.

    `position` is held from `close0` to `fill`, `target` from `fill` to `close1`; both in [0, 1]; prices are positive.
    Returns (position_after at close1, net_return over the slot, cost_fraction), the last two as fractions of the value
    at close0, costs already taken off the return. A needed price that is NaN gives NaN; an empty sleeve needs none.
    """
    return margin_step(position, target, close0, fill, close1, cost_bps, 0.0)


@njit(cache=True)
def carry_fraction(position: float, borrow: float, financing: float, funding: float) -> float:
    """What holding `position` (a weight, negative is short) over a slot costs, as a fraction of the sleeve's value.

    `borrow` is paid on what is short, `financing` on cash that is owed (a weight beyond 1), `funding` by longs to
    shorts: fractions a slot, on the position at the close before, as the backtest's engines charge them.
    """
    return borrow * max(0.0, -position) + financing * max(0.0, position - 1.0) + funding * position


@njit(cache=True)
def margin_step(
    position: float, target: float, close0: float, fill: float, close1: float, cost_bps: float, carry: float
) -> tuple[float, float, float]:
    """`sleeve_step` for weights of any sign and size: short below 0, on borrowed cash beyond 1.

    `carry` (carry_fraction) is paid before the trade and is part of the net return, not of the cost. A sleeve whose
    value is gone, at the fill, after costs or at the close, holds nothing and has returned -1: it owes no more than it
    had.
    """
    if position == 0.0 and target == 0.0:
        return 0.0, 0.0, 0.0
    notional = position * fill / close0
    value = 1.0 - position + notional - carry
    if value <= 0.0:
        return 0.0, -1.0, 0.0
    after, kept = value, notional
    if target != position:
        rate = cost_bps * 1e-4 if target * value > notional else -cost_bps * 1e-4
        share = 1.0 + rate * target
        after = (value + rate * notional) / share
        if share <= 0.0 or after <= 0.0:
            return 0.0, -1.0, value
        kept = target * after
    if kept == 0.0:
        return 0.0, after - 1.0, value - after
    at_close = kept * close1 / fill
    value_close = after - kept + at_close
    if value_close <= 0.0:
        return 0.0, -1.0, value - after
    return at_close / value_close, value_close - 1.0, value - after


@njit(cache=True)
def portfolio_step(
    held: FloatArray, target: FloatArray, to_fill: FloatArray, to_close: FloatArray, cost_bps: FloatArray
) -> tuple[float, FloatArray, float, float]:
    """One slot of a portfolio: `held` to the fill, `target` from the fill to the next close.

    `held`, `target` (S + 1,): weights with cash last, non-negative; the cash of `target` is what the symbols leave.
    `to_fill` (S,): simple returns from the last close to the fill; `to_close` (S,): from the fill to the next close.
    Returns (growth, held_after, cost_fraction, turnover): value at the next close and costs as fractions of the value
    at the last close; weights (S + 1,) at the next close; notional traded as a fraction of the value at the fill.
    A symbol neither held nor wanted needs no prices; elsewhere NaN gives NaN.
    """
    symbols = held.size - 1
    notional = np.zeros(symbols)
    value = 1.0
    for s in range(symbols):
        if held[s] != 0.0:
            notional[s] = held[s] * (1.0 + to_fill[s])
            value += held[s] * to_fill[s]
    after = _value_after_costs(value, notional, held, target, cost_bps)
    traded = 0.0
    growth = after
    at_close = np.zeros(symbols + 1)
    for s in range(symbols):
        wanted = notional[s] if target[s] == held[s] else target[s] * after
        traded += abs(wanted - notional[s])
        if wanted != 0.0:
            at_close[s] = wanted * (1.0 + to_close[s])
            growth += wanted * to_close[s]
    at_close[symbols] = growth - at_close[:symbols].sum()
    return growth, at_close / growth, value - after, traded / value


@njit(cache=True)
def _value_after_costs(
    value: float, notional: FloatArray, held: FloatArray, target: FloatArray, cost_bps: FloatArray
) -> float:
    """What is left of `value` once every traded symbol stands at its target fraction of just that.

    Solves v = value - costs(v); each round shrinks the error by the cost rate, so a handful reach the last bit.
    """
    after = value
    for _ in range(40):
        costs = 0.0
        for s in range(notional.size):
            if target[s] != held[s]:
                costs += trade_cost(target[s] * after - notional[s], cost_bps[s])
        before, after = after, value - costs
        if abs(after - before) < 1e-16:
            break
    return after
