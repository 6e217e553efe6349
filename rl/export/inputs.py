"""What the graphs are fed and what they answer, by name: numpy type and shape. Importable without onnx."""

from __future__ import annotations

from rl.actions import N_ACTIONS
from rl.meta.actor import VIEW_WIDTH
from rl.meta.inputs import RAW_FEATURES, SHARED_BOOK_COLUMNS
from rl.modules.config import ModuleConfig
from rl.observation import ObservationSchema
from rl.policies.network import Tensors

Declared = dict[str, tuple[str, tuple[int | str, ...]]]
"""Name -> numpy type and sizes; a word is a dynamic axis."""
ROWS, SYMBOLS, WITH_CASH = "rows", "symbols", "symbols_and_cash"
META_OUTPUT: Declared = {"tilts": ("float64", (ROWS, WITH_CASH))}
"""The meta-controller's one output."""


def policy_inputs(shown: ObservationSchema) -> Declared:
    """Inputs of a policy by name: numpy type and shape. `rows` is any number.

    `bars` raw values of each bar, oldest first; `context` the same of what is shown once (absent where there is none);
    `volatility` of one bar at each of them, a fraction; `year` sqrt(bars a year / 252); `own` state, portfolio and
    directives as the kernel writes them; `mask` 1 allowed, 0 not; `head` of each row.
    """
    own = len(shown.own) + len(shown.portfolio) + len(shown.directives)
    found: Declared = {
        "bars": ("float64", (ROWS, shown.window, shown.bar_width)),
        "volatility": ("float64", (ROWS, shown.window)),
        "year": ("float64", (1,)),
        "own": ("float32", (ROWS, own)),
        "mask": ("float32", (ROWS, N_ACTIONS)),
        "head": ("int64", (ROWS,)),
    }
    return found | ({"context": ("float64", (ROWS, shown.context_width))} if shown.context else {})


def policy_output(config: ModuleConfig) -> Declared:
    """The one output, likewise: masked logits."""
    return {"logits": ("float32", (ROWS, config.outputs))}


def meta_inputs(tensors: Tensors) -> Declared:
    """Inputs by name: numpy type and shape. `rows` are the questions, each with views of its own.

    `values` raw, of RAW_FEATURES; `shared` raw; `tradable` 1 or 0; `prior` over what can be traded and cash, `held`;
    `drawdown` of the book; `views` (rows, symbols, 7 x 3).
    """
    shared = tensors["embed.shared"].shape[1] - len(SHARED_BOOK_COLUMNS)
    return {
        "values": ("float64", (SYMBOLS, len(RAW_FEATURES))),
        "shared": ("float64", (shared,)),
        "tradable": ("float64", (SYMBOLS,)),
        "prior": ("float64", (WITH_CASH,)),
        "held": ("float64", (WITH_CASH,)),
        "drawdown": ("float64", (1,)),
        "views": ("float64", (ROWS, SYMBOLS, VIEW_WIDTH)),
    }
