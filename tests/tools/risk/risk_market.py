"""A market and a book in miniature, and the risk check on both."""

from datetime import UTC, datetime

import numpy as np

from data.market import CASH, AssetClass, Instrument
from data.panel import Panel
from tools.execution.book import Book, Position
from tools.risk.check import check
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits

AS_OF = datetime(2020, 3, 16, 20, tzinfo=UTC)
OFF = HaltState(on=False)
CLASSES = (AssetClass.STOCK, AssetClass.STOCK, AssetClass.ETF, AssetClass.CRYPTO, AssetClass.COMMODITY)
LOOSE = RiskLimits(
    max_name_weight=1.0, max_class_weight={}, max_turnover_per_cycle=1.0, max_var_95=1.0, max_cvar_95=1.0,
    max_volatility_annual=1.0, approval_turnover=2.0,
)  # fmt: skip


def market(rows=300, seed=0, vol=0.01, classes=CLASSES, sectors=(), currencies=(), volume=1e9):
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0, vol, size=(rows, 1))
    close = 100.0 * np.cumprod(1.0 + common + rng.normal(0.0, vol, size=(rows, len(classes))), axis=0)
    times = np.datetime64("2019-01-01", "ns") + np.arange(rows) * np.timedelta64(1, "D")
    sectors, currencies = sectors or ("",) * len(classes), currencies or ("USD",) * len(classes)
    names = tuple(
        Instrument(f"S{k}", c, sector=sector, currency=currency)
        for k, (c, sector, currency) in enumerate(zip(classes, sectors, currencies, strict=True))
    )
    fresh, units = np.zeros(close.shape, dtype=np.int64), np.full(close.shape, volume)
    return Panel(names, times, close, close, close, close, units, fresh, np.zeros(len(classes), dtype=bool))


def book(weights=(), value=1e6, **changes):
    """A book worth `value` that holds `weights` at a price of 1."""
    held = {f"S{k}": Position(quantity=w * value, average_price=1.0) for k, w in enumerate(weights) if w}
    cash = value - sum(p.quantity for p in held.values())
    state = {"peak_value": value, "day_start_value": value} | changes
    return Book(**{"name": "b", "cash": cash, "positions": held, "marks": dict.fromkeys(held, 1.0)} | state)


def target(*weights):
    return {f"S{k}": w for k, w in enumerate(weights)} | {CASH: 1.0 - sum(weights)}


def judge(wanted, held=(), limits=LOOSE, panel=None, tradable=None, halt=OFF, as_of=AS_OF, **changes):
    panel = panel or market()
    tradable = np.ones(len(panel.instruments), dtype=bool) if tradable is None else np.array(tradable)
    return check(wanted, book(held, **changes), panel, tradable, limits, halt, as_of)


def allowed(verdict):
    """The weights of a verdict as an array, without cash."""
    return np.array([weight for symbol, weight in verdict.weights.items() if symbol != CASH])


def fired(verdict):
    """The limits that fired, in order, each named once."""
    return list(dict.fromkeys(clamp.limit for clamp in verdict.clamps))
