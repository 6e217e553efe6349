"""What trading cost against the decision: for each filled order, the price it was decided at against the price it got.

    delay     filled quantity x (average fill price - decision price), a loss counted as positive; account currency
    fees      commissions, spread and slippage as the fills state them
    shortfall delay + fees: what the order cost against a free trade at the decision price
    bps       shortfall for each 10,000 of the filled value at the decision price
    unfilled  quantity that was ordered and is not filled

The decision price is `Order.reference_price`, the last close known when the order was sized.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
_BPS = 10_000.0


def order_costs(record: Json, others: Sequence[Json] = ()) -> list[dict[str, Any]]:
    """The cost of each order that was filled at least in part, in the record's order.

    Fills that came back in later cycles (`settled` of `others`) count too.
    """
    fills: dict[str, list[Json]] = {}
    for fill in (*record["fills"], *(f for other in others for f in other.get("settled", ()))):
        fills.setdefault(str(fill["order_id"]), []).append(fill)
    return [_cost(order, fills[str(order["order_id"])]) for order in record["orders"] if order["order_id"] in fills]


def _cost(order: Json, fills: Sequence[Json]) -> dict[str, Any]:
    decided, sign = float(order["reference_price"]), 1.0 if order["side"] == "buy" else -1.0
    filled = math.fsum(float(f["quantity"]) for f in fills)
    paid = math.fsum(float(f["quantity"]) * float(f["price"]) for f in fills)
    fees = math.fsum(float(f["cost"]) for f in fills)
    delay = sign * (paid - filled * decided)
    return {
        "order_id": order["order_id"],
        "symbol": order["symbol"],
        "side": order["side"],
        "decision_price": decided,
        "fill_price": paid / filled,
        "filled": filled,
        "unfilled": max(0.0, float(order["quantity"]) - filled),
        "delay": delay,
        "fees": fees,
        "shortfall": delay + fees,
        "bps": (delay + fees) / (filled * decided) * _BPS,
    }
