"""The torch twins of `rl.meta.actor`, and the critics: all treat symbols as a set.

Only training imports this module. Observations arrive flattened (`rl.meta.env.flatten`); `Layout` takes them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rl.meta.actor import CASH_DRIFT, DRIFT, STILL_LIMIT, VIEW_WIDTH
from rl.meta.inputs import SYMBOL_COLUMNS

PRIOR, HELD, TRADABLE = (SYMBOL_COLUMNS.index(name) for name in ("prior", "held", "tradable"))
FIRST_STEP = 0.01
"""Scale of the actor's last layer at the start: training begins at the prior."""
LOG_STD_START = -3.0


class Sight(NamedTuple):
    """An observation taken apart: `rows` (B, N, K0 + 21), `tradable` (B, N, 1) of 0 and 1, `shared` (B, G)."""

    rows: Tensor
    tradable: Tensor
    shared: Tensor


@dataclass(frozen=True, slots=True)
class Layout:
    """How many symbols and shared features an observation holds."""

    symbols: int
    shared: int

    def split(self, observation: Tensor) -> Sight:
        """Take a flat observation (B, D) apart."""
        symbol_width = self.symbols * len(SYMBOL_COLUMNS)
        view_width = self.symbols * VIEW_WIDTH
        symbol, views, shared = observation.split([symbol_width, view_width, self.shared], dim=1)
        symbol = symbol.unflatten(1, (self.symbols, len(SYMBOL_COLUMNS)))
        rows = torch.cat([symbol, views.unflatten(1, (self.symbols, VIEW_WIDTH))], dim=2)
        return Sight(rows, symbol[:, :, TRADABLE : TRADABLE + 1], shared)


def pool(embed: Tensor, tradable: Tensor) -> Tensor:
    """Mean and max over tradable symbols, (B, 2H); `embed` (B, N, H) is zero where not tradable and never negative."""
    return torch.cat([embed.sum(1) / tradable.sum(1).clamp(min=1.0), embed.amax(1)], dim=1)


class ActorTrunk(nn.Module):
    """Observation -> (B, N + 1, mixed + 1): a code for each symbol, cash last, and the tilt that keeps it still."""

    def __init__(self, layout: Layout, hidden: int, mixed: int, kappa: float) -> None:
        super().__init__()
        self.layout, self.kappa = layout, kappa
        self.embed_rows = nn.Linear(len(SYMBOL_COLUMNS) + VIEW_WIDTH, hidden)
        self.embed_shared = nn.Linear(layout.shared, hidden, bias=False)
        self.mix_embed = nn.Linear(hidden, mixed)
        self.mix_pooled = nn.Linear(2 * hidden, mixed, bias=False)
        self.cash_shared = nn.Linear(layout.shared, mixed)
        self.cash_pooled = nn.Linear(2 * hidden, mixed, bias=False)

    def forward(self, observation: Tensor) -> Tensor:
        """(B, D) -> (B, N + 1, mixed + 1)."""
        rows, tradable, shared = self.layout.split(observation)
        embed = torch.relu(self.embed_rows(rows) + self.embed_shared(shared)[:, None]) * tradable
        pooled = pool(embed, tradable)
        mix = torch.relu(self.mix_embed(embed) + self.mix_pooled(pooled)[:, None])
        cash = torch.relu(self.cash_shared(shared) + self.cash_pooled(pooled))
        drift = torch.cat([rows[:, :, DRIFT], shared[:, CASH_DRIFT, None]], dim=1)
        still = torch.atanh((drift / self.kappa).clamp(-STILL_LIMIT, STILL_LIMIT))
        return torch.cat([torch.cat([mix, cash[:, None]], dim=1), still[:, :, None]], dim=2)


class ActorHead(nn.Module):
    """(B, N + 1, mixed + 1) -> inputs of a squashed Gaussian (B, 2 (N + 1)): means, then log standard deviations.

    Each slot's three outputs: wish, patience, log standard deviation.
    """

    def __init__(self, mixed: int) -> None:
        super().__init__()
        self.symbol = nn.Linear(mixed, 3)
        self.cash = nn.Linear(mixed, 3)
        for layer in (self.symbol, self.cash):
            with torch.no_grad():
                layer.weight.mul_(FIRST_STEP)
                layer.bias.copy_(torch.tensor([0.0, 0.0, LOG_STD_START]))

    def forward(self, code: Tensor) -> Tensor:
        """Means of symbols and cash, then their log standard deviations."""
        mean, _, log_std = self.parts(code)
        return torch.cat([mean, log_std], dim=1)

    def parts(self, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, weight of the wish in it, and log standard deviation, (B, N + 1) each."""
        code, still = code[:, :, :-1], code[:, :, -1]
        out = torch.cat([self.symbol(code[:, :-1]), self.cash(code[:, -1:])], dim=1)
        patience = torch.sigmoid(out[:, :, 1])
        return torch.lerp(out[:, :, 0], still, patience), 1.0 - patience, out[:, :, 2]


class CriticTrunk(nn.Module):
    """Observation and action -> (B, 2 mixed + 2): what the action's weights are worth, pooled over the symbols.

    The weights that the environment would make of the action are computed here, so that what the critic learns of a
    symbol is the value of a weight in it: `active` (weight less prior) and `trade` (weight less held).
    """

    def __init__(self, layout: Layout, hidden: int, kappa: float) -> None:
        super().__init__()
        self.layout, self.kappa = layout, kappa
        self.embed_rows = nn.Linear(len(SYMBOL_COLUMNS) + VIEW_WIDTH, hidden)
        self.embed_shared = nn.Linear(layout.shared, hidden)
        self.edge = nn.Linear(hidden, 1)
        self.embed_act = nn.Linear(3, hidden, bias=False)
        self.mix_embed = nn.Linear(hidden, hidden)
        self.mix_pooled = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """(B, D), (B, N + 1) -> (B, hidden + 2)."""
        rows, tradable, shared = self.layout.split(observation)
        active, trade = self._consequences(rows, tradable, action)
        code = torch.relu(self.embed_rows(rows) + self.embed_shared(shared)[:, None]) * tradable
        count = tradable.sum(1).clamp(min=1.0)
        gain = (active * self.edge(code)).sum(1) / count
        paid = trade.abs().sum(1) / count
        acts = torch.cat([active, trade, trade.abs()], dim=2)
        mix = self.mix_embed(code + self.embed_act(acts)) + self.mix_pooled(pool(code, tradable))[:, None]
        mixed = (torch.relu(mix) * tradable).sum(1) / count
        return torch.cat([mixed, gain, paid], dim=1)

    def _consequences(self, rows: Tensor, tradable: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """`active` and `trade` (B, N, 1) in units of an equal share, zero where not tradable."""
        share = tradable.sum(1, keepdim=True).clamp(min=1.0)
        prior = rows[:, :, PRIOR : PRIOR + 1] * tradable / share
        held = rows[:, :, HELD : HELD + 1] / share
        odds = prior * torch.exp(self.kappa * action[:, :-1, None])
        cash = (1.0 - prior.sum(1, keepdim=True)).clamp(min=0.0) * torch.exp(self.kappa * action[:, -1:, None])
        rest = 1.0 - (held * (1.0 - tradable)).sum(1, keepdim=True)
        weights = rest * odds / (odds.sum(1, keepdim=True) + cash)
        active = (weights - rest * prior) * share
        return active, (weights - held * tradable) * share
