"""The audit trail of what people did: one JSON line an act, appended and flushed to the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from data.errors import StorageFailed

AUDIT_FILE = "audit.jsonl"


def append_audit(home: Path, event: Mapping[str, str]) -> None:
    """Append `event` to `<home>/audit.jsonl`; StorageFailed where the line did not reach the disk."""
    line = json.dumps(dict(event), sort_keys=True, ensure_ascii=False) + "\n"
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(home / AUDIT_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageFailed(f"the audit line was not written: {error.strerror}", "free or unlock the disk") from error
