"""The as-of guard: whatever a tool answers, nothing in it may be dated after the instant it was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numpy as np
from pydantic import BaseModel

from data.clock import slot_text, to_utc
from data.errors import FutureKnown

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")

FORWARD = frozenset({"expiry", "until"})
"""Fields that speak of a day to come and were known before it: when an option ends, when a lock is lifted."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class AsOfGuard:
    """Lets through what was known at `as_of` (UTC) and raises on anything later.

    Looked at are datetimes, dates (a day is known on that day), numpy and pandas times, and strings that are an ISO
    date or time and nothing else: at any depth of mappings, sequences, arrays, tables, dataclasses, pydantic models and
    JSON text. Values under a field of `forward`, or a path that ends in one, are not. Times inside prose are not: a
    headline may speak of next year.
    """

    as_of: datetime
    forward: frozenset[str] = FORWARD

    def check(self, answer: Answer, what: str = "the answer") -> Answer:
        """The answer itself; FutureKnown names the field where something in it is later than `as_of`."""
        for path, moment in _times(answer, "", self.forward):
            late = moment > self.as_of.date() if not isinstance(moment, datetime) else _utc(moment) > self.as_of
            if late:
                raise FutureKnown(
                    f"{what} holds {moment.isoformat()} at {path or 'its top'}, later than {slot_text(self.as_of)}",
                    "ask for what was known then",
                )
        return answer

    def guarded(self, call: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        """The same call, its answer checked."""

        @wraps(call)
        def checked(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            return self.check(call(*args, **kwargs), getattr(call, "__name__", "the answer"))

        return checked

    def tool(self, tool: BaseTool) -> BaseTool:
        """The same LangChain tool, its answers checked."""
        from langchain_core.tools import StructuredTool

        return StructuredTool.from_function(
            func=lambda **given: self.check(tool.invoke(given), tool.name),
            name=tool.name,
            description=tool.description,
            args_schema=tool.args_schema,
        )


def _times(value: Any, path: str, forward: frozenset[str]) -> Iterator[tuple[str, date]]:
    """Every time in a value with the path to it."""
    if isinstance(value, (datetime, date)):
        if value == value:  # NaT equals nothing
            yield path, value
    elif isinstance(value, str):
        yield from _times_of_text(value, path, forward)
    elif isinstance(value, (np.datetime64, np.ndarray)):
        yield from _times_of_array(np.asarray(cast(Any, value)), path, forward)
    else:
        for key, inner in _inside(value):
            if key.rpartition(".")[2] not in forward:
                where = f"{path}.{key}" if path else key
                yield from _times(key, f"{where} (its name)", forward)
                yield from _times(inner, where, forward)


def _times_of_text(value: str, path: str, forward: frozenset[str]) -> Iterator[tuple[str, date]]:
    text = value.strip()
    if _ISO.fullmatch(text):
        try:
            yield path, date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            return
    elif text[:1] in ("{", "["):
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _times(loaded, path, forward)


def _times_of_array(value: np.ndarray, path: str, forward: frozenset[str]) -> Iterator[tuple[str, date]]:
    if value.dtype.kind == "M":
        known = value[~np.isnat(value)]
        if known.size:
            yield path, datetime.fromisoformat(str(known.max().astype("datetime64[us]"))).replace(tzinfo=UTC)
    elif value.dtype.kind in "OU":
        for n, inner in enumerate(value.ravel().tolist()):
            yield from _times(inner, f"{path}[{n}]", forward)


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """The named parts of a value; nothing of what has none."""
    if isinstance(value, Mapping):
        yield from ((str(key), inner) for key, inner in cast(Mapping[Any, Any], value).items())
    elif isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields)
    elif is_dataclass(value):
        yield from ((f.name, getattr(value, f.name)) for f in fields(value))
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from ((str(n), inner) for n, inner in enumerate(cast(list[Any], value)))
    elif hasattr(value, "to_numpy"):  # a table, a column or an index of pandas
        yield from ((str(key), inner.to_numpy()) for key, inner in _columns(value))


def _columns(value: Any) -> Iterator[tuple[Any, Any]]:
    if hasattr(value, "columns"):
        yield from value.items()
    else:
        yield "values", value
    if hasattr(value, "index") and hasattr(value.index, "to_numpy"):
        yield "index", value.index


def _utc(moment: datetime) -> datetime:
    """A time without a zone is meant in UTC, as in every table of the desk."""
    return to_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
