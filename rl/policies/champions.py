"""Who is champion of each role and source, who challenges, and who said so: one small file, replaced whole.

`current.json` of version 1 was a table of ids in use; it still loads, as champions without a history.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import CorruptFile, StorageFailed
from rl.policies.files import write_file

CURRENT = "current.json"
LOCK = ".current.lock"
LOCK_TIMEOUT_S = 30.0
"""A change takes milliseconds; a policy is written within it, which takes a second."""
Action = Literal["first", "challenges", "promoted", "rolled back"]


class AuditLine(BaseModel):
    """One change: who did what to which policy, when and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    policy_id: str
    previous: str = ""
    """The champion before; "" where there was none."""
    by: str = ""
    when: str = ""
    """ISO time, UTC."""
    why: str = ""
    forced: bool = False
    """Promoted although its figures on unseen dates were worse, or could not be compared."""


class Standing(BaseModel):
    """One role on one source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    champion: str = ""
    challenger: str = ""
    """The newest policy that is not in use; "" where there is none."""
    former: tuple[str, ...] = ()
    """Champions before this one, the last first to come back."""
    audit: tuple[AuditLine, ...] = ()
    """Every change, the oldest first."""

    def challenged(self, line: AuditLine) -> Standing:
        """With a new policy that is not in use."""
        return self._then(line, challenger=line.policy_id)

    def promoted(self, line: AuditLine) -> Standing:
        """With a new champion; the one before it can be rolled back to."""
        former = (*self.former, line.previous) if line.previous else self.former
        challenger = "" if self.challenger == line.policy_id else self.challenger
        return self._then(line, champion=line.policy_id, challenger=challenger, former=former)

    def rolled_back(self, line: AuditLine) -> Standing:
        """With the champion before this one, which becomes the challenger."""
        return self._then(line, champion=line.policy_id, challenger=line.previous, former=self.former[:-1])

    def _then(self, line: AuditLine, **changes: Any) -> Standing:
        return self.model_copy(update={**changes, "audit": (*self.audit, line)})


class Table(BaseModel):
    """All standings under a root, by "<role>/<source>"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[2] = 2
    standings: dict[str, Standing] = {}

    def changed(self, key: str, standing: Standing) -> Table:
        """With one standing replaced."""
        return Table(standings={**self.standings, key: standing})


def read_table(root: Path) -> Table:
    """The table of a root, empty where there is none; CorruptFile where it cannot be read."""
    try:
        content = json.loads((root / CURRENT).read_text(encoding="utf-8"))
        if isinstance(content, Mapping) and "schema_version" not in content:
            content = {"standings": {str(key): {"champion": value} for key, value in content.items()}}
        return Table.model_validate(content)
    except FileNotFoundError:
        return Table()
    except ValidationError as error:
        raise CorruptFile(f"{CURRENT} of the policy store is not a table", "remove it and train again") from error
    except (OSError, ValueError) as error:
        raise CorruptFile(f"{CURRENT} of the policy store cannot be read", "remove it and train again") from error


def write_table(root: Path, table: Table) -> None:
    """Replace the table, or leave it as it was and raise StorageFailed. The caller holds `changing`."""
    partial = root / f".{CURRENT}.partial"
    try:
        write_file(partial, (json.dumps(table.model_dump(mode="json"), sort_keys=True, indent=1) + "\n").encode())
        partial.replace(root / CURRENT)
    except OSError as error:
        raise StorageFailed(f"{CURRENT} could not be written: {error.strerror}", "free some disk space") from error


@contextmanager
def changing(root: Path) -> Generator[None]:
    """One process at a time changes a root; readers need not wait, for the table is replaced whole."""
    lock = FileLock(root / LOCK, timeout=LOCK_TIMEOUT_S)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise StorageFailed("another process is changing the policies", "wait for it, and try again") from error
    except OSError as error:
        raise StorageFailed(f"the policy store: {error.strerror}", "check the folder and the disk") from error
    try:
        yield
    finally:
        lock.release()
