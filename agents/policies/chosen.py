"""Which trained policy a desk uses for a role, or why it has none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agents.meta.allocation import PolicyUse
from data.clock import parse_slot
from data.errors import CorruptFile, InputError, NotFound
from data.snapshot import Snapshot
from rl.store import Manifest, PolicyBundle, PolicyStore, Role


@dataclass(frozen=True, slots=True)
class Chosen:
    """A checked policy, or `reason` why there is none."""

    bundle: PolicyBundle | None
    reason: str = ""

    @property
    def policy_id(self) -> str:
        """The policy's id, "" where there is none."""
        return self.bundle.manifest.policy_id if self.bundle else ""

    def required(self) -> PolicyBundle:
        """The bundle; raises InputError with the reason where there is none."""
        if self.bundle is None:
            raise InputError(self.reason or "no policy was chosen")
        return self.bundle


def choose(store: PolicyStore, role: Role, source: str, policy_id: str | None = None) -> Chosen:
    """The policy `policy_id`, or the one in use for the role and source, or else the latest of any source.

    A policy that is missing or corrupt is a reason, not an error: the desk goes on without it. A corrupt policy of the
    source is never replaced by another source's behind the reader's back.
    """
    try:
        bundle = store.get(policy_id) if policy_id is not None else _in_use(store, role, source)
        parse_slot(bundle.manifest.trained_until)
    except (InputError, CorruptFile) as error:
        return Chosen(None, error.message)
    return Chosen(bundle)


def _in_use(store: PolicyStore, role: Role, source: str) -> PolicyBundle:
    try:
        return store.latest(role, source)
    except NotFound:
        return store.latest(role, None)


def without_graph(chosen: Chosen) -> str:
    """Why a policy is asked in numpy instead of ONNX Runtime, or "": it was written before policies had a graph."""
    if chosen.bundle is None or chosen.bundle.onnx is not None:
        return ""
    return f"asked in numpy: policy {chosen.policy_id} has no graph (`bullpen policies export`)"


def saw(manifest: Manifest, as_of: datetime) -> bool:
    """True where training or selection looked at `as_of` or a later date."""
    return as_of <= parse_slot(manifest.trained_until)


def policy_use(role: Role, chosen: Chosen, snapshot: Snapshot) -> PolicyUse | None:
    """How the record names a policy that spoke."""
    if chosen.bundle is None:
        return None
    manifest = chosen.bundle.manifest
    return PolicyUse(
        role=role, policy_id=manifest.policy_id, sha256=manifest.sha256, trained_until=manifest.trained_until,
        in_sample=saw(manifest, snapshot.as_of),
    )  # fmt: skip
