"""The yardstick: the symbol agents' own network, taught by hindsight instead of by reward.

On the same rows as reinforcement learning would step, the policy p is fitted to what every action would have paid over
the next bars: the loss -E_p[u] - temperature * H(p) is, up to a constant, the divergence of p from the soft targets
softmax(E[u] / temperature) of the utility u that can be foretold, so noise in u teaches nothing but "do not pay costs".
The last of the dates are held out; they choose how long to learn, and whether what was learned is more than luck.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from data.errors import TrainingDiverged
from data.market import Float32Array
from rl.actions import N_ACTIONS, Action
from rl.env import LEARN
from rl.kernel import Rules, Starts
from rl.market import RowMarket
from rl.modules.config import ModuleConfig, network_config
from rl.modules.decay import decayed
from rl.modules.network import SymbolNetwork
from rl.modules.tensors import HEAD_BIAS, actor_tensors, load_actor
from rl.supervised.hindsight import held_out
from rl.supervised.rows import HindsightRows, Lesson
from rl.training.preset import PPOPreset

Tensors = dict[str, Float32Array]
_CERTAIN = 2000.0
"""Logit of HOLD in a policy that claims nothing: all else has a probability of nothing."""


class SupervisedConfig(BaseModel):
    """Settings with the names and meaning of PPOPreset's, and what hindsight adds to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int = Field(gt=0, le=10_000_000_000)
    rows: int = Field(default=512, ge=2, le=65536)
    steps: int = Field(default=64, ge=2, le=4096)
    minibatches: int = Field(default=4, ge=1, le=256)
    epochs: int = Field(default=2, ge=1, le=20)
    learning_rate: float = Field(default=5e-4, gt=0.0, le=1.0)
    final_rate: float = Field(default=0.2, ge=0.0, le=1.0)
    gradient_norm: float = Field(default=0.5, gt=0.0)
    weight_decay: float = Field(default=0.01, ge=0.0, le=10.0)
    offset_decay: float = Field(default=0.3, ge=0.0, le=100.0)
    temperature: float = Field(default=0.01, gt=0.0, le=10.0)
    """Price of certainty, in bar volatilities: what PPO's entropy is there."""
    horizon: int = Field(default=5, ge=1, le=1000)
    """Bars ahead that count ..."""
    discount: float = Field(default=0.9, ge=0.0, le=1.0)
    """... each this much of the one before."""
    held_out: float = Field(default=0.2, ge=0.05, le=0.5)
    """Share of the dates, their last, that is not learned from."""
    checkpoints: int = Field(default=10, ge=1, le=1000)
    """Equal stretches; the mean of the weights over one is put to the held-out dates."""
    least_t: float | None = Field(default=2.0, ge=0.0, le=10.0)
    """Standard errors by which held-out utility must beat holding; a policy that cannot do so only holds. None: the
    best on the held-out dates, whatever it is, as a yardstick must (one that never trades measures nothing)."""

    @classmethod
    def like(cls, ppo: PPOPreset) -> SupervisedConfig:
        """The settings of a PPO run: budget, batches, rates and decays; its gamma is the discount."""
        shared: dict[str, Any] = {n: value for n, value in ppo.model_dump().items() if n in cls.model_fields}
        return cls.model_validate(shared | {"discount": ppo.gamma})


def fit_supervised(
    market: RowMarket, starts: Starts, module_config: ModuleConfig, config: SupervisedConfig, seed: int,
    *, rules: Rules = LEARN,
) -> Tensors:  # fmt: skip
    """The actor after at most `config.samples` row steps, in the form of SymbolModule.tensors().

    The same arguments give the same bits. Raises TrainingDiverged where the loss is no longer a number, InputError
    where `starts` are too few dates to hold some out.
    """
    network, judged = (_network(market, module_config, seed) for _ in range(2))
    learn, judge = held_out(starts, config.held_out, config.horizon)
    plain = rules._replace(noise=0.0, blind=0.0, generic=0.0, dropout=0.0, cost_low=1.0, cost_high=1.0)
    how = (config.rows, config.horizon, config.discount, seed)
    taught, exam = HindsightRows(market, learn, rules, *how), HindsightRows(market, judge, plain, *how)
    pupil = _Pupil(network, config)
    updates = max(config.checkpoints, -(-config.samples // (config.rows * config.steps)))
    best, best_t = _only_holds(network), -np.inf if config.least_t is None else config.least_t
    ends = [updates * n // config.checkpoints for n in range(config.checkpoints + 1)]
    for first, last in pairwise(ends):
        tensors = _stretch(pupil, taught, first, last, updates)
        load_actor(judged, tensors)
        exam.begin(seed)
        t = t_over_holding(judged, exam.lesson(judged, config.steps), config.horizon)
        if t > best_t:
            best, best_t = tensors, t
    return best


def _network(market: RowMarket, module: ModuleConfig, seed: int) -> SymbolNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SymbolNetwork(network_config(module.to_dict(1 + len(market.symbols))))


def _only_holds(network: SymbolNetwork) -> Tensors:
    """A policy that never trades, whatever it sees."""
    tensors = {name: np.zeros_like(value) for name, value in actor_tensors(network).items()}
    tensors[HEAD_BIAS][:, Action.HOLD] = _CERTAIN
    return tensors


def _stretch(pupil: _Pupil, taught: HindsightRows, first: int, last: int, updates: int) -> Tensors:
    """Learn from update `first` to `last` of all `updates`; the mean of the weights after each."""
    mean: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for number in range(first, last):
        pupil.learn(taught.lesson(pupil.network, pupil.config.steps), done=number / updates)
        for name, value in actor_tensors(pupil.network).items():
            mean[name] = mean.get(name, np.zeros(value.shape)) + value / (last - first)
    return {name: value.astype(np.float32) for name, value in mean.items()}


class _Pupil:
    """The network and its optimiser."""

    def __init__(self, network: SymbolNetwork, config: SupervisedConfig) -> None:
        self.network, self.config = network, config
        self.optimizer = decayed(network.named_parameters(), config.weight_decay, config.offset_decay)

    def learn(self, lesson: Lesson, done: float) -> None:
        """Some epochs over one batch; the rate falls linearly with the share of the run that is `done`."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * (1.0 - done * (1.0 - config.final_rate))
        for _ in range(config.epochs):
            for part in torch.arange(len(lesson.obs)).chunk(config.minibatches):
                loss = free_energy(self.network.logits(lesson.obs[part]), lesson.utility[part], config.temperature)
                if not torch.isfinite(loss):
                    raise TrainingDiverged("the supervised loss is not a number", "lower the learning rate")
                self.optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.gradient_norm)
                self.optimizer.step()


def log_odds(logits: Tensor) -> Tensor:
    """Log-probabilities (B, 7, 1), or (B, 7, 4) of actions with their sizes, which are drawn independently."""
    action = torch.log_softmax(logits[:, :N_ACTIONS], dim=1).unsqueeze(2)
    if logits.shape[1] == N_ACTIONS:
        return action
    return action + torch.log_softmax(logits[:, N_ACTIONS:], dim=1).unsqueeze(1)


def free_energy(logits: Tensor, utility: Tensor, temperature: float) -> Tensor:
    """-E_p[u] - temperature * H(p), averaged over rows; `logits` (B, A), `utility` (B, 7, 1 or 4)."""
    log_p = log_odds(logits)
    return (log_p.exp() * (temperature * log_p - utility)).sum(dim=(1, 2)).mean()


def t_over_holding(network: SymbolNetwork, lesson: Lesson, horizon: int) -> float:
    """By how many standard errors the policy's expected utility beats holding what is held.

    Outcomes of one date, and of dates less than `horizon` bars apart, hang together: errors are those of the means of
    stretches of `horizon` bars. 0 where there are fewer than three.
    """
    with torch.no_grad():
        odds = log_odds(network.logits(lesson.obs)).exp()
    gain = ((odds * lesson.utility).sum(dim=(1, 2)) - lesson.utility[:, Action.HOLD, 0]).double().numpy()
    _, stretch = np.unique(lesson.slot.numpy() // horizon, return_inverse=True)
    count = np.bincount(stretch)
    means = np.bincount(stretch, weights=gain) / count
    spread = means.std(ddof=1) if len(means) > 2 else 0.0
    return float(means.mean() / spread * np.sqrt(len(means))) if spread > 0.0 else 0.0
