"""A strategy: the one interface that both engines, the lookahead check and the desk understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from data.snapshot import Snapshot


class Strategy(Protocol):
    """Decides from what was knowable at one instant, and from nothing else."""

    @property
    def name(self) -> str:
        """As in `bullpen backtest NAME`."""
        ...

    def decide(self, snapshot: Snapshot) -> Mapping[str, float]:
        """Target weights by symbol (fractions of value; cash is what they leave). A symbol that is not named keeps
        its units; an empty mapping decides nothing."""
        ...
