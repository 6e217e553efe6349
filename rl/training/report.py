"""What trained symbol agents are worth, agent by agent, on dates they were never shown: seeds, intervals, baselines.

Each agent walks alone as one sleeve (rl.training.evaluation) for every seed; nothing here picks a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.market import Float32Array, FloatArray
from rl.actions import N_ACTIONS, Action
from rl.market import RowMarket
from rl.policies.network import Follower
from rl.training.evaluation import bought_once, run_sleeves
from rl.training.figures import figures, max_drawdown, sharpe
from rl.training.intervals import Estimate, estimate, estimates
from rl.training.symbol_agents import own_heads

GOOD_SHARPE = 0.2
"""An annualised Sharpe ratio above which an agent counts as good."""
ONE_ACTION, ALWAYS, NEVER = 0.95, 0.95, 1e-4
"""Degenerate is an agent that gives one action more than this probability, that is full (or out) on more than this
share of bars, or that trades less than this fraction of its sleeve a bar."""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent over all seeds. Fractions; `turnover` a year."""

    symbol: str
    sharpe: Estimate
    total_return: float
    """Median over seeds."""
    max_drawdown: float
    """The deepest of any seed."""
    turnover: float
    mean_position: float
    actions: Mapping[str, float]
    """Mean probability of each action."""
    flags: tuple[str, ...]
    """In what way it is degenerate, with at least half of the seeds; none is good."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Agents on one part of the dates, beside baselines at the same costs, and the gap to the dates they learned from.

    `parts`: part -> figure -> value, with the Sharpe ratios of the agents together and of the median agent.
    """

    part: str
    bars: int
    seeds: int
    agents: tuple[AgentLine, ...]
    sharpe: Estimate
    """Of all agents and seeds: interquartile mean."""
    together: Estimate
    """Of the equally weighted sleeves."""
    share_good: float
    """Share of agents whose Sharpe ratio is above GOOD_SHARPE."""
    actions: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    parts: Mapping[str, Mapping[str, float]]

    @property
    def gap(self) -> float:
        """Sharpe ratio of the median agent on seen dates less that on the reported ones: what was memorised, and how
        much kinder the seen years were (the baselines' gap says which)."""
        return self.parts["seen"]["agent_sharpe"] - self.parts[self.part]["agent_sharpe"]

    @property
    def worst_loss(self) -> AgentLine:
        """The agent with the lowest return."""
        return min(self.agents, key=lambda agent: agent.total_return)

    @property
    def deepest(self) -> AgentLine:
        """The agent with the deepest drawdown."""
        return max(self.agents, key=lambda agent: agent.max_drawdown)

    @property
    def degenerate(self) -> tuple[AgentLine, ...]:
        """Agents that do not decide anything."""
        return tuple(agent for agent in self.agents if agent.flags)


@dataclass(frozen=True, slots=True)
class _Walks:
    """Every seed's sleeves (M, B, S) of the agents whose symbols have a price in a part, and their symbols held."""

    symbols: tuple[str, ...]
    net: FloatArray
    held: FloatArray
    traded: FloatArray
    actions: FloatArray
    """(M, S, 7): mean probabilities."""
    whole: FloatArray
    """(B, S): net returns of the symbols bought on the first bar and held."""


def training_report(
    market: RowMarket, parts: Mapping[str, slice], members: Sequence[Follower], per_year: float, part: str = "unseen"
) -> TrainingReport:
    """The report on `part` of the agents of every seed in `members`, each answered by its own head.

    `parts` are row ranges by name ("seen", "validation", "unseen": rl.training.split.Split.parts). Raises InputError
    without members, or where no symbol has a price in a part.
    """
    if not members:
        raise InputError("there are no agents to report on", "give the tensors of at least one seed")
    walked = {name: _walk(market, rows, members, name) for name, rows in parts.items()}
    walks = walked[part]
    ratios = _sharpes(walks.net, per_year)
    per_agent = estimates(ratios)
    return TrainingReport(
        part=part,
        bars=walks.net.shape[1],
        seeds=len(members),
        agents=tuple(_line(walks, s, per_agent[s], per_year) for s in range(len(walks.symbols))),
        sharpe=estimate(ratios),
        together=estimate(_sharpes(walks.net.mean(axis=2, keepdims=True), per_year)),
        share_good=float(np.mean([e.value > GOOD_SHARPE for e in per_agent])),
        actions=_by_action(walks.actions.mean(axis=(0, 1))),
        baselines=_baselines(walks.whole, per_year),
        parts={name: _of_part(found, per_year) for name, found in walked.items()},
    )


class _Watched:
    """A network whose action probabilities are summed while it walks."""

    def __init__(self, network: Follower, rows: int) -> None:
        self._network = network
        self.odds: FloatArray = np.zeros((rows, N_ACTIONS))

    def logits(self, obs: Float32Array) -> FloatArray:
        """As the network's."""
        logits = self._network.logits(obs)
        actions = logits[:, :N_ACTIONS]
        odds = np.exp(actions - actions.max(axis=1, keepdims=True))
        self.odds += odds / odds.sum(axis=1, keepdims=True)
        return logits


def _walk(market: RowMarket, rows: slice, members: Sequence[Follower], name: str) -> _Walks:
    heads = own_heads(market)
    whole = run_sleeves(market, rows, heads, None)
    alive = np.flatnonzero((whole.held != 0.0).any(axis=0))
    if alive.size == 0:
        raise InputError(f"no symbol has a price on the {name} dates", "choose other dates")
    watched = [_Watched(member, len(heads)) for member in members]
    sleeves = [run_sleeves(market, rows, heads, member) for member in watched]
    return _Walks(
        symbols=tuple(market.symbols[s] for s in alive),
        net=np.stack([s.net[:, alive] for s in sleeves]),
        held=np.stack([s.held[:, alive] for s in sleeves]),
        traded=np.stack([s.traded[:, alive] for s in sleeves]),
        actions=np.stack([w.odds[alive] / len(whole.net) for w in watched]),
        whole=whole.net[:, alive],
    )


def _line(walks: _Walks, s: int, ratio: Estimate, per_year: float) -> AgentLine:
    net, held, traded = walks.net[:, :, s], walks.held[:, :, s], walks.traded[:, :, s]
    return AgentLine(
        symbol=walks.symbols[s],
        sharpe=ratio,
        total_return=float(np.median(np.prod(1.0 + net, axis=1) - 1.0)),
        max_drawdown=max(max_drawdown(seed) for seed in net),
        turnover=float(traded.mean()) * per_year,
        mean_position=float(held.mean()),
        actions=_by_action(walks.actions[:, s].mean(axis=0)),
        flags=_flags(held, traded, walks.actions[:, s]),
    )


def _flags(held: FloatArray, traded: FloatArray, actions: FloatArray) -> tuple[str, ...]:
    """How `held`, `traded` (M, B) and `actions` (M, 7) of one agent are degenerate."""
    found = {
        "one action": actions.max(axis=1) > ONE_ACTION,
        "never trades": traded.mean(axis=1) < NEVER,
        "always full": (held > ALWAYS).mean(axis=1) > ALWAYS,
        "always out": (np.abs(held) < 1.0 - ALWAYS).mean(axis=1) > ALWAYS,
    }
    return tuple(name for name, seeds in found.items() if seeds.mean() >= 0.5)


def _by_action(odds: FloatArray) -> dict[str, float]:
    return {action.name.lower(): float(odds[action]) for action in Action}


def _baselines(whole: FloatArray, per_year: float) -> dict[str, dict[str, float]]:
    """Fully long in everything, with `whole` (B, S): rebalanced freely each bar, and bought once and held."""
    single = _sharpes(whole[None], per_year)
    agents = {"agent_sharpe": float(np.median(single)), "share_good": float((single > GOOD_SHARPE).mean())}
    return {
        "equal weight": figures(whole.mean(axis=1), per_year) | agents,
        "buy and hold": figures(bought_once(whole), per_year) | agents,
    }


def _of_part(walks: _Walks, per_year: float) -> dict[str, float]:
    """Sharpe ratios: the median agent and all together (medians over seeds), and the same of their symbols held."""
    together = _sharpes(walks.net.mean(axis=2, keepdims=True), per_year)
    return {
        "agent_sharpe": float(np.median(np.median(_sharpes(walks.net, per_year), axis=1))),
        "together_sharpe": float(np.median(together)),
        "held_agent_sharpe": float(np.median(_sharpes(walks.whole[None], per_year))),
        "held_together_sharpe": sharpe(walks.whole.mean(axis=1), per_year),
    }


def _sharpes(net: FloatArray, per_year: float) -> FloatArray:
    """(M, S) of returns (M, B, S)."""
    return np.array([[sharpe(agent, per_year) for agent in seed.T] for seed in net])
