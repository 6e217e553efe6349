"""The kill switch: a file that anyone can create, and that only its removal ends.

`touch <home>/HALT` is enough. Whatever cannot be read counts as on.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data.clock import slot_text
from data.errors import StorageFailed
from tools.risk.kill_switch.audit import append_audit

HALT_FILE = "HALT"


@dataclass(frozen=True, slots=True)
class HaltState:
    """Whether the kill switch is on, why, and since when (ISO UTC, "" where the file does not say)."""

    on: bool
    reason: str = ""
    since: str = ""


def read_halt(home: Path) -> HaltState:
    """The state of `<home>/HALT`: off only where there surely is no such file."""
    path = os.path.join(home, HALT_FILE)
    try:
        os.lstat(path)
    except FileNotFoundError:
        return HaltState(on=False)
    except OSError as error:
        return HaltState(on=True, reason=f"the HALT file cannot be looked up: {error.strerror}")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return HaltState(on=True, reason="the HALT file cannot be read")
    return _parsed(text)


def halt(home: Path, reason: str, by: str, at: datetime | None = None) -> HaltState:
    """Switch trading off, then write the audit line; `at` is now where it is not given.

    StorageFailed where one of the two could not be written; the switch may be on all the same (`read_halt` tells), for
    the file counts from the moment it exists, before a word is in it.
    """
    state = HaltState(on=True, reason=reason, since=_instant(at))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / HALT_FILE).open("w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(state), sort_keys=True))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageFailed(f"the HALT file was not written: {error.strerror}", f"touch {HALT_FILE} by hand") from error
    append_audit(home, {"act": "halt", "by": by, "at": state.since, "reason": reason})
    return state


def resume(home: Path, by: str, at: datetime | None = None) -> HaltState:
    """Write the audit line, then switch trading on again; returns the state before. Off already: nothing happens."""
    before = read_halt(home)
    if not before.on:
        return before
    append_audit(home, {"act": "resume", "by": by, "at": _instant(at), "reason": before.reason})
    try:
        (home / HALT_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"the HALT file was not removed: {error.strerror}", "remove it by hand") from error
    return before


def _parsed(text: str) -> HaltState:
    """What `halt` wrote, or a person's own words; on in every case."""
    try:
        content: Any = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict) and {"reason", "since"} <= content.keys():
        return HaltState(on=True, reason=str(content["reason"]), since=str(content["since"]))
    return HaltState(on=True, reason=text.strip()[:200] or "a HALT file was created")


def _instant(at: datetime | None) -> str:
    return slot_text(at or datetime.now(UTC).replace(microsecond=0))
