"""Records for tests of the explainer: made by a seed from the real types, with something of everything in them."""

from __future__ import annotations

import math
import random
from typing import Any

from agents.meta.allocation import Allocation, Fallback, PolicyUse
from agents.view import View, abstain, opinion
from graph.record import Approval, CycleRecord, cycle_id_of
from tools.execution.book import Book, Position
from tools.execution.orders import Fill, Order, order_id
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Clamp, Verdict

SYMBOLS = ("AAPL", "BRK.B", "BTC-USD", "EURUSD=X", "KO", "MSFT", "TLT", "XOM")
CLASSES = dict(zip(SYMBOLS, ("stock", "stock", "crypto", "forex", "stock", "stock", "etf", "stock"), strict=True))
AGENTS = ("news", "social", "macro", "momentum", "mean_reversion", "risk", "policy")
SLOT = "2020-03-16T20:00:00Z"
CAP = 0.2


def a_record(seed: int = 0, **changes: Any) -> dict[str, Any]:
    """The JSON of a whole, consistent CycleRecord; `changes` replace its fields."""
    rng = random.Random(seed)
    opening = _book(rng)
    proposed, contributions = _allocation(rng)
    allowed, clamps = _limited(proposed)
    orders, fills = _trades(rng, opening, allowed)
    fields: dict[str, Any] = {
        "cycle_id": cycle_id_of("main", SLOT),
        "book": "main",
        "slot": SLOT,
        "as_of": SLOT,
        "source": {"name": "sample", "params": {}},
        "config": {"frequency": "1d"},
        "halt": HaltState(on=False),
        "opening": opening,
        "snapshot": _snapshot(rng),
        "views": _views(rng),
        "allocation": Allocation(
            weights=proposed,
            contributions=contributions,
            fallback_chain=(
                Fallback(name="policy:none", used=False, reason="no meta_controller policy for source 'sample'"),
                Fallback(name="rule:blend-v1", used=True),
            ),
            policies=(
                PolicyUse(
                    role="symbol_agents", policy_id="sample-7", sha256="ab" * 32,
                    trained_until="2019-12-31T21:00:00Z", in_sample=False,
                ),
            ),
        ),
        "verdict": Verdict(
            decision="reduced" if clamps else "approved",
            weights=allowed,
            clamps=clamps,
            measures={"volatility": 0.0123, "var_95": 0.0187, "cvar_95": 0.0265, "gross": 0.9, "net": 0.9,
                      "turnover": 0.4321, "drawdown": 0.05, "day_return": -0.0123},
        ),
        "approval": Approval(required=False),
        "orders": orders,
        "fills": fills,
        "closing": opening.model_copy(update={"cycles": 4}),
        "hashes": {"snapshot": "ab" * 32, "config": "cd" * 32, "code": "ef" * 32, "policies": {"sample-7": "12" * 32}},
    }  # fmt: skip
    return CycleRecord(**(fields | changes)).model_dump(mode="json")


def _book(rng: random.Random) -> Book:
    marks = {s: round(rng.uniform(5.0, 300.0), 2) for s in SYMBOLS}
    held = rng.sample(SYMBOLS, 5)
    positions = {s: Position(quantity=float(rng.randint(1, 900)), average_price=marks[s] * 0.9) for s in sorted(held)}
    return Book(name="main", cash=75_000.5, positions=positions, marks=marks, peak_value=1_900_000.0,
                day_start_value=500_000.0, cycles=3)  # fmt: skip


def _allocation(rng: random.Random) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Contributions of the prior, the context and the six agents that spoke; all sum to the weights."""
    prior = {s: 0.7 / len(SYMBOLS) for s in SYMBOLS} | {"CASH": 0.3}
    contributions = {"prior": prior}
    for source in ("context", *(a for a in AGENTS if a != "social")):
        moved = {s: round(rng.uniform(-0.012, 0.016), 9) for s in SYMBOLS}
        contributions[source] = moved | {"CASH": -math.fsum(moved.values())}
    weights = {s: math.fsum(c[s] for c in contributions.values()) for s in SYMBOLS}
    return weights | {"CASH": 1.0 - math.fsum(weights.values())}, contributions


def _limited(proposed: dict[str, float]) -> tuple[dict[str, float], tuple[Clamp, ...]]:
    """A cap on the largest name, then a scaling of all."""
    weights = {s: w for s, w in proposed.items() if s != "CASH"}
    largest = max(weights, key=lambda s: weights[s])
    clamps = [Clamp(limit="max_name_weight", symbol=largest, before=weights[largest], after=weights[largest] * 0.8,
                    detail=f"limit {weights[largest] * 0.8:.4g}")]  # fmt: skip
    weights[largest] *= 0.8
    for symbol in sorted(weights):
        clamps.append(Clamp(limit="var_95", symbol=symbol, before=weights[symbol], after=weights[symbol] * 0.97))
        weights[symbol] *= 0.97
    return weights | {"CASH": 1.0 - math.fsum(weights.values())}, tuple(clamps)


def _trades(rng: random.Random, book: Book, target: dict[str, float]) -> tuple[tuple[Order, ...], tuple[Fill, ...]]:
    orders: list[Order] = []
    fills: list[Fill] = []
    for symbol in SYMBOLS:
        held = book.weights().get(symbol, 0.0)
        quantity = abs(target[symbol] - held) * book.net_asset_value / book.marks[symbol]
        side = "buy" if target[symbol] > held else "sell"
        identity = order_id("main", SLOT, symbol, 0, 1)
        orders.append(Order(order_id=identity, symbol=symbol, side=side, quantity=quantity,
                            reference_price=book.marks[symbol]))  # fmt: skip
        price = round(book.marks[symbol] * rng.uniform(0.99, 1.01), 4)
        fills.append(Fill(order_id=identity, symbol=symbol, side=side, quantity=quantity, price=price,
                          cost=round(quantity * price * 0.0007, 6), convention="next_open",
                          bar_time="2020-03-17T13:30:00Z"))  # fmt: skip
    return tuple(orders), tuple(fills)


def _views(rng: random.Random) -> tuple[View, ...]:
    evidence = {
        "news": ("feature:news_tone", "news:n1"), "macro": ("market:macro_known", "macro:CPI"),
        "momentum": ("feature:mom_63", "feature:mom_252"), "mean_reversion": ("feature:rsi_14",),
        "risk": ("feature:vol_21", "market:regime_turbulent"), "policy": ("policy:sample-7#own",),
    }  # fmt: skip
    views: list[View] = []
    for agent in AGENTS:
        kind = "analyst" if agent in ("news", "social", "macro") else "policy" if agent == "policy" else "specialist"
        if agent == "social":
            views.append(abstain(agent, kind, "no posts in the last 5 slots"))
            continue
        known = SYMBOLS if agent != "news" else SYMBOLS[:3]
        opinions = {s: opinion(rng.uniform(-1, 1), rng.uniform(0, 1), evidence[agent]) for s in known}
        unknown = {s: "no headline names it" for s in SYMBOLS if s not in known}
        views.append(View(agent=agent, kind=kind, horizon_bars=21, opinions=opinions, unknown=unknown,
                          model=f"rule:{agent}-v1"))  # fmt: skip
    return tuple(views)


def _snapshot(rng: random.Random) -> dict[str, Any]:
    names = ("mom_63", "mom_252", "rsi_14", "vol_21", "news_tone")
    return {
        "content_hash": "ab" * 32,
        "lake": {"bars": 3},
        "unavailable": {"chains": "this source has no option chains"},
        "tradable": [s for s in SYMBOLS if s != "XOM"],
        "asset_class": dict(CLASSES),
        "prices": {s: round(rng.uniform(5.0, 300.0), 2) for s in SYMBOLS},
        "features": {s: {n: round(rng.uniform(-1, 1), 6) for n in names} for s in SYMBOLS},
        "market": {"regime_calm": 0.0512, "regime_normal": 0.2, "regime_turbulent": 0.7488, "breadth": 0.25,
                   "macro_known": 1.0},
        "macro": {"CPI": {"role": "inflation", "unit": "index 1982=100", "value": 258.824, "change": -0.7,
                          "event_time": "2020-02-01T00:00:00Z", "known_at": "2020-03-11T12:30:00Z"}},
        "news": [{"id": "n1", "symbol": "AAPL", "channel": "wire", "known_at": "2020-03-16T14:00:00Z",
                  "text": "Apple closes 458 stores, MSFT unaffected [sponsored] “really”", "tone": -0.4}],
        "posts": [],
        "chains": [],
        "findings": [{"rule": "stale", "symbol": "XOM", "detail": "last bar 2 slots old"}],
    }  # fmt: skip
