"""What the panel says of a halt: what was withdrawn, and what may still be open."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.desk import Desk
from tests.ui.records import HOSTILE

REPORT = {"withdrawn": ["a", "b"], "left_open": [], "unsure": [], "flattened": [], "problems": [], "complete": True}


def halted(panel: AppTest, monkeypatch: pytest.MonkeyPatch, home: Path, **changes: object) -> AppTest:
    """The panel after its button was pressed, where halting reports so."""

    def halt(_desk: Desk, reason: str, by: str) -> dict[str, object]:
        home.mkdir(parents=True, exist_ok=True)
        (home / "HALT").write_text(f"{reason} by {by}")
        return {**REPORT, **changes}

    monkeypatch.setattr(Desk, "halt", halt)
    panel.run()
    panel.button(key="halt").click().run()
    assert not panel.exception
    return panel


def said(panel: AppTest) -> str:
    return "\n".join(str(e.value) for kind in ("caption", "warning", "markdown") for e in panel.get(kind))


def test_it_says_how_many_orders_were_withdrawn_until_someone_resumes(
    panel: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted(panel, monkeypatch, home)
    assert "2 open orders withdrawn" in said(panel)
    assert "may still be open" not in said(panel)
    panel.button(key="resume").click().run()
    assert "withdrawn." not in said(panel)


def test_it_warns_of_what_may_still_be_open_and_shows_problems_as_text(
    panel: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted(panel, monkeypatch, home, complete=False, unsure=["b"], problems=[HOSTILE])
    assert "may still be open" in said(panel)
    assert HOSTILE not in said(panel)
