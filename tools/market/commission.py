"""Commissions: in proportion to the notional, by the unit with a minimum, by the contract, and maker or taker."""

from __future__ import annotations

from data.compiled import njit
from tools.market.costs import trade_cost


@njit(cache=True)
def unit_commission(units: float, per_unit: float, minimum: float) -> float:
    """Cash for a fill of `units` (either sign), in the account currency: `per_unit` each, at least `minimum`.

    Nothing is charged where nothing is filled. A charge by the contract is `per_unit` = charge / multiplier, since a
    contract is `multiplier` units (see tools.market.conventions).
    """
    size = abs(units)
    if size > 0.0:
        return max(minimum, size * per_unit)
    return 0.0


@njit(cache=True)
def venue_commission(notional: float, maker_bps: float, taker_bps: float, maker: bool) -> float:
    """Cash an exchange asks for `notional` (either sign), in its currency: `maker_bps` of it for an order that rested
    in the book (negative is a rebate), `taker_bps` for one that met a resting order."""
    return trade_cost(notional, maker_bps if maker else taker_bps)
