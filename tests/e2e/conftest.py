"""A real panel and a real browser: the server is started as a person starts it, and every page is watched."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

ROOT = Path(__file__).parents[2]
PATIENCE_MS = 60_000
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""On a deep link Streamlit first looks for its server under the page's own path, and is told 404."""


@dataclass(frozen=True)
class Panel:
    """A running panel: its address and its home."""

    address: str
    home: Path


@dataclass
class Watch:
    """What a page did that it should not do."""

    address: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        """Anything that is not asked of our own server."""
        if not request.url.startswith((self.address, "data:", "blob:", "ws" + self.address.removeprefix("http"))):
            self.outside.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        """Errors on the console, Streamlit's own probing apart."""
        if message.type == "error" and not str(message.location.get("url", "")).endswith(PROBES):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    """Headless Chromium as the system has it; skips where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: dev)")
    with playwright.sync_playwright() as driver:
        playwright.expect.set_options(timeout=PATIENCE_MS)
        launched = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Generator[Panel]:
    """`bullpen ui` on a fresh home."""
    home = tmp_path_factory.mktemp("panel") / "home"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BULLPEN_", "LANGSMITH_", "STREAMLIT_"))}
    command = [sys.executable, "-c", "from app.cli import main; main()", "ui", f"--port={port}", f"--home={home}"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert server.stdout is not None
    said: list[str] = []
    for line in server.stdout:
        said.append(line)
        if "URL:" in line:
            break
    else:
        pytest.fail("the panel did not start:\n" + "".join(said))
    threading.Thread(target=server.stdout.read, daemon=True).start()
    yield Panel(f"http://127.0.0.1:{port}", home)
    os.killpg(server.pid, signal.SIGTERM)
    server.wait()


@pytest.fixture
def page(browser: Browser, panel: Panel) -> Generator[Page]:
    """A fresh tab; when the test is over, it has asked nothing of anyone else and logged no error."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, base_url=panel.address)
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(panel.address)
    context.on("request", watch.request)
    context.on("console", watch.console)
    context.on("weberror", lambda error: watch.errors.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert watch.outside == []
    assert watch.errors == []
