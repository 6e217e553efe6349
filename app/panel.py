"""Start the Streamlit panel, on this machine only."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn


def serve(port: int, home: Path | None) -> NoReturn:
    """Become Streamlit, on the loopback interface: a signal to the panel is a signal to it."""
    page = Path(__file__).parents[1] / "ui" / "main.py"
    environment = dict(os.environ)
    if home is not None:
        environment["BULLPEN_HOME"] = str(home.resolve())
    command = [
        sys.executable, "-m", "streamlit", "run", str(page),
        "--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true",
        "--browser.gatherUsageStats=false", "--client.toolbarMode=minimal", "--theme.base=light",
    ]  # fmt: skip
    os.execve(sys.executable, command, environment)
