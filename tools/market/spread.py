"""Half the spread, where it is not constant: what crossing from the mid to the touch costs in a moving market.

A constant half-spread in basis points is tools.market.costs.trade_cost.
"""

from __future__ import annotations

import math

from data.compiled import njit


@njit(cache=True)
def volatility_spread(notional: float, volatility: float, per_volatility: float) -> float:
    """Cash that crossing half a spread of per_volatility x `volatility` costs, whatever the volume.

    `notional` >= 0 in any currency, `volatility` of one bar as a fraction; the result is in the notional's currency.
    """
    return notional * per_volatility * volatility


@njit(cache=True)
def volume_spread(notional: float, volatility: float, volume: float, root_units: float) -> float:
    """Cash that crossing half a spread costs which follows the volatility of one trade.

    The half-spread is volatility x root_units / sqrt(volume): `volume` (> 0) is the bar's in units, `root_units` is
    `trade_size_root` of the market; `notional` and `volatility` as in `volatility_spread`.
    """
    return notional * volatility * root_units / math.sqrt(volume)


def trade_size_root(trade_size: float, ratio: float = 1.5) -> float:
    """The `root_units` of a market whose mean trade is `trade_size` units: ratio / 2 x sqrt(trade_size).

    The spread is `ratio` times the volatility of one trade, which is the bar's over sqrt(number of trades): Wyart,
    Bouchaud, Kockelkoren, Potters and Vettorazzo, "Relation between bid-ask spread, impact and volatility in
    order-driven markets", Quantitative Finance 8 (2008) 41-57, who find a ratio between 1.2 and 1.6.
    """
    return 0.5 * ratio * math.sqrt(trade_size)
