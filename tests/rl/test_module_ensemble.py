"""Policies of several seeds as one network: the mean of its members, in one export."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from data.errors import CorruptFile, InputError
from rl.modules.config import ModuleConfig, network_config
from rl.modules.ensemble import SeparateMembers, StackedMembers, ensemble
from rl.modules.network import SymbolNetwork
from rl.modules.tensors import actor_tensors, network_of
from rl.observation import schema

HEADS = 5
CONFIGS = {
    "mlp": ModuleConfig(hidden=(12, 10)),
    "sizes": ModuleConfig(hidden=(12,), actions="hybrid", vf_share_layers=False),
    "transformer": ModuleConfig(observation="obs-v2", encoder="transformer", encoder_config={"width": 8}),
}


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS))
def settings(request):
    return CONFIGS[request.param].to_dict(HEADS, (0, 1, 2, 1, 3))


def members_of(settings, count):
    found = []
    for seed in range(count):
        torch.manual_seed(seed)
        network = SymbolNetwork(network_config(settings))
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.5)
        found.append(actor_tensors(network))
    return found


def rows_of(settings, count=60):
    rng, columns = np.random.default_rng(0), schema(settings["observation"])
    obs = rng.normal(size=(count, columns.width)).astype(np.float32)
    obs[:, columns.mask] = rng.random((count, 7)) < 0.6
    obs[:, columns.mask.start] = 1.0
    obs[:, columns.head] = rng.integers(0, HEADS, count)
    return torch.from_numpy(obs)


def odds(logits):
    return torch.cat([torch.softmax(part, 1) for part in (logits[:, :7], logits[:, 7:]) if part.shape[1]], 1)


def test_the_ensemble_answers_with_the_mean_of_its_members(settings):
    members, obs = members_of(settings, 4), rows_of(settings)
    together = ensemble(settings, members)
    wanted = torch.stack([odds(network_of(settings, m).logits(obs)) for m in members]).mean(dim=0)
    assert torch.allclose(odds(together.logits(obs)), wanted, atol=1e-6)
    barred = obs[:, schema(settings["observation"]).mask] < 0.5
    assert (odds(together.logits(obs))[:, :7][barred] == 0.0).all()
    kind = StackedMembers if settings["encoder"] == "mlp" else SeparateMembers
    assert isinstance(together.members, kind)


def test_one_member_alone_is_itself(settings):
    members, obs = members_of(settings, 1), rows_of(settings)
    wanted = odds(network_of(settings, members[0]).logits(obs))
    assert torch.allclose(odds(ensemble(settings, members).logits(obs)), wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["mlp", *(pytest.param(n, marks=pytest.mark.slow) for n in CONFIGS if n != "mlp")])
def test_an_ensemble_is_exported_whole(name):
    settings = CONFIGS[name].to_dict(HEADS, (0, 1, 2, 1, 3))
    members, obs = members_of(settings, 3), rows_of(settings)
    together = ensemble(settings, members)
    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        together, (obs,), dynamo=True, dynamic_shapes=({0: rows},), input_names=["obs"], verbose=False
    )
    held = io.BytesIO()
    program.save(held)
    session = onnxruntime.InferenceSession(held.getvalue(), providers=["CPUExecutionProvider"])
    for count in (1, 17):
        found = session.run(None, {"obs": obs[:count].numpy()})[0]
        assert np.allclose(found, together.logits(obs[:count]).numpy(), atol=1e-5)


def test_no_members_or_others_are_refused(settings):
    with pytest.raises(InputError, match="no policies"):
        ensemble(settings, [])
    members = members_of(settings, 2)
    with pytest.raises(CorruptFile, match=r"head\.bias"):
        ensemble(settings, [members[0], members[1] | {"head.bias": members[1]["head.bias"][:-1]}])
