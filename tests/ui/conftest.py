"""What the panel's tests share: the home that the panel reads, and the panel itself without a browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "ui" / "main.py"


@pytest.fixture
def home() -> Path:
    """The home of this test (it does not exist yet)."""
    return Path(os.environ["BULLPEN_HOME"])


@pytest.fixture
def panel() -> AppTest:
    """The panel, not yet drawn."""
    return AppTest.from_file(str(MAIN), default_timeout=60)
