"""Train the meta-controller: held-out folds choose, the validation rows may veto, the unseen rows report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data.history import History
from rl.meta.actor import Actor
from rl.meta.blend import blend_v1
from rl.meta.config import MetaConfig
from rl.meta.evaluation import actor_rule, equal_weight, prior_rule, walk_many
from rl.meta.selection import Choice, Judged, Tensors, best_pick, final_choice, fold_blocks
from rl.meta.tape import Tape, build_tape, with_prior
from rl.meta.trails import Counter, Lesson, Tell
from rl.ray_session import ray_session
from rl.threads import limit_threads
from rl.training.stage import StageFolder
from tools.strategies.scores import Scores


@dataclass(frozen=True, slots=True)
class MetaResult:
    """The chosen actor (`kappa` among its tensors), what it was trained with, and how it did.

    `metrics["seen" | "validation" | "unseen"]`: sharpe, annual_return, annual_volatility, max_drawdown, turnover of the
    controller, and the same of the prior, equal weight and `blend-v1` at the same costs with "prior_", "equal_",
    "blend_" before. `metrics["validation"]` also holds candidates (actors and reaches compared), checkpoint (1 is the
    first, 0 the prior), kappa, and `gain`: Sharpe ratio over the prior's on the held-out dates.
    """

    tensors: Tensors
    config: MetaConfig
    metrics: dict[str, dict[str, float]]


def train_meta(
    history: History,
    scores: Mapping[str, Scores],
    train_rows: slice,
    validation_rows: slice,
    unseen_rows: slice,
    config: MetaConfig,
    seed: int,
    progress: Tell,
    folder: Path | None = None,
) -> MetaResult:
    """Train on `train_rows`, select on `validation_rows`, report on all three; nothing else of the history is read.

    `scores` (T, S) of all AGENTS by name, NaN where unknown; those of a learned agent should be out of sample on the
    training rows, or the controller learns to trust what it will not get. Checkpoint and reach are those that did best
    on the training rows' held-out blocks, all together, by trainings that had not seen them (`rl.meta.selection`); the
    reach is 0, and the controller its prior, where none gains `config.least_gain` in Sharpe ratio over the prior there
    without losing return, or where the final controller is worse than the prior on the validation rows. Same arguments,
    same bits. Raises InputError for rows without usable slots, or where training left the finite numbers.
    """
    tape = with_prior(build_tape(history, scores, config.costs), config.prior)
    choice = learn(tape, train_rows, validation_rows, config, seed, progress, folder)
    parts = {"seen": train_rows, "validation": validation_rows, "unseen": unseen_rows}
    metrics = {name: report(tape, rows, choice.tensors) for name, rows in parts.items()}
    metrics["validation"] |= choice.figures(config)
    return MetaResult(choice.tensors, config, metrics)


def learn(
    tape: Tape, train_rows: slice, validation_rows: slice, config: MetaConfig, seed: int, progress: Tell,
    folder: Path | None = None,
) -> Choice:  # fmt: skip
    """`train_meta` on a tape, without the report."""
    blocks = fold_blocks(tape, train_rows, config.folds)
    done = Counter(progress, (len(blocks) + 1) * config.checkpoints)
    lesson = Lesson(tape, train_rows, config, seed)
    limit_threads(config.threads)
    with ray_session(config.threads):
        judged: list[Judged] = []
        for number, block in enumerate(blocks):
            kept = _stage(folder, f"fold-{number + 1}")
            judged.append(Judged(block, tuple(lesson.trail(config.checkpoints, done, kept, block))))
        pick = best_pick(tape, judged, config)
        done.told["gain"] = pick.gain
        trail = lesson.trail(max(pick.checkpoint, 1), done, _stage(folder, "final"))
    done.end()
    return final_choice(tape, validation_rows, trail[-1], pick, config)


def _stage(folder: Path | None, name: str) -> StageFolder | None:
    return StageFolder(folder / name) if folder else None


def report(tape: Tape, rows: slice, tensors: Tensors) -> dict[str, float]:
    """Figures of a controller, its prior, equal weight and blend-v1 on `rows`, named as in `MetaResult`."""
    rules = {"": actor_rule(Actor(tensors)), "prior_": prior_rule, "equal_": equal_weight, "blend_": blend_v1}
    found = walk_many(tape, rows, list(rules.values()))
    return {
        prefix + name: value
        for prefix, walked in zip(rules, found, strict=True)
        for name, value in walked.figures().items()
    }
