"""Random tapes, weights, terms and rules for the engines to agree on: everything that the rules speak of, by seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.market import AssetClass, FloatArray, Instrument
from tools.backtest.rules import Rules
from tools.backtest.tape import Tape
from tools.market.terms import CostTerms, proportional_terms

FILLS = ("next_open", "next_close", "same_close")
SIZINGS = ("decision", "fill")


@dataclass(frozen=True)
class Case:
    """What one run of an engine is given; `weights` (T, S)."""

    tape: Tape
    weights: FloatArray
    terms: CostTerms
    rules: Rules


def plain_tape(close: FloatArray, open_: FloatArray | None = None) -> Tape:
    """A daily tape of these closes (T, S) in which nothing else ever happens; each open is the close before it."""
    slots, symbols = close.shape
    close = np.ascontiguousarray(close, dtype=np.float64)
    opens = np.vstack([close[:1], close[:-1]]) if open_ is None else np.ascontiguousarray(open_, dtype=np.float64)
    ones, zeros = np.ones(close.shape), np.zeros(close.shape)
    return Tape(
        instruments=tuple(Instrument(f"S{s:03d}", AssetClass.STOCK) for s in range(symbols)),
        times=np.datetime64("2020-01-01T21:00:00", "ns") + np.arange(slots) * np.timedelta64(1, "D"),
        open=opens, close=close, volume=np.full(close.shape, np.nan), fresh=np.ones(close.shape, dtype=np.bool_),
        volatility=zeros, fx=ones, split=ones, dividend=zeros, delisted=np.full(symbols, -1),
        interest=np.zeros(slots), borrow=zeros, funding=zeros,
    )  # fmt: skip


def random_case(seed: int, fill: str = "next_open", sizing: str = "decision", **features: bool) -> Case:
    """Everything at once; name a feature False to leave it out (see the helpers below for their names)."""
    rng = np.random.default_rng(seed)
    slots, symbols = int(rng.integers(6, 40)), int(rng.integers(1, 6))
    on = {name: features.get(name, True) for name in ("costs", "caps", "lots", "events", "carry", "shorts", "gaps")}
    cash = float(rng.choice([1e3, 1e5, 1e7]))
    tape = _prices(rng, slots, symbols, cash)
    tape = _events(rng, tape) if on["events"] else tape
    tape = _carry(rng, tape) if on["carry"] else tape
    tape = _gaps(rng, tape) if on["gaps"] else tape
    short, borrow = (bool(rng.random() < 0.5), bool(rng.random() < 0.5)) if on["shorts"] else (False, False)
    rules = Rules(
        fill=fill, sizing=sizing, short=short, borrow=borrow,
        initial_cash=cash, min_notional=float(rng.choice([0.0, 50.0])), recovery=float(rng.choice([0.0, 0.4, 1.0])),
    )  # fmt: skip
    return Case(tape, random_weights(rng, slots, symbols, short, borrow), _terms(rng, symbols, on), rules)


def random_weights(rng: np.random.Generator, slots: int, symbols: int, short: bool, borrow: bool) -> FloatArray:
    """Rows with symbols and whole rows left out, exact exits, and sums of exactly 1 or (with `borrow`) above."""
    weights = rng.random((slots, symbols)) * rng.choice([0.5, 1.2, 1.8]) / symbols
    if not borrow:
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), rng.choice([1.0, 0.1]))
    if short:
        weights *= rng.choice([-1.0, 1.0], weights.shape)
    weights[rng.random(weights.shape) < 0.2] = 0.0
    weights[rng.random(weights.shape) < 0.2] = np.nan
    weights[rng.random(slots) < 0.3] = np.nan
    return weights


def _prices(rng: np.random.Generator, slots: int, symbols: int, cash: float) -> Tape:
    """Volumes are a few times what the account could buy: impact hurts without ruining it, where engines would only
    amplify each other's last bits."""
    shape = (slots, symbols)
    close = rng.choice([0.5, 20.0, 900.0], symbols) * np.cumprod(1.0 + rng.normal(0.0, 0.03, shape), axis=0)
    tape = plain_tape(close, close * (1.0 + rng.normal(0.0, 0.01, shape)))
    fx = np.where(rng.random(symbols) < 0.4, rng.uniform(0.01, 2.0, symbols), 1.0)
    volume = 10.0 * cash / (close * fx) * np.exp(rng.normal(0.0, 1.0, shape))
    volume[rng.random(shape) < 0.1] = np.nan
    volume[rng.random(shape) < 0.05] = 0.0
    return replace(
        tape, volume=volume, volatility=np.abs(rng.normal(0.0, 0.03, shape)),
        fx=np.ascontiguousarray(fx * np.exp(np.cumsum(rng.normal(0.0, 0.003, shape) * (fx != 1.0), axis=0))),
    )  # fmt: skip


def _events(rng: np.random.Generator, tape: Tape) -> Tape:
    shape = tape.close.shape
    split = np.where(rng.random(shape) < 0.03, rng.choice([0.1, 0.5, 2.0, 3.0], shape), 1.0)
    dividend = np.where(rng.random(shape) < 0.05, tape.close * 0.01, 0.0)
    delisted = np.where(rng.random(shape[1]) < 0.2, rng.integers(1, shape[0], shape[1]), -1)
    fresh = tape.fresh.copy()
    for s in np.flatnonzero(delisted >= 0):
        fresh[delisted[s] + 1 :, s] = False
    return replace(tape, split=split, dividend=dividend, delisted=delisted, fresh=fresh)


def _carry(rng: np.random.Generator, tape: Tape) -> Tape:
    slots, shape = tape.times.size, tape.close.shape
    return replace(
        tape, interest=rng.uniform(-1e-4, 3e-4, slots), borrow=rng.uniform(0.0, 1e-3, shape),
        funding=np.where(rng.random(shape) < 0.3, rng.normal(0.0, 1e-3, shape), 0.0),
    )  # fmt: skip


def _gaps(rng: np.random.Generator, tape: Tape) -> Tape:
    """Symbols that begin late and cells without a bar: the last close stands in both prices, after splits."""
    fresh, opens, close = tape.fresh & (rng.random(tape.fresh.shape) > 0.15), tape.open.copy(), tape.close.copy()
    for s in range(close.shape[1]):
        if tape.delisted[s] >= 0:
            fresh[tape.delisted[s], s] = True
        seen = np.nan
        for t in range(close.shape[0]):
            if fresh[t, s]:
                seen = close[t, s]
            else:
                seen = seen / tape.split[t, s]
                opens[t, s] = close[t, s] = seen
    return replace(tape, open=opens, close=close, fresh=fresh)


def _terms(rng: np.random.Generator, symbols: int, on: dict[str, bool]) -> CostTerms:
    terms = proportional_terms(rng.uniform(0.0, 30.0, symbols) if on["costs"] else np.zeros(symbols))
    if on["costs"]:
        terms = terms._replace(
            spread_vol=rng.uniform(0.0, 0.1, symbols), per_unit=rng.choice([0.0, 0.005], symbols),
            minimum=rng.choice([0.0, 1.0], symbols), impact=rng.uniform(0.0, 1.0, symbols),
            kyle=rng.uniform(0.0, 0.5, symbols), spread_volume=rng.uniform(0.0, 0.5, symbols),
        )  # fmt: skip
    if on["caps"]:
        terms = terms._replace(cap=rng.choice([0.01, 0.2, np.inf], symbols))
    if on["lots"] and rng.random() < 0.7:  # all or none: a fraction cut to the last bit would tip another's whole lot
        terms = terms._replace(lot=rng.choice([1.0, 10.0, 2.0**-13], symbols))
    return terms
