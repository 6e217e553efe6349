"""Weight decay of a symbol network: stronger on what distinguishes a symbol's head from the generic one."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

OFFSET = "offset"
"""In the name of a parameter that is one symbol's own (rl.modules.heads)."""


def decayed(named: Iterable[tuple[str, nn.Parameter]], weight_decay: float, offset_decay: float) -> torch.optim.AdamW:
    """AdamW in one fused pass: decoupled decay, `offset_decay` for heads' offsets, `weight_decay` for the rest."""
    parameters = list(named)
    own = [p for name, p in parameters if OFFSET in name]
    shared = [p for name, p in parameters if OFFSET not in name]
    groups = [{"params": shared, "weight_decay": weight_decay}, {"params": own, "weight_decay": offset_decay}]
    return torch.optim.AdamW([group for group in groups if group["params"]], fused=True)
