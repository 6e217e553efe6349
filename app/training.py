"""A training run as a person starts it: the source's whole history in, two policies in the store, a report out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rl.store import SHIPPED, Manifest, PolicyStore
from rl.training.pipeline import Origin, train_all
from rl.training.preset import load_preset
from rl.training.progress import Report

if TYPE_CHECKING:
    from app.runtime import Market
    from app.stores import Stores


def train_policies(
    market: Market, stores: Stores, preset: str, seed: int, ship: bool, progress: Report, command: str
) -> dict[str, Any]:
    """Train symbol agents and meta-controller; with `ship` they are written into the package, else into the home.

    The report has, for each role, the policy's id and its figures on seen, validation and unseen dates.
    """
    chosen = load_preset(preset)
    first, last = market.source.span()
    history = market.builder.history(first, market.slots.at_or_before(last))
    trained = train_all(history, chosen, seed, Origin(market.source.params(), command), progress)
    trained.save(PolicyStore((SHIPPED,)) if ship else stores.policies)
    bundles = (trained.symbol_agents, trained.meta_controller)
    where = "the shipped policies" if ship else str(stores.home / "policies")
    return {"written_to": where, "policies": {b.manifest.role: _told(b.manifest) for b in bundles}}


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "policy_id": manifest.policy_id,
        "trained_from": manifest.trained_from,
        "trained_until": manifest.trained_until,
        "sha256": manifest.sha256,
        "metrics": manifest.metrics,
    }
