"""The symbol agents in use: from a policy bundle to scores, by ONNX Runtime. No torch, no Ray.

Raw features go into the policy's own graph, which holds the transforms. A policy without a graph (version 1, or not
written yet) is asked in numpy, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data.errors import CorruptFile
from data.features.spec import Features
from data.market import BoolArray, FloatArray, Instrument, IntArray
from rl.export.raw import raw_columns
from rl.export.session import open_session
from rl.observation import DAILY, SCHEMAS, known_cells, observe, schema
from rl.policies.manifest import PolicyBundle
from rl.policies.mlp import Actor
from rl.policies.network import answered, own_inputs
from rl.policies.opinion import (
    FLAT_ALLOWED,
    FULL_ALLOWED,
    Members,
    asked_for,
    expected_target,
    opinions,
    stateless_view,
)
from rl.policies.plain import numpy_network
from rl.policies.window import windows
from tools.strategies.scores import Scores

__all__ = [
    "FLAT_ALLOWED", "FULL_ALLOWED", "GENERIC", "Actor", "SymbolPolicy", "asked_for", "expected_target",
    "stateless_view",
]  # fmt: skip

GENERIC = "*"
"""Name of the head that serves symbols without one of their own; it is the first."""
_SLOTS_AT_ONCE = 512
_ROWS_AT_ONCE = 4096
"""Rows of one question to ONNX Runtime: bounds the memory of windows and gathered heads."""


class SymbolPolicy:
    """Scores of the symbol agents. Raises CorruptFile where the bundle is not theirs or reads another observation."""

    def __init__(self, bundle: PolicyBundle) -> None:
        manifest = bundle.manifest
        if manifest.role != "symbol_agents" or manifest.obs_id not in SCHEMAS:
            raise CorruptFile(
                f"policy {manifest.policy_id} is {manifest.role} on {manifest.obs_id}, not symbol agents on "
                f"{' or '.join(SCHEMAS)}",
                "train it again",
            )
        self.manifest = manifest
        self._schema = schema(manifest.obs_id)
        self._bundle = bundle
        self._session = open_session(bundle.onnx) if bundle.onnx is not None else None
        self._heads = {symbol: i for i, symbol in enumerate(manifest.heads) if i > 0}

    @property
    def runtime(self) -> Literal["onnx", "numpy"]:
        """What computes the scores."""
        return "numpy" if self._session is None else "onnx"

    def head_of(self, symbol: str) -> Literal["own", "generic"]:
        """Which head answers for a symbol."""
        return "own" if symbol in self._heads else "generic"

    def scores(
        self, features: Features, instruments: Sequence[Instrument], rows: slice | None = None,
        per_year: float = DAILY, forecasts: FloatArray | None = None,
    ) -> Scores:  # fmt: skip
        """Scores (T', S) for the slots in `rows` (all unless given); NaN where any of a symbol's columns is unknown.

        `per_year`: bars a year of the book (rl.observation.bars_a_year). `forecasts` (T, S, 4) of all slots, where the
        observation shows them. Raises InputError where a feature, or the forecasts, are missing altogether.
        """
        heads = np.array([self._heads.get(i.symbol, 0) for i in instruments], dtype=np.int64)
        first, last, _ = (rows or slice(None)).indices(len(features.values))
        step = _SLOTS_AT_ONCE if self._session is None else max(1, _ROWS_AT_ONCE // max(len(heads), 1))
        found = np.full((2, max(0, last - first), len(heads)), np.nan)
        for t in range(first, last, step):
            part = slice(t, min(t + step, last))
            said = self._by_numpy if self._session is None else self._by_onnx
            found[:, part.start - first : part.stop - first] = said(
                features, instruments, part, per_year, forecasts, heads
            )
        return Scores(found[0], found[1])

    def _by_onnx(
        self, features: Features, instruments: Sequence[Instrument], rows: slice, per_year: float,
        forecasts: FloatArray | None, heads: IntArray,
    ) -> FloatArray:  # fmt: skip
        """(2, T', S): raw columns through the graph."""
        near = None if forecasts is None else forecasts[rows]
        raw = raw_columns(self._schema, features, instruments, rows, per_year, near)
        slots, symbols = rows.stop - rows.start, len(heads)
        given: dict[str, npt.NDArray[Any]] = {**raw.inputs(self._schema.window), "head": np.repeat(heads, slots)}

        def ask(members: Members, position: float, allowed: BoolArray) -> FloatArray:
            own = own_inputs(self._schema, position, allowed).astype(np.float32)
            shown = np.broadcast_to(own, (symbols * slots, len(own)))
            at = len(own) - len(allowed)
            given["own"], given["mask"] = (np.ascontiguousarray(x) for x in (shown[:, :at], shown[:, at:]))
            assert self._session is not None
            logits = self._session.run(given)[:, answered(allowed, self.manifest.module.outputs)]
            return logits.reshape(symbols, slots, -1)[members].astype(np.float64)

        view = opinions(ask, symbols, None, None)
        return np.where(raw.known, view.transpose(0, 2, 1), np.nan)

    def _by_numpy(
        self, features: Features, instruments: Sequence[Instrument], rows: slice, per_year: float,
        forecasts: FloatArray | None, heads: IntArray,
    ) -> FloatArray:  # fmt: skip
        """(2, T', S): observation columns through the network in numpy."""
        shown = self._schema
        seen = slice(max(0, rows.start - shown.window + 1), rows.stop)
        near = None if forecasts is None else forecasts[seen]
        observed = observe(shown, features, instruments, seen, per_year=per_year, forecasts=near)
        here = slice(rows.start - seen.start, None)
        known = known_cells(observed.block[here]) & known_cells(observed.context[here])
        block, context = (np.nan_to_num(x, nan=0.0).transpose(1, 0, 2) for x in observed)
        market = windows(block, context if shown.context else None, shown.window, here)
        network = numpy_network(self.manifest.module, self._bundle.tensors)
        return np.where(known, stateless_view(network, market, heads).transpose(0, 2, 1), np.nan)
