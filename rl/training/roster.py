"""Whom a run trains: the order in which symbols come in, and which of them share a head."""

from __future__ import annotations

from dataclasses import dataclass

from data.history import History
from data.market import BoolArray, IntArray
from rl.kernel import Rules, Starts
from rl.roster.curriculum import CurriculumConfig, ranked, stage_at, staged
from rl.roster.groups import grouped
from rl.training.preset import Preset


@dataclass(frozen=True, slots=True)
class Roster:
    """`order` (R,): indices of the symbols that are trained, the first to come in first; `groups` (1 + S,): the set of
    weights that answers each head index."""

    order: IntArray
    groups: tuple[int, ...]
    curriculum: CurriculumConfig

    def stage(self, done: float) -> int:
        """The curriculum's stage when the part `done` in [0, 1] of the training is done."""
        return stage_at(self.curriculum, done)

    def lesson(self, starts: Starts, rules: Rules, done: float) -> tuple[Starts, Rules]:
        """What episodes are then drawn from; `starts` and `rules` are those of the whole training."""
        return staged(starts, rules, self.order, self.curriculum, done)


def call_roster(history: History, learn: BoolArray, preset: Preset) -> Roster:
    """The roster of a history, ranked over the slots `learn` (T,).

    Raises UnknownSymbol or BadConfig, with the nearest name, where the preset names what the history lacks.
    """
    order = ranked(history, learn, preset.curriculum)
    return Roster(order, grouped(history.panel.instruments, preset.grouping).groups, preset.curriculum)
