"""The kernel's twin: the same step of N rows on torch tensors, on a CUDA device or on the CPU, equal to 1e-6.

Every row is computed on every step and masks choose what holds. Market data stay on the device. Draws are the same
hashes, so the same seed draws the same episodes as rl.rows.Rows.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from data.errors import DeviceAbsent
from rl.actions import N_ACTIONS
from rl.kernel import packed as p
from rl.kernel import state as c
from rl.kernel.arrays import Starts
from rl.kernel.draws import BLOCK_DRAW, DROPOUT_DRAW, MOVE_DRAW, NOISE_DRAW
from rl.kernel.layout import N_OWN
from rl.kernel.observe import CLIP
from rl.kernel.rules import SAME_STEP, Rules, checked_rules
from rl.kernel.trade import LATELY, LEAST_MOVE
from rl.kernel.twin_draws import uniform
from rl.kernel.twin_reward import Facts, rewards
from rl.kernel.twin_trade import carry_fraction, impact_bps, margin_step, stop_room, unrealised, wanted
from rl.market import RowMarket
from rl.reward import PARTS, RewardConfig
from rl.rows import NOISE_TABLE


def device_of(name: str) -> torch.device:
    """The device called `name` ("cpu", "cuda", "cuda:1"). Raises DeviceAbsent where this machine has none."""
    device = torch.device(name)
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise DeviceAbsent(f"{name} was asked for and torch sees none", 'set the device to "cpu", or install CUDA')
    return device


class TensorRows:
    """rl.rows.Rows on tensors: the same arrays under the same names, replaced by each step instead of reused.

    Raises what Rows raises, and DeviceAbsent before anything is made.
    """

    def __init__(
        self, market: RowMarket, starts: Starts, rules: Rules, reward: RewardConfig, count: int, device: str = "cpu"
    ) -> None:
        self.device = device_of(device)
        self.rules, self.weights, self.layout = checked_rules(rules), reward.weights(), market.layout
        packed = market.packed
        self._cells, self._terms = self._put(packed.cells), self._put(packed.terms)
        self._slots = packed.cells.shape[1]
        self._context = self._put(packed.context).reshape(len(packed.cells) * self._slots, -1)
        self._seen = self.layout.own - self._context.shape[1]
        self._bar = self._seen // self.layout.window
        ahead = torch.zeros(self._seen, device=self.device)
        flat = torch.cat([ahead, self._put(packed.bars).reshape(-1)])
        self._windows = flat.as_strided((len(packed.cells) * self._slots, self._seen), (self._bar, 1), self._bar)
        self._symbols, self._offsets = self._put(starts.symbols), self._put(starts.offsets)
        self._starts, self._stop = self._put(starts.slots), self._put(starts.stop)
        self._table = self._put(np.random.default_rng(0).standard_normal(NOISE_TABLE, dtype=np.float32))
        self._rows = torch.arange(count, device=self.device)
        self.state = torch.zeros((count, c.N_STATE), dtype=torch.float64, device=self.device)
        self.index = torch.zeros((count, c.N_INDEX), dtype=torch.int64, device=self.device)
        self.directives = torch.zeros((count, self.layout.directive_columns), device=self.device)
        self.obs = torch.zeros((count, self.layout.width), device=self.device)
        self.final_obs = self.obs.clone() if rules.autoreset == SAME_STEP else self.obs[:1].clone()
        self.reward, self.net, self.traded = (torch.zeros(count, dtype=torch.float64, device=self.device),) * 3
        self.parts = torch.zeros((count, len(PARTS)), dtype=torch.float64, device=self.device)
        self.terminated = self.truncated = torch.zeros(count, dtype=torch.bool, device=self.device)
        self._keep = torch.ones((count, self._bar + self._context.shape[1]), device=self.device)

    def _put(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(values)).to(self.device)

    def begin(self, seed: int) -> Tensor:
        """As Rows.begin."""
        self.rules = self.rules._replace(seed=seed)
        self.index.zero_()
        self._begin(torch.ones_like(self.terminated))
        self.obs = self._observe()
        return self.obs

    def step(self, actions: Tensor) -> Tensor:
        """As Rows.step: `actions` (N,) or (N, 2) int64 on the device; returns the next observations."""
        levels = actions[:, 1] if actions.ndim == 2 else torch.full_like(actions, 3)
        position = self.state[:, c.POSITION]
        cell, terms = self._cell(0), self._terms[self.index[:, c.SYMBOL]]
        profit = unrealised(position, self.state[:, c.ENTRY], cell[:, p.CLOSE])
        choice = actions[:, 0] if actions.ndim == 2 else actions
        target = wanted(choice, levels, position, profit, terms[:, p.LOW], terms[:, p.HIGH])
        return self.step_to(torch.where(cell[:, p.READY] > 0.0, target, position))

    def step_to(self, targets: Tensor) -> Tensor:
        """As Rows.step_to: `targets` (N,) float64 on the device."""
        resets = self.index[:, c.RESET] == 1
        slot = self.index[:, c.SLOT]
        cell, after = self._cell(0), self._cell(1)
        missing = (slot + 1 >= self._slots) | cell[:, p.FILL].isnan() | after[:, p.CLOSE].isnan()
        live = ~resets & ~missing
        self._trade(targets, live, cell, after)
        self.index[:, c.SLOT] += live
        self.index[:, c.STEP] += live
        self.terminated = live & (self.state[:, c.VALUE] < c.RUIN)
        if self.rules.block > 0.0:
            self._jump(live & ~self.terminated)
        ends = live & ~self.terminated & (self.index[:, c.SLOT] >= self.index[:, c.END])
        self.truncated = ends | (missing & ~resets)
        done = self.terminated | self.truncated
        self._begin(resets)
        self.index[:, c.RESET] = done.long()
        if self.rules.autoreset == SAME_STEP:
            self.final_obs = torch.where(done[:, None], self._observe(), self.final_obs)
            self._begin(done)
        self.obs = self._observe()
        return self.obs

    def _cell(self, ahead: int) -> Tensor:
        """(N, N_CELL) of the rows' slots, or of those `ahead` of them."""
        return self._cells[self.index[:, c.SYMBOL], (self.index[:, c.SLOT] + ahead).clamp(max=self._slots - 1)]

    def _uniform(self, draw: Tensor | int) -> Tensor:
        return uniform(self.rules.seed, self._rows, self.index[:, c.EPISODE], draw)

    def _begin(self, rows: Tensor) -> None:
        """rl.kernel.draws.begin_row for the chosen `rows` (N,) bool."""
        rules, index = self.rules, self.index
        index[:, c.EPISODE] += rows
        start = (self._uniform(0) * len(self._symbols)).long()
        symbol, slot = self._symbols[start], self._slot(self._uniform(1), start)
        zero = torch.zeros_like(slot)
        drawn = {
            c.SLOT: slot, c.SYMBOL: symbol, c.START: start, c.BARS: zero, c.RESET: zero, c.STEP: zero,
            c.END: torch.minimum(slot + rules.horizon, self._stop[slot]),
            c.HEAD: torch.where(self._uniform(2) < rules.generic, 0, 1 + symbol),
            c.BLIND: (self._uniform(3) < rules.blind).long(), c.LATE: (self._uniform(8) < rules.delay).long(),
        }  # fmt: skip
        for column, values in drawn.items():
            index[:, column] = torch.where(rows, values, index[:, column])
        for column, number in self._opening(symbol, slot).items():
            self.state[:, column] = torch.where(rows, number, self.state[:, column])
        if rules.dropout > 0.0:
            columns = torch.arange(self._keep.shape[1], device=self.device) + DROPOUT_DRAW
            hashed = uniform(rules.seed, self._rows[:, None], index[:, c.EPISODE, None], columns[None])
            self._keep = torch.where(rows[:, None], (hashed >= rules.dropout).float(), self._keep)

    def _opening(self, symbol: Tensor, slot: Tensor) -> dict[int, Tensor | float]:
        """The float state that an episode begins with."""
        rules = self.rules
        low, high = self._terms[symbol, p.LOW], self._terms[symbol, p.HIGH]
        limit = torch.where((low < 0.0) & (self._uniform(7) * (high - low) < -low), low, high)
        position = limit * (0.25 * (1 + (4.0 * self._uniform(5)).long()))
        position = torch.where(self._uniform(4) < rules.random_position, position, 0.0)
        entry = torch.where(position != 0.0, self._cells[symbol, slot, p.CLOSE], 0.0)
        costs = rules.cost_low + (rules.cost_high - rules.cost_low) * self._uniform(6)
        return {
            c.POSITION: position, c.ENTRY: entry, c.BEST: entry, c.PENDING: float("nan"), c.COSTS: costs,
            c.VALUE: 1.0, c.PEAK: 1.0, c.MEAN: 0.0, c.SQUARE: 1.0, c.TURNOVER: 0.0, c.VARIANCE: 1.0,
        }  # fmt: skip

    def _slot(self, drawn: Tensor, start: Tensor) -> Tensor:
        first, last = self._offsets[start], self._offsets[start + 1]
        return self._starts[first + (drawn * (last - first)).long()]

    def _jump(self, live: Tensor) -> None:
        """rl.kernel.draws.jump_row for the rows that are `live`."""
        index, rules = self.index, self.rules
        slot, start = index[:, c.SLOT].clamp(max=self._slots - 1), index[:, c.START]
        draw, left = BLOCK_DRAW + 2 * index[:, c.STEP], rules.horizon - index[:, c.STEP]
        stays = (slot < self._stop[slot]) & (self._uniform(draw) * rules.block >= 1.0)
        jumps = live & (start >= 0) & (left > 0) & ~stays
        to = self._slot(self._uniform(draw + 1), start.clamp(min=0))
        symbol = index[:, c.SYMBOL]
        by = torch.where(jumps, self._cells[symbol, to, p.CLOSE] / self._cells[symbol, slot, p.CLOSE], 1.0)
        self.state[:, c.ENTRY] *= by
        self.state[:, c.BEST] *= by
        index[:, c.SLOT] = torch.where(jumps, to, index[:, c.SLOT])
        index[:, c.END] = torch.where(jumps, torch.minimum(to + left, self._stop[to]), index[:, c.END])

    def _room(self, position: Tensor, profit: Tensor, close: Tensor) -> Tensor:
        rules = self.rules
        return stop_room(position, profit, self.state[:, c.BEST], close, rules.stop, rules.trailing)

    def _ordered(self, asked: Tensor, live: Tensor, cell: Tensor, terms: Tensor) -> Tensor:
        """rl.kernel.trade.ordered."""
        state, late, nan = self.state, self.index[:, c.LATE] == 1, float("nan")
        position, due, close = state[:, c.POSITION], state[:, c.PENDING].clone(), cell[:, p.CLOSE]
        stopped = self._room(position, unrealised(position, state[:, c.ENTRY], close), close) <= 0.0
        kept = torch.where(late, torch.where(asked == position, nan, asked), due)
        state[:, c.PENDING] = torch.where(live, torch.where(stopped, nan, kept), due)
        target = torch.where(late, torch.where(due.isnan(), position, due), asked)
        target = torch.where(stopped, 0.0, target)
        return torch.minimum(terms[:, p.HIGH], torch.maximum(terms[:, p.LOW], target))

    def _trade(self, asked: Tensor, live: Tensor, cell: Tensor, after: Tensor) -> None:
        """rl.kernel.trade.trade_row and the reward, for the rows that are `live`."""
        state, rules, terms = self.state, self.rules, self._terms[self.index[:, c.SYMBOL]]
        target = self._ordered(asked, live, cell, terms)
        position = state[:, c.POSITION].clone()
        close0, fill, real, scale = (
            x[:, k] for x, k in ((cell, p.CLOSE), (cell, p.FILL), (after, p.CLOSE), (cell, p.SCALE))
        )
        close1 = real
        if rules.renoise > 0.0:
            place = (self._uniform(MOVE_DRAW + self.index[:, c.STEP]) * (2 * len(self._table))).long()
            drawn = self._table[place >> 1].double() * (1 - 2 * (place & 1))
            close1 = real * (1.0 + rules.renoise * scale * drawn).clamp(min=LEAST_MOVE)
        carry = carry_fraction(position, terms[:, p.BORROW], terms[:, p.FINANCING], after[:, p.FUNDING])
        bps = terms[:, p.RATE]
        if rules.capital > 0.0:
            notional = position * fill / close0
            size = (target * (1.0 - position + notional - carry) - notional).abs() * rules.capital * state[:, c.VALUE]
            moved = impact_bps(size, cell[:, p.VOLUME], scale, terms[:, p.IMPACT])
            bps = bps + torch.where(target == position, 0.0, moved)
        held, net, cost = margin_step(position, target, close0, fill, close1, bps * state[:, c.COSTS], carry)
        self._mark(live, position, target, held, (close0, fill, close1, real))
        before = state[:, c.VALUE] / state[:, c.PEAK]
        value = torch.where(live, state[:, c.VALUE] * (1.0 + net), state[:, c.VALUE])
        peak = torch.maximum(state[:, c.PEAK], value)
        state[:, c.VALUE], state[:, c.PEAK] = value, peak
        gap, day, move, traded = cell[:, p.GAP], cell[:, p.DAY], close1 / close0 - 1.0, (target - position).abs()
        facts: Facts = {
            "net": net, "cost": cost, "hedge": position * gap + target * day, "reference_move": move - gap - day,
            "position": position, "target": target, "traded": traded, "drawdown_before": 1.0 - before,
            "drawdown_after": 1.0 - value / peak, "bars": self.index[:, c.BARS].double(), "unit": 1.0 / scale,
        }  # fmt: skip
        self.net, self.traded = torch.where(live, net, 0.0), torch.where(live, traded, 0.0)
        self.reward, self.parts = rewards(facts, state, live, self.weights)
        if self.layout.own_columns > N_OWN:
            for column, lately in ((c.TURNOVER, traded), (c.VARIANCE, (net / scale) ** 2)):
                state[:, column] += torch.where(live, LATELY * (lately - state[:, column]), 0.0)

    def _mark(
        self,
        live: Tensor,
        position: Tensor,
        target: Tensor,
        held: Tensor,
        prices: tuple[Tensor, Tensor, Tensor, Tensor],
    ) -> None:
        """rl.kernel.trade.enter and mark."""
        close0, fill, close1, real = prices
        entry, best = self.state[:, c.ENTRY], self.state[:, c.BEST]
        flips = position * target < 0.0
        adds = ((target > position) & (position >= 0.0)) | ((target < position) & (position <= 0.0))
        kept, opened = position * fill / close0, target - position
        average = (kept * entry + opened * fill) / (kept + opened)
        entry = torch.where(flips, fill, torch.where(adds, average, entry))
        best = torch.where(flips | (adds & (position == 0.0)), fill, best)
        best = torch.where(held > 0.0, torch.maximum(best, close1), best)
        best = torch.where(held < 0.0, torch.minimum(best, close1), best)
        by = torch.where(close1 == real, 1.0, real / close1)
        for column, found in ((c.ENTRY, entry * by), (c.BEST, best * by), (c.POSITION, held)):
            self.state[:, column] = torch.where(live, found, self.state[:, column])
        bars = torch.where(held == 0.0, 0, torch.where(position * held < 0.0, 1, self.index[:, c.BARS] + 1))
        self.index[:, c.BARS] = torch.where(live, bars, self.index[:, c.BARS])

    def _observe(self) -> Tensor:
        """rl.kernel.observe.observe_row for all rows: (N, width) float32."""
        layout, state, index = self.layout, self.state, self.index
        cell = self._cell(0)
        known, close, position = cell[:, p.READY] > 0.0, cell[:, p.CLOSE], state[:, c.POSITION]
        obs = torch.zeros((len(index), layout.width), device=self.device)
        obs[:, : layout.own] = self._market_columns(known)
        profit = unrealised(position, state[:, c.ENTRY], close)
        room = self._room(position, profit, close)
        unit = 1.0 / cell[:, p.SCALE]
        own = [
            position, (profit * unit / 5.0).clamp(-CLIP, CLIP),
            (index[:, c.BARS].double().sqrt() / 8.0).clamp(max=CLIP),
            (10.0 * (state[:, c.VALUE] / state[:, c.PEAK] - 1.0)).clamp(min=-CLIP),
        ]  # fmt: skip
        terms = self._terms[index[:, c.SYMBOL]]
        if layout.own_columns > N_OWN:
            level = terms[:, p.RATE] * 1e-4 * state[:, c.COSTS] * unit
            own += [
                room, (10.0 * level).clamp(max=CLIP), (1.0 - position).clamp(-CLIP, CLIP),
                (10.0 * (state[:, c.VALUE] - 1.0)).clamp(-CLIP, CLIP), (4.0 * state[:, c.TURNOVER]).clamp(max=CLIP),
                state[:, c.VARIANCE].sqrt().clamp(max=CLIP),
            ]  # fmt: skip
        obs[:, layout.own : layout.own + len(own)] = torch.stack(own, dim=1).float()
        obs[:, layout.directives : layout.directives + layout.directive_columns] = self.directives
        obs[:, layout.mask : layout.mask + N_ACTIONS] = _mask(position, profit, known & (room > 0.0), terms)
        obs[:, layout.head] = index[:, c.HEAD].float()
        return obs

    def _market_columns(self, known: Tensor) -> Tensor:
        """Window and context (N, own), blinded, with noise, and without what the episode does not see."""
        layout, rules, index = self.layout, self.rules, self.index
        at = index[:, c.SYMBOL] * self._slots + index[:, c.SLOT]
        seen, columns = self._windows[at], torch.arange(layout.own, device=self.device)
        if layout.window > 1:
            first = (layout.window - 1 - index[:, c.SLOT]).clamp(min=0) * self._bar
            seen = torch.where(columns[: self._seen] < first[:, None], 0.0, seen)
        seen = torch.where(known[:, None], torch.cat([seen, self._context[at]], dim=1), 0.0)
        shared = (columns >= layout.shared_from) & (columns < layout.shared_to)
        seen = torch.where(shared & (index[:, c.BLIND] == 1)[:, None], 0.0, seen)
        if rules.noise > 0.0:
            drawn = self._uniform(NOISE_DRAW + index[:, c.SLOT]) * (len(self._table) - layout.shared_to)
            stretch = self._table.unfold(0, layout.shared_to, 1)[drawn.long()]
            seen[:, : layout.shared_to] += float(np.float32(rules.noise)) * stretch
        if rules.dropout > 0.0:
            keep = torch.cat([self._keep[:, : self._bar].repeat(1, layout.window), self._keep[:, self._bar :]], dim=1)
            seen = torch.where(keep == 0.0, 0.0, seen)
        return seen


def _mask(position: Tensor, profit: Tensor, ready: Tensor, terms: Tensor) -> Tensor:
    """rl.actions.mask_bits: (N, 7) float32."""
    low, high = terms[:, p.LOW], terms[:, p.HIGH]
    buy, sell = ready & (position < high), ready & ((position > 0.0) | (position > low))
    held = ((low < position) & (position < 0.0)) | ((position > 0.0) & (position < high))
    return torch.stack([torch.ones_like(buy), buy, buy, buy, sell, sell, ready & (profit > 0.0) & held], dim=1).float()
