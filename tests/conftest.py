"""What every test shares: one home of its own, no keys of the person who runs it, no network beyond loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import postgres_server, postgres_url, where  # noqa: F401 - fixtures

LONGEST = (
    "e2e/test_panel_in_a_browser.py", "rl/test_training_resumed.py", "rl/test_training_pipeline.py",
    "app/test_point_in_time.py", "rl/test_meta_resume.py", "app/test_replay.py", "rl/test_meta_training.py",
    "chaos/test_kills_at_named_points.py", "tools/execution/test_interactive_brokers.py",
    "chaos/test_kills_at_random_times.py", "app/test_cycle_records.py", "app/test_kill_and_restart.py",
    "app/test_replays_in_processes.py", "app/test_langsmith.py", "app/scheduling/test_scheduled_desk.py",
    "app/test_node_deadlines.py", "app/test_bad_input.py", "app/test_desk_on_postgres.py", "rl/test_symbol_training.py",
    "app/test_training_command.py", "chaos/test_kills_on_postgres.py", "rl/test_windowed_policies.py",
    "rl/test_meta_ppo.py", "app/scheduling/test_two_schedulers.py",
)  # fmt: skip
"""Files that take longest: begun first, so that processes side by side end together."""
LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; all else as it was collected."""
    here = Path(__file__).parent
    place = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the developer's reaches a test, and nothing is written outside its folder."""
    for name in list(os.environ):
        if name.startswith(("BULLPEN_", "LANGSMITH_", "LANGCHAIN_")) or name.endswith("_API_KEY"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BULLPEN_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """A connection to anything but loopback fails the test that tries it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and str(address[0]) not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of real market data; skips where it is absent."""
    folder = Path(__file__).parents[1].parent / "shared" / "market"
    if not folder.is_dir():
        pytest.skip("the real market data is not beside this checkout")
    return folder
