"""A whole training run: history -> symbol agents -> their views -> meta-controller -> policies with manifests.

Everything but the clock of the progress report is a function of (history, preset, seed). A killed run goes on from its
last checkpoints and ends with the same bits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from data.errors import InputError
from data.history import History
from rl.export.network import network_of
from rl.forecasts import Forecaster
from rl.market import RowMarket
from rl.meta.training import train_meta
from rl.policies.ensemble import joined
from rl.ray_session import ray_session
from rl.store import PolicyBundle, PolicyStore
from rl.symbol_policy import SymbolPolicy
from rl.training.bundles import Birth, Metrics, Origin
from rl.training.crew import Stage, run_stages
from rl.training.evaluation import evaluate
from rl.training.figures import bars_per_year
from rl.training.preset import Preset
from rl.training.progress import Report, Stopwatch
from rl.training.provenance import git_commit
from rl.training.report import TrainingReport, training_report
from rl.training.roster import Roster, call_roster
from rl.training.rows import open_rows
from rl.training.run_folder import RunFolder, run_identity
from rl.training.split import Split, folds, make_split, rows_in
from rl.training.stage import Checkpoint, Tensors, Trail
from rl.training.symbol_agents import best_checkpoint, own_heads
from rl.training.views import HeldOut, agent_scores

What = Literal["all", "symbol-agents", "meta-controller"]
UPDATE_IN_SAMPLES = 2600.0
"""An update of the meta-controller takes about as long as this many samples of the symbol agents: for the time left."""
YARDSTICK = "supervised yardstick"
COMPARED = ("sharpe", "score_sharpe", "generic_score_sharpe", "active_sharpe", "turnover")
"""Figures of the supervised yardstick that stand beside the agents' own."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a run keeps its checkpoints (nowhere unless given), whether it goes on with what is there, its workers."""

    root: Path | None = None
    resume: bool = False
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """The policies of a run, not yet stored; `members` are the symbol agents of each seed."""

    policies: tuple[PolicyBundle, ...]
    members: tuple[Checkpoint, ...]
    report: TrainingReport | None = None
    """On the symbol agents of every seed, on unseen dates; None where none were trained."""

    @property
    def symbol_agents(self) -> PolicyBundle:
        """The first policy of that role (LookupError where the run made none)."""
        return next(p for p in self.policies if p.manifest.role == "symbol_agents")

    @property
    def meta_controller(self) -> PolicyBundle:
        """The controller."""
        return next(p for p in self.policies if p.manifest.role == "meta_controller")

    def save(self, store: PolicyStore, promote: bool = False) -> None:
        """Write all under the store's first root; in use are the first of a role and source, and with `promote` any."""
        for policy in self.policies:
            store.save(policy, promote)


@dataclass(frozen=True, slots=True)
class _Agents:
    """What the stages of the symbol agents leave: a checkpoint for each seed, agents blind to each fold, the yardstick
    (empty where none is asked for)."""

    members: tuple[Checkpoint, ...]
    held_out: tuple[HeldOut, ...]
    yardstick: Tensors


@dataclass(frozen=True, slots=True)
class _Run:
    """What all stages share."""

    birth: Birth
    market: RowMarket
    forecaster: Forecaster | None
    roster: Roster
    per_year: float
    watch: Stopwatch
    folder: RunFolder
    workers: int

    @property
    def preset(self) -> Preset:
        return self.birth.preset

    @property
    def split(self) -> Split:
        return self.birth.split


def train_all(
    history: History, preset: Preset, seed: int, origin: Origin, report: Report | None = None,
    keeping: Keeping | None = None,
) -> Trained:  # fmt: skip
    """Train symbol agents and meta-controller on `history`.

    Raises InputError where the history is too short for the preset's split, BadConfig where training diverges. No
    policy is written; Ctrl-C leaves the last checkpoints in the run's folder and nothing else.
    """
    with _open(history, preset, seed, origin, "all", report, keeping or Keeping()) as run:
        found = _symbol_agents(run, preset.seeds)
        agents = _agents_bundle(run, found)
        meta = _meta_controller(run, agents, found.held_out)
        return Trained((agents, meta), found.members, _report(run, found))


def train_symbol_agents(
    history: History, preset: Preset, seed: int, origin: Origin, report: Report | None = None,
    keeping: Keeping | None = None,
) -> Trained:  # fmt: skip
    """The symbol agents alone."""
    with _open(history, preset, seed, origin, "symbol-agents", report, keeping or Keeping()) as run:
        found = _symbol_agents(run, preset.seeds)
        return Trained((_agents_bundle(run, found),), found.members, _report(run, found))


def train_meta_controller(
    history: History, preset: Preset, seed: int, origin: Origin, agents: PolicyBundle, report: Report | None = None,
    keeping: Keeping | None = None,
) -> Trained:  # fmt: skip
    """The meta-controller for the symbol agents in use; their views of the training dates are replaced by views of
    agents that did not learn from those. InputError where `agents` were trained on other data."""
    if agents.manifest.data_hash != history.fingerprint:
        raise InputError(
            f"policy {agents.manifest.policy_id} was trained on other data", "train both: `bullpen train all`"
        )
    with _open(history, preset, seed, origin, "meta-controller", report, keeping or Keeping()) as run:
        found = _symbol_agents(run, 0)
        return Trained((_meta_controller(run, agents, found.held_out),), ())


@contextmanager
def _open(
    history: History, preset: Preset, seed: int, origin: Origin, what: What, report: Report | None, keeping: Keeping
) -> Generator[_Run]:
    """Everything that can be refused is refused here, before any time is spent."""
    market, forecaster = open_rows(history, preset)
    split = make_split(history.panel.times, preset.split_for(history.source), _first_row(market))
    roster = call_roster(history, rows_in(split.train, market.slots), preset)
    shares = {_fold_name(k): 1.0 - 1.0 / preset.folds for k in range(preset.folds)}
    shares |= {_seed_name(k): 1.0 for k in range(preset.seeds if what != "meta-controller" else 0)}
    if preset.yardstick and what != "meta-controller":
        shares[YARDSTICK] = 0.3
    if what != "symbol-agents":
        updates = (preset.meta.folds + 1) * preset.meta.updates
        shares["meta-controller"] = updates * UPDATE_IN_SAMPLES / preset.ppo.samples
    begun_with = {
        "what": what, "preset": preset.model_dump(mode="json"), "seed": seed, "data": history.fingerprint,
        "params": dict(origin.params), "code": git_commit(),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="bullpen-") as nowhere:
        name = f"{what}-{history.source}-{preset.name}-{run_identity(begun_with)}"
        folder = RunFolder(keeping.root or Path(nowhere), name)
        folder.open(keeping.resume)
        try:
            birth = Birth(history, preset, split, seed, origin)
            per_year = bars_per_year(history.panel.times)
            with ray_session(max(keeping.workers, preset.meta.threads)):
                watch = Stopwatch(report, shares)
                yield _Run(birth, market, forecaster, roster, per_year, watch, folder, keeping.workers)
            folder.finish()
        finally:
            folder.close()


def _first_row(market: RowMarket) -> int:
    return int(np.argmax(market.arrays.ready.any(axis=1)))


def _fold_name(number: int) -> str:
    return f"symbol agents, fold {number + 1}"


def _seed_name(number: int) -> str:
    return f"symbol agents, seed {number + 1}" if number else "symbol agents"


def _symbol_agents(run: _Run, seeds: int) -> _Agents:
    """Agents of `seeds` seeds, and for each fold agents that did not learn from it; all trained equally far."""
    preset, split, slots, seed = run.preset, run.split, run.market.slots, run.birth.seed
    parts = folds(split.train, preset.folds, split.embargo, slots) if preset.folds else []
    stages: list[Stage] = []
    for number, (part, learn) in enumerate(parts):
        # As often over each of its dates as a run over all training dates.
        share = int(learn.sum()) / (split.train.stop - split.train.start)
        samples = max(1, int(preset.ppo.samples * share))
        stages.append(Stage(_fold_name(number), learn, part, samples, seed + number + 1))
    everything = rows_in(split.train, slots)
    for number, start in enumerate(run.birth.seeds[:seeds]):
        stages.append(Stage(_seed_name(number), everything, split.validation, preset.ppo.samples, start))
    if preset.yardstick and seeds:
        stages.append(Stage(YARDSTICK, everything, split.validation, preset.ppo.samples, seed, supervised=True))
    if not stages:  # the controller alone, of a preset without folds
        return _Agents((), (), {})
    trails = run_stages(run.market, run.roster, stages, preset, run.per_year, run.folder, run.workers, run.watch.tell)
    yardstick = trails.pop().checkpoints[-1].tensors if preset.yardstick and seeds else {}
    chosen = best_checkpoint(_as_one(trails, seeds))
    held_out = [
        HeldOut(part, SymbolPolicy(_bundle(run, trail.checkpoints[chosen].tensors, {})))
        for (part, _), trail in zip(parts, trails[: len(parts)], strict=True)
    ]
    return _Agents(tuple(t.checkpoints[chosen] for t in trails[len(parts) :]), tuple(held_out), yardstick)


def _as_one(trails: list[Trail], seeds: int) -> list[Trail]:
    """The seeds share the weight of the validation dates that judged them all."""
    cut = len(trails) - seeds
    return trails[:cut] + [Trail(t.checkpoints, t.judged_bars / seeds) for t in trails[cut:]]


def _agents_bundle(run: _Run, found: _Agents) -> PolicyBundle:
    tensors = joined([member.tensors for member in found.members])
    metrics = _evaluated(run, tensors)
    metrics["validation"] |= {"samples": float(found.members[0].samples)}
    if found.yardstick:
        for part, figures in _evaluated(run, found.yardstick).items():
            metrics[part] |= {f"supervised_{name}": figures[name] for name in COMPARED}
    return _bundle(run, tensors, metrics)


def _bundle(run: _Run, tensors: Tensors, metrics: Metrics) -> PolicyBundle:
    """A policy of symbol agents, with the classifiers whose forecasts it was shown."""
    carried = run.forecaster.tensors() if run.forecaster else {}
    return run.birth.bundle("symbol_agents", run.preset.ppo.algorithm, tensors | carried, metrics)


def _evaluated(run: _Run, tensors: Tensors) -> Metrics:
    network, heads = network_of(run.preset.network, tensors), own_heads(run.market)
    return {name: evaluate(run.market, part, heads, network, run.per_year) for name, part in run.split.parts().items()}


def _report(run: _Run, found: _Agents) -> TrainingReport:
    members = [network_of(run.preset.network, member.tensors) for member in found.members]
    return training_report(run.market, run.split.parts(), members, run.per_year)


def _meta_controller(run: _Run, agents: PolicyBundle, held_out: tuple[HeldOut, ...]) -> PolicyBundle:
    """The controller, shown the agents' views; those of dates they learned from come from agents that did not."""
    scores = agent_scores(run.birth.history, SymbolPolicy(agents), held_out)

    def told(fraction: float, figures: Mapping[str, float]) -> None:
        run.watch.tell("meta-controller", fraction, figures)

    split, config, kept = run.split, run.preset.meta, run.folder.stage("meta-controller").path
    meta = train_meta(
        run.birth.history, scores, split.train, split.validation, split.unseen, config, run.birth.seed, told, kept
    )
    run.watch.tell("meta-controller", 1.0)
    return run.birth.bundle("meta_controller", config.algorithm, meta.tensors, meta.metrics)
