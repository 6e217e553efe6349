"""The kernel of an act's consequences against the same written in torch, values and gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from rl.meta.acts import HELD, PRIOR, TRADABLE, act_terms
from rl.meta.inputs import SYMBOL_COLUMNS

KAPPA = 1.5


def written_out(rows: Tensor, action: Tensor) -> Tensor:
    """The formulas of `rl.meta.acts` in torch."""
    prior, held, tradable = rows[:, :, PRIOR], rows[:, :, HELD], rows[:, :, TRADABLE]
    count = tradable.sum(1, keepdim=True).clamp(min=1.0)
    prior, held = prior * tradable / count, held / count
    odds = torch.exp(KAPPA * action)
    stakes = prior * odds[:, :-1]
    cash = (1.0 - prior.sum(1, keepdim=True)) * odds[:, -1:]
    rest = 1.0 - (held * (1.0 - tradable)).sum(1, keepdim=True)
    weights = rest * stakes / (stakes.sum(1, keepdim=True) + cash)
    active, trade = (weights - rest * prior) * count, (weights - held * tradable) * count
    return torch.stack([active, trade, trade.abs(), active**2, active * trade], dim=2)


def problem() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    tradable = (torch.rand(9, 6, generator=random, dtype=torch.float64) < 0.7).double()
    tradable[0] = 0.0
    shares = torch.rand(9, 6, 2, generator=random, dtype=torch.float64)
    shares = 0.8 * shares / shares.sum(1, keepdim=True) * tradable.sum(1).clamp(min=1.0)[:, None, None]
    action = 2.0 * torch.rand(9, 7, generator=random, dtype=torch.float64) - 1.0
    rows = torch.zeros(9, 6, len(SYMBOL_COLUMNS) + 2, dtype=torch.float64)
    rows[:, :, PRIOR], rows[:, :, HELD], rows[:, :, TRADABLE] = *shares.unbind(2), tradable
    return rows, action.requires_grad_()


def test_terms_and_gradients_are_those_of_the_formulas() -> None:
    rows, action = problem()
    given = torch.randn(9, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected, found = written_out(rows, action), act_terms(rows, action, KAPPA)
    torch.testing.assert_close(found, expected)
    (wanted,) = torch.autograd.grad((expected * given).sum(), action)
    (made,) = torch.autograd.grad((found * given).sum(), action)
    torch.testing.assert_close(made, wanted)
    assert wanted[1:].abs().amax(1).min() > 1e-3, "cash and symbols alike feel the action"


def test_what_cannot_be_traded_has_no_terms() -> None:
    rows, action = problem()
    terms = act_terms(rows, action, KAPPA)
    assert (terms[rows[:, :, TRADABLE] == 0.0] == 0.0).all()
    assert (terms[rows[:, :, TRADABLE] == 1.0][:, 1] != 0.0).all()
