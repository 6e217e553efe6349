"""tools.market's arithmetic of one slot and the kernel's orders, for all rows at once, on tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from rl.actions import MEDIUM, SMALL


def wanted(actions: Tensor, levels: Tensor, position: Tensor, profit: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """rl.actions.target_position and sized_target for (N,) rows."""
    long, short = position > 0.0, position < 0.0

    def up(by: float) -> Tensor:
        return torch.maximum(position, torch.minimum(high, position + by))

    def down(by: float) -> Tensor:
        return torch.minimum(position, torch.maximum(low, position - by))

    adding = torch.where(long, up(SMALL), torch.where(short, down(SMALL), position))
    choices = torch.stack(
        [
            position,
            up(SMALL),
            up(MEDIUM),
            torch.maximum(position, high),
            torch.where(long, 0.5 * position, down(SMALL)),
            torch.where(long, 0.0, torch.minimum(position, low)),
            torch.where(profit > 0.0, adding, position),
        ]
    )
    target = choices.gather(0, actions[None])[0]
    sized = position + (target - position) * (0.25 * (1 + levels.clamp(min=0)))
    return torch.where((levels >= 3) | (target == position), target, sized)


def unrealised(position: Tensor, entry: Tensor, close: Tensor) -> Tensor:
    """rl.kernel.trade.unrealised."""
    profit = torch.where(position > 0.0, close / entry - 1.0, 1.0 - close / entry)
    return torch.where(position == 0.0, 0.0, profit)


def stop_room(position: Tensor, profit: Tensor, best: Tensor, close: Tensor, stop: float, trailing: float) -> Tensor:
    """rl.kernel.trade.stop_room."""
    room = torch.ones_like(position)
    if stop > 0.0:
        room = torch.minimum(room, 1.0 + profit / stop)
    if trailing > 0.0:
        fallen = torch.where(position > 0.0, 1.0 - close / best, close / best - 1.0)
        room = torch.minimum(room, 1.0 - fallen / trailing)
    return torch.where(position == 0.0, 1.0, room.clamp(min=0.0))


def carry_fraction(position: Tensor, borrow: Tensor, financing: Tensor, funding: Tensor) -> Tensor:
    """tools.market.accounting.carry_fraction."""
    return borrow * (-position).clamp(min=0.0) + financing * (position - 1.0).clamp(min=0.0) + funding * position


def impact_bps(notional: Tensor, volume: Tensor, volatility: Tensor, coefficient: Tensor) -> Tensor:
    """tools.market.impact.impact_bps."""
    share = (notional / volume).clamp(max=1.0)
    moved = 1e4 * volatility * (coefficient * share.sqrt())
    return torch.where((coefficient > 0.0) & (volume > 0.0), moved, 0.0)


def margin_step(
    position: Tensor, target: Tensor, close0: Tensor, fill: Tensor, close1: Tensor, cost_bps: Tensor, carry: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """tools.market.accounting.margin_step."""
    notional = position * fill / close0
    value = 1.0 - position + notional - carry
    rate = torch.where(target * value > notional, cost_bps * 1e-4, -cost_bps * 1e-4)
    share = 1.0 + rate * target
    trades = target != position
    after = torch.where(trades, (value + rate * notional) / share, value)
    kept = torch.where(trades, target * after, notional)
    at_close = kept * close1 / fill
    value_close = after - kept + at_close
    held, net, cost = at_close / value_close, value_close - 1.0, value - after
    held, net = torch.where(kept == 0.0, 0.0, held), torch.where(kept == 0.0, after - 1.0, net)
    ruins = ((value_close <= 0.0) & (kept != 0.0), cost), (trades & ((share <= 0.0) | (after <= 0.0)), value)
    for gone, paid in (*ruins, (value <= 0.0, torch.zeros_like(cost))):
        held, net = torch.where(gone, 0.0, held), torch.where(gone, -1.0, net)
        cost = torch.where(gone, paid, cost)
    idle = (position == 0.0) & (target == 0.0)
    return torch.where(idle, 0.0, held), torch.where(idle, 0.0, net), torch.where(idle, 0.0, cost)
