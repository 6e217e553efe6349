"""A venue in memory that does what venues do: fills in pieces, late, twice and too much."""

from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker
from tools.execution.orders import Fill

COST_BPS = 5.0


class Exchange(GatedBroker):
    """Tells the truth when asked. What it is told twice under one id it takes twice, and `received` shows it."""

    def __init__(self, gate, at):
        super().__init__(gate)
        self.at, self.received, self.withdrawn, self.excess = at, [], set(), []
        self.executed, self.repeated = {}, set()

    def _send(self, order):
        self.received.append(order)
        return self.query(order.order_id).state

    def query(self, order_id):
        order = self.order(order_id)
        if order is None:
            return None
        fills = self.fills(order_id)
        told = (*fills, fills[-1]) if order_id in self.repeated else fills
        return Answer(self.state(order_id), tuple(told))

    def cancel(self, order_id):
        if self.order(order_id) is not None and self.remainder(order_id) > 0.0:
            self.withdrawn.add(order_id)
        return "cancelled" if self.order(order_id) is None else self.state(order_id)

    def open_orders(self):
        return tuple(
            OpenOrder(o.order_id, o.symbol, o.side, o.quantity, self.done(o.order_id))
            for o in self.received
            if self.state(o.order_id) in ("accepted", "partial")
        )

    def positions(self):
        held = {}
        for fill in self.all_fills():
            held[fill.symbol] = held.get(fill.symbol, 0.0) + fill.signed_quantity
        return held

    def cash(self):
        return -sum(fill.signed_quantity * fill.price + fill.cost for fill in self.all_fills())

    def server_time(self):
        return self.at

    # --- what a test makes it do --------------------------------------------------------------------------------

    def execute(self, order_id, quantity, price):
        """One execution; more than is left of the order is excess."""
        order = self.order(order_id)
        fills = self.executed.setdefault(order_id, [])
        fill = Fill(
            order_id=order_id, symbol=order.symbol, side=order.side, quantity=quantity, price=price,
            cost=quantity * price * COST_BPS * 1e-4, convention="venue", bar_time=self.at.isoformat(),
            execution_id=f"{order_id}-{len(fills)}",
        )  # fmt: skip
        if quantity > self.remainder(order_id) + 1e-9 * order.quantity:
            self.excess.append(fill)
        fills.append(fill)

    def order(self, order_id):
        return next((o for o in self.received if o.order_id == order_id), None)

    def fills(self, order_id):
        return tuple(self.executed.get(order_id, ()))

    def all_fills(self):
        return [fill for fills in self.executed.values() for fill in fills]

    def done(self, order_id):
        return sum(fill.quantity for fill in self.fills(order_id))

    def remainder(self, order_id):
        order = self.order(order_id)
        left = order.quantity - self.done(order_id)
        return left if left > 1e-9 * order.quantity else 0.0

    def state(self, order_id):
        if self.remainder(order_id) == 0.0:
            return "filled"
        if order_id in self.withdrawn:
            return "cancelled"
        return "partial" if self.fills(order_id) else "accepted"
