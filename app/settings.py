"""Settings: flags over environment (`BULLPEN_*`) over a YAML file, all checked before anything runs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import platformdirs
import yaml
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import BadConfig
from data.sources.protocol import Param
from graph.config import ApprovalPolicy, CycleConfig, Venue


class Settings(BaseSettings):
    """What a person may set. Keys of providers are read from their own variables and never kept here."""

    model_config = SettingsConfigDict(env_prefix="BULLPEN_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("bullpen"))
    """Everything the desk keeps: lake, ledger, venue, traces, policies."""
    database: str = Field(default="", repr=False)
    """URL of the Postgres database that holds ledger, answers and checkpoints instead of files in the home. Set it by
    BULLPEN_DATABASE, for it may hold a password; it is part of no record."""
    source: str = "simulated"
    path: str = ""
    """Folder of the `files` source."""
    asset_class: str = ""
    """Asset class of the `files` source, where it can't be told from the folder."""
    frequency: str = ""
    """"1d" or "1h"; empty means daily, or what the files have."""
    seed: int = 7
    """Seed of the simulated market."""
    symbols: str = ""
    """Comma-separated universe; empty means all the source carries (the `yahoo` source needs it)."""
    book: str = ""
    """Name of the book; by default that of the source."""
    llm: str = ""
    """init_chat_model string, such as "openai:gpt-5-mini"; empty means what the book's file says, "none" no model."""
    mask: bool = False
    """Hide names and dates from the chat model, whatever the book's file says."""
    approval: ApprovalPolicy | None = None
    """Overrides the book's approval policy."""
    venue: Venue | None = None
    """Overrides the book's venue."""
    live: bool = False
    """The first switch for real money; only the flag sets it, never the environment."""
    live_account: str = ""
    """The second switch: the venue's name of the account that may be traded live."""
    venue_url: str = ""
    """Address of the venue instead of its own."""
    venue_client_id: int = Field(default=1, ge=1, le=32)
    """Of Interactive Brokers' gateway."""
    venue_timezone: str = "America/New_York"
    """That Interactive Brokers' gateway is set to."""
    config: Path | None = None
    """YAML file with CycleConfig fields (see configs/desk.yaml)."""

    @field_validator("book")
    @classmethod
    def _file_name(cls, name: str) -> str:
        """A book's lock and venue are files of its name in the home, where the kill switch looks for them."""
        if name and (name[0] == "." or not set(name).isdisjoint("/\\") or not name.isprintable() or len(name) > 100):
            raise ValueError("a book's name is at most 100 printable characters, without / and \\, and no dot first")
        return name

    @field_validator("venue_url")
    @classmethod
    def _no_password(cls, url: str) -> str:
        """The settings of a cycle are stored with it, and a secret must not be."""
        if "@" in url.partition("://")[2].partition("/")[0]:
            raise ValueError("an address must not hold a user and password; the keys have their own variables")
        return url

    def book_name(self) -> str:
        """The book's name: one a source, and one a folder for files."""
        if self.book:
            return self.book
        name = f"files-{Path(self.path).resolve().name}" if self.source == "files" else self.source
        return name if self.frequency in ("", "1d") else f"{name}-{self.frequency}"

    def restart(self) -> dict[str, Any]:
        """What starts the same desk again, as plain JSON; where it keeps things is not part of it."""
        return self.model_dump(mode="json", exclude={"home", "database"})

    def universe(self) -> tuple[str, ...]:
        """Symbols named, sorted, without repeats."""
        return tuple(sorted({s.strip() for s in self.symbols.split(",") if s.strip()}))

    def source_params(self) -> dict[str, Param]:
        """What the named source is opened with."""
        chosen = {"asset_class": self.asset_class, "frequency": self.frequency}
        params: dict[str, dict[str, Param]] = {
            "simulated": {"seed": self.seed, "frequency": self.frequency or "1d"},
            "files": {"path": self.path, **{k: v for k, v in chosen.items() if v}},
            "yahoo": {"symbols": ",".join(self.universe())},
        }
        return params.get(self.source, {})

    def cycle_config(self, calendar: str, frequency: str) -> CycleConfig:
        """The book's CycleConfig: the YAML file's fields under what flags and environment say."""
        fields: dict[str, Any] = {"calendar": calendar} | (_read_yaml(self.config) if self.config else {})
        fields |= {"frequency": frequency, "llm": self.llm or fields.get("llm", "")}
        if fields["llm"] == "none":
            fields["llm"] = ""
        if self.mask:
            fields["mask"] = True
        if self.universe():
            fields["universe"] = self.universe()
        fields |= {k: v for k, v in (("approval", self.approval), ("venue", self.venue)) if v is not None}
        if "live" in fields:
            raise BadConfig("live is no setting of a book", "say --live where it is meant")
        fields["live"] = self.live
        try:
            return CycleConfig.model_validate(fields)
        except ValidationError as error:
            raise _explain(error) from error


def load_settings(**given: Any) -> Settings:
    """Settings with the flags that were given (None means not given)."""
    try:
        fields: dict[str, Any] = {"live": False} | {k: v for k, v in given.items() if v is not None}
        return Settings(**fields)
    except ValidationError as error:
        raise _explain(error) from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"cannot read {path}: {error.strerror}", "name an existing YAML file") from error
    except yaml.YAMLError as error:
        raise BadConfig(f"{path} is not YAML", str(error).splitlines()[0]) from error
    if fields is not None and not isinstance(fields, dict):
        raise BadConfig(f"{path} must hold a mapping of settings", "see configs/desk.yaml")
    return fields or {}


def _explain(error: ValidationError) -> BadConfig:
    """The first fault in one line; an unknown field gets its near match."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        told = first["msg"].removeprefix("Value error, ")
        return BadConfig(
            f"setting {where}: {told}" if where else told, "see configs/desk.yaml for every field and its bounds"
        )
    known = [*CycleConfig.model_fields, *CycleConfig.model_fields["limits"].default_factory().model_fields]  # type: ignore[union-attr,misc,call-arg]
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    return BadConfig(f"unknown setting {where}", f"did you mean {near[0]}?" if near else "see configs/desk.yaml")
