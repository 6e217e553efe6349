"""Conditions of a run from a YAML file: corporate actions, currencies, and what cash, shorts and positions pay."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import BadConfig
from tools.backtest.actions import Delisting, Dividend, Split
from tools.backtest.conditions import Conditions


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    day: date


class _Split(_Entry):
    ratio: float


class _Dividend(_Entry):
    amount: float


class ConditionsFile(BaseModel):
    """The fields of `tools.backtest.conditions.Conditions` that fit a file; see there for units and signs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    currency: str = "USD"
    fx: dict[str, float] = Field(default_factory=dict)
    interest_bps: float = 0.0
    borrow_bps: float | dict[str, float] = 0.0
    funding_bps: dict[str, float] = Field(default_factory=dict)
    zero_volume: Literal["refuse", "wait"] = "refuse"
    splits: tuple[_Split, ...] = ()
    dividends: tuple[_Dividend, ...] = ()
    delistings: tuple[_Entry, ...] = ()

    def conditions(self) -> Conditions:
        """As the tape takes them."""
        return Conditions(
            actions=(
                *(Split(e.symbol, e.day, e.ratio) for e in self.splits),
                *(Dividend(e.symbol, e.day, e.amount) for e in self.dividends),
                *(Delisting(e.symbol, e.day) for e in self.delistings),
            ),
            currency=self.currency,
            fx=self.fx,
            interest_bps=self.interest_bps,
            borrow_bps=self.borrow_bps,
            funding_bps=self.funding_bps,
            zero_volume=self.zero_volume,
        )


def read_conditions(path: Path | None) -> Conditions:
    """The conditions in a file (None: none apply); BadConfig, naming the field, for one that cannot be read."""
    if path is None:
        return Conditions()
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ConditionsFile.model_validate(found or {}).conditions()
    except OSError as error:
        raise BadConfig(f"cannot read {path}: {error.strerror}", "name an existing YAML file") from error
    except yaml.YAMLError as error:
        raise BadConfig(f"{path} is not YAML", str(error).splitlines()[0]) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadConfig(f"{path}: {where}: {first['msg']}", "see configs/conditions.yaml for every field") from error
