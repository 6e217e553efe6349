"""Agents trained on planted worlds and walked on worlds they never saw, beside the oracle: what evidence is made of.

The policy that is walked is the one the desk follows: the mean of the positions that the actions ask for
(rl.training.evaluation). Unseen worlds are strangers, so the generic head answers for them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.market import FloatArray
from rl.market import RowMarket, hedged
from rl.policies.mlp import Actor
from rl.policies.network import Follower
from rl.training.evaluation import Sleeves, run_sleeves
from rl.training.figures import sharpe
from rl.training.preset import Preset
from rl.training.split import rows_in
from rl.training.stage import Trail
from rl.training.symbol_agents import fit
from rl.worlds.oracle import solve
from rl.worlds.planted import BARS_PER_YEAR, Process, planted

LEARNED, EMBARGO = 0.8, 21
"""Share of the bars of training worlds that is learned from; the rest, less the embargo in bars, judges checkpoints."""
UNSEEN_WORLDS, UNSEEN_BARS = 256, 1000
MOST_SEEN = 256
"""Training worlds that are walked for the seen figure."""


@dataclass(frozen=True)
class Ground:
    """Worlds to learn from and worlds never seen, of one law and one seed; even seeds teach, odd ones examine."""

    process: Process
    worlds: int
    bars: int
    seed: int

    @cached_property
    def market(self) -> RowMarket:
        """Worlds to learn from."""
        return planted(self.process, self.worlds, self.bars, 2 * self.seed)

    @cached_property
    def unseen(self) -> RowMarket:
        """Worlds that nobody learned from."""
        return planted(self.process, UNSEEN_WORLDS, UNSEEN_BARS, 2 * self.seed + 1)

    @property
    def learned(self) -> slice:
        """Bars that are learned from."""
        return slice(0, int(self.bars * LEARNED))

    @property
    def judging(self) -> slice:
        """Bars of the same worlds that judge checkpoints."""
        return slice(self.learned.stop + EMBARGO, self.bars)

    @cached_property
    def oracle(self) -> tuple[Sleeves, Sleeves]:
        """The oracle's walks on what was learned from and on unseen worlds."""
        return self.walks(solve(self.process))

    def walks(self, actor: Follower) -> tuple[Sleeves, Sleeves]:
        """Seen and unseen walks."""
        return self.walk(self.market, self.learned, actor), self.walk(self.unseen, slice(0, UNSEEN_BARS), actor)

    def walk(self, market: RowMarket, rows: slice, actor: Follower) -> Sleeves:
        """The first worlds of a market, each from flat, answered by the generic head."""
        worlds = min(len(market.symbols), MOST_SEEN)
        a = market.arrays
        few = RowMarket(
            market.symbols[:worlds], market.groups[:worlds],
            a._replace(
                close=a.close[:, :worlds], fill=a.fill[:, :worlds], ready=a.ready[:, :worlds],
                scale=a.scale[:, :worlds], cost_bps=a.cost_bps[:worlds], hedge_gap=a.hedge_gap[:, :worlds],
                hedge_day=a.hedge_day[:, :worlds], block=a.block[:worlds],
            ),
        )  # fmt: skip
        return run_sleeves(few, rows, np.zeros(worlds, dtype=np.int64), actor)


@dataclass(frozen=True, slots=True)
class Found:
    """What one actor did. Sharpe ratios of one sleeve a year, net of costs, over all worlds and bars."""

    seen: float
    unseen: float
    oracle_seen: float
    oracle_unseen: float
    turnover: float
    """Fraction of the sleeve traded a bar on unseen worlds."""

    @property
    def share(self) -> float:
        """Of the oracle, on unseen worlds."""
        return self.unseen / self.oracle_unseen

    @property
    def gap(self) -> float:
        """Seen less unseen, Sharpe."""
        return self.seen - self.unseen


def trained(ground: Ground, preset: Preset, seed: int) -> tuple[Trail, float]:
    """The checkpoints of one training run and the seconds it took (building worlds and walks left out)."""
    against, learn = preset.benchmark, rows_in(ground.learned, ground.bars)
    market = hedged(ground.market, learn, against.peers, against.own_mean, against.premium)
    began = time.perf_counter()
    trail = fit(
        market, learn, ground.judging, preset, preset.ppo.samples, seed, BARS_PER_YEAR, lambda fraction, figures: None
    )
    return trail, time.perf_counter() - began


def judged(ground: Ground, trail: Trail) -> int:
    """The checkpoint with the best net Sharpe ratio on the judging dates: what early stopping keeps."""
    nets = [ground.walk(ground.market, ground.judging, Actor(c.tensors)).net for c in trail.checkpoints]
    return int(np.argmax([pooled(net) for net in nets]))


def examined(ground: Ground, actor: Follower) -> Found:
    """An actor beside the oracle, on seen and on unseen worlds."""
    ours, best = ground.walks(actor), ground.oracle
    return Found(
        seen=pooled(ours[0].net), unseen=pooled(ours[1].net), oracle_seen=pooled(best[0].net),
        oracle_unseen=pooled(best[1].net), turnover=float(ours[1].traded.mean()),
    )  # fmt: skip


def pooled(net: FloatArray) -> float:
    """Annualised Sharpe ratio of one sleeve, over the returns (B, S) of all worlds."""
    return sharpe(net.ravel(), BARS_PER_YEAR)


def half_width(values: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean, by Student's law: few seeds are told wide."""
    from scipy.stats import t

    x = np.array(values)
    return float(t.ppf(0.975, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size))
