"""The controller's network in numpy: a tilt for each symbol and for cash, for any order and number of symbols.

embed_i = relu(A symbol_i + B views_i + C shared); pooled = mean and max of embed over tradable symbols;
mix_i = relu(D embed_i + E pooled); (wish_i, patience_i) = F mix_i; g_i = sigmoid(patience_i);
r_i = tanh((1 - g_i) wish_i + g_i still_i), where still_i is the tilt that keeps the weight held: with g = 1 nothing is
traded. Cash likewise from shared and pooled. The torch module that learns it is `rl.meta.module`; both agree to 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import CorruptFile, InputError
from data.market import FloatArray
from rl.meta.inputs import AGENTS, SHARED_BOOK_COLUMNS, SYMBOL_COLUMNS, VIEW_PARTS, MetaInputs

VIEW_WIDTH = len(AGENTS) * len(VIEW_PARTS)
DRIFT, CASH_DRIFT = SYMBOL_COLUMNS.index("drift"), SHARED_BOOK_COLUMNS.index("cash_drift") - len(SHARED_BOOK_COLUMNS)
STILL_LIMIT = 0.95
"""Largest tilt that patience may ask for: beyond, its tanh has no slope."""
R_DECIMALS = 9
"""r is rounded here, so that the order in which a BLAS adds never reaches a weight."""


class Actor:
    """The deterministic action: tanh of the mean. `kappa` is the reach that validation left to it."""

    def __init__(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take the tensors of `export_actor`, all finite; CorruptFile where one is missing or of a wrong shape.

        They are kept as `tensors`, in float64.
        """
        self.tensors = {name: np.asarray(value, dtype=np.float64) for name, value in sorted(tensors.items())}
        self._check()
        self.kappa = float(self.tensors["kappa"][0])
        self.shared_width = self.tensors["embed.shared"].shape[1]

    def tilts(self, inputs: MetaInputs, views: FloatArray) -> FloatArray:
        """r (B, S + 1) in [-1, 1], cash last, for `views` (B, S, 7, 3); the inputs are single or of leading axis B."""
        if inputs.shared.shape[-1] != self.shared_width:
            raise InputError(
                f"{inputs.shared.shape[-1]} shared features where the policy was trained on {self.shared_width}"
            )
        t = self.tensors
        tradable = inputs.tradable[..., None]
        shown = views.reshape(*views.shape[:2], VIEW_WIDTH)
        embed = (
            inputs.symbol @ t["embed.symbol"].T + (inputs.shared @ t["embed.shared"].T + t["embed.bias"])[..., None, :]
        )
        embed = _relu(shown @ t["embed.views"].T + embed) * tradable
        pooled = _pool(embed, tradable)
        mix = _relu(embed @ t["mix.embed"].T + (pooled @ t["mix.pooled"].T + t["mix.bias"])[:, None, :])
        cash = _relu(inputs.shared @ t["cash.shared"].T + pooled @ t["cash.pooled"].T + t["cash.bias"])
        out: FloatArray = np.empty((views.shape[0], views.shape[1] + 1, 2))
        out[:, :-1] = mix @ t["symbol.weight"].T + t["symbol.bias"]
        out[:, -1] = cash @ t["cash_out.weight"].T + t["cash_out.bias"]
        patience = 1.0 / (1.0 + np.exp(-out[..., 1]))
        r: FloatArray = np.tanh((1.0 - patience) * out[..., 0] + patience * self.still(inputs))
        return r.round(R_DECIMALS)

    def still(self, inputs: MetaInputs) -> FloatArray:
        """The tilt before tanh that keeps what is held, (..., S + 1); 0 where there is no reach."""
        drift = np.concatenate([inputs.symbol[..., DRIFT], inputs.shared[..., CASH_DRIFT, None]], axis=-1)
        reach = self.kappa if self.kappa > 0.0 else np.inf
        return np.arctanh(np.clip(drift / reach, -STILL_LIMIT, STILL_LIMIT))

    def _check(self) -> None:
        if "embed.shared" not in self.tensors or "mix.bias" not in self.tensors:
            raise CorruptFile("the meta policy holds no network", "train it again")
        (hidden, shared), mixed = self.tensors["embed.shared"].shape, self.tensors["mix.bias"].size
        expected = actor_shapes(hidden, mixed, shared)
        found = {name: value.shape for name, value in self.tensors.items()}
        if found != expected:
            raise CorruptFile(f"the meta policy's tensors differ from {sorted(expected)}", "train it again")
        if not all(np.isfinite(value).all() for value in self.tensors.values()):
            raise CorruptFile("the meta policy holds NaN", "train it again")


def actor_shapes(hidden: int, mixed: int, shared: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the policy's tensors."""
    return {
        "embed.symbol": (hidden, len(SYMBOL_COLUMNS)),
        "embed.views": (hidden, VIEW_WIDTH),
        "embed.shared": (hidden, shared),
        "embed.bias": (hidden,),
        "mix.embed": (mixed, hidden),
        "mix.pooled": (mixed, 2 * hidden),
        "mix.bias": (mixed,),
        "symbol.weight": (2, mixed),
        "symbol.bias": (2,),
        "cash.shared": (mixed, shared),
        "cash.pooled": (mixed, 2 * hidden),
        "cash.bias": (mixed,),
        "cash_out.weight": (2, mixed),
        "cash_out.bias": (2,),
        "kappa": (1,),
    }


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0)


def _pool(embed: FloatArray, tradable: npt.NDArray[np.bool_]) -> FloatArray:
    """Mean and max over tradable symbols, (B, 2H); zero where none is (embed is zero there and never negative)."""
    count = np.maximum(tradable.sum(axis=-2), 1)
    return np.concatenate([embed.sum(axis=-2) / count, embed.max(axis=-2)], axis=-1)
