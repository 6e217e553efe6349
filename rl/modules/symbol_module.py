"""The symbol agents as one RLModule: the symbol network under RLlib's names."""

from __future__ import annotations

from typing import Any

from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical, TorchMultiCategorical
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor

from data.market import Float32Array
from rl.actions import N_ACTIONS
from rl.modules.config import SIZES, network_config
from rl.modules.network import MASKED, SymbolNetwork
from rl.modules.tensors import actor_tensors

__all__ = ["MASKED", "SymbolModule"]
Batch = dict[str, Any]


class SymbolModule(TorchRLModule, ValueFunctionAPI):
    """model_config: fields of `rl.modules.config.SymbolNetworkConfig`; keys of RLlib's own are passed over."""

    def setup(self) -> None:
        """Build the layers, drawn from torch's global random state."""
        config = network_config(self.model_config)
        self.network = SymbolNetwork(config)
        multi: Any = TorchMultiCategorical
        hybrid = multi.get_partial_dist_cls(input_lens=[N_ACTIONS, SIZES])
        self.action_dist_cls = hybrid if config.actions == "hybrid" else TorchCategorical

    def outputs(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """`dist_inputs` (N, A), masked, and values (N,) for observations (N, width); A is 7, or 7 + 4 with sizes."""
        return self.network.outputs(obs)

    def _forward_inference(self, batch: Batch, **kwargs: Any) -> Batch:
        return {Columns.ACTION_DIST_INPUTS: self.network.logits(batch[Columns.OBS])}

    def _forward_exploration(self, batch: Batch, **kwargs: Any) -> Batch:
        logits, values = self.outputs(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.VF_PREDS: values}

    def _forward_train(self, batch: Batch, **kwargs: Any) -> Batch:
        """As above; the values travel as "embeddings", so that PPO's loss does not run the network twice."""
        logits, values = self.outputs(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: values}

    def compute_values(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Values (N,)."""
        return self.network.values(batch[Columns.OBS]) if embeddings is None else embeddings

    def tensors(self) -> dict[str, Float32Array]:
        """The actor in plain arrays, the critic left behind (rl.modules.tensors.actor_tensors)."""
        return actor_tensors(self.network)
