"""The symbol agents' network in all its forms: masks, heads, groups, sizes, critics, and what it is made of again."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from torch import nn

from data.errors import BadConfig, CorruptFile
from rl.actions import N_ACTIONS
from rl.modules.config import ModuleConfig, head_groups, network_config
from rl.modules.network import SymbolNetwork
from rl.modules.symbol_module import SymbolModule
from rl.modules.tensors import actor_tensors, network_of
from rl.observation import OBS_V1, schema
from rl.store import SHIPPED, load_bundle

HEADS = 6
SMALL = {"encoder_config": {"width": 16, "feedforward": 16}, "encoder": "transformer"}
FORMS = {
    "plain": ModuleConfig(hidden=(16, 12)),
    "own critic": ModuleConfig(hidden=(16, 12), vf_share_layers=False),
    "sizes": ModuleConfig(hidden=(16, 12), actions="hybrid"),
    "window": ModuleConfig(observation="obs-v2", **SMALL),
    "all": ModuleConfig(observation="obs-v2", actions="hybrid", vf_share_layers=False, **SMALL),
}


def module_of(config, groups=None, seed=3):
    torch.manual_seed(seed)
    width = schema(config.observation).width
    box = gym.spaces.Box(-np.inf, np.inf, (width,), np.float32)
    hybrid = config.actions == "hybrid"
    actions = gym.spaces.MultiDiscrete([7, 4]) if hybrid else gym.spaces.Discrete(7)
    made = SymbolModule(observation_space=box, action_space=actions, model_config=config.to_dict(HEADS, groups))
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


def rows_of(config, count=80, seed=0):
    rng, columns = np.random.default_rng(seed), schema(config.observation)
    obs = rng.normal(size=(count, columns.width)).astype(np.float32)
    obs[:, columns.mask] = rng.random((count, N_ACTIONS)) < 0.6
    obs[:, columns.mask.start] = 1.0
    obs[:, columns.head] = rng.integers(0, HEADS, count)
    return torch.from_numpy(obs)


@pytest.fixture(params=FORMS, ids=list(FORMS))
def config(request):
    return FORMS[request.param]


def test_a_masked_action_has_probability_zero_in_every_forward(config):
    module, obs = module_of(config), rows_of(config)
    barred = obs[:, schema(config.observation).mask] < 0.5
    for forward in (module.forward_inference, module.forward_exploration, module.forward_train):
        found = forward({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS]
        assert found.shape == (80, config.outputs)
        odds = torch.softmax(found[:, :N_ACTIONS], dim=1)
        assert (odds[barred] == 0.0).all()
        assert (odds[~barred] > 0.0).all()


def test_rllibs_distribution_reads_the_outputs(config):
    module, obs = module_of(config), rows_of(config)
    inputs = module.forward_exploration({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS]
    found = module.get_exploration_action_dist_cls().from_logits(inputs)
    actions = found.sample()
    logp = torch.log_softmax(inputs[:, :7], 1)
    if config.actions == "seven":
        assert torch.allclose(found.logp(actions), TorchCategorical.from_logits(inputs).logp(actions))
        assert torch.isfinite(logp.gather(1, actions[:, None])).all()
    else:
        sizes = torch.log_softmax(inputs[:, 7:], 1).gather(1, actions[:, 1:])
        assert torch.allclose(found.logp(actions), (logp.gather(1, actions[:, :1]) + sizes)[:, 0], atol=1e-6)
        assert torch.isfinite(found.entropy()).all()


def test_permuting_rows_permutes_outputs(config):
    module, obs = module_of(config), rows_of(config)
    order = torch.randperm(len(obs))
    for found, permuted in zip(module.outputs(obs), module.outputs(obs[order]), strict=True):
        assert torch.allclose(found[order], permuted, atol=1e-5)


def test_one_head_of_the_module_is_a_module_of_its_own(config):
    """Rows of head 3, their gradients too: those of a network whose every head is head 3."""
    module = module_of(config)
    network, obs = module.network, rows_of(config)
    obs[:, network.schema.head] = 3.0
    alone = SymbolNetwork(network_config(config.to_dict(2)))
    with torch.no_grad():
        for name, value in alone.state_dict().items():
            given = dict(network.state_dict())[name]
            value.copy_(given[[2]] if "offset" in name else given)
    lonely = obs.clone()
    lonely[:, network.schema.head] = 1.0
    whole, single = network.outputs(obs), alone.outputs(lonely)
    for a, b in zip(whole, single, strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    for net, (logits, values) in ((network, whole), (alone, single)):
        (torch.log_softmax(logits[:, :7], 1)[:, 0].mean() + values.square().mean()).backward()
        assert net.heads.generic.weight.grad.abs().sum() > 0
    for name, parameter in alone.named_parameters():
        other = dict(network.named_parameters())[name].grad
        assert torch.allclose(other[[2]] if "offset" in name else other, parameter.grad, atol=1e-6), name


def test_values_are_the_same_by_every_way(config):
    module, obs = module_of(config), rows_of(config)
    batch = {Columns.OBS: obs}
    values = module.outputs(obs)[1]
    train = module.forward_train(batch)
    assert torch.equal(module.forward_exploration(batch)[Columns.VF_PREDS], values)
    assert torch.equal(module.compute_values(batch, train[Columns.EMBEDDINGS]), values)
    assert torch.allclose(module.compute_values(batch), values, atol=1e-6)


def test_critic_and_actor_share_layers_only_where_it_says_so():
    for shared in (True, False):
        config = ModuleConfig(hidden=(8,), vf_share_layers=shared)
        network = module_of(config).network
        network.outputs(rows_of(config))[1].sum().backward()
        touched = [name for name, p in network.encoder.named_parameters() if p.grad is not None and p.grad.any()]
        assert bool(touched) is shared


def test_symbols_of_a_group_answer_alike_and_learn_together():
    groups = head_groups(["bank", "tech", "", "bank", ""])
    assert groups == (0, 1, 2, 3, 1, 4)
    config = FORMS["plain"]
    module, obs = module_of(config, groups), rows_of(config, 10)
    obs[:] = obs[0]
    obs[:, OBS_V1.head] = torch.tensor([1.0, 4.0, 2.0, 3.0, 5.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    logits = module.outputs(obs)[0]
    assert torch.equal(logits[0], logits[1])
    assert len({tuple(row.tolist()) for row in logits[:6]}) == 5
    tensors = module.tensors()
    assert tensors["head.weight"].shape == (HEADS, 12, 7)
    assert np.array_equal(tensors["head.weight"][1], tensors["head.weight"][4])


def test_the_actor_is_made_again_of_its_tensors(config):
    for groups in (None, (0, 1, 2, 1, 3, 2)):
        module, obs = module_of(config, groups), rows_of(config)
        tensors = module.tensors()
        again = network_of(module.model_config, tensors)
        assert torch.allclose(again.logits(obs), module.network.logits(obs), atol=1e-5)
        assert all(np.allclose(value, tensors[name], atol=1e-6) for name, value in actor_tensors(again).items())


def test_tensors_of_another_shape_are_refused(config):
    module = module_of(config)
    tensors = module.tensors()
    with pytest.raises(CorruptFile, match=r"head\.bias"):
        network_of(module.model_config, tensors | {"head.bias": tensors["head.bias"][:, :-1]})
    with pytest.raises(CorruptFile, match=r"encoder\."):
        network_of(module.model_config, {k: v for k, v in tensors.items() if not k.startswith("encoder.")})


def test_policies_shipped_earlier_still_load():
    found = [load_bundle(path) for path in sorted(SHIPPED.glob("ppo-*"))]
    assert found
    for bundle in found:
        if bundle.manifest.obs_id != "obs-v1":
            continue
        tensors = bundle.tensors
        depth = sum(name.startswith("encoder.") and name.endswith("weight") for name in tensors)
        hidden = [len(tensors[f"encoder.{i}.bias"]) for i in range(depth)]
        network = network_of({"heads": len(bundle.manifest.heads), "hidden": hidden}, tensors)
        obs = rows_of(FORMS["plain"])
        x = obs[:, OBS_V1.inputs].double().numpy()
        for i in range(depth):
            x = np.tanh(x @ tensors[f"encoder.{i}.weight"].T + tensors[f"encoder.{i}.bias"])
        head = obs[:, OBS_V1.head].long().numpy()
        wanted = np.einsum("ni,nia->na", x, tensors["head.weight"][head]) + tensors["head.bias"][head]
        allowed = obs[:, OBS_V1.mask].numpy() > 0.5
        assert np.allclose(network.logits(obs).detach().numpy()[allowed], wanted[allowed], atol=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_vf_share_layers_is_the_same_for_runner_and_learner(shared):
    """RLlib's bug 58715: it puts a `vf_share_layers` of its own into what the EnvRunner's module is told."""
    spec = RLModuleSpec(module_class=SymbolModule, model_config=ModuleConfig(vf_share_layers=shared).to_dict(HEADS))
    config = PPOConfig().rl_module(rl_module_spec=spec)
    box = gym.spaces.Box(-8.0, 8.0, (OBS_V1.width,), np.float32)
    spaces = {"default_policy": (box, gym.spaces.Discrete(7))}
    runner = config.get_rl_module_spec(spaces=spaces).build()
    learner = config.get_multi_rl_module_spec(spaces=spaces).build()["default_policy"]
    for module in (runner, learner):
        assert module.network.config.vf_share_layers is shared
    assert runner.state_dict().keys() == learner.state_dict().keys()
    learner.load_state_dict(runner.state_dict())


def test_a_model_config_that_leaves_the_critic_open_is_refused():
    settings = ModuleConfig().to_dict(HEADS)
    del settings["vf_share_layers"]
    with pytest.raises(BadConfig, match="vf_share_layers"):
        network_config(settings)
    short = {"heads": HEADS, "hidden": [8]}
    assert network_config(short | {"vf_share_layers": False, "fcnet_hiddens": [9]}).vf_share_layers is True
    assert network_config(short).hidden == (8,)


@pytest.mark.parametrize("groups", [(0, 1), (1, 0, 2, 3, 4, 5), (0, 1, 2, 0, 3, 4), (0, 1, 2, 4, 4, 5)])
def test_groups_that_do_not_fit_are_refused(groups):
    with pytest.raises(BadConfig, match="groups"):
        network_config(ModuleConfig().to_dict(HEADS, groups))


def test_an_observation_or_encoder_that_does_not_exist_is_refused():
    with pytest.raises(BadConfig, match="did you mean 'obs-v2'"):
        SymbolNetwork(network_config(ModuleConfig(observation="obs-v22").to_dict(HEADS)))
    with pytest.raises(BadConfig, match="did you mean 'transformer'"):
        ModuleConfig(encoder="transformers")
