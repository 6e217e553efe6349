"""All sources by name; a source's own modules are imported when it is opened."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import signature
from typing import Any

from data.errors import BadConfig
from data.sources.protocol import Param, Source

SOURCES: tuple[tuple[str, str], ...] = (
    ("simulated", "an invented market of seven asset classes, the same for the same seed; no network"),
    ("sample", "real closes of 20 US stocks (1990-2022) and 5 ETFs that installed packages carry; no network"),
    ("files", "your own Parquet or CSV files (path); no network"),
    ("yahoo", "live bars from Yahoo; macro, news and posts where a FRED, NewsAPI or Reddit key is set"),
)
"""Name and description."""


def open_source(name: str, **params: Param) -> Source:
    """The source of that name with its parameters.

    Raises BadConfig for an unknown name or parameter (naming the nearest), and what the source itself raises:
    BadFile for a path that holds no prices, BadConfig for a setting that is refused.
    """
    maker = _maker(name)
    known = signature(maker).parameters
    allowed = [key for key, parameter in known.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    for key in params:
        if key not in allowed:
            raise BadConfig(f"the source {name} has no parameter {key!r}", _nearest(key, allowed))
    missing = [key for key in allowed if known[key].default is signature(maker).empty and key not in params]
    if missing:
        raise BadConfig(f"the source {name} needs {missing[0]}", f"give {missing[0]}")
    return maker(**params)


def _maker(name: str) -> Any:
    if name == "simulated":
        from data.sources.simulated import SimulatedSource

        return SimulatedSource
    if name == "sample":
        from data.sources.sample import SampleSource

        return SampleSource
    if name == "files":
        from data.sources.files import FilesSource

        return FilesSource
    if name == "yahoo":
        from data.sources.live import LiveSource

        return LiveSource
    raise BadConfig(f"there is no source {name!r}", _nearest(name, [known for known, _ in SOURCES]))


def _nearest(text: str, known: list[str]) -> str:
    near = get_close_matches(text, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"choose from {', '.join(known)}" if known else "it has none"
