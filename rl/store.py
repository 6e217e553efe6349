"""The policy store: which trained policies there are, which is in use for each role and source, and its history.

A policy is a folder `<root>/<policy_id>/` (rl.policies.files); `<root>/current.json` names champions and challengers
(rl.policies.champions). Folders and table appear whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.errors import CorruptFile, InputError, NotFound
from rl.policies.champions import CURRENT, AuditLine, Standing, changing, read_table, write_table
from rl.policies.files import GRAPH, MANIFEST, TENSORS, load_bundle, load_tensors, read_manifest, save_bundle
from rl.policies.judgement import objection
from rl.policies.manifest import Manifest, PolicyBundle, Role, tensor_bytes, tensor_sha256

__all__ = [
    "CURRENT", "GRAPH", "MANIFEST", "SHIPPED", "TENSORS", "Manifest", "PolicyBundle", "PolicyStore", "Role", "Signed",
    "load_bundle", "read_manifest", "save_bundle", "tensor_bytes", "tensor_sha256",
]  # fmt: skip

SHIPPED = Path(__file__).parent / "shipped"
"""Policies that come with the package."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who changes what is in use, when (ISO, UTC) and why."""

    by: str
    when: str
    why: str


TRAINING = Signed("bullpen train", "", "")


class PolicyStore:
    """Policies under several roots; an earlier root wins (the user's, then the shipped ones). Changes go to the first.

    A champion may lie under any root; the one that is in use is that of the first root that names one.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self.roots = roots

    # --- reading --------------------------------------------------------------------------------------------------

    def latest(self, role: Role, source: str | None, obs_id: str | None = None) -> PolicyBundle:
        """The policy in use for a role and source, or for any source with None.

        Raises NotFound where no root has one. A corrupt policy raises CorruptFile: what to fall back on, and that it
        was done, is the caller's to decide and record.
        """
        name = self._champion(role, source)
        if name:
            return load_bundle(self._folder(name), obs_id)
        of = f"source {source!r}" if source else "any source"
        raise NotFound(f"no {role} policy for {of}", "make one with `bullpen train`")

    def get(self, policy_id: str) -> PolicyBundle:
        """The policy of that id (NotFound, CorruptFile)."""
        return load_bundle(self._folder(policy_id))

    def manifest(self, policy_id: str) -> Manifest:
        """Its manifest alone (NotFound, CorruptFile)."""
        return read_manifest(self._folder(policy_id))

    def list(self) -> tuple[Manifest, ...]:
        """All manifests, by root and name; a policy whose manifest is broken raises CorruptFile."""
        return tuple(read_manifest(folder) for root in self.roots for folder in _folders(root))

    def ids(self) -> tuple[str, ...]:
        """The ids of all policies, by root and name, broken ones too; one that an earlier root has hides another."""
        return tuple(dict.fromkeys(folder.name for root in self.roots for folder in _folders(root)))

    def standing(self, role: Role, source: str) -> Standing:
        """Champion, challenger and history of a role and source; the champion may come from a later root."""
        own = read_table(self.roots[0]).standings.get(f"{role}/{source}", Standing())
        return own if own.champion else own.model_copy(update={"champion": self._champion(role, source)})

    # --- changing -------------------------------------------------------------------------------------------------

    def save(self, bundle: PolicyBundle, promote: bool = False, signed: Signed = TRAINING) -> Path:
        """Write a policy under the first root, with its graph, as challenger of its role and source.

        The first one of this root, and any with `promote`, is put in use at once. Raises CorruptFile where the tensors
        are no network of the manifest's kind, StorageFailed where it did not reach the disk; then nothing is in use
        that was not before.
        """
        root, manifest = self.roots[0], bundle.manifest
        path, key = root / manifest.policy_id, _key(manifest)
        with changing(root):
            table = read_table(root)
            save_bundle(path, bundle)
            mine = table.standings.get(key, Standing())
            if mine.champion == manifest.policy_id:
                return path
            if mine.champion and not promote:
                changed = mine.challenged(_line("challenges", manifest.policy_id, mine.champion, signed))
            else:
                previous = self._champion(manifest.role, manifest.source)
                action = "promoted" if mine.champion else "first"
                changed = mine.promoted(_line(action, manifest.policy_id, previous, signed))
            write_table(root, table.changed(key, changed))
        return path

    def promote(self, policy_id: str, signed: Signed, force: bool = False) -> Standing:
        """Put a policy in use for its role and source.

        Raises InputError where its figures on unseen dates are worse than the champion's, or cannot be compared, unless
        `force` with a reason; where it is champion already; and as `get` does: what cannot be loaded is never promoted.
        """
        root = self.roots[0]
        with changing(root):
            manifest = self.get(policy_id).manifest
            table, previous = read_table(root), self._champion(manifest.role, manifest.source)
            if previous == policy_id:
                raise InputError(f"policy {policy_id} is champion already", "see `bullpen policies list`")
            against = self._objection(manifest, previous)
            if against and not (force and signed.why.strip()):
                raise InputError(f"not promoted: {against}", "promote it all the same with --force and --why")
            line = _line("promoted", policy_id, previous, signed).model_copy(update={"forced": bool(against)})
            changed = table.standings.get(_key(manifest), Standing()).promoted(line)
            write_table(root, table.changed(_key(manifest), changed))
        return changed

    def rollback(self, role: Role, source: str, signed: Signed) -> Standing:
        """Put the champion before the present one back in use; again, and it is the one before that.

        Raises NotFound where there is none, and as `get` does where it cannot be loaded.
        """
        root, key = self.roots[0], f"{role}/{source}"
        with changing(root):
            table = read_table(root)
            mine = table.standings.get(key, Standing())
            if not mine.former:
                raise NotFound(f"{key} has no champion to go back to", "see `bullpen policies list`")
            self.get(mine.former[-1])
            changed = mine.rolled_back(_line("rolled back", mine.former[-1], mine.champion, signed))
            write_table(root, table.changed(key, changed))
        return changed

    def export(self, policy_id: str) -> PolicyBundle:
        """Write the graph of a stored policy anew, where it lies; the bundle as it is now.

        Raises NotFound, and CorruptFile where the tensors are not what the manifest vouches for.
        """
        folder = self._folder(policy_id)
        with changing(folder.parent):
            save_bundle(folder, load_tensors(folder))
            return load_bundle(folder)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _folder(self, policy_id: str) -> Path:
        for root in self.roots:
            if policy_id in (folder.name for folder in _folders(root)):
                return root / policy_id
        raise NotFound(f"no policy {policy_id!r}", "list them with `bullpen policies list`")

    def _champion(self, role: Role, source: str | None) -> str:
        """The id in use, or ""; with no source, of the first root that names any the one whose training ends last."""
        for root in self.roots:
            standings = read_table(root).standings
            named = [s.champion for key, s in sorted(standings.items()) if _is(key, role, source) and s.champion]
            if len(named) > 1:
                return max(named, key=lambda name: (self.manifest(name).trained_until, name))
            if named:
                return named[0]
        return ""

    def _objection(self, manifest: Manifest, previous: str) -> str:
        try:
            return objection(manifest, self.manifest(previous) if previous else None)
        except (CorruptFile, NotFound) as error:
            return f"the champion's figures cannot be read: {error.message}"


def _line(action: str, policy_id: str, previous: str, signed: Signed) -> AuditLine:
    return AuditLine.model_validate(
        {"action": action, "policy_id": policy_id, "previous": previous, "by": signed.by, "when": signed.when,
         "why": signed.why}
    )  # fmt: skip


def _key(manifest: Manifest) -> str:
    return f"{manifest.role}/{manifest.source}"


def _is(key: str, role: Role, source: str | None) -> bool:
    return key == f"{role}/{source}" if source is not None else key.startswith(f"{role}/")


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith((".", "_")))
