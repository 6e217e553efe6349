"""Many gradient steps of SAC in one call of RLlib's Learner: the same losses and updates, without a call's overhead.

`SACTorchLearner` spends most of an update on small networks around them: connectors, a backward pass, an optimiser and
a dozen metrics for each of four losses, target networks through state dictionaries. Here a batch holds U minibatches;
each is a gradient step with the same arithmetic, and metrics are those of the last. A test holds losses and weights to
the stock Learner's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from ray.rllib.algorithms.sac.sac_learner import QF_PREDS, QF_TARGET_NEXT, QF_TWIN_PREDS
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME, TD_ERROR_KEY
from torch import Tensor, nn
from torch.nn.functional import huber_loss

from rl.meta.flat import laid_out

ADAM_EPSILON = 1e-7
"""RLlib's, in `SACTorchLearner.configure_optimizers_for_module`."""
CLIP_EPSILON = 1e-6
"""RLlib's, in `ray.rllib.utils.torch_utils.clip_gradients`."""


class Losses(NamedTuple):
    """Scalars of one gradient step; `td_error` (B,) is the mean absolute error of the critics."""

    policy: Tensor
    critics: Tensor
    alpha: Tensor
    temperature: Tensor
    td_error: Tensor

    @property
    def total(self) -> Tensor:
        """Each loss reaches only its own parameters: one backward pass serves all."""
        return self.policy + self.critics + self.alpha


class ManySteps(SACTorchLearner):
    """SAC whose `update(batch=...)` makes a gradient step of each `train_batch_size_per_learner` rows of the batch.

    One module, continuous actions. `timesteps` is what the first of the steps counts as; each next counts one more.
    Metrics hold the last step's losses and the TD errors of all rows in their order (for prioritised replay).
    """

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """RLlib's four optimisers, each over one flat parameter (`rl.meta.flat`) and as one fused kernel."""
        found: Any = self._module
        module, alpha = found[module_id], self.alpha
        self.flat: dict[str, nn.Parameter] = {"policy": laid_out(_parameters(module.pi_encoder, module.pi))}
        for name in ("qf", "qf_twin") if config.twin_q else ("qf",):
            self.flat[name] = laid_out(_parameters(getattr(module, f"{name}_encoder"), getattr(module, name)))
        rates = {"policy": config.actor_lr, "qf": config.critic_lr, "qf_twin": config.critic_lr}
        for name, flat in (self.flat | {"alpha": alpha}).items():
            optimizer = torch.optim.Adam([flat], eps=ADAM_EPSILON, fused=True)
            self.register_optimizer(
                module_id=module_id,
                optimizer_name=name,
                optimizer=optimizer,
                params=[flat],
                lr_or_lr_schedule=rates.get(name, config.alpha_lr),
            )

    def build(self) -> None:
        """As RLlib's; the target networks, which it makes last, are laid out beside their main networks."""
        super().build()
        module = self.module[DEFAULT_MODULE_ID].unwrapped()
        self.targets = {
            name: laid_out(_parameters(getattr(module, f"target_{name}_encoder"), getattr(module, f"target_{name}")))
            for name in self.flat
            if name != "policy"
        }

    @property
    def alpha(self) -> Any:
        """The logarithm of the temperature, (1,)."""
        return self.curr_log_alpha[DEFAULT_MODULE_ID]

    @property
    def settings(self) -> Any:
        """The SACConfig."""
        return self.config

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Notes at which step the first minibatch stands."""
        super().before_gradient_based_update(timesteps=timesteps)
        self._timestep = int(timesteps.get(NUM_ENV_STEPS_SAMPLED_LIFETIME, 0))

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Only what an update logs: target networks have moved with each step."""
        TorchLearner.after_gradient_based_update(self, timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self._timestep})

    def _uncompiled_update(self, batch: dict[str, Any], **kwargs: Any) -> tuple[Any, Any, Any]:
        module: Any = self.module[DEFAULT_MODULE_ID].unwrapped()
        config, alpha = self.settings, self.alpha
        errors: list[Tensor] = []
        found: Losses | None = None
        for minibatch in _minibatches(batch[DEFAULT_MODULE_ID], config.train_batch_size_per_learner):
            found = self._losses(module._forward_train_continuous(minibatch), minibatch)
            found.total.backward()
            for flat in (*self.flat.values(), alpha):
                _clip(flat.grad, config.grad_clip)
            for _, optimizer in self.get_optimizers_for_module(DEFAULT_MODULE_ID):
                optimizer.step()
            for _, optimizer in self.get_optimizers_for_module(DEFAULT_MODULE_ID):
                optimizer.zero_grad(set_to_none=False)
            self._timestep += 1
            self._follow()
            errors.append(found.td_error)
        assert found is not None, "an update needs rows"
        self._log(found, errors)
        return {}, {DEFAULT_MODULE_ID: found.total.detach()}, {}

    def _losses(self, out: dict[str, Any], batch: dict[str, Tensor]) -> Losses:
        """The formulas of `SACTorchLearner._compute_loss_for_module_continuous`."""
        log_alpha, config = self.alpha, self.settings
        alpha = log_alpha.detach().exp()
        ahead = out[QF_TARGET_NEXT] - alpha * out["logp_next_resampled"]
        ahead = (1.0 - batch[Columns.TERMINATEDS].float()) * ahead
        wanted = (batch[Columns.REWARDS] + (config.gamma ** batch["n_step"]) * ahead).detach()
        said = [out[key] for key in (QF_PREDS, QF_TWIN_PREDS) if key in out]
        weights = batch["weights"]
        critics = sum((weights * huber_loss(q, wanted, reduction="none")).mean() for q in said)
        td_error = sum((q.detach() - wanted).abs() for q in said) / len(said)
        policy = (alpha * out["logp_resampled"] - out["q_curr"]).mean()
        entropy = out["logp_resampled"].detach() + self.target_entropy[DEFAULT_MODULE_ID]
        assert isinstance(critics, Tensor)
        assert isinstance(td_error, Tensor)
        return Losses(policy, critics, -(log_alpha * entropy).mean(), alpha, td_error)

    def _follow(self) -> None:
        """After a step: learning rates of the next and, when due, target networks (Polyak)."""
        for optimizer, schedule in self._optimizer_lr_schedules.items():
            self._set_optimizer_lr(optimizer, lr=schedule.update(timestep=self._timestep))
        last = self.last_update_ts_by_mid[DEFAULT_MODULE_ID]
        if self._timestep - last >= self.settings.target_network_update_freq:
            for name, target in self.targets.items():
                target.data.lerp_(self.flat[name].data, self.settings.tau)
            self.last_update_ts_by_mid[DEFAULT_MODULE_ID] = self._timestep

    def _log(self, found: Losses, errors: list[Tensor]) -> None:
        names = {"policy_loss": found.policy, "qf_loss": found.critics, "alpha_loss": found.alpha}
        names["alpha_value"] = found.temperature[0]
        self.metrics.log_dict({k: v.detach() for k, v in names.items()}, key=DEFAULT_MODULE_ID, window=1)
        self.metrics.log_value((DEFAULT_MODULE_ID, TD_ERROR_KEY), torch.cat(errors), reduce="item_series")


def _minibatches(columns: dict[str, Tensor], size: int) -> Iterator[dict[str, Tensor]]:
    """The rows in their order, `size` at a time."""
    keys = list(columns)
    for parts in zip(*(columns[key].split(size) for key in keys), strict=True):
        yield dict(zip(keys, parts, strict=True))


def _clip(gradient: Any, limit: float | None) -> None:
    """RLlib's clipping by the global norm of one optimiser's gradients, in place."""
    if limit is not None:
        gradient.mul_(limit / torch.clamp(gradient.norm() + CLIP_EPSILON, min=limit))


def _parameters(*modules: nn.Module) -> list[nn.Parameter]:
    return [parameter for module in modules for parameter in module.parameters()]
