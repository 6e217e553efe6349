"""The meta-controller as ONNX: raw features, prior, book and views in, one tilt for each symbol and for cash out.

The graph is `rl.meta.inputs.assemble` and `rl.meta.actor.Actor.tilts`, float64 throughout, before rounding.
"""

from __future__ import annotations

import numpy as np

from rl.export.graph import GraphWriter
from rl.export.inputs import META_OUTPUT, meta_inputs
from rl.meta.actor import CASH_DRIFT, DRIFT, STILL_LIMIT
from rl.meta.inputs import CASH_DRIFT_FLOOR, DRIFT_FLOOR, LIMIT, RAW_FEATURES, VOL_FLOOR
from rl.policies.network import Tensors


def meta_graph(tensors: Tensors) -> bytes:
    """The ONNX bytes of a meta-controller's actor; its one output is META_OUTPUT."""
    graph = GraphWriter("meta_controller")
    given = {name: graph.input(name, dtype, shape) for name, (dtype, shape) in meta_inputs(tensors).items()}
    writer = _Writer(graph, tensors)
    tradable = graph.op("Unsqueeze", given["tradable"], graph.ints(1))
    count = graph.op("Max", graph.op("ReduceSum", given["tradable"], graph.ints(0)), writer.number(1.0))
    symbol = writer.symbol_columns(given, tradable, count)
    shared = writer.shared_columns(given)
    wishes = writer.wishes(symbol, shared, given["views"], tradable, count)
    result = writer.tilts(wishes, writer.still(symbol, shared))
    return graph.finish(result, META_OUTPUT)


class _Writer:
    """Writes the parts of the graph; values are one decision's, those of `wishes` and `tilts` one row's each."""

    def __init__(self, graph: GraphWriter, tensors: Tensors) -> None:
        self._g, self._tensors = graph, tensors

    def number(self, value: float) -> str:
        return self._g.constant(np.array([value]))

    def symbol_columns(self, given: dict[str, str], tradable: str, count: str) -> str:
        """(S, 10): the market's columns, then prior, held, drift and tradable."""
        market = self._clipped(
            self._g.op("Where", self._yes(tradable), self._market(given["values"]), self.number(0.0))
        )
        prior, held = (self._g.op("Mul", self._but_cash(given[name]), count) for name in ("prior", "held"))
        drift = self._clipped(self._log_ratio(held, prior, DRIFT_FLOOR))
        book = [self._g.op("Unsqueeze", x, self._g.ints(1)) for x in (prior, held, drift)]
        return self._g.op("Concat", market, *book, tradable, axis=1)

    def _market(self, values: str) -> str:
        g = self._g
        at = {name: g.columns(values, k, k + 1) for k, name in enumerate(RAW_FEATURES)}
        vol_21, vol_63 = (g.op("Max", at[name], self.number(VOL_FLOOR)) for name in ("vol_21", "vol_63"))
        columns = (
            g.op("Div", g.op("Mul", at["ret_5"], self.number(8.0)), vol_21),
            g.op("Div", g.op("Mul", at["mom_63"], self.number(2.0)), vol_63),
            at["rank_mom_63"], at["rank_mom_252"], at["rank_vol_21"], g.op("Mul", vol_21, self.number(2.0)),
        )  # fmt: skip
        return g.op("Concat", *columns, axis=1)

    def shared_columns(self, given: dict[str, str]) -> str:
        """(1, G): the shared features, then cash, its drift and the drawdown."""
        held, prior = self._cash(given["held"]), self._cash(given["prior"])
        drift = self._log_ratio(held, prior, CASH_DRIFT_FLOOR)
        row = self._g.op("Concat", given["shared"], held, drift, given["drawdown"], axis=0)
        return self._g.op("Unsqueeze", self._clipped(row), self._g.ints(0))

    def wishes(self, symbol: str, shared: str, views: str, tradable: str, count: str) -> str:
        """(B, S + 1, 2): wish and patience of each symbol, cash last."""
        g = self._g
        known = g.op("Add", self._times(symbol, "embed.symbol"), self._times(shared, "embed.shared", "embed.bias"))
        embed = g.op("Relu", g.op("Add", self._times(views, "embed.views"), known))
        embed = g.op("Mul", embed, tradable)
        mean = g.op("Div", g.op("ReduceSum", embed, g.ints(1)), count)
        pooled = g.op("Concat", mean, g.op("ReduceMax", embed, g.ints(1)), axis=2)
        mix = g.op("Add", self._times(embed, "mix.embed"), self._times(pooled, "mix.pooled", "mix.bias"))
        symbols = self._times(g.op("Relu", mix), "symbol.weight", "symbol.bias")
        cash = g.op("Add", self._times(pooled, "cash.pooled"), self._times(shared, "cash.shared", "cash.bias"))
        return g.op("Concat", symbols, self._times(g.op("Relu", cash), "cash_out.weight", "cash_out.bias"), axis=1)

    def still(self, symbol: str, shared: str) -> str:
        """(S + 1,): the tilt before tanh that keeps what is held; 0 where there is no reach."""
        g, last = self._g, self._tensors["embed.shared"].shape[1]
        cash = g.columns(shared, last + CASH_DRIFT, last + CASH_DRIFT + 1)
        drift = g.op("Squeeze", g.op("Concat", g.columns(symbol, DRIFT, DRIFT + 1), cash, axis=0), g.ints(1))
        kappa = float(self._tensors["kappa"][0])
        x = g.op("Div", drift, self.number(kappa if kappa > 0.0 else np.inf))
        x = g.op("Min", g.op("Max", x, self.number(-STILL_LIMIT)), self.number(STILL_LIMIT))
        one = self.number(1.0)  # ONNX Runtime has no Atanh in float64
        odds = g.op("Div", g.op("Add", one, x), g.op("Sub", one, x))
        return g.op("Mul", g.op("Log", odds), self.number(0.5))

    def tilts(self, wishes: str, still: str) -> str:
        """(B, S + 1): tanh of the wish where impatient, of standing still where patient."""
        g = self._g
        wish, patience = (g.op("Squeeze", g.columns(wishes, k, k + 1, axis=2), g.ints(2)) for k in (0, 1))
        patience = g.op("Sigmoid", patience)
        eager = g.op("Mul", g.op("Sub", self.number(1.0), patience), wish)
        return g.op("Tanh", g.op("Add", eager, g.op("Mul", patience, still)))

    def _times(self, x: str, weight: str, bias: str = "") -> str:
        out = self._g.op("MatMul", x, self._constant(weight, transposed=True))
        return self._g.op("Add", out, self._constant(bias)) if bias else out

    def _constant(self, name: str, transposed: bool = False) -> str:
        value = self._tensors[name].astype(np.float64)
        return self._g.constant(value.T if transposed else value, name)

    def _log_ratio(self, above: str, below: str, floor: float) -> str:
        g, least = self._g, self.number(floor)
        return g.op("Log", g.op("Div", g.op("Add", above, least), g.op("Add", below, least)))

    def _clipped(self, x: str) -> str:
        return self._g.op("Min", self._g.op("Max", x, self.number(-LIMIT)), self.number(LIMIT))

    def _yes(self, tradable: str) -> str:
        return self._g.op("Greater", tradable, self.number(0.5))

    def _but_cash(self, weights: str) -> str:
        return self._g.columns(weights, 0, -1, axis=0)

    def _cash(self, weights: str) -> str:
        return self._g.columns(weights, -1, np.iinfo(np.int64).max, axis=0)
