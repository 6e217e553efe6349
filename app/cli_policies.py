"""The commands about trained policies: `bullpen policies list | show | promote | rollback | export`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli_options import AsJson, By, Home, desk_of

commands = typer.Typer(
    help="Trained policies: what there is, and which is in use.", no_args_is_help=True, rich_markup_mode=None
)

PolicyId = Annotated[str, typer.Argument(help="Id of a policy, as in `bullpen policies list`.")]


@commands.command("list")
def list_policies(
    role: Annotated[str, typer.Option(help="symbol_agents or meta_controller [default: both].")] = "",
    source: Annotated[str, typer.Option(help="Source they were trained on [default: all].")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List policies with their figure on unseen dates and the gap to the dates they saw."""
    from app import render
    from app.render_policies import lines

    found = desk_of(home=home).policies(role, source)
    render.emit([asdict(line) for line in found], as_json, lambda: lines(found))


@commands.command()
def show(policy_id: PolicyId, home: Home = None, as_json: AsJson = False) -> None:
    """Show a policy: where it comes from, how it did on dates it saw and did not see, and who put it in use."""
    from app import render
    from app.render_policies import page

    found = desk_of(home=home).policy(policy_id)
    render.emit(found.as_json(), as_json, lambda: page(found))


@commands.command()
def promote(
    policy_id: PolicyId,
    by: By = "cli",
    why: Annotated[str, typer.Option(help="Why; needed with --force.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Even where it did worse on unseen dates.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a policy in use for its role and source; refused where it did worse than the champion on unseen dates."""
    from app import render
    from app.render_policies import standing

    found = desk_of(home=home).promote(policy_id, by, why, force)
    render.emit(found.model_dump(mode="json"), as_json, lambda: standing(found))


@commands.command()
def rollback(
    role: Annotated[str, typer.Argument(help="symbol_agents or meta_controller.")],
    source: Annotated[str, typer.Argument(help="Source that the policies were trained on.")],
    by: By = "cli",
    why: Annotated[str, typer.Option(help="Why.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the champion before the present one back in use."""
    from app import render
    from app.render_policies import standing

    found = desk_of(home=home).rollback(role, source, by, why)
    render.emit(found.model_dump(mode="json"), as_json, lambda: standing(found))


@commands.command()
def export(policy_id: PolicyId, home: Home = None, as_json: AsJson = False) -> None:
    """Write a policy's ONNX graph anew from its tensors; an older policy gets one by this."""
    from app import render
    from app.render_policies import lines

    found = desk_of(home=home).export_policy(policy_id)
    render.emit(asdict(found), as_json, lambda: lines((found,)))
