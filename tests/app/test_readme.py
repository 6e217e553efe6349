"""The README says what is so: its picture is the drawn graph, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from app.cli import app
from graph.cycle import build_cycle

README = Path(__file__).parents[2] / "README.md"


def drawn() -> str:
    """The compiled graph in Mermaid, without LangGraph's front matter and colours, in a stable order."""
    text = build_cycle().get_graph().draw_mermaid()
    body = text.split("graph TD;", 1)[1]
    lines = [line.strip() for line in body.splitlines() if line.strip() and "classDef" not in line]
    arrows = sorted(line for line in lines if "--" in line or "-." in line)
    return "\n".join(["graph TD;", *(f"    {a}" for a in arrows)])


def test_the_picture_in_the_readme_is_the_graph() -> None:
    found = re.search(
        r"<!-- graph:begin -->\n```mermaid\n(.*?)\n```\n<!-- graph:end -->", README.read_text(), re.DOTALL
    )
    assert found, "the README has no graph"
    assert found.group(1) == drawn()


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"(?:^|[;`(] ?)bullpen ([a-z]+)", README.read_text(), re.MULTILINE))
    known = set(get_command(app).commands)
    assert named
    assert named <= known
    assert {"cycle", "train", "explain", "journal", "replay", "halt", "resume", "doctor", "ui"} <= known


def test_every_page_the_readme_links_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (README.parent / target).exists(), target
