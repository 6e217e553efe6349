"""A trained meta-controller as the cycle uses it: numpy only, deterministic, many coalitions of views at once."""

from __future__ import annotations

import numpy as np

from data.errors import CorruptFile, InputError
from data.market import FloatArray
from rl.meta.actor import Actor
from rl.meta.inputs import SCHEMA, MetaInputs, check_views
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

    @property
    def kappa(self) -> float:
        """The reach that validation left to the tilt; 0 is the prior itself."""
        return self._actor.kappa

    def tilts(self, inputs: MetaInputs, views: FloatArray) -> FloatArray:
        """r (B, S + 1) in [-1, 1] with cash last. Raises InputError on NaN."""
        check_views(views, inputs.tradable.size)
        if not np.isfinite(inputs.symbol).all() or not np.isfinite(inputs.shared).all():
            raise InputError("an input of the meta-controller is NaN", "build them with build_inputs")
        return self._actor.tilts(inputs, views)

    def weights(self, inputs: MetaInputs, views: FloatArray) -> FloatArray:
        """Weights (B, S + 1), cash last, for `views` (B, S, 7, 3): row b is what it would do on those views alone.

        Untradable symbols keep the held weight bit for bit; a row does not depend on the other rows.
        """
        return tilt(inputs.prior, inputs.held, inputs.tradable, self.tilts(inputs, views), self._actor.kappa)
