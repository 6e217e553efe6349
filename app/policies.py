"""The trained policies of a desk as a person sees them: what there is, what is in use, and why."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from data.clock import slot_text
from data.errors import BullpenError, InputError
from rl.nearest import nearest
from rl.policies.champions import Standing
from rl.policies.judgement import JUDGED_BY
from rl.policies.manifest import Manifest, Role
from rl.store import PolicyStore, Signed

State = Literal["champion", "challenger", "former", "kept", "unreadable"]


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy in the list. `unseen` and `gap` (seen less unseen) are of the figure that its role is judged by."""

    policy_id: str
    state: State
    role: str = ""
    source: str = ""
    trained_until: str = ""
    figure: str = ""
    unseen: float | None = None
    gap: float | None = None
    graph: bool = False
    """Whether it carries its ONNX graph."""
    problem: str = ""
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """One policy in full, with the history of its role and source."""

    line: PolicyLine
    manifest: Manifest
    standing: Standing

    def as_json(self) -> dict[str, Any]:
        """Everything, in plain values."""
        return {
            **asdict(self.line),
            "manifest": self.manifest.model_dump(mode="json"),
            "standing": self.standing.model_dump(mode="json"),
        }


def policy_lines(store: PolicyStore, role: str = "", source: str = "") -> tuple[PolicyLine, ...]:
    """All policies of a role and source, or of any; one whose manifest cannot be read is listed with its problem."""
    wanted = role_of(role) if role else ""
    lines = (_line(store, policy_id) for policy_id in store.ids())
    return tuple(
        found for found in lines
        if found.state == "unreadable" or (wanted in ("", found.role) and source in ("", found.source))
    )  # fmt: skip


def policy_page(store: PolicyStore, policy_id: str) -> PolicyPage:
    """One policy; NotFound with the nearest id, CorruptFile where its files are not what they were."""
    _known(store, policy_id)
    manifest = store.get(policy_id).manifest
    return PolicyPage(_line(store, policy_id), manifest, store.standing(manifest.role, manifest.source))


def promote(store: PolicyStore, policy_id: str, by: str, why: str, force: bool) -> Standing:
    """Make a policy champion; `PolicyStore.promote` says what is refused."""
    _known(store, policy_id)
    return store.promote(policy_id, _signed(by, why), force)


def rollback(store: PolicyStore, role: str, source: str, by: str, why: str) -> Standing:
    """Bring the champion before this one back."""
    return store.rollback(role_of(role), source, _signed(by, why))


def export(store: PolicyStore, policy_id: str) -> PolicyLine:
    """Write a policy's graph anew from its tensors, where it lies."""
    _known(store, policy_id)
    store.export(policy_id)
    return _line(store, policy_id)


def role_of(name: str) -> Role:
    """The role of that name, "-" for "_" allowed; InputError with the nearest one."""
    for role in get_args(Role):
        if role == name.replace("-", "_"):
            return role
    raise InputError(f"no role {name!r}", nearest(name, get_args(Role)))


def _line(store: PolicyStore, policy_id: str) -> PolicyLine:
    try:
        manifest = store.manifest(policy_id)
        standing = store.standing(manifest.role, manifest.source)
    except BullpenError as error:
        return PolicyLine(policy_id, "unreadable", problem=error.message)
    figure = JUDGED_BY[manifest.role]
    seen, unseen = (manifest.metrics.get(part, {}).get(figure) for part in ("seen", "unseen"))
    gap = manifest.gap.get(figure, None if seen is None or unseen is None else seen - unseen)
    return PolicyLine(
        policy_id, _state(standing, policy_id), manifest.role, manifest.source, manifest.trained_until, figure,
        _known_number(unseen), _known_number(gap), bool(manifest.onnx_sha256),
    )  # fmt: skip


def _known_number(figure: float | None) -> float | None:
    return figure if figure is not None and math.isfinite(figure) else None


def _state(standing: Standing, policy_id: str) -> State:
    if policy_id == standing.champion:
        return "champion"
    if policy_id == standing.challenger:
        return "challenger"
    return "former" if policy_id in standing.former else "kept"


def _known(store: PolicyStore, policy_id: str) -> None:
    ids = store.ids()
    if policy_id not in ids:
        raise InputError(f"no policy {policy_id!r}", nearest(policy_id, ids) if ids else "train one: `bullpen train`")


def _signed(by: str, why: str) -> Signed:
    return Signed(by, slot_text(datetime.now(UTC).replace(microsecond=0)), why)
