"""PPO's Learner for columns: one forward a minibatch, contiguous slices, nothing logged that nobody reads.

RLlib's Learner remains what it is to its LearnerGroup: local or remote, one or many in step, with the same state.
What is left out of its update are the connectors, the copies of minibatches and the bookkeeping of each of them; the
loss is RLlib's own to 1e-6.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo.ppo import LEARNER_RESULTS_KL_KEY, LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY, POLICY_LOSS_KEY, VF_LOSS_KEY
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.evaluation.postprocessing import Postprocessing
from torch import Tensor

from data.errors import TrainingDiverged
from rl.algorithms.categorical import Parts, entropy, log_policy, log_prob, parts_of
from rl.modules.decay import decayed

ITERATION = "iteration"
"""Key of the training iteration among the `timesteps` of an update; errors name it."""
GRADIENT_NORM = "gradient_norm"
"""Key of the gradient's norm before clipping, the mean over the minibatches of an update."""
_LOGGED = (
    PPOTorchLearner.TOTAL_LOSS_KEY, POLICY_LOSS_KEY, VF_LOSS_KEY, ENTROPY_KEY, LEARNER_RESULTS_KL_KEY, GRADIENT_NORM,
)  # fmt: skip
Minibatch = dict[str, Any]


class ColumnarLearner(PPOTorchLearner):
    """Reads from `learner_config_dict`: `weight_decay` and `offset_decay` (decoupled; stronger on what distinguishes a
    symbol's head), `algorithm` ("ppo" or "a2c"), `kl_stop` (nats; 0 never stops), `mixed_precision`.
    """

    def build(self) -> None:
        """The module and its optimiser."""
        super().build()
        options: dict[str, Any] = self.config.learner_config_dict
        self._plain, self._kl_stop = options["algorithm"] == "a2c", float(options["kl_stop"])
        self._halved = bool(options["mixed_precision"]) and torch.device(self._device).type == "cuda"
        self._terms: list[Tensor] = []

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """One AdamW, in one fused pass over all weights."""
        module: Any = self.module[module_id]
        decay: dict[str, float] = self.config.learner_config_dict
        optimizer = decayed(module.named_parameters(), decay["weight_decay"], decay["offset_decay"])
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=parameters, lr_or_lr_schedule=self.config.lr
        )

    def update(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, batch: Any = None, *, training_data: TrainingData | None = None, timesteps: dict[str, Any] | None = None,
        num_epochs: int = 1, minibatch_size: int | None = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """`num_epochs` walks over the batch in contiguous minibatches of `minibatch_size` (the whole batch unless
        given; what is left over at the end is not used). Returns RLlib's reduced metrics.

        The schedules of learning rate and entropy are set first, by the samples of `timesteps`, so that a Learner
        carries no state but weights and moments. Raises TrainingDiverged before a step that is not a number is taken.
        """
        now = timesteps or {}
        self.before_gradient_based_update(timesteps=now)
        self.after_gradient_based_update(timesteps=now)
        data = training_data or TrainingData(batch=batch)
        data.solve_refs()
        columns = self._on_device(data.batch)
        self._weights_seq_no += 1
        self._terms = []
        for epoch in range(num_epochs):
            for minibatch in _slices(columns, minibatch_size):
                self._update({DEFAULT_MODULE_ID: minibatch})
                self._step(now.get(ITERATION, 0))
            if epoch + 1 < num_epochs and self._moved_enough():
                break
        self._check_weights(now.get(ITERATION, 0))
        self._log(columns)
        return self.metrics.reduce()

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Minibatch, fwd_out: dict[str, Any]
    ) -> Tensor:
        """PPO's clipped surrogate, squared error of the values and entropy (Schulman et al. 2017), as RLlib's own.

        A2C takes the policy gradient itself: the mean of advantage times log-probability.
        """
        gain = batch[Postprocessing.ADVANTAGES]
        logp, uncertainties = self.law(fwd_out[Columns.ACTION_DIST_INPUTS].float(), batch[Columns.ACTIONS])
        log_ratio = logp - batch[Columns.ACTION_LOGP]
        ratio = log_ratio.exp()
        if self._plain:
            surrogate = (gain * logp).mean()
        else:
            clipped = ratio.clamp(1.0 - config.clip_param, 1.0 + config.clip_param)
            surrogate = torch.min(gain * ratio, gain * clipped).mean()
        values = self._unwrapped().compute_values(batch, fwd_out.get(Columns.EMBEDDINGS)).float()
        value_loss = (values - batch[Postprocessing.VALUE_TARGETS]).square().mean()
        uncertainty = uncertainties.mean()
        price: Any = self.entropy_coeff_schedulers_per_module[module_id].get_current_value()
        loss = config.vf_loss_coeff * value_loss - surrogate - price * uncertainty
        with torch.no_grad():
            divergence = (ratio - 1.0 - log_ratio).mean()
            self._terms.append(torch.stack((loss, -surrogate, value_loss, uncertainty, divergence)))
        return loss

    def law(self, inputs: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities (N,) of actions (N, ...) under the module's outputs (N, A), and its entropies (N,).

        Categorical here; a Learner of other actions has a law of its own.
        """
        policy = log_policy(inputs, self._parts)
        return log_prob(policy, actions), entropy(policy)

    @cached_property
    def _parts(self) -> Parts:
        return parts_of(self._unwrapped().action_space)

    def _uncompiled_update(self, batch: dict[str, Minibatch], **kwargs: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Forward, loss and gradient of one minibatch, clipped by their norm; the step itself is `_step`."""
        with torch.autocast("cuda", torch.bfloat16, enabled=self._halved):
            outputs = self.module.forward_train(batch)
        losses = self.compute_losses(fwd_out=outputs, batch=batch)
        for optimizer in self._named_optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        sum(losses.values(), torch.zeros((), device=self._device)).backward()
        weights: Any = self._params.values()
        norm = torch.nn.utils.clip_grad_norm_(weights, self.config.grad_clip or math.inf)
        self._terms[-1] = torch.cat((self._terms[-1], norm[None]))
        return outputs, losses, {}

    def _unwrapped(self) -> Any:
        """The only module, without what makes Learners go in step."""
        return self.module[DEFAULT_MODULE_ID].unwrapped()

    def _step(self, iteration: int) -> None:
        """Take the step, if loss and gradient are numbers."""
        found = self._terms[-1].tolist()
        for name, value in (("loss", found[0]), ("gradient", found[-1])):
            if not math.isfinite(value):
                raise _diverged(name, iteration)
        for optimizer in self._named_optimizers.values():
            optimizer.step()

    def _check_weights(self, iteration: int) -> None:
        norms = torch.stack([p.detach().abs().max() for p in self._params.values() if p.numel()])
        if not bool(torch.isfinite(norms).all()):
            raise _diverged("weights", iteration)

    def _moved_enough(self) -> bool:
        """Whether the policy is further from the sampling one than `kl_stop`; all Learners agree on the answer."""
        if self._kl_stop == 0.0:
            return False
        divergence = self._terms[-1][4].clone()
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(divergence)
            divergence /= torch.distributed.get_world_size()
        return float(divergence) > self._kl_stop

    def _on_device(self, batch: Any) -> dict[str, Tensor]:
        """The columns of the only module as tensors; arrays that may not be written (shared memory) are copied."""
        columns: dict[str, Any] = batch.policy_batches[DEFAULT_MODULE_ID]
        found: dict[str, Tensor] = {}
        for name, value in columns.items():
            tensor = torch.from_numpy(np.require(value, requirements="W")) if isinstance(value, np.ndarray) else value
            found[name] = tensor.to(self._device)
        return found

    def _log(self, columns: dict[str, Tensor]) -> None:
        """Means over the minibatches of the update, and how much of the targets the sampling values explained."""
        means = torch.stack(self._terms).mean(0).tolist()
        targets = columns[Postprocessing.VALUE_TARGETS]
        left = (targets - columns[Columns.VF_PREDS]).var() / targets.var().clamp_min(1e-12)
        logged = dict(zip(_LOGGED, means, strict=True)) | {LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY: 1.0 - float(left)}
        self.metrics.log_dict(logged, key=DEFAULT_MODULE_ID, window=1)


def _slices(columns: dict[str, Tensor], size: int | None) -> Iterator[Minibatch]:
    """Views of `size` rows each, without what is left over."""
    count = len(next(iter(columns.values())))
    size = size or count
    for first in range(0, count - size + 1, size):
        yield {name: column[first : first + size] for name, column in columns.items()}


def _diverged(what: str, iteration: int) -> TrainingDiverged:
    return TrainingDiverged(
        f"training diverged at iteration {iteration}: the {what} is not a number", "lower the learning rate"
    )
