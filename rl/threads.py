"""How many threads the numeric libraries may use: decided here, once."""

from __future__ import annotations


def limit_threads(count: int) -> None:
    """Let torch use `count` threads in this process (the row kernel uses one; Ray's own processes set theirs).

    The count is part of what makes a training run repeatable: sums over another number of threads round otherwise.
    """
    import torch

    torch.set_num_threads(count)
