"""The columnar path is RLlib's own path: the same transitions as episodes and as columns teach the same."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch

from rl.algorithms.config import ppo_config
from rl.algorithms.fast_ppo import FastPPO, standardised
from rl.algorithms.learner import ColumnarLearner
from rl.algorithms.resources import Resources
from rl.algorithms.shared import EnvParts
from rl.market import row_market, starts_in
from rl.modules.symbol_module import SymbolModule
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.training.preset import EpisodePreset, PPOPreset
from tests.rl.histories import history

ROWS, STEPS, EPOCHS, RATE = 24, 23, 3, 0.05
PARTS = ("total_loss", "policy_loss", "vf_loss", "entropy")


class Plain:
    """Gradient descent in place of Adam, which divides what is nearly nothing by itself."""

    def configure_optimizers_for_module(self, module_id, config=None):
        parameters = list(self.module[module_id].parameters())
        self.register_optimizer(
            module_id=module_id,
            optimizer=torch.optim.SGD(parameters, lr=RATE),
            params=parameters,
            lr_or_lr_schedule=RATE,
        )


class Columnar(Plain, ColumnarLearner):
    pass


class Stock(Plain, PPOTorchLearner):
    pass


@pytest.fixture(scope="module")
def world():
    """A sampler after its second rollout, so that some rows begin with a reset; its rollout; its configuration."""
    market = row_market(history(300, 4))
    parts = EnvParts(
        market, starts_in(market, np.ones(300, dtype=np.bool_)), EpisodePreset(horizon=7).rules(), RewardConfig()
    )
    ppo = PPOPreset(
        samples=10**9, rows=ROWS, steps=STEPS, minibatches=1, epochs=EPOCHS, hidden=(16,), entropy=0.03,
        learning_rate=RATE, final_rate=1.0, clip=0.05, gradient_norm=0.4,
    )  # fmt: skip
    spec = RLModuleSpec(module_class=SymbolModule, model_config={"heads": 5, "hidden": [16]})
    with ray_session(1):
        config = ppo_config(FastPPO, parts, spec, ppo, 5, Resources())
        runner = config.env_runner_cls(config=config, worker_index=0)
        runner.rollout()
        rollout = runner.rollout()
        yield config, runner, rollout


def episodes_of(rollout):
    """RLlib's episodes of a rollout, row by row, and which transitions (t, n) they hold in that order."""
    made, order = [], []
    ended = rollout.terminated | rollout.truncated
    for n in range(rollout.rewards.shape[1]):
        t = 1 if rollout.done_before[n] else 0
        while t < len(rollout.rewards):
            stop = t + 1
            while not ended[stop - 1, n] and stop < len(rollout.rewards):
                stop += 1
            logp = torch.log_softmax(rollout.logits[t:stop, n], -1)
            made.append(
                SingleAgentEpisode(
                    observations=list(rollout.obs[t : stop + 1, n].copy()),
                    actions=list(rollout.actions[t:stop, n].numpy()),
                    rewards=list(rollout.rewards[t:stop, n]),
                    terminated=bool(rollout.terminated[stop - 1, n]),
                    truncated=bool(rollout.truncated[stop - 1, n]),
                    extra_model_outputs={
                        Columns.ACTION_DIST_INPUTS: list(rollout.logits[t:stop, n].numpy()),
                        Columns.ACTION_LOGP: list(logp.gather(1, rollout.actions[t:stop, n, None])[:, 0].numpy()),
                    },
                    len_lookback_buffer=0,
                )
            )
            order += [(u, n) for u in range(t, stop)]
            t = stop + 1 if ended[stop - 1, n] else stop
    return made, order


@pytest.fixture(scope="module")
def both(world):
    """The stock learner with its episodes, the columnar one with its columns in the same order, the same weights."""
    config, runner, rollout = world
    episodes, order = episodes_of(rollout)
    columns = runner.columns(rollout, shuffle=False)
    ended = rollout.terminated | rollout.truncated
    real = np.ones(ended.shape, dtype=np.bool_)
    real[1:], real[0] = ~ended[:-1], ~rollout.done_before
    place = {tuple(cell): i for i, cell in enumerate(np.argwhere(real).tolist())}
    assert len(place) == len(order)
    columns = standardised({name: value[[place[cell] for cell in order]] for name, value in columns.items()})
    spaces = runner.get_spaces()[DEFAULT_MODULE_ID]
    stock_config = (
        PPOConfig()
        .environment(observation_space=spaces[0], action_space=spaces[1])
        .training(
            gamma=config.gamma, lambda_=config.lambda_, lr=RATE, clip_param=config.clip_param, entropy_coeff=0.03,
            vf_loss_coeff=config.vf_loss_coeff, vf_clip_param=float("inf"), grad_clip=config.grad_clip,
            grad_clip_by="global_norm", use_kl_loss=False,
        )
        .rl_module(rl_module_spec=config.rl_module_spec)
        .debugging(seed=5)
    )  # fmt: skip
    learners = []
    for kind, given in ((Stock, stock_config), (Columnar, config)):
        learner = kind(config=given, module_spec=given.get_multi_rl_module_spec(spaces={DEFAULT_MODULE_ID: spaces}))
        learner.build()
        learner.module.set_state({DEFAULT_MODULE_ID: runner.module.get_state()})
        learners.append(learner)
    return learners, episodes, columns


def test_the_rollout_has_what_makes_a_difference(world):
    _, _, rollout = world
    assert rollout.done_before.any()
    assert rollout.truncated.any()
    assert (~(rollout.terminated | rollout.truncated)[-1]).any()


def test_advantages_and_targets_are_those_of_the_connectors(both):
    (stock, _), episodes, columns = both
    found = stock._make_batch_if_necessary(TrainingData(episodes=copy.deepcopy(episodes)))
    batch = found.policy_batches[DEFAULT_MODULE_ID]
    mask = batch[Columns.LOSS_MASK]
    for name in (Columns.OBS, Columns.ACTIONS, Columns.ACTION_LOGP):
        assert np.array_equal(batch[name][mask].numpy(), columns[name])
    targets = batch[Postprocessing.VALUE_TARGETS][mask].numpy()
    assert targets == pytest.approx(columns[Postprocessing.VALUE_TARGETS], abs=1e-6)
    # RLlib counts the artificial last steps, which are not learned from, when it standardises: that is undone here
    gain = batch[Postprocessing.ADVANTAGES][mask].numpy()
    gain = (gain - gain.mean()) / gain.std()
    assert gain == pytest.approx(columns[Postprocessing.ADVANTAGES], abs=1e-5)


def test_loss_gradients_and_weights_agree(both):
    (stock, columnar), episodes, columns = both
    honest = stock._make_batch_if_necessary

    def once(training_data):
        """Advantages and targets of the first epoch, which RLlib would make anew; compared in the test before."""
        found = honest(training_data)
        batch = found.policy_batches[DEFAULT_MODULE_ID]
        for name in (Postprocessing.ADVANTAGES, Postprocessing.VALUE_TARGETS):
            values = batch[name].clone()
            values[batch[Columns.LOSS_MASK]] = torch.from_numpy(columns[name])
            batch[name] = values
        return found

    stock._make_batch_if_necessary = once
    batch = MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(columns)}, env_steps=1)
    for _ in range(EPOCHS):
        first = stock.update(episodes=copy.deepcopy(episodes), num_epochs=1)[DEFAULT_MODULE_ID]
        second = columnar.update(batch, num_epochs=1)[DEFAULT_MODULE_ID]
        for part in PARTS:
            assert float(first[part].peek()) == pytest.approx(float(second[part].peek()), abs=1e-6)
        pairs = list(zip(parameters(stock), parameters(columnar), strict=True))
        for ours, theirs in pairs:
            assert torch.allclose(ours.grad, theirs.grad, atol=1e-6)
            assert torch.allclose(ours, theirs, atol=1e-6)


def parameters(learner):
    return list(learner.module[DEFAULT_MODULE_ID].parameters())
