"""Strategies by name: those that are shipped, and a person's own by file or module."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from data.errors import InputError, NotFound
from tools.backtest.strategy import Strategy


def load_strategy(name: str, shipped: Mapping[str, Strategy]) -> Strategy:
    """The strategy called `name`: a shipped one, "my_file.py:Name" or "package.module:Name".

    A class is built without arguments. Loading a file runs it: name only what you wrote or read. NotFound for an
    unknown name, InputError for a thing that is no strategy.
    """
    if name in shipped:
        return shipped[name]
    place, colon, attribute = name.rpartition(":")
    if not colon:
        near = difflib.get_close_matches(name, shipped, 1)
        remedy = f"did you mean {near[0]}?" if near else f"use {', '.join(shipped)}, or my_file.py:MyStrategy"
        raise NotFound(f"there is no strategy {name!r}", remedy)
    found: Any = getattr(_module(place), attribute, None)
    if found is None:
        raise NotFound(f"{place} has no {attribute!r}", "name the class or object that decides")
    made = found() if isinstance(found, type) else found
    if not (callable(getattr(made, "decide", None)) and isinstance(getattr(made, "name", None), str)):
        raise InputError(f"{name} is no strategy", "it needs a `name` and `decide(snapshot) -> weights`")
    return cast(Strategy, made)


def _module(place: str) -> ModuleType:
    """A module by file or by dotted name."""
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ImportError as error:
            raise NotFound(f"cannot import {place}: {error}", "name a file ending in .py, or install it") from error
    path = Path(place)
    spec = importlib.util.spec_from_file_location(path.stem, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise NotFound(f"there is no file {place}", "give the path of a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
