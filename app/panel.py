"""Start the Streamlit panel, on this machine only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def serve(port: int, home: Path | None) -> int:
    """Run Streamlit on the loopback interface until it is stopped; returns its exit code."""
    page = Path(__file__).parents[1] / "ui" / "main.py"
    environment = dict(os.environ)
    if home is not None:
        environment["BULLPEN_HOME"] = str(home.resolve())
    command = [
        sys.executable, "-m", "streamlit", "run", str(page),
        "--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true",
        "--browser.gatherUsageStats=false", "--client.toolbarMode=minimal", "--theme.base=light",
    ]  # fmt: skip
    return subprocess.call(command, env=environment)
