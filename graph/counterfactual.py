"""Counterfactuals: what a recorded cycle would have decided without something, on the same facts and the same book.

The cycle's own nodes run up to the verdict with the thing switched off, as they would in a cycle whose config says
`without`. Nobody is asked, nothing is sent, and nothing of the desk is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from agents.meta.allocation import Allocation
from agents.view import View
from graph.context import CycleContext
from graph.cycle import build_decision
from graph.record import CycleRecord
from graph.state import CycleState
from tools.execution.orders import Order
from tools.execution.sizing import orders_for
from tools.risk.verdict import Clamp, Verdict

SAME = 1e-12
"""Weights closer than this did not change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A cycle as far as the desk decides alone: `orders` are those of the verdict if nobody objects."""

    views: tuple[View, ...]
    allocation: Allocation
    verdict: Verdict
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """`weights` are the verdict's, `proposed` the allocation's; the differences are without less as decided.

    `factual` is what the desk decided by itself: where a person then edited the weights, those before the edit.
    """

    cycle_id: str
    without: tuple[str, ...]
    factual: Outcome
    outcome: Outcome

    @property
    def weights(self) -> dict[str, float]:
        """Allowed weights without it, by symbol, CASH among them."""
        return dict(self.outcome.verdict.weights)

    @property
    def difference(self) -> dict[str, float]:
        """Allowed weights without it less those as decided; 0 where they are the same."""
        return _less(self.outcome.verdict.weights, self.factual.verdict.weights)

    @property
    def proposed_difference(self) -> dict[str, float]:
        """The same before the limits."""
        return _less(self.outcome.allocation.weights, self.factual.allocation.weights)

    @property
    def changed(self) -> tuple[str, ...]:
        """Symbols whose allowed weight differs, the largest difference first."""
        moved = [(-abs(by), symbol) for symbol, by in self.difference.items() if abs(by) > SAME]
        return tuple(symbol for _, symbol in sorted(moved))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        then, now = self.factual, self.outcome
        return {
            "cycle_id": self.cycle_id,
            "without": list(self.without),
            "weights": self.weights,
            "difference": self.difference,
            "proposed": dict(now.allocation.weights),
            "proposed_difference": self.proposed_difference,
            "decision": {"as_decided": then.verdict.decision, "without": now.verdict.decision},
            "reasons": list(now.verdict.reasons),
            "fallback_chain": [link.model_dump(mode="json") for link in now.allocation.fallback_chain],
            "abstained": {v.agent: v.reason for v in now.views if v.abstained},
            "clamps": _came_and_went(then.verdict.clamps, now.verdict.clamps, _clamp_key),
            "orders": _came_and_went(then.orders, now.orders, _order_key),
            "measures": {"as_decided": then.verdict.measures, "without": now.verdict.measures},
        }


def decide(record: CycleRecord, context: CycleContext) -> Outcome:
    """Run the recorded cycle's slot up to the verdict with the parts in `context`."""
    start = {"book": record.book, "slot": record.slot, "cycle_id": record.cycle_id}
    state = cast(CycleState, build_decision().invoke(cast(Any, start), context=context))
    return Outcome(state["views"], state["allocation"], state["verdict"], _orders(record, state["verdict"], context))


def run_without(record: CycleRecord, context: CycleContext, without: tuple[str, ...],
                as_recorded: Callable[[], CycleContext]) -> Counterfactual:  # fmt: skip
    """The counterfactual of `record` with the parts in `context`, whose config has `without` switched off.

    `as_recorded` gives the record's own parts: they are asked only where a person's edit stands in the place of what
    the desk decided.
    """
    if record.approval.weights is not None:
        factual = decide(record, as_recorded())
    else:
        orders = _orders(record, record.verdict, context)
        factual = Outcome(record.views, record.allocation, record.verdict, orders)
    return Counterfactual(record.cycle_id, without, factual, decide(record, context))


def _orders(record: CycleRecord, verdict: Verdict, context: CycleContext) -> tuple[Order, ...]:
    if verdict.decision == "halted":
        return ()
    smallest = context.config.min_order_notional
    return orders_for(verdict.weights, book=record.opening, slot=record.slot, min_notional=smallest)


def _less(now: Mapping[str, float], then: Mapping[str, float]) -> dict[str, float]:
    return {s: now.get(s, 0.0) - then.get(s, 0.0) + 0.0 for s in (*now, *(s for s in then if s not in now))}


def _clamp_key(clamp: Clamp) -> tuple[str, str]:
    return clamp.limit, clamp.symbol


def _order_key(order: Order) -> tuple[str, str, float]:
    return order.symbol, order.side, order.quantity


def _came_and_went(then: Any, now: Any, key: Callable[[Any], Any]) -> dict[str, list[dict[str, Any]]]:
    """What is only in the one or in the other, by `key`."""
    old, new = {key(item) for item in then}, {key(item) for item in now}
    return {
        "gone": [item.model_dump(mode="json") for item in then if key(item) not in new],
        "new": [item.model_dump(mode="json") for item in now if key(item) not in old],
    }
