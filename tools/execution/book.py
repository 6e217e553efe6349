"""The book a desk carries from cycle to cycle: cash, positions and what the breakers need."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Position(BaseModel):
    """`quantity` units held at `average_price` (account currency per unit)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: float
    average_price: float


class Lock(BaseModel):
    """A breaker that holds the book until `until` (ISO UTC), or until a person resumes it when `until` is "".

    With a `symbol` it holds that symbol alone: the book goes on without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    since: str
    until: str
    detail: str
    symbol: str = ""


class Book(BaseModel):
    """The state of a book between cycles. Money is in the account currency.

    `marks` are the last known prices by symbol; `net_asset_value` = cash + sum(quantity * mark).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cash: float
    positions: dict[str, Position] = Field(default_factory=dict)
    marks: dict[str, float] = Field(default_factory=dict)
    peak_value: float
    day_start_value: float
    """Value at the previous slot, for the daily-loss breaker."""
    period_values: dict[str, float] = Field(default_factory=dict)
    """Value at the last slot before the present day ("2020-03-16", UTC) and the present ISO week ("2020-W12") began."""
    best_marks: dict[str, float] = Field(default_factory=dict)
    """Most favourable price of each position since it was entered: a long's highest, a short's lowest."""
    locks: tuple[Lock, ...] = ()
    cycles: int = 0
    short: bool = False
    """Whether units may be sold that are not held."""

    @property
    def net_asset_value(self) -> float:
        """Cash plus positions at their marks."""
        return self.cash + sum(p.quantity * self.marks[s] for s, p in sorted(self.positions.items()))

    def weights(self) -> dict[str, float]:
        """Fractions of net asset value by symbol, with CASH."""
        value = self.net_asset_value
        held = {s: p.quantity * self.marks[s] / value for s, p in sorted(self.positions.items())}
        return held | {"CASH": self.cash / value}
