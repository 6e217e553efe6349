"""How long the risk check looks at 60 symbols over 252 bars. Run: python -m benchmarks.market.risk_check"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from benchmarks.figures import Figure, figure, median_seconds, publish
from data.market import CASH, AssetClass, Instrument
from data.panel import Panel
from tools.execution.book import Book, Position
from tools.risk.check import check
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits

SYMBOLS, BARS, SEED = 60, 300, 0
AS_OF = datetime(2020, 3, 16, 20, tzinfo=UTC)
ALL_LIMITS = RiskLimits(
    max_sector_weight={"*": 0.3}, max_currency_weight={"USD": 0.99}, max_participation=0.1, max_beta=1.0,
    max_stress_loss=0.1, max_position_loss=0.1, max_trailing_loss=0.1, max_volatility_annual=0.1,
    var_method="cornish_fisher",
)  # fmt: skip


def main() -> None:
    """Measure and publish."""
    one_shut = np.arange(SYMBOLS) != 3
    nearest = ALL_LIMITS.model_copy(update={"projection": "least_change"})
    publish(
        "risk_check",
        [
            _figure("risk check, default limits", RiskLimits(), 400),
            _figure("risk check, every limit set", ALL_LIMITS, 400),
            _figure("risk check, every limit set, a holding that cannot be traded", ALL_LIMITS, 400, one_shut),
            _figure("risk check, least change", nearest, 20),
        ],
    )


def _figure(name: str, limits: RiskLimits, repeats: int, tradable: np.ndarray | None = None) -> Figure:
    panel, weights = _panel(), np.random.default_rng(SEED).random(SYMBOLS) + 0.5
    weights /= weights.sum() * 1.02
    names = panel.symbols
    held = {
        s: Position(quantity=w * 1e6, average_price=1.0) for s, w in zip(names, weights[::-1].tolist(), strict=True)
    }
    cash = 1e6 - sum(p.quantity for p in held.values())
    book = Book(
        name="b", cash=cash, positions=held, marks=dict.fromkeys(names, 1.0), peak_value=1e6, day_start_value=1e6
    )
    target = dict(zip(names, weights.tolist(), strict=True)) | {CASH: 1.0 - float(weights.sum())}
    free = np.ones(SYMBOLS, dtype=np.bool_) if tradable is None else tradable

    def run() -> int:
        return len(check(target, book, panel, free, limits, HaltState(on=False), AS_OF).clamps)

    clamps = run()
    note = f"median of {repeats} calls, {SYMBOLS} symbols, {limits.risk_window_bars} bars, {clamps} clamps each"
    return figure(name, median_seconds(run, repeats) * 1e3, "ms", note)


def _panel() -> Panel:
    rng = np.random.default_rng(SEED)
    moves = rng.normal(0.0, 0.01, (BARS, 1)) + rng.normal(0.0, 0.01, (BARS, SYMBOLS))
    close = np.asarray(100.0 * np.cumprod(1.0 + moves, axis=0), dtype=np.float64)
    times = np.datetime64("2019-01-01", "ns") + np.arange(BARS) * np.timedelta64(1, "D")
    names = tuple(Instrument(f"S{k:02}", AssetClass.STOCK, sector=f"sector {k % 8}") for k in range(SYMBOLS))
    fresh, volume = np.zeros(close.shape, dtype=np.int64), np.full(close.shape, 1e9)
    return Panel(names, times, close, close, close, close, volume, fresh, np.zeros(SYMBOLS, dtype=np.bool_))


if __name__ == "__main__":
    main()
