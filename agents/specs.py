"""The desk's rule-minded agents, declared: one line of facts for each, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.view import AgentKind
from tools.strategies.catalog import HORIZON_BARS, INPUTS

TextKind = Literal["news", "posts"]


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent whose opinion is the score of the strategy of its name.

    `model` is the versioned name of that rule; `needs` are the kinds of data without which the agent abstains; `texts`
    and `macro` say which facts beside features stand behind the score; `chat` whether a chat model may read them.
    """

    name: str
    kind: AgentKind
    model: str
    needs: tuple[str, ...] = ("bars",)
    texts: TextKind | None = None
    macro: bool = False
    chat: bool = False

    @property
    def horizon_bars(self) -> int:
        """How many slots ahead the opinion is meant."""
        return HORIZON_BARS[self.name]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The features the strategy reads."""
        return INPUTS[self.name]


SPECS: tuple[AgentSpec, ...] = (
    AgentSpec("news", "analyst", "vader-3.3.2", needs=("news",), texts="news", chat=True),
    AgentSpec("social", "analyst", "vader-3.3.2", needs=("posts",), texts="posts", chat=True),
    AgentSpec("macro", "analyst", "rule:macro-v1", needs=("macro",), macro=True, chat=True),
    AgentSpec("momentum", "specialist", "rule:momentum-v1"),
    AgentSpec("mean_reversion", "specialist", "rule:mean_reversion-v1"),
    AgentSpec("risk", "specialist", "rule:risk-v1"),
)
