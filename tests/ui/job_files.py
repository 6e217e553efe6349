"""Jobs as the panel finds them on disk, made by hand: under way, waiting for a person, or failed."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ui import jobs
from ui.jobs import Job, JobKind


def a_job(home: Path, kind: JobKind = "cycle", stdout: str = "", stderr: str = "", **about: Any) -> Job:
    """The files of a job that has ended."""
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-abcdef"
    folder = home / "panel" / run_id
    folder.mkdir(parents=True)
    fields = {"book": "simulated", "source": "simulated", "started_at": "2023-12-31T23:59:59+00:00", "arguments": []}
    (folder / "job.json").write_text(json.dumps({"kind": kind, **fields, **about}))
    (folder / "stdout").write_text(stdout)
    (folder / "stderr").write_text(stderr)
    (folder / "alive").touch()
    found = jobs.latest(home, [kind])
    assert found is not None
    return found


@contextmanager
def under_way(job: Job) -> Generator[None]:
    """The job's process seems to live as long as this."""
    with (job.folder / "alive").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def wait(job: Job) -> None:
    """Return when the job's process has ended."""
    with (job.folder / "alive").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
