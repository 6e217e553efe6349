"""One linear head per symbol on a shared embedding: all of them in one batched product."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from data.errors import InputError
from rl.modules.grouped import backward_rows, forward_rows


class SymbolHeads(nn.Module):
    """`heads` linear maps; head 0 is generic, the others are it plus an own offset that starts at nothing.

    Weight decay on the offsets pulls a symbol with little evidence back to what all symbols share.
    """

    def __init__(self, heads: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.generic = nn.Linear(inputs, outputs)
        self.offset_weight = nn.Parameter(torch.zeros(heads - 1, outputs, inputs))
        self.offset_bias = nn.Parameter(torch.zeros(heads - 1, outputs))

    def forward(self, embedding: Tensor, head: Tensor) -> Tensor:
        """(N, inputs) and int64 head indices (N,) to (N, outputs).

        Raises InputError where a row names a head that does not exist (on the compiled path: float32 on a CPU).
        """
        if embedding.device.type != "cpu" or embedding.dtype != torch.float32 or torch.compiler.is_compiling():
            return self._gathered(embedding, head)
        given = (self.generic.weight, self.generic.bias, self.offset_weight, self.offset_bias)
        if not torch.is_grad_enabled():
            return grouped_forward(embedding, head, *given)[0]
        return cast("Tensor", GroupedLinear.apply(embedding, head, *given))

    def whole(self) -> tuple[Tensor, Tensor]:
        """Weights (heads, outputs, inputs) and biases (heads, outputs), offsets added; the generic head first."""
        weight = torch.cat([torch.zeros_like(self.generic.weight)[None], self.offset_weight]) + self.generic.weight
        bias = torch.cat([torch.zeros_like(self.generic.bias)[None], self.offset_bias]) + self.generic.bias
        return weight, bias

    def _gathered(self, embedding: Tensor, head: Tensor) -> Tensor:
        """The same in plain torch, a weight matrix for each row: for accelerators and for export."""
        weight, bias = self.whole()
        return torch.baddbmm(bias[head].unsqueeze(2), weight[head], embedding.unsqueeze(2)).squeeze(2)


def grouped_forward(
    x: Tensor, head: Tensor, generic: Tensor, generic_bias: Tensor, offset: Tensor, offset_bias: Tensor
) -> tuple[Tensor, Tensor]:
    """Outputs (N, O) and the whole heads' weights (H, O, I) for x (N, I) and head (N,); float32 on the CPU."""
    heads, outputs, inputs = len(offset) + 1, *generic.shape
    out, weight, bias = x.new_empty(len(x), outputs), x.new_empty(heads, outputs, inputs), x.new_empty(heads, outputs)
    given = (t.detach().contiguous() for t in (x, head, generic, generic_bias, offset, offset_bias))
    if not forward_rows(*(t.numpy() for t in (*given, weight, bias, out))):
        raise InputError(f"a row names a head outside 0 to {heads - 1}", "give each symbol a head of the module")
    return out, weight


class GroupedLinear(torch.autograd.Function):
    """`rl.modules.grouped` to autograd; differentiable once."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, head: Tensor, *heads: Tensor) -> Tensor:
        """Arguments of `grouped_forward`."""
        out, weight = grouped_forward(x, head, *heads)
        ctx.save_for_backward(x, head, weight)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by x and the four parameters; none by the head index."""
        x, head, weight = ctx.saved_tensors
        heads, outputs, inputs = weight.shape
        room = torch.empty(heads + 1, dtype=torch.int64), torch.empty(len(x), dtype=torch.int64)
        made = (
            x.new_empty(len(x), inputs), x.new_empty(weight.shape), x.new_empty(heads, outputs),
            x.new_empty(outputs, inputs), x.new_empty(outputs),
        )  # fmt: skip
        given = (t.detach().contiguous() for t in (x, head, weight, grads[0]))
        backward_rows(*(t.numpy() for t in (*given, *room, *made)))
        grad_x, grad_weight, grad_bias, generic, generic_bias = made
        return grad_x, None, generic, generic_bias, grad_weight[1:], grad_bias[1:]
