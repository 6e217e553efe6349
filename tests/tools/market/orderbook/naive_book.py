"""A limit order book in forty plain lines: one list of resting orders, sorted anew for each trade."""

from dataclasses import dataclass

from tools.market.orderbook.codes import EventKind as E
from tools.market.orderbook.codes import Kind, Reason, TimeInForce


@dataclass
class Resting:
    order: int
    side: int
    kind: int
    tif: int
    quantity: int
    left: int
    price: int
    stop: int


class NaiveBook:
    def __init__(self, ticks):
        self.ticks, self.orders, self.stops, self.last, self.log = ticks, [], [], None, []

    def facing(self, side, limit):
        found = [o for o in self.orders if o.side == -side and side * (limit - o.price) >= 0]
        return sorted(found, key=lambda o: side * o.price)  # stable: arrival order within a price

    def submit(self, order, side, kind, tif, quantity, price, stop):
        o = Resting(order, side, kind, tif, quantity, quantity, price, stop)
        if kind in (Kind.MARKET, Kind.STOP):
            o.price = self.ticks - 1 if side > 0 else 0
        facing = self.facing(side, o.price)
        if tif == TimeInForce.POST_ONLY and facing:
            return self.log.append((E.REJECTED, order, 0, price, quantity, Reason.WOULD_TRADE))
        if tif == TimeInForce.FOK and sum(m.left for m in facing) < quantity:
            return self.log.append((E.REJECTED, order, 0, price, quantity, Reason.WOULD_NOT_FILL))
        self.log.append((E.ACCEPTED, order, 0, o.price, quantity, Reason.NONE))
        if kind in (Kind.STOP, Kind.STOP_LIMIT):
            self.stops.append(o)
            return self.settle([])
        return self.execute(o, [])

    def execute(self, o, elected):
        for maker in self.facing(o.side, o.price):
            lots = min(o.left, maker.left)
            o.left, maker.left, self.last = o.left - lots, maker.left - lots, maker.price
            self.log.append((E.TRADED, o.order, maker.order, maker.price, lots, Reason.NONE))
            if maker.left == 0:
                self.orders.remove(maker)
            if o.left == 0:
                break
        if o.left and (o.kind in (Kind.MARKET, Kind.STOP) or o.tif == TimeInForce.IOC):
            self.log.append((E.CANCELLED, o.order, 0, o.price, o.left, Reason.UNFILLED))
        elif o.left:
            self.orders.append(o)
        self.settle(elected)

    def settle(self, elected):
        reached = [s for s in self.stops if self.last is not None and s.side * (self.last - s.stop) >= 0]
        reached.sort(key=lambda s: (-s.side, s.side * s.stop))
        self.stops = [s for s in self.stops if s not in reached]
        elected = elected + reached
        if elected:
            self.log.append((E.TRIGGERED, elected[0].order, 0, elected[0].stop, elected[0].left, Reason.NONE))
            self.execute(elected[0], elected[1:])

    def cancel(self, order, reason=Reason.REQUESTED):
        for queue in (self.orders, self.stops):
            for o in [o for o in queue if o.order == order]:
                queue.remove(o)
                self.log.append((E.CANCELLED, order, 0, o.price, o.left, reason))

    def replace(self, order, quantity, price):
        o = next(o for o in self.orders if o.order == order)
        filled, kept = o.quantity - o.left, price == o.price and quantity <= o.quantity
        if o.tif == TimeInForce.POST_ONLY and self.facing(o.side, price):
            return self.log.append((E.REJECTED, order, 0, price, quantity, Reason.WOULD_TRADE))
        o.quantity, o.left, o.price = quantity, quantity - filled, price
        why = Reason.KEPT_PRIORITY if kept else Reason.LOST_PRIORITY
        self.log.append((E.REPLACED, order, 0, price, quantity, why))
        if not kept:
            self.orders.remove(o)
            self.execute(o, [])
        return None
