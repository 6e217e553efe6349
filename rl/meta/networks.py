"""The torch twins of `rl.meta.actor`, and the critics: all treat symbols as a set.

Only training imports this module. Observations arrive flattened (`rl.meta.env.flatten`); `Layout` takes them apart.
A state is read by several networks in one product (`embed`); what depends on actions comes after it and is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from rl.meta.actor import CASH_DRIFT, DRIFT, STILL_LIMIT, VIEW_WIDTH
from rl.meta.acts import ACT_TERMS, TRADABLE, act_terms
from rl.meta.inputs import SYMBOL_COLUMNS

FIRST_STEP = 0.01
"""Scale of the actor's last layer at the start: training begins at the prior."""
LOG_STD_START = -3.0
SHUT = -1e4
"""Added to the embedding of what cannot be traded before its relu, which makes it exactly 0."""


class Sight(NamedTuple):
    """An observation taken apart: `rows` (B, N, K0 + 21 + G + 1), each symbol's own columns, the shared ones and
    whether it cannot be traded; `tradable` (B, N, 1) of 0 and 1; `shared` (B, G).
    """

    rows: Tensor
    tradable: Tensor
    shared: Tensor


@dataclass(frozen=True, slots=True)
class Layout:
    """How many symbols and shared features an observation holds."""

    symbols: int
    shared: int

    @property
    def row_width(self) -> int:
        """Columns that a network reads of a symbol."""
        return len(SYMBOL_COLUMNS) + VIEW_WIDTH + self.shared

    def split(self, observation: Tensor) -> Sight:
        """Take a flat observation (B, D) apart."""
        symbol_width = self.symbols * len(SYMBOL_COLUMNS)
        view_width = self.symbols * VIEW_WIDTH
        symbol, views, shared = observation.split([symbol_width, view_width, self.shared], dim=1)
        symbol = symbol.unflatten(1, (self.symbols, len(SYMBOL_COLUMNS)))
        views = views.unflatten(1, (self.symbols, VIEW_WIDTH))
        tradable = symbol[:, :, TRADABLE : TRADABLE + 1]
        context = shared[:, None].expand(-1, self.symbols, -1)
        return Sight(torch.cat([symbol, views, context, 1.0 - tradable], dim=2), tradable, shared)


def embed(layers: Sequence[nn.Linear], sight: Sight) -> Tensor:
    """relu of each layer's reading of the rows, side by side (B, N, sum of H); zero where not tradable."""
    weight = torch.cat([layer.weight for layer in layers])
    shut = torch.full_like(weight[:, :1], SHUT)
    bias = torch.cat([layer.bias for layer in layers])
    return torch.relu_(linear(sight.rows, torch.cat([weight, shut], dim=1), bias))


class Code(NamedTuple):
    """What the actor's trunk makes of a state: `symbols` (B, N, mixed), `cash` (B, 1, mixed), and `still` (B, N + 1),
    the tilts that keep what is held.
    """

    symbols: Tensor
    cash: Tensor
    still: Tensor


class ActorTrunk(nn.Module):
    """Observation -> (B, N + 1, mixed + 1): a code for each symbol, cash last, and the tilt that keeps it still."""

    def __init__(self, layout: Layout, hidden: int, mixed: int, kappa: float) -> None:
        super().__init__()
        self.layout, self.kappa = layout, kappa
        self.embed = nn.Linear(layout.row_width, hidden)
        self.mix_embed = nn.Linear(hidden, mixed)
        self.mix_pooled = nn.Linear(2 * hidden, mixed, bias=False)
        self.cash_shared = nn.Linear(layout.shared, mixed)
        self.cash_pooled = nn.Linear(2 * hidden, mixed, bias=False)

    def forward(self, observation: Tensor) -> Tensor:
        """(B, D) -> (B, N + 1, mixed + 1)."""
        sight = self.layout.split(observation)
        symbols, cash, still = self.code(embed((self.embed,), sight), sight)
        return torch.cat([torch.cat([symbols, cash], dim=1), still[:, :, None]], dim=2)

    def code(self, seen: Tensor, sight: Sight) -> Code:
        """The same in its parts, from what `embed` made of the rows."""
        rows, tradable, shared = sight
        # Pooled over what is tradable: the rest is zero, and nothing is negative.
        pooled = torch.cat([seen.sum(1) / tradable.sum(1).clamp(min=1.0), seen.amax(1)], dim=1)
        mix = torch.relu_(self.mix_embed(seen) + self.mix_pooled(pooled)[:, None])
        cash = torch.relu(self.cash_shared(shared) + self.cash_pooled(pooled))
        drift = torch.cat([rows[:, :, DRIFT], shared[:, CASH_DRIFT, None]], dim=1)
        still = torch.atanh((drift / self.kappa).clamp(-STILL_LIMIT, STILL_LIMIT))
        return Code(mix, cash[:, None], still)


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
        return self.read(Code(code[:, :-1, :-1], code[:, -1:, :-1], code[:, :, -1]))

    def read(self, code: Code) -> tuple[Tensor, Tensor, Tensor]:
        """The same from a code in its parts."""
        wish, patience, log_std = torch.cat([self.symbol(code.symbols), self.cash(code.cash)], dim=1).unbind(2)
        patience = torch.sigmoid(patience)
        return torch.lerp(wish, code.still, patience), 1.0 - patience, log_std


class CriticTrunk(nn.Module):
    """Observation and action -> (B, hidden + ACT_TERMS): a code of the state and what the action's weights are worth.

    The weights that the environment would make of the action are computed here, so that what the critic learns of a
    symbol is the value of a weight in it: `active` (weight less prior) and `trade` (weight less held). A value is
    linear and quadratic in both, with a kink where trading starts, by coefficients that the state decides.
    """

    def __init__(self, layout: Layout, hidden: int, kappa: float) -> None:
        super().__init__()
        self.layout, self.kappa = layout, kappa
        self.embed = nn.Linear(layout.row_width, hidden)
        self.worth = nn.Linear(hidden, ACT_TERMS)
        self.state = nn.Linear(hidden, hidden)

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """(B, D), (B, N + 1) -> (B, hidden + ACT_TERMS)."""
        sight = self.layout.split(observation)
        worth = appraise((self,), embed((self.embed,), sight), sight)
        return torch.cat([worth.state, _summed(worth, self.acts(sight, action))], dim=1)

    def acts(self, sight: Sight, action: Tensor) -> Tensor:
        """The terms of each symbol's act (B, N, ACT_TERMS), zero where not tradable."""
        return act_terms(sight.rows, action, self.kappa)


class Worth(NamedTuple):
    """What K critics make of B states before any action: `terms` (B, N, K, ACT_TERMS), the worth of each term of each
    symbol's act over the count of tradable symbols, and `state` (B, K H), codes of the states side by side.
    """

    terms: Tensor
    state: Tensor

    def detach(self) -> Worth:
        """The same without gradients."""
        return Worth(self.terms.detach(), self.state.detach())


def appraise(trunks: Sequence[CriticTrunk], seen: Tensor, sight: Sight) -> Worth:
    """What K trunks make of what `embed` saw for them (B, N, K H): block-diagonal products, one for all trunks."""
    count = sight.tradable.sum(1).clamp(min=1.0)
    terms = linear(seen, torch.block_diag(*(t.worth.weight for t in trunks)), torch.cat([t.worth.bias for t in trunks]))
    states = torch.block_diag(*(t.state.weight for t in trunks))
    state = linear(seen.sum(1) / count, states, torch.cat([t.state.bias for t in trunks]))
    return Worth((terms / count[:, None]).unflatten(2, (len(trunks), ACT_TERMS)), torch.relu(state))


def q_values(worth: Worth, heads: Sequence[nn.Linear], acts: Tensor, learn: bool) -> Tensor:
    """What K critics say of acts (B, N, ACT_TERMS), (B, K); their last layers `heads` take gradients where `learn`."""
    weight, bias = torch.stack([head.weight[0] for head in heads]), torch.cat([head.bias for head in heads])
    if not learn:
        weight, bias = weight.detach(), bias.detach()
    by_state, by_act = weight.split([weight.shape[1] - ACT_TERMS, ACT_TERMS], dim=1)
    said = (worth.state.unflatten(1, by_state.shape) * by_state).sum(2)
    return said + (_summed(worth, acts).unflatten(1, by_act.shape) * by_act).sum(2) + bias


def _summed(worth: Worth, acts: Tensor) -> Tensor:
    """Each term's worth over all symbols, (B, K ACT_TERMS)."""
    return (worth.terms * acts[:, :, None]).sum(1).flatten(1)
