"""The row kernel: N rows step at once, each one symbol in one episode; numba on the CPU."""

from rl.kernel.arrays import MarketArrays, Starts
from rl.kernel.layout import N_OWN, Layout, one_bar
from rl.kernel.rules import NEXT_STEP, SAME_STEP, Rules, checked_rules
from rl.kernel.state import (
    BARS,
    BLIND,
    COSTS,
    END,
    ENTRY,
    EPISODE,
    HEAD,
    MEAN,
    N_INDEX,
    N_STATE,
    PEAK,
    POSITION,
    RESET,
    RUIN,
    SLOT,
    SQUARE,
    SYMBOL,
    VALUE,
)  # fmt: skip
from rl.kernel.step import begin_rows, observe_rows, step_rows, uniform, wanted

__all__ = [
    "BARS", "BLIND", "COSTS", "END", "ENTRY", "EPISODE", "HEAD", "MEAN", "NEXT_STEP", "N_INDEX", "N_OWN", "N_STATE",
    "PEAK", "POSITION", "RESET", "RUIN", "SAME_STEP", "SLOT", "SQUARE", "SYMBOL", "VALUE", "Layout", "MarketArrays",
    "Rules", "Starts", "begin_rows", "checked_rules", "observe_rows", "one_bar", "step_rows", "uniform", "wanted",
]  # fmt: skip
