"""What is installed, which keys are missing, and what still works without them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Any

from app.settings import Settings
from data.errors import BullpenError

NEEDED = (
    "langgraph", "langchain", "langsmith", "torch", "ray", "gymnasium", "transformers", "pandas", "numba", "TA-Lib",
    "deltalake", "hmmlearn", "skfolio", "arch", "exchange-calendars", "vaderSentiment", "streamlit", "safetensors",
)  # fmt: skip
OPTIONAL = {
    "langchain-openai": "llm", "alpaca-py": "brokers", "ib_async": "brokers", "ccxt": "brokers", "fastapi": "serving",
    "psycopg": "postgres", "opentelemetry-sdk": "telemetry", "tensorboard": "tracking", "optuna": "tuning",
    "pettingzoo": "multiagent",
}  # fmt: skip
KEYS = {
    "FRED_API_KEY": "macro releases from FRED; without it the macro analyst of the yahoo source abstains",
    "NEWSAPI_KEY": "headlines from NewsAPI; without it the news analyst of the yahoo source abstains",
    "REDDIT_CLIENT_ID": "posts from Reddit; without it the social analyst of the yahoo source abstains",
    "REDDIT_CLIENT_SECRET": "posts from Reddit; without it the social analyst of the yahoo source abstains",
    "OPENAI_API_KEY": "a chat model for the analysts; without it they score locally",
    "APCA_API_KEY_ID": "an Alpaca account; needed for --venue alpaca only",
    "APCA_API_SECRET_KEY": "an Alpaca account; needed for --venue alpaca only",
    "CRYPTO_API_KEY": "a crypto exchange; needed for --venue crypto only",
    "CRYPTO_API_SECRET": "a crypto exchange; needed for --venue crypto only",
    "BULLPEN_API_TOKEN": "the kill switch over HTTP (bullpen api); without it the API does not start",
    "LANGSMITH_API_KEY": "traces at LangSmith; without it they stay in the local store",
}


def examine(settings: Settings) -> dict[str, Any]:
    """The state of the installation; `ok` is False where a cycle could not run."""
    packages = {name: _version(name) for name in NEEDED}
    home, database = _home(settings.home), _database(settings)
    return {
        "ok": all(packages.values()) and home["writable"] and database["reachable"],
        "python": platform.python_version(),
        "packages": packages,
        "extras": {name: {"extra": extra, "version": _version(name)} for name, extra in OPTIONAL.items()},
        "keys": {name: {"set": bool(os.environ.get(name)), "for": what} for name, what in KEYS.items()},
        "home": home,
        "database": database,
        "works_now": [
            "source simulated",
            "source sample",
            "source files",
            "training",
            "backtests",
            "replay",
            "explain",
            "panel",
        ],
        "chromium": shutil.which("chromium") or "",
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _database(settings: Settings) -> dict[str, Any]:
    """Where ledger, answers and checkpoints live, and whether that answers; never with a password."""
    if not settings.database:
        return {"kind": "sqlite", "where": "files in the home", "reachable": True, "server": "", "error": ""}
    from tools.execution.dialect_postgres import probed, shown

    found = {"kind": "postgres", "where": "", "reachable": False, "server": "", "error": ""}
    try:
        return found | {"where": shown(settings.database), "server": probed(settings.database), "reachable": True}
    except BullpenError as error:
        return found | {"error": str(error)}


def _home(home: Path) -> dict[str, Any]:
    """Whether the desk can write where it keeps things (tried for real, then cleaned up)."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home):
            free = shutil.disk_usage(home).free
    except OSError as error:
        return {"path": str(home), "writable": False, "free_gb": 0.0, "error": error.strerror or str(error)}
    return {"path": str(home), "writable": True, "free_gb": round(free / 1e9, 1), "error": ""}
