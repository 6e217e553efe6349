"""The symbol agents in use: from a policy bundle to scores, by ONNX Runtime. No torch, no Ray.

Raw features go into the policy's own graph, which holds the transforms. A policy without a graph (version 1, or not
written yet) is asked in numpy, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from data.errors import CorruptFile, InputError
from data.features.spec import Features
from data.market import BoolArray, FloatArray, Instrument, IntArray, TimeArray
from rl.export.raw import raw_columns
from rl.export.session import open_session
from rl.forecasts import Forecaster
from rl.observation import SCHEMAS, bars_a_year, known_cells, observe, schema
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
"""Rows of one question where windows are shown or heads gathered: bounds their memory."""
_NO_TIMES = np.empty(0, dtype="datetime64[ns]")


class _Asked(NamedTuple):
    """The market that a policy is asked about."""

    features: Features
    instruments: Sequence[Instrument]
    heads: IntArray
    times: TimeArray
    per_year: float


class SymbolPolicy:
    """Scores of the symbol agents.

    Raises CorruptFile where the bundle is not theirs, reads another observation, or lacks the forecasts it shows.
    """

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
        self._forecaster = Forecaster.from_tensors(bundle.tensors) if self._schema.needs_forecasts else None
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
        times: TimeArray | None = None,
    ) -> Scores:  # fmt: skip
        """Scores (T', S) for the slots in `rows` (all unless given); NaN where any of a symbol's columns is unknown.

        `times` (T,) of all slots tell how many bars a year has (252 unless given) and which forecast was known when.
        Raises InputError where a feature is missing altogether, or the times where the observation shows forecasts.
        """
        if self._forecaster is not None and times is None:
            raise InputError(f"{self._schema.id} shows forecasts, which depend on the date", "give the slots' times")
        heads = np.array([self._heads.get(i.symbol, 0) for i in instruments], dtype=np.int64)
        told = _NO_TIMES if times is None else times
        asked = _Asked(features, instruments, heads, told, bars_a_year(told))
        first, last, _ = (rows or slice(None)).indices(len(features.values))
        plain = self._session is None and self._schema.window == 1
        step = _SLOTS_AT_ONCE if plain else max(1, _ROWS_AT_ONCE // max(len(heads), 1))
        said = self._by_numpy if self._session is None else self._by_onnx
        found = np.full((2, max(0, last - first), len(heads)), np.nan)
        for t in range(first, last, step):
            part = slice(t, min(t + step, last))
            found[:, part.start - first : part.stop - first] = said(asked, part)
        return Scores(found[0], found[1])

    def _by_onnx(self, of: _Asked, rows: slice) -> FloatArray:
        """(2, T', S): raw columns through the graph."""
        forecasts = self._forecasts(of, rows)
        raw = raw_columns(self._schema, of.features, of.instruments, rows, of.per_year, forecasts)
        slots, symbols = rows.stop - rows.start, len(of.heads)
        given: dict[str, npt.NDArray[Any]] = {**raw.inputs(self._schema.window), "head": np.repeat(of.heads, slots)}

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

    def _by_numpy(self, of: _Asked, rows: slice) -> FloatArray:
        """(2, T', S): observation columns through the network in numpy."""
        shown = self._schema
        seen = slice(max(0, rows.start - shown.window + 1), rows.stop)
        forecasts = self._forecasts(of, seen)
        observed = observe(shown, of.features, of.instruments, seen, per_year=of.per_year, forecasts=forecasts)
        here = slice(rows.start - seen.start, None)
        known = known_cells(observed.block[here]) & known_cells(observed.context[here])
        block, context = (np.nan_to_num(x, nan=0.0).transpose(1, 0, 2) for x in observed)
        market = windows(block, context if shown.context else None, shown.window, here)
        network = numpy_network(self.manifest.module, self._bundle.tensors)
        return np.where(known, stateless_view(network, market, of.heads).transpose(0, 2, 1), np.nan)

    def _forecasts(self, of: _Asked, rows: slice) -> FloatArray | None:
        """(T', S, 4) where the observation shows them."""
        if self._forecaster is None:
            return None
        return self._forecaster.forecasts(of.features, of.instruments, of.times, rows, of.per_year)
