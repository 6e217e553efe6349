"""Own heads in one product: each is exactly the lone linear layer it stands for, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from data.errors import InputError
from rl.modules.grouped import BLOCK
from rl.modules.heads import SymbolHeads


def heads_of(count, inputs, outputs, seed=0):
    torch.manual_seed(seed)
    made = SymbolHeads(count, inputs, outputs)
    nn.init.normal_(made.offset_weight, std=0.3)
    nn.init.normal_(made.offset_bias, std=0.3)
    return made


def lone(heads, number):
    """The linear layer that head `number` is."""
    weight, bias = (x.detach()[number] for x in heads.whole())
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer


def gradients(heads, x, index, grad):
    return torch.autograd.grad(heads(x, index), [x, *heads.parameters()], grad)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 60), count=st.integers(2, 12), inputs=st.integers(1, 20), outputs=st.integers(1, 13),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_head_i_of_the_batch_is_a_lone_linear_layer(rows, count, inputs, outputs, seed):
    heads = heads_of(count, inputs, outputs, seed)
    index = torch.randint(0, count, (rows,))
    x, grad = 0.3 * torch.randn(rows, inputs), 0.3 * torch.randn(rows, outputs)
    x.requires_grad_()
    together = heads(x, index)
    wrt = (x, heads.generic.weight, heads.offset_weight, heads.offset_bias)
    grad_x, grad_generic, grad_offset, grad_bias = torch.autograd.grad(together, wrt, grad)
    shared = torch.zeros(outputs, inputs)
    for h in range(count):
        mine = index == h
        alone = lone(heads, h)
        x_h = x.detach()[mine].requires_grad_()
        out = alone(x_h)
        assert torch.allclose(together[mine], out, atol=1e-6)
        wanted_x, wanted, wanted_bias = torch.autograd.grad(out, [x_h, alone.weight, alone.bias], grad[mine])
        shared += wanted
        assert torch.allclose(grad_x[mine], wanted_x, atol=1e-6)
        if h:
            assert torch.allclose(grad_offset[h - 1], wanted, atol=1e-6)
            assert torch.allclose(grad_bias[h - 1], wanted_bias, atol=1e-6)
    assert torch.allclose(grad_generic, shared, atol=2e-6)


def test_many_symbols_and_more_rows_than_a_block():
    heads = heads_of(144, 64, 8)
    rows = 2 * BLOCK + 77
    index = torch.randint(0, 144, (rows,))
    x, grad = 0.3 * torch.randn(rows, 64), 0.1 * torch.randn(rows, 8)
    x.requires_grad_()
    gathered = heads._gathered(x, index)
    assert torch.allclose(heads(x, index), gathered, atol=1e-5)
    wanted = torch.autograd.grad(gathered, [x, *heads.parameters()], grad)
    for found, other in zip(gradients(heads, x, index, grad), wanted, strict=True):
        assert torch.allclose(found, other, atol=1e-4)


def test_permuting_rows_permutes_outputs_bit_for_bit():
    heads = heads_of(9, 16, 8)
    x, index = torch.randn(100, 16), torch.randint(0, 9, (100,))
    order = torch.randperm(100)
    assert torch.equal(heads(x[order], index[order]), heads(x, index)[order])


def test_the_same_batch_gives_the_same_bits():
    heads = heads_of(9, 16, 8)
    x, index, grad = torch.randn(3000, 16, requires_grad=True), torch.randint(0, 9, (3000,)), torch.randn(3000, 8)
    first, second = (gradients(heads, x, index, grad) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    with torch.no_grad():
        assert torch.equal(heads(x, index), heads(x.detach(), index))


@pytest.mark.parametrize("wrong", [-1, 5, 10**12])
def test_a_head_that_does_not_exist_is_refused(wrong):
    heads = heads_of(5, 4, 3)
    with pytest.raises(InputError, match="head outside 0 to 4"):
        heads(torch.randn(3, 4), torch.tensor([0, wrong, 1]))


def test_what_is_not_a_number_stays_so():
    heads = heads_of(5, 4, 3)
    x = torch.randn(3, 4)
    x[1, 2] = np.nan
    found = heads(x, torch.tensor([1, 2, 3]))
    assert found[1].isnan().all()
    assert found[[0, 2]].isfinite().all()


def test_strided_inputs_and_gradients_are_taken_as_they_are():
    heads = heads_of(5, 4, 3)
    x, index = torch.randn(4, 10).T, torch.randint(0, 5, (20,))[::2]
    assert torch.allclose(heads(x, index), heads._gathered(x, index), atol=1e-6)
    y = torch.randn(10, 4, requires_grad=True)
    (summed,) = torch.autograd.grad(heads(y, index).sum(), y)
    (wanted,) = torch.autograd.grad(heads._gathered(y, index).sum(), y)
    assert torch.allclose(summed, wanted, atol=1e-6)
