"""Long work runs in processes of its own: the panel starts a command of the desk and then only reads its files.

A job is a folder under `<home>/panel`: `job.json` (what was started), `stdout`, `stderr`, and `alive`, a file that the
process keeps locked for as long as it lives. So a reload, a second tab or a restarted panel finds the same job, and a
process that was killed is known to be dead whatever its number is used for since.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from data.errors import StorageFailed

JobKind = Literal["cycle", "approve", "replay"]

KEPT = 30
"""Finished jobs that stay on disk; older ones are removed when a new one starts."""

_COMMAND = (sys.executable, "-P", "-c", "from app.cli import main; main()")
_NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was started; `run_id` sorts by time, `started_at` is ISO UTC."""

    home: Path
    run_id: str
    kind: JobKind
    arguments: tuple[str, ...]
    book: str
    source: str
    started_at: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return _root(self.home) / self.run_id


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in one line, and what to do about it."""

    message: str
    remedy: str = ""


def start(home: Path, kind: JobKind, arguments: Sequence[str], book: str, source: str) -> Job:
    """Start `bullpen <kind> <arguments> --json` on `home`, detached from the panel."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    job = Job(home, run_id, kind, tuple(arguments), book, source, now.isoformat())
    command = (*_COMMAND, kind, *arguments, "--json", "--home", str(home))
    try:
        _prune(home)
        job.folder.mkdir(parents=True)
        about = {key: value for key, value in asdict(job).items() if key not in ("home", "run_id")}
        (job.folder / "job.json").write_text(json.dumps(about), encoding="utf-8")
        _spawn(job.folder, command)
    except OSError as error:
        raise StorageFailed(
            f"the job could not be started: {error.strerror}", "see that the home is writable"
        ) from error
    return job


def _spawn(folder: Path, command: Sequence[str]) -> None:
    out, err, alive = (folder / name for name in ("stdout", "stderr", "alive"))
    with out.open("wb") as stdout, err.open("wb") as stderr, alive.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the child inherits the lock with the descriptor; ours is closed on leaving
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True, name="reaper").start()


def is_alive(job: Job) -> bool:
    """Whether its process still runs."""
    try:
        with (job.folder / "alive").open() as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def answer(job: Job) -> dict[str, Any] | None:
    """The JSON that a finished job printed; None while it runs, or where it failed."""
    try:
        return json.loads((job.folder / "stdout").read_bytes())
    except (OSError, ValueError):
        return None


def fault(job: Job) -> Fault | None:
    """Why a job that has ended gave no answer; None where it did."""
    if answer(job) is not None:
        return None
    try:
        lines = (job.folder / "stderr").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    for line in reversed(lines):
        told = _told(line)
        if told is not None:
            return told
    last = f": {lines[-1].strip()}" if lines else ""
    return Fault(f"the process ended without an answer{last}", "run it again: a cycle goes on from where it was")


def latest(home: Path, kinds: Sequence[JobKind], about: str = "") -> Job | None:
    """The newest job of these kinds, and with `about`, one that was given it as an argument."""
    for run_id in reversed(_names(home)):
        job = _read(home, run_id)
        if job is not None and job.kind in kinds and (not about or about in job.arguments):
            return job
    return None


def running(home: Path, book: str) -> bool:
    """Whether a cycle of this book is under way in the panel's charge."""
    jobs = (_read(home, run_id) for run_id in _names(home))
    return any(job.book == book and job.kind != "replay" and is_alive(job) for job in jobs if job is not None)


def _told(line: str) -> Fault | None:
    """The error that the command line prints as JSON."""
    try:
        body = json.loads(line)
    except ValueError:
        return None
    if not isinstance(body, dict) or "error" not in body:
        return None
    return Fault(str(body["error"]), str(body.get("remedy", "")))


def _read(home: Path, run_id: str) -> Job | None:
    try:
        about = json.loads((_root(home) / run_id / "job.json").read_text(encoding="utf-8"))
        return Job(home, run_id, **(about | {"arguments": tuple(about["arguments"])}))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _names(home: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(_root(home)) if _NAME.fullmatch(name))
    except FileNotFoundError:
        return []


def _prune(home: Path) -> None:
    for run_id in _names(home)[:-KEPT]:
        job = _read(home, run_id)
        if job is None or not is_alive(job):
            shutil.rmtree(_root(home) / run_id, ignore_errors=True)


def _root(home: Path) -> Path:
    return home / "panel"
