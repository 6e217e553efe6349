"""One linear head per symbol on a shared embedding: all of them in one batched product."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SymbolHeads(nn.Module):
    """`heads` linear maps; head 0 is generic, the others are it plus an own offset that starts at nothing.

    Weight decay on the offsets pulls a symbol with little evidence back to what all symbols share.
    """

    def __init__(self, heads: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.generic = nn.Linear(inputs, outputs)
        self.offset_weight = nn.Parameter(torch.zeros(heads - 1, inputs, outputs))
        self.offset_bias = nn.Parameter(torch.zeros(heads - 1, outputs))

    def forward(self, embedding: Tensor, head: Tensor) -> Tensor:
        """(N, inputs) and int64 head indices (N,) to (N, outputs).

        Rows are grouped by head and padded to the largest group, so that one `bmm` serves all: on a CPU this is several
        times faster, backward included, than gathering a weight matrix for each row. Rows of the generic head, which
        are many, stay out of it.
        """
        ordered, order = torch.sort(head, stable=True)
        counts = torch.bincount(ordered, minlength=len(self.offset_weight) + 1)
        generic, counts = int(counts[0]), counts[1:]
        own, ordered = order[generic:], ordered[generic:] - 1
        largest = int(counts.max())
        place = ordered * largest + torch.arange(len(own)) - (torch.cumsum(counts, 0) - counts)[ordered]
        padded = embedding.new_zeros(len(counts) * largest, embedding.shape[1]).index_copy(0, place, embedding[own])
        offset = torch.baddbmm(
            self.offset_bias[:, None, :], padded.view(len(counts), largest, embedding.shape[1]), self.offset_weight
        )
        return self.generic(embedding).index_add(0, own, offset.view(-1, offset.shape[2])[place])
