"""The command line: each command is one call of the desk, and says the same with `--json`.

Nothing heavy is imported before a command runs: `bullpen --help` must answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from app.cli_approve import commands as approvals
from app.cli_backtest import commands as backtests
from app.cli_explain import commands as explanations
from app.cli_langsmith import commands as langsmith
from app.cli_options import AsJson, BookName, Config, DataPath, Frequency, Home, Seed, Source, Symbols, desk_of
from app.cli_policies import commands as policies
from app.cli_replay import commands as replays
from app.cli_rewards import commands as rewards
from app.cli_schedule import commands as schedules
from app.cli_traces import commands as traces
from app.cli_train import commands as learning
from app.cli_tune import commands as tuning
from app.masked import masked
from data.errors import BullpenError, CorruptFile, Halted, InputError, SourceUnavailable, StorageFailed

app = typer.Typer(
    name="bullpen",
    help="An auditable trading desk run by learned agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(approvals)
app.add_typer(explanations)
app.add_typer(replays)
app.add_typer(backtests)
app.add_typer(learning)
app.add_typer(policies, name="policies")
app.add_typer(langsmith, name="langsmith")
app.add_typer(rewards)
app.add_typer(schedules, name="schedule")
app.add_typer(traces, name="traces")
app.add_typer(tuning)

EXIT_CODES: tuple[tuple[type[BullpenError], int], ...] = (
    (InputError, 2),
    (SourceUnavailable, 3),
    (Halted, 4),
    (CorruptFile, 5),
    (StorageFailed, 6),
)


@app.command()
def cycle(
    as_of: Annotated[str | None, typer.Option(help="Date or ISO time of the slot [default: the book's next].")] = None,
    source: Source = None,
    path: DataPath = None,
    asset_class: Annotated[str | None, typer.Option(help="Asset class of the files.")] = None,
    book: BookName = None,
    home: Home = None,
    seed: Seed = None,
    symbols: Symbols = None,
    frequency: Frequency = None,
    config: Config = None,
    llm: Annotated[str | None, typer.Option(help='Chat model for the analysts, such as "openai:gpt-5-mini".')] = None,
    approval: Annotated[str | None, typer.Option(help="never, always, when_large or by_rule.")] = None,
    venue: Annotated[str | None, typer.Option(help="paper, alpaca, interactive_brokers or crypto.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Real money; also needs live_account to name the account.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run one trading cycle: data in, a checked, executed and recorded allocation out."""
    from app import render

    desk = desk_of(
        source=source, path=path, asset_class=asset_class, book=book, home=home, seed=seed, symbols=symbols,
        frequency=frequency, config=config, llm=llm, approval=approval, venue=venue, live=live,
    )  # fmt: skip
    outcome = desk.cycle(as_of, on_node=None if as_json else render.node_finished)
    render.emit(outcome.as_json(), as_json, lambda: render.cycle(outcome))


@app.command()
def journal(
    cycle_id: Annotated[str | None, typer.Argument(help="A cycle to show; without it, the list.")] = None,
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the cycles of the journal, or show the record of one."""
    from app import render

    desk = desk_of(home=home)
    if cycle_id is None:
        entries = desk.entries(book)
        render.emit([e.as_json() for e in entries], as_json, lambda: render.entries(entries))
    else:
        record = desk.record(cycle_id, book)
        render.emit(record.model_dump(mode="json"), as_json, lambda: render.record(record))


@app.command()
def halt(
    reason: Annotated[str, typer.Argument(help="Why.")] = "halted by hand",
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    flatten: Annotated[bool, typer.Option("--flatten", help="Sell everything as well.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Throw the kill switch: open orders are withdrawn, and none is sent until someone resumes."""
    from app import render

    state = desk_of(home=home).halt(reason, by, flatten)
    render.emit(state, as_json, lambda: render.halt_report(state))
    if not state["complete"] or (flatten and state["problems"]):
        raise typer.Exit(1)


@app.command()
def resume(
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Release the kill switch, and with --book the breakers that hold that book."""
    from app import render

    state = desk_of(home=home).resume(by, book)
    render.emit(state, as_json, lambda: render.halt_state(state))


@app.command()
def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Say what is installed, which keys are missing, and what still works without them."""
    from app import render
    from app.doctor import examine
    from app.settings import load_settings

    report = examine(load_settings(home=home))
    render.emit(report, as_json, lambda: render.doctor(report))
    if not report["ok"]:
        raise typer.Exit(1)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open the control panel in a browser (it listens on this machine only)."""
    from app import render
    from app.panel import serve

    address = f"http://127.0.0.1:{port}"
    render.emit({"address": address}, as_json, lambda: render.say(f"The panel is at {address} (Ctrl-C ends it)."))
    sys.stdout.flush()
    serve(port, home)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8502,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Serve the kill switch over HTTP, for whoever holds BULLPEN_API_TOKEN."""
    from app import render
    from app.api import serve

    address = f"http://{host}:{port}"
    told = lambda: render.say(f"The kill switch is at {address} (Ctrl-C ends it).")  # noqa: E731
    serve(desk_of(home=home), host, port, lambda: render.emit({"address": address}, as_json, told))


def main() -> None:
    """The entry point: an error of ours is one line with a remedy and an exit code, never a stack trace."""
    sys.stderr = masked(sys.stderr)
    sys.exit(run(sys.argv[1:], lambda: app(standalone_mode=False)))


def run(arguments: list[str], call: Callable[[], Any]) -> int:
    """Run a command; 0 well, 1 differs or ill, 2 input, 3 source, 4 halted, 5 corrupt, 6 disk, 130 interrupted."""
    try:
        result = call()
    except BullpenError as error:
        from app import render

        render.error(error, as_json="--json" in arguments)
        return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
    except TyperException as error:
        _misspelt(error.format_message(), as_json="--json" in arguments)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted; run the same command again to go on\n")
        return 130
    return result if isinstance(result, int) else 0


def _misspelt(said: str, as_json: bool) -> None:
    """What typer says of a command line it cannot read, as an error of ours; its help where there is no command."""
    from app import render

    if said.startswith("Usage:"):
        sys.stderr.write(f"{said}\n")
        return
    what, _, near = said.replace(" (Possible options: ", ". One of ").partition(". ")
    render.error(InputError(what.rstrip("."), near.rstrip(")") or "see `bullpen --help`"), as_json)
