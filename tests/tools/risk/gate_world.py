"""A gate on an account of a million, with a clock and a switch to play with."""

from __future__ import annotations

from data.errors import OrderRefused
from tools.execution.orders import Fill, Order
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.gate.state import AccountState, Listing

LIMITS = GateLimits(
    max_order_notional_usd=200_000.0, max_order_quantity=5_000.0, max_participation=0.1, max_name_weight=0.25,
    max_gross_usd=1_000_000.0, max_net=0.9, max_leverage=0.95, max_borrow=0.0, max_unsettled=0.0, cost_reserve_bps=0.0,
    restricted=("R",), max_messages_per_s=5, max_repeats=3, repeat_window_s=60.0, duplicate_window_s=5.0,
)  # fmt: skip
NAMES = ("A", "B", "C", "D", "E", "R")


class World:
    """A gate on an account of 1,000,000 with nothing held, a clock and a switch to play with."""

    def __init__(self, limits=LIMITS, **account):
        self.now, self.halted, self.reasons = 0.0, False, []
        self.gate = Gate(limits, halted=lambda: self.halted, throw=self.throw, clock=lambda: self.now)
        fields = {
            "cash": 1_000_000.0, "positions": {}, "marks": dict.fromkeys(NAMES, 100.0) | {"J": 1.0},
            "listings": dict.fromkeys(NAMES, Listing(lot=1.0, tick=0.5)) | {"J": Listing("JPY")},
            "volumes": dict.fromkeys(NAMES, 1e5),
        }  # fmt: skip
        self.account = AccountState(**(fields | account))
        self.gate.open(self.account)
        self.count = 0

    def throw(self, reason):
        self.halted = True
        self.reasons.append(reason)

    def order(self, symbol="A", side="buy", quantity=100.0, **fields):
        self.count += 1
        named = {"order_id": f"o{self.count}", "symbol": symbol, "side": side, "quantity": quantity}
        return Order(**({"reference_price": 100.0} | named | fields))

    def refuses(self, *args, **fields):
        """The rule that refuses an order; None where it passes."""
        try:
            self.gate.check(self.order(*args, **fields))
        except OrderRefused as refused:
            return refused.rule
        return None


def long(**units):
    return World(cash=500_000.0, positions=units)


def a_fill(order_id, symbol, side, quantity, price=100.0, execution_id="1"):
    return Fill(
        order_id=order_id, symbol=symbol, side=side, quantity=quantity, price=price, cost=0.0, convention="venue",
        bar_time="2020-03-16T20:00:00Z", execution_id=execution_id,
    )  # fmt: skip
