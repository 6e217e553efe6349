"""The meta-controller's observation, `meta-obs-v1`: what it sees of each symbol, of the market and of its own book.

The same functions serve one cycle, a slice of history and many worlds at once: arrays may carry leading axes (...).
A changed column, scale or order is a new schema id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.features.spec import Features
from data.market import BoolArray, FloatArray
from tools.strategies.scores import Scores

SCHEMA = "meta-obs-v1"
AGENTS = ("news", "social", "macro", "momentum", "mean_reversion", "risk", "policy")
VIEW_PARTS = ("score", "confidence", "known")
MARKET_COLUMNS = ("ret_5/vol_21", "mom_63/vol_63", "rank_mom_63", "rank_mom_252", "rank_vol_21", "vol_21")
RAW_FEATURES = ("ret_5", "mom_63", "rank_mom_63", "rank_mom_252", "rank_vol_21", "vol_21", "vol_63")
"""Per-symbol features that MARKET_COLUMNS are made of."""
BOOK_COLUMNS = ("prior", "held", "drift", "tradable")
SYMBOL_COLUMNS = MARKET_COLUMNS + BOOK_COLUMNS
SHARED_BOOK_COLUMNS = ("cash", "cash_drift", "drawdown")

LIMIT = 3.0
"""Features and drifts are clipped here: a jump or a split gone wrong must not shout louder than all views."""
VOL_FLOOR = 0.01
"""Annualised; keeps pegged currencies from dividing by nothing."""
DRIFT_FLOOR = 0.02
"""Added to weights (in units of an equal share) before the log of held over prior, so that "not held" is finite."""
CASH_DRIFT_FLOOR = 0.001
"""The same for cash, whose weight is not in such units."""
WEIGHT_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class MetaInputs:
    """One decision as the controller sees it, views apart.

    `prior` (..., S + 1) over tradable symbols and cash, sums to 1; `held` (..., S + 1) weights at the decision;
    `tradable` (..., S); `symbol` (..., S, K0) columns SYMBOL_COLUMNS; `shared` (..., G) the shared features followed by
    SHARED_BOOK_COLUMNS.
    """

    prior: FloatArray
    held: FloatArray
    tradable: BoolArray
    symbol: FloatArray
    shared: FloatArray


def build_inputs(
    features: Features,
    row: int,
    tradable: BoolArray,
    prior: FloatArray,
    held: FloatArray,
    drawdown: float,
) -> MetaInputs:
    """The observation of a decision at `row` of `features` (-1 is the present).

    `tradable` (S,); `prior` and `held` (S + 1,) sum to 1 with cash last; `drawdown` of the book from its peak in [0,
    1]. Features of untradable symbols are zero, the tradable bit tells. Raises InputError where weights or features
    that are needed are missing or not finite.
    """
    for name, weights in (("prior", prior), ("held", held)):
        if not np.isfinite(weights).all() or abs(float(weights.sum()) - 1.0) > WEIGHT_TOLERANCE:
            raise InputError(f"{name} weights are not finite or do not sum to 1", "mark the book before the decision")
    at = slice(row, row + 1 or None)
    market = market_columns(features, at)[0]
    shared = features.shared[at][0]
    if not np.isfinite(market[tradable]).all() or not np.isfinite(shared).all():
        raise InputError("a feature the meta-controller needs is unknown", "mark the symbol untradable, or wait")
    return assemble(market, shared, tradable, prior, held, np.float64(drawdown))


def market_columns(features: Features, rows: slice) -> FloatArray:
    """MARKET_COLUMNS through time, (T, S, 6), unclipped; NaN where unknown."""
    return columns_of({name: features[name][rows] for name in RAW_FEATURES})


def columns_of(values: Mapping[str, FloatArray]) -> FloatArray:
    """MARKET_COLUMNS (..., 6), unclipped, out of `values` (...) by name of RAW_FEATURES."""
    vol_21, vol_63 = (np.maximum(values[name], VOL_FLOOR) for name in ("vol_21", "vol_63"))
    columns = (
        8.0 * values["ret_5"] / vol_21,
        2.0 * values["mom_63"] / vol_63,
        values["rank_mom_63"],
        values["rank_mom_252"],
        values["rank_vol_21"],
        2.0 * vol_21,
    )
    return np.stack(columns, axis=-1)


def assemble(
    market: FloatArray,
    shared: FloatArray,
    tradable: BoolArray,
    prior: FloatArray,
    held: FloatArray,
    drawdown: FloatArray | np.float64,
) -> MetaInputs:
    """MetaInputs from `market` (..., S, 6), `shared` (..., G0), weights (..., S + 1) and drawdown (...)."""
    prior = open_prior(prior, tradable)
    share = np.maximum(tradable.sum(axis=-1), 1)[..., None]
    p, h = prior[..., :-1] * share, held[..., :-1] * share
    drift = np.log((h + DRIFT_FLOOR) / (p + DRIFT_FLOOR))
    known = np.where(tradable[..., None], market, 0.0)
    columns = np.stack([p, h, np.clip(drift, -LIMIT, LIMIT), tradable.astype(np.float64)], axis=-1)
    symbol = np.concatenate([np.clip(known, -LIMIT, LIMIT), columns], axis=-1)
    cash_drift = np.log((held[..., -1] + CASH_DRIFT_FLOOR) / (prior[..., -1] + CASH_DRIFT_FLOOR))
    book = np.stack([held[..., -1], cash_drift, np.asarray(drawdown)], axis=-1)
    block = np.concatenate([shared, book], axis=-1)
    return MetaInputs(prior, held, tradable, symbol, np.clip(block, -LIMIT, LIMIT))


def open_prior(prior: FloatArray, tradable: BoolArray) -> FloatArray:
    """The prior (..., S + 1) restricted to what can be traded and cash, summing to 1."""
    kept = prior.copy()
    kept[..., :-1][~tradable] = 0.0
    total = kept.sum(axis=-1, keepdims=True)
    if not (total > 0.0).all():
        raise InputError("the prior leaves nothing to hold", "give cash a share of the prior")
    return kept / total


def stack_views(score: FloatArray, confidence: FloatArray) -> FloatArray:
    """Scores and confidences (..., S, 7), NaN where unknown, as views (..., S, 7, 3) of VIEW_PARTS, 0 where unknown."""
    known = np.isfinite(score) & np.isfinite(confidence)
    return np.stack([np.where(known, score, 0.0), np.where(known, confidence, 0.0), known.astype(np.float64)], axis=-1)


def views_through_time(scores: Mapping[str, Scores]) -> FloatArray:
    """Views (T, S, 7, 3) of all AGENTS; InputError names those that are missing."""
    missing = [agent for agent in AGENTS if agent not in scores]
    if missing:
        raise InputError(f"no scores of {', '.join(missing)}", "give all-NaN scores for an agent that has no view")
    score = np.stack([scores[agent].score for agent in AGENTS], axis=-1)
    confidence = np.stack([scores[agent].confidence for agent in AGENTS], axis=-1)
    return stack_views(score, confidence)


def coalition_views(views: FloatArray, coalitions: BoolArray) -> FloatArray:
    """`views` (S, 7, 3) as each coalition (B, 7) of agents would show them, (B, S, 7, 3): absent agents are unknown."""
    return views[None] * coalitions[:, None, :, None]


def check_views(views: FloatArray, symbols: int) -> None:
    """InputError unless views are (B, symbols, 7, 3) and finite."""
    if views.ndim != 4 or views.shape[1:] != (symbols, len(AGENTS), len(VIEW_PARTS)):
        raise InputError(f"views of shape {views.shape} where (B, {symbols}, {len(AGENTS)}, 3) is needed")
    if not np.isfinite(views).all():
        raise InputError("a view is NaN or infinite", "leave unknown views at 0 with known 0: use stack_views")
