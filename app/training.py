"""A training run as a person starts it: the source's whole history in, policies in the store, a report out."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast, get_args

from data.errors import BadConfig
from rl.store import SHIPPED, Manifest, PolicyStore
from rl.tracking import open_trackers
from rl.training.bundles import Origin
from rl.training.pipeline import Keeping, Trained, What, train_all, train_meta_controller, train_symbol_agents
from rl.training.preset import Preset, load_preset
from rl.training.progress import Report, tracked
from rl.training.report_text import as_json, summary, write_training_report

if TYPE_CHECKING:
    from app.runtime import Market
    from app.stores import Stores
    from data.history import History


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What is to be trained, how, and what becomes of it. `ship` writes into the package instead of the home."""

    what: str = "all"
    preset: str = "quick"
    seed: int = 0
    resume: bool = False
    workers: int = 1
    trackers: str = ""
    """Names of trackers, comma-separated (rl.tracking): where figures along the way are kept, beside the report."""
    promote: bool = False
    """Whether what is trained is put in use at once, instead of waiting as challenger."""
    ship: bool = False


def train_policies(
    market: Market, stores: Stores, order: TrainingOrder, progress: Report, command: str
) -> dict[str, Any]:
    """Train what is ordered. The report has, for each role, the policy's id and its figures on seen, validation and
    unseen dates. BadConfig names the nearest word for a typo before any time is spent."""
    preset, what = load_preset(order.preset), _what(order.what)
    first, last = market.source.span()
    history = market.builder.history(first, market.slots.at_or_before(last))
    origin = Origin(market.source.params(), command)
    keeping = Keeping(stores.home / "training", order.resume, order.workers)
    store = PolicyStore((SHIPPED,)) if order.ship else stores.policies
    tracker = open_trackers(order.trackers, stores.home / "tracking")
    run = f"{what}-{history.source}-{preset.name}-seed{order.seed}"
    with tracked(tracker, run, preset.model_dump(mode="json"), progress) as told:
        trained = _train(what, history, preset, order.seed, origin, store, told, keeping)
    trained.save(store, order.promote or order.ship)
    report: dict[str, Any] = {
        "written_to": "the shipped policies" if order.ship else str(stores.home / "policies"),
        "policies": {b.manifest.role: _told(b.manifest, store) for b in trained.policies},
    }
    if trained.report:
        folder = stores.home / "training" / trained.symbol_agents.manifest.policy_id
        write_training_report(folder, trained.report)
        report |= {"agents": as_json(trained.report), "summary": summary(trained.report), "report": str(folder)}
    return report


def _train(
    what: What, history: History, preset: Preset, seed: int, origin: Origin, store: PolicyStore, progress: Report,
    keeping: Keeping,
) -> Trained:  # fmt: skip
    if what == "meta-controller":
        agents = store.latest("symbol_agents", history.source)
        return train_meta_controller(history, preset, seed, origin, agents, progress, keeping)
    train = train_all if what == "all" else train_symbol_agents
    return train(history, preset, seed, origin, progress, keeping)


def _what(name: str) -> What:
    known = get_args(What)
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise BadConfig(
            f"nothing called {name!r} is trained", f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        )
    return cast(What, name)


def _told(manifest: Manifest, store: PolicyStore) -> dict[str, Any]:
    champion = store.standing(manifest.role, manifest.source).champion
    return {
        "policy_id": manifest.policy_id,
        "standing": "champion" if champion == manifest.policy_id else f"challenger of {champion}",
        "trained_from": manifest.trained_from,
        "trained_until": manifest.trained_until,
        "sha256": manifest.sha256,
        "metrics": manifest.metrics,
    }
