"""What chat models may use up: tokens and money, for a cycle and for a day, held back before each call."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from data.errors import BudgetSpent

MICROS = 1_000_000
"""Millionths of the money unit; money is counted in whole ones, always rounded up."""
MESSAGE_TOKENS = 32
"""What a provider may add around a message or a schema."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call."""

    input_tokens: int
    output_tokens: int


NOTHING = Usage(0, 0)


@dataclass(frozen=True, slots=True)
class Spend:
    """Tokens, and money in millionths of the unit of the prices."""

    tokens: int
    micros: int


class Price(BaseModel):
    """Money for a million tokens, in any one unit for all models of a book."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0.0, allow_inf_nan=False)
    output: float = Field(ge=0.0, allow_inf_nan=False)


class Budget(BaseModel):
    """Most that the chat models of one book may use up; None is no limit, 0 asks no model at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens_per_cycle: int | None = Field(default=1_000_000, ge=0)
    tokens_per_day: int | None = Field(default=10_000_000, ge=0)
    """Of a UTC day: the wall clock's for a running desk, the slot's in a backtest."""
    money_per_cycle: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    money_per_day: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    prices: dict[str, Price] = Field(default_factory=dict)
    """By `init_chat_model` string, such as "openai:gpt-x"."""

    @property
    def counts_money(self) -> bool:
        """Whether any limit is one of money."""
        return self.money_per_cycle is not None or self.money_per_day is not None

    def spend(self, model: str, usage: Usage) -> Spend:
        """What a call costs; BudgetSpent where money is limited and the model's price is not known."""
        price = self.prices.get(model)
        if price is None:
            if self.counts_money:
                raise BudgetSpent(f"budget: the price of {model} is not known", f"add budget.prices for {model}")
            price = Price(input=0.0, output=0.0)
        micros = math.ceil(usage.input_tokens * price.input + usage.output_tokens * price.output)
        return Spend(usage.input_tokens + usage.output_tokens, micros)

    def over(self, cycle: Spend, day: Spend) -> str:
        """Which limit the sums of a cycle and of a day pass, in words; "" where none."""
        for spent, limit, words in (
            (cycle.tokens, self.tokens_per_cycle, "tokens of the cycle"),
            (day.tokens, self.tokens_per_day, "tokens of the day"),
            (cycle.micros, _micros(self.money_per_cycle), "money of the cycle"),
            (day.micros, _micros(self.money_per_day), "money of the day"),
        ):
            if limit is not None and (spent > limit or limit == 0):
                return words
        return ""


class Purse(Protocol):
    """The budget of one cycle, kept where a crash does not lose it and other processes see it."""

    def reserve(self, model: str, most: Usage) -> int:
        """Hold back what a call may use at most, and name the reservation; BudgetSpent where it does not fit."""
        ...

    def settle(self, reservation: int, model: str, used: Usage | None) -> None:
        """Put what was used in the place of the reservation; None (nobody knows) leaves it spent whole."""
        ...


def most_tokens(messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], max_output_tokens: int) -> Usage:
    """What a call may use at most: a token of a prompt is at least one byte of it."""
    texts = [text for _, text in messages] + [json.dumps(schema)]
    prompt = sum(len(text.encode("utf-8", "replace")) + MESSAGE_TOKENS for text in texts)
    return Usage(prompt, max_output_tokens)


def _micros(money: float | None) -> int | None:
    return None if money is None else math.floor(money * MICROS + 1e-6)
