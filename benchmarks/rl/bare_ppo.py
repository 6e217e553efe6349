"""PPO as one would write it by hand in torch: the bound that a framework is measured against."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.rl.ppo_world import network
from rl.actions import N_ACTIONS
from rl.algorithms.gae import advantages
from rl.algorithms.shared import EnvParts
from rl.modules.config import network_config
from rl.modules.network import SymbolNetwork
from rl.training.preset import PPOPreset


class BarePPO:
    """The same rows, network, loss, epochs and minibatches; no actors, no logs, no guards, no checkpoints."""

    def __init__(self, parts: EnvParts, ppo: PPOPreset, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.ppo, self.env = ppo, parts.env(ppo.rows)
        self.network = SymbolNetwork(network_config(network(ppo)))
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=ppo.learning_rate, weight_decay=ppo.weight_decay, fused=True
        )
        first = self.env.reset(seed=seed)[0]
        self.obs = np.zeros((ppo.steps + 1, *first.shape), dtype=np.float32)
        self.obs[-1], self.done = first, np.zeros(ppo.rows, dtype=np.bool_)

    def train(self) -> int:
        """One batch, `epochs` over it; the samples that were learned from."""
        columns = self._sample()
        size = len(columns[0]) // self.ppo.minibatches
        for _ in range(self.ppo.epochs):
            for i in range(self.ppo.minibatches):
                self._step(*(column[i * size : (i + 1) * size] for column in columns))
        return size * self.ppo.minibatches

    def _sample(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        steps, rows, env = self.ppo.steps, self.ppo.rows, self.env.rows
        actions, logits = torch.empty((steps, rows), dtype=torch.int64), torch.empty((steps, rows, N_ACTIONS))
        noise = torch.empty(logits.shape).exponential_().log_()
        values, rewards = torch.empty((steps + 1, rows)), np.empty((steps, rows))
        ended = np.empty((2, steps, rows), dtype=np.bool_)
        self.obs[0] = self.obs[-1]
        with torch.inference_mode():
            for t in range(steps):
                logits[t], values[t] = self.network.outputs(torch.from_numpy(self.obs[t]))
                torch.argmax(logits[t] - noise[t], dim=-1, out=actions[t])
                self.obs[t + 1] = env.step(actions[t].numpy())
                rewards[t], ended[0, t], ended[1, t] = env.reward, env.terminated, env.truncated
            values[-1] = self.network.outputs(torch.from_numpy(self.obs[-1]))[1]
        gain, real = advantages(
            rewards, values.double().numpy(), ended[0], ended[1], self.done, self.ppo.gamma, self.ppo.lam
        )
        self.done = ended[0, -1] | ended[1, -1]
        chosen = torch.from_numpy(np.flatnonzero(real))
        chosen = chosen[torch.randperm(len(chosen))]
        raw = torch.from_numpy(gain).float().view(-1)[chosen]
        targets = raw + values[:-1].reshape(-1)[chosen]
        obs = torch.from_numpy(self.obs[:-1].reshape(steps * rows, -1))[chosen]
        scaled = (raw - raw.mean()) / raw.std().clamp_min(1e-4)
        action = actions.view(-1)[chosen]
        policy = torch.log_softmax(logits.view(-1, N_ACTIONS)[chosen], -1)
        return obs, action, policy.gather(1, action[:, None])[:, 0], scaled, targets

    def _step(self, obs: Tensor, action: Tensor, logp: Tensor, gain: Tensor, target: Tensor) -> None:
        logits, values = self.network.outputs(obs)
        policy = torch.log_softmax(logits, -1)
        ratio = (policy.gather(1, action[:, None])[:, 0] - logp).exp()
        surrogate = torch.min(gain * ratio, gain * ratio.clamp(1.0 - self.ppo.clip, 1.0 + self.ppo.clip)).mean()
        entropy = -(policy.exp() * policy).sum(-1).mean()
        loss = self.ppo.value_loss * (values - target).square().mean() - surrogate - self.ppo.entropy * entropy
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.ppo.gradient_norm)
        self.optimizer.step()
