"""A tanh layer in one pass is the two layers one by one: outputs, gradients, bits, and the shapes it is given."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rl.encoders.config import MLPConfig
from rl.encoders.linear_tanh import is_fused, linear_tanh
from rl.encoders.mlp import MLPEncoder
from rl.observation import OBS_V1


def drawn(rows, inputs, outputs, width=None):
    torch.manual_seed(rows + inputs)
    x = torch.randn(rows, width or inputs)[:, :inputs].detach().requires_grad_()
    layer = nn.Linear(inputs, outputs)
    return x, layer, torch.randn(rows, outputs)


def gradients(out, x, layer, grad):
    return torch.autograd.grad(out, (x, layer.weight, layer.bias), grad)


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs", "width"), [(1, 3, 2, None), (7, 57, 64, 64), (513, 64, 128, None), (512, 57, 8, 640)]
)
def test_it_is_a_linear_layer_and_tanh(rows, inputs, outputs, width):
    x, layer, grad = drawn(rows, inputs, outputs, width)
    fused, plain = linear_tanh(x, layer.weight, layer.bias), torch.tanh(layer(x))
    torch.testing.assert_close(fused, plain, rtol=0, atol=1e-6)
    found, expected = gradients(fused, x, layer, grad), gradients(plain, x, layer, grad)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * float(other.abs().max()))


def test_gradients_that_are_a_view_are_taken_as_they_are():
    x, layer, _ = drawn(40, 16, 8)
    grad = torch.randn(8, 40).t()
    found = gradients(linear_tanh(x, layer.weight, layer.bias), x, layer, grad)
    expected = gradients(torch.tanh(layer(x)), x, layer, grad)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_the_same_batch_gives_the_same_bits():
    x, layer, grad = drawn(600, 57, 64, 64)
    first, second = (gradients(linear_tanh(x, layer.weight, layer.bias), x, layer, grad) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_what_is_not_a_number_stays_so():
    x, layer, _ = drawn(4, 8, 8)
    with torch.no_grad():
        x[1, 2] = torch.nan
        out = linear_tanh(x, layer.weight, layer.bias)
    assert out[1].isnan().all()
    assert out[[0, 2, 3]].isfinite().all()


def test_the_encoder_takes_it_where_it_can_and_its_layers_otherwise():
    encoder = MLPEncoder(OBS_V1, MLPConfig(hidden=(16, 8)))
    obs = torch.randn(5, OBS_V1.width)
    assert is_fused(obs)
    assert not is_fused(obs.double())
    torch.testing.assert_close(encoder(obs), encoder.layers(obs[:, OBS_V1.inputs]), rtol=0, atol=1e-6)
    double = MLPEncoder(OBS_V1, MLPConfig(hidden=(16, 8))).double()
    assert torch.equal(double(obs.double()), double.layers(obs.double()[:, OBS_V1.inputs]))
