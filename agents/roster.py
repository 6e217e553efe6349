"""Who sits at the desk: every agent by name, in the order of all records."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from agents.analysts.answers import AnswerStore, MemoryAnswers
from agents.analysts.reader import ReadingAnalyst
from agents.llm import Chat
from agents.policies.chosen import Chosen
from agents.policies.symbol_agents import HORIZON_BARS as POLICY_HORIZON
from agents.policies.symbol_agents import PolicyAgent
from agents.protocol import Agent
from agents.silent import SilentAgent
from agents.specialists.strategy_agent import StrategyAgent
from agents.specs import SPECS
from rl.meta.inputs import AGENTS
from tools.strategies.catalog import HORIZON_BARS, STRATEGIES


def build_roster(
    symbol_agents: Chosen,
    chat: Chat | None = None,
    answers: AnswerStore | None = None,
    scope: str = "",
    replay_only: bool = False,
    off: AbstractSet[str] = frozenset(),
    names: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, Agent]:
    """All agents. With a chat model the analysts read with it, and keep what it says in `answers` under `scope`.

    `scope` is the book: an answer, or a failure to answer, is reused for the same book and facts only. With
    `replay_only` the model is never asked: an analyst whose answer is not recorded raises NotFound.
    Those `off` abstain. With `names` (more names by symbol, or none) names and dates are hidden from the model.
    """
    seated: dict[str, Agent] = {"policy": PolicyAgent(symbol_agents)}
    kept = answers if answers is not None else MemoryAnswers()
    for spec in SPECS:
        local = StrategyAgent(spec, STRATEGIES[spec.name])
        if spec.chat and chat is not None:
            seated[spec.name] = ReadingAnalyst(local, chat, kept, scope, replay_only, names)
        else:
            seated[spec.name] = local
    seated |= {name: SilentAgent(name, seated[name].kind, _horizon(name)) for name in off}
    return {name: seated[name] for name in AGENTS}


def _horizon(name: str) -> int:
    return HORIZON_BARS[name] if name in STRATEGIES else POLICY_HORIZON
