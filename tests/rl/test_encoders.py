"""Encoders by name: what they read, that rows do not mix, and that settings are checked."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from data.errors import BadConfig
from rl.encoders.config import MLPConfig, TransformerConfig, encoder_config
from rl.encoders.protocol import make_encoder
from rl.encoders.transformer import AttentionBlock
from rl.observation import schema

CONFIGS = (MLPConfig(hidden=(24, 16)), TransformerConfig(width=16, layers=1), TransformerConfig(width=16, layers=3))


def drawn(observation, rows=50, seed=0):
    return torch.randn(rows, schema(observation).width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=["obs-v1", "obs-v2"])
def observation(request):
    return request.param


@pytest.fixture(params=CONFIGS, ids=["mlp", "transformer1", "transformer3"])
def encoder(request, observation):
    torch.manual_seed(1)
    return make_encoder(schema(observation), request.param)


def test_permuting_rows_permutes_embeddings(encoder, observation):
    obs = drawn(observation)
    order = torch.randperm(len(obs), generator=torch.Generator().manual_seed(2))
    found = encoder(obs)
    assert found.shape == (50, encoder.embedding)
    assert torch.allclose(encoder(obs[order]), found[order], atol=1e-5)


def test_every_input_matters_and_nothing_else(encoder, observation):
    obs = drawn(observation).requires_grad_()
    encoder(obs).square().sum().backward()
    read = obs.grad.abs().sum(dim=0) > 0
    inputs = schema(observation).inputs
    assert read[inputs].all()
    assert not read[inputs.stop :].any()


@pytest.mark.parametrize("config", CONFIGS)
def test_the_same_draw_gives_the_same_encoder(config, observation):
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        made.append(make_encoder(schema(observation), config)(drawn(observation)))
    assert torch.equal(made[0], made[1])
    assert not torch.allclose(made[0], made[2], atol=1e-3)


def test_reading_out_one_token_is_the_whole_blocks_last():
    torch.manual_seed(0)
    block = AttentionBlock(TransformerConfig(width=12, attention_heads=3))
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.4)
    tokens = torch.randn(40, 9, 12)
    assert torch.allclose(block.read_out(tokens), block(tokens)[:, -1], atol=2e-5)


def test_a_block_is_torchs_own_encoder_layer():
    torch.manual_seed(0)
    mine = AttentionBlock(TransformerConfig(width=12, attention_heads=3, feedforward=20))
    theirs = nn.TransformerEncoderLayer(
        12, 3, 20, dropout=0.0, activation=functional.relu, batch_first=True, norm_first=True
    )
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(torch.cat([mine.query.weight, mine.key_value.weight]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([mine.query.bias, mine.key_value.bias]))
        theirs.self_attn.out_proj.load_state_dict(mine.mixed.state_dict())
        theirs.linear1.load_state_dict(mine.feedforward[0].state_dict())
        theirs.linear2.load_state_dict(mine.feedforward[2].state_dict())
    tokens = torch.randn(7, 9, 12)
    assert torch.allclose(mine(tokens), theirs(tokens), atol=1e-5)


def test_bars_are_told_apart_by_their_place():
    torch.manual_seed(0)
    encoder = make_encoder(schema("obs-v2"), TransformerConfig())
    obs = drawn("obs-v2")
    width = schema("obs-v2").bar_width
    swapped = obs.clone()
    swapped[:, :width], swapped[:, width : 2 * width] = obs[:, width : 2 * width], obs[:, :width]
    assert not torch.allclose(encoder(obs), encoder(swapped), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("transfomer", {}, "did you mean 'transformer'"),
        ("transformer", {"layer": 2}, "did you mean 'layers'"),
        ("transformer", {"width": 33}, "no multiple"),
        ("transformer", {"layers": 0}, "layers: .*greater"),
        ("mlp", {"hiden": (4,)}, "did you mean 'hidden'"),
        ("mlp", {"hidden": ()}, "hidden"),
        ("mlp", {"hidden": (0,)}, "hidden"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_nearest_name(name, settings, said):
    with pytest.raises(BadConfig, match=said):
        encoder_config(name, settings)


def test_settings_need_no_torch():
    code = "import sys, rl.modules.config, rl.encoders.config; print(sorted({'torch', 'ray'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
