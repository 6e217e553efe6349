"""A trained meta-controller as the cycle uses it: ONNX Runtime, deterministic, many coalitions of views at once.

A policy without a graph (version 1, or not written yet) is asked in numpy, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from data.errors import CorruptFile, InputError
from data.market import FloatArray
from rl.export.session import open_session
from rl.meta.actor import R_DECIMALS, VIEW_WIDTH, Actor
from rl.meta.inputs import SCHEMA, MetaInputs, check_views
from rl.meta.raw import RawMarket
from rl.meta.shown import Source, worth
from rl.meta.tilt import tilt
from rl.store import PolicyBundle


class MetaPolicy:
    """Weights from a policy bundle of role meta_controller; for any number and order of symbols."""

    def __init__(self, bundle: PolicyBundle) -> None:
        """Raises CorruptFile where the bundle is of another role or observation, or its tensors are not an actor."""
        manifest = bundle.manifest
        if manifest.role != "meta_controller" or manifest.obs_id != SCHEMA:
            raise CorruptFile(
                f"policy {manifest.policy_id} is a {manifest.role} reading {manifest.obs_id}", "train it again"
            )
        self._actor = Actor(bundle.tensors)
        self._session = open_session(bundle.onnx) if bundle.onnx is not None else None

    @property
    def runtime(self) -> Literal["onnx", "numpy"]:
        """What answers when `raw` is given."""
        return "numpy" if self._session is None else "onnx"

    @property
    def kappa(self) -> float:
        """The reach that validation left to the tilt; 0 is the prior itself."""
        return self._actor.kappa

    def tilts(self, inputs: MetaInputs, views: FloatArray, raw: RawMarket | None = None) -> FloatArray:
        """r (B, S + 1) in [-1, 1] with cash last. Raises InputError on NaN.

        With the `raw` market of one decision the policy's graph answers, which normalises it itself; `inputs` then
        give prior, book and what can be traded. Rounded as `rl.meta.actor` does.
        """
        check_views(views, inputs.tradable.size)
        if not np.isfinite(inputs.symbol).all() or not np.isfinite(inputs.shared).all():
            raise InputError("an input of the meta-controller is NaN", "build them with build_inputs")
        if raw is None or self._session is None:
            return self._actor.tilts(inputs, views)
        found = self._session.run(
            {
                "values": raw.values, "shared": raw.shared, "tradable": inputs.tradable.astype(np.float64),
                "prior": inputs.prior, "held": inputs.held, "drawdown": np.array([raw.drawdown]),
                "views": views.reshape(*views.shape[:2], VIEW_WIDTH),
            }
        )  # fmt: skip
        return found.round(R_DECIMALS)

    def weights(self, inputs: MetaInputs, views: FloatArray, raw: RawMarket | None = None) -> FloatArray:
        """Weights (B, S + 1), cash last, for `views` (B, S, 7, 3): row b is what it would do on those views alone.

        Untradable symbols keep the held weight bit for bit; a row does not depend on the other rows.
        """
        r = self.tilts(inputs, views, raw)
        return tilt(inputs.prior, inputs.held, inputs.tradable, r, self._actor.kappa)

    def worth(self, inputs: MetaInputs, views: FloatArray, sources: Sequence[Source]) -> FloatArray:
        """Weights (2^n, S + 1) of every coalition of `sources`, for `views` (S, 7, 3): see `rl.meta.shown`."""
        return worth(self._actor, inputs, views, sources)
