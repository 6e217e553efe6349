"""A whole training run: history -> symbol agents -> their views -> meta-controller -> two policies with manifests.

Everything but the clock of the progress report is a function of (history, preset, seed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.clock import slot_text, to_datetime
from data.history import History
from data.market import Float32Array
from data.sources.protocol import Param
from rl.market import RowMarket, hedged, row_market
from rl.meta.inputs import SCHEMA as META_OBS
from rl.meta.training import train_meta
from rl.observation import OBS_ID
from rl.ray_session import ray_session
from rl.store import Manifest, PolicyBundle, PolicyStore, Role, tensor_sha256
from rl.symbol_policy import GENERIC, Actor, SymbolPolicy
from rl.training.evaluation import evaluate
from rl.training.figures import bars_per_year
from rl.training.preset import Preset
from rl.training.progress import Report, Stopwatch
from rl.training.provenance import git_commit, library_versions
from rl.training.split import Split, folds, make_split, rows_in
from rl.training.symbol_agents import Checkpoint, Trail, best_checkpoint, fit, own_heads
from rl.training.views import HeldOut, agent_scores

UPDATE_IN_SAMPLES = 2600.0
"""An update of the meta-controller takes about as long as this many samples of the symbol agents: for the time left."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What of a manifest the history does not know: the source's parameters and what the person typed."""

    params: Mapping[str, Param]
    command: str


@dataclass(frozen=True, slots=True)
class Trained:
    """Both policies of a run, not yet stored."""

    symbol_agents: PolicyBundle
    meta_controller: PolicyBundle

    def save(self, store: PolicyStore) -> None:
        """Write both under the store's first root and put them in use."""
        store.save(self.symbol_agents)
        store.save(self.meta_controller)


@dataclass(frozen=True, slots=True)
class _Run:
    """What all stages share."""

    history: History
    preset: Preset
    split: Split
    market: RowMarket
    per_year: float
    seed: int
    watch: Stopwatch
    origin: Origin


def train_all(history: History, preset: Preset, seed: int, origin: Origin, report: Report | None = None) -> Trained:
    """Train both policies on `history`.

    Raises InputError where the history is too short for the preset's split, BadConfig where training diverges. Nothing
    is written; Ctrl-C at any time leaves nothing behind.
    """
    run = _open(history, preset, seed, origin, report)
    with ray_session(preset.meta.threads):
        final, held_out = _symbol_agents(run)
        agents = _bundle(run, "symbol_agents", "ppo", final.tensors, _agent_metrics(run, final))
        scores = agent_scores(history, SymbolPolicy(agents), held_out)
        split = run.split
        meta = train_meta(
            history, scores, split.train, split.validation, split.unseen, preset.meta, seed,
            lambda fraction, figures: run.watch.tell("meta-controller", fraction, figures),
        )  # fmt: skip
    run.watch.tell("meta-controller", 1.0)
    return Trained(agents, _bundle(run, "meta_controller", "sac", meta.tensors, meta.metrics))


def train_symbol_agents(
    history: History, preset: Preset, seed: int, origin: Origin, report: Report | None = None
) -> PolicyBundle:
    """The symbol agents alone, without held-out views."""
    run = _open(history, preset.model_copy(update={"folds": 0}), seed, origin, report)
    with ray_session(preset.ppo.threads):
        final, _ = _symbol_agents(run)
    return _bundle(run, "symbol_agents", "ppo", final.tensors, _agent_metrics(run, final))


def _open(history: History, preset: Preset, seed: int, origin: Origin, report: Report | None) -> _Run:
    market = row_market(history, preset.meta.costs)
    first = int(np.argmax(market.arrays.ready.any(axis=1)))
    split = make_split(history.panel.times, preset.split_for(history.source), first)
    shares = {f"symbol agents, fold {k + 1}": 1.0 - 1.0 / preset.folds for k in range(preset.folds)}
    shares |= {"symbol agents": 1.0, "meta-controller": preset.meta.updates * UPDATE_IN_SAMPLES / preset.ppo.samples}
    per_year = bars_per_year(history.panel.times)
    return _Run(history, preset, split, market, per_year, seed, Stopwatch(report, shares), origin)


def _symbol_agents(run: _Run) -> tuple[Checkpoint, list[HeldOut]]:
    """The agents for use, and for each fold agents that did not learn from it; all trained equally far."""
    preset, split, slots = run.preset, run.split, run.market.slots
    parts = folds(split.train, preset.folds, split.embargo, slots) if preset.folds else []
    trails: list[Trail] = []
    for number, (part, learn) in enumerate(parts, start=1):
        share = int(learn.sum()) / (split.train.stop - split.train.start)
        trails.append(_fit(run, learn, part, share, run.seed + number, f"symbol agents, fold {number}"))
    trails.append(_fit(run, rows_in(split.train, slots), split.validation, 1.0, run.seed, "symbol agents"))
    chosen = best_checkpoint(trails)
    held_out = [
        HeldOut(part, SymbolPolicy(_bundle(run, "symbol_agents", "ppo", trail.checkpoints[chosen].tensors, {})))
        for (part, _), trail in zip(parts, trails[:-1], strict=True)
    ]
    return trails[-1].checkpoints[chosen], held_out


def _fit(run: _Run, learn: np.ndarray, judge: slice, share: float, seed: int, phase: str) -> Trail:
    """Train on `learn`, as often over each of its dates as a run over all training dates would be."""
    against, samples = run.preset.benchmark, max(1, int(run.preset.ppo.samples * share))
    market = hedged(run.market, learn, against.peers, against.own_mean, against.premium)
    return fit(
        market, learn, judge, run.preset, samples, seed, run.per_year,
        lambda fraction, figures: run.watch.tell(phase, fraction, figures),
    )  # fmt: skip


def _agent_metrics(run: _Run, final: Checkpoint) -> dict[str, dict[str, float]]:
    actor, heads = Actor(final.tensors), own_heads(run.market)
    found = {name: evaluate(run.market, part, heads, actor, run.per_year) for name, part in run.split.parts().items()}
    found["validation"] |= {"samples": float(final.samples)}
    return found


def _bundle(
    run: _Run, role: Role, algorithm: str, tensors: Mapping[str, Float32Array], metrics: dict[str, dict[str, float]]
) -> PolicyBundle:
    sha256, history = tensor_sha256(tensors), run.history
    agents = role == "symbol_agents"
    config: dict[str, Any] = run.preset.model_dump(mode="json")
    manifest = Manifest(
        policy_id=f"{algorithm}-{history.source}-{run.preset.name}-{sha256[:8]}",
        role=role,
        algorithm=algorithm,
        source=history.source,
        params=dict(run.origin.params),
        data_hash=history.fingerprint,
        lake=history.lake,
        obs_id=OBS_ID if agents else META_OBS,
        heads=(GENERIC, *history.panel.symbols) if agents else (),
        seed=run.seed,
        config=config,
        trained_from=_slot(history, run.split.train.start),
        trained_until=_slot(history, run.split.validation.stop - 1),
        metrics=metrics,
        git_commit=git_commit(),
        sha256=sha256,
        shapes={name: tensors[name].shape for name in sorted(tensors)},
        versions=library_versions(),
        command=run.origin.command,
    )
    return PolicyBundle(manifest, dict(tensors))


def _slot(history: History, row: int) -> str:
    times: list[np.datetime64] = list(history.panel.times[row : row + 1])
    return slot_text(to_datetime(times[0]))
