"""Everyone who holds an opinion: rule-minded agents, analysts that may read with a chat model, trained policies."""

from __future__ import annotations

from collections.abc import Mapping

from agents.analysts.answers import AnswerStore
from agents.analysts.reader import ReadingAnalyst
from agents.llm import ChatModel, ChatSettings
from agents.policies.chosen import Chosen
from agents.policies.symbol_agents import PolicyAgent
from agents.protocol import Agent
from agents.specialists.strategy_agent import StrategyAgent
from agents.specs import SPECS
from tools.strategies.catalog import STRATEGIES


def roster(llm: str, answers: AnswerStore, book: str, policy: Chosen, replay_only: bool = False) -> Mapping[str, Agent]:
    """The desk's agents by name. `llm` is an init_chat_model string, or "" for local scoring only; answers are kept for
    `book` alone."""
    chat = ChatModel(ChatSettings(model=llm)) if llm else None
    agents: dict[str, Agent] = {}
    for spec in SPECS:
        local = StrategyAgent(spec, STRATEGIES[spec.name])
        reads = chat is not None and spec.chat
        agents[spec.name] = ReadingAnalyst(local, chat, answers, book, replay_only) if chat and reads else local
    agents["policy"] = PolicyAgent(policy)
    return agents
