"""Proposals that wait for a person: the list, and the answers accept, edit, comment and reject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_options import AsJson, BookName, By, Cycle, Home, desk_of
from data.errors import InputError

if TYPE_CHECKING:
    from app.desk import Desk

commands = typer.Typer(rich_markup_mode=None)


@commands.command()
def approvals(book: BookName = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the proposals that wait for a person, and until when."""
    from app import render
    from app.render_approvals import waiting

    found = desk_of(home=home).approvals.waiting(book)
    render.emit([w.as_json() for w in found], as_json, lambda: waiting(found))


@commands.command()
def approve(
    cycle_id: Cycle,
    reject: Annotated[bool, typer.Option("--reject", help="Turn the proposal down.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SYMBOL=WEIGHT", help="Edit a weight; what is left is cash. Repeatable."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--edit", help="JSON file with all weights, CASH among them.", dir_okay=False)
    ] = None,
    comment: Annotated[str, typer.Option(help="Say something; the proposal goes on waiting.")] = "",
    by: By = "cli",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    proposal: Annotated[
        str, typer.Option(help="The proposal you saw, as `bullpen approvals` names it; another one is refused.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a cycle that waits for a person: accept it, or edit, comment or reject it."""
    from app import render

    desk = desk_of(home=home)
    answers = [
        (reject, "--reject"),
        (bool(changes), "--set"),
        (weights is not None, "--edit"),
        (bool(comment), "--comment"),
    ]
    given = [flag for is_given, flag in answers if is_given]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} do not go together", "give one answer")
    response: dict[str, Any] = {"type": "accept"}
    if reject:
        response = {"type": "ignore"}
    elif comment:
        response = {"type": "respond", "args": comment}
    elif changes or weights:
        response = {"type": "edit", "args": {"weights": _edited(desk, cycle_id, changes or [], weights)}}
    outcome = desk.approvals.answer(cycle_id, response | {"by": by, "note": note, "proposal": proposal})
    render.emit(outcome.as_json(), as_json, lambda: render.cycle(outcome))


def _edited(desk: Desk, cycle_id: str, changes: list[str], file: Path | None) -> dict[str, Any]:
    """The weights of the file, or the proposal's with the changes."""
    if file is not None:
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read {file.name}: {error.strerror}", "name an existing JSON file") from error
        except ValueError as error:
            raise InputError(f"{file.name} is not JSON", 'write {"SYMBOL": 0.1, "CASH": 0.9}') from error
    return desk.approvals.with_changes(cycle_id, dict(_change(text) for text in changes))


def _change(text: str) -> tuple[str, float]:
    symbol, _, weight = text.partition("=")
    try:
        return symbol.strip(), float(weight)
    except ValueError as error:
        raise InputError(f"{text!r} sets no weight", "write --set NOVA=0.1") from error
