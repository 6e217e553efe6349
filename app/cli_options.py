"""Options that commands share, and the desk they open. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from app.desk import Desk

Home = Annotated[Path | None, typer.Option(help="Where the desk keeps everything [env: BULLPEN_HOME].")]
Source = Annotated[str | None, typer.Option(help="simulated, sample, files or yahoo [default: simulated].")]
DataPath = Annotated[str | None, typer.Option("--path", help="Folder of Parquet or CSV files (source: files).")]
AssetClass = Annotated[str | None, typer.Option(help="Asset class of the files.")]
BookName = Annotated[str | None, typer.Option("--book", help="Name of the book [default: that of the source].")]
Seed = Annotated[int | None, typer.Option(help="Seed of the simulated market.")]
Symbols = Annotated[str | None, typer.Option(help="Comma-separated universe [default: all the source has].")]
Config = Annotated[Path | None, typer.Option(help="YAML with the book's settings (configs/desk.yaml).")]
Frequency = Annotated[str | None, typer.Option(help="Bar frequency: 1d or 1h.")]
By = Annotated[str, typer.Option(help="Who says so.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
Cycle = Annotated[str, typer.Argument(help='Cycle id, the beginning of one, or "latest".')]


def desk_of(**given: Any) -> Desk:
    """The desk with the flags that were given (None means not given)."""
    from app.desk import Desk
    from app.settings import load_settings

    return Desk(load_settings(**given))
