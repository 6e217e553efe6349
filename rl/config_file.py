"""A YAML table as a checked model, or one line that says which field is wrong and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from data.errors import BadConfig
from rl.nearest import nearest

M = TypeVar("M", bound=BaseModel)


def read_table(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; BadConfig where there is none."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"cannot read {path.name}: {error.strerror}", "name an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path.name} is not YAML", str(error).splitlines()[0]) from error
    if not isinstance(found, dict):
        raise BadConfig(f"{path.name} is not a YAML table", "write one `name: value` a line")
    return found


def checked(model: type[M], table: dict[str, Any], where: str) -> M:
    """The model of a table; BadConfig with the first fault, and the nearest field where a name is unknown."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"]]
        remedy = ""
        if first["type"] == "extra_forbidden":
            remedy = nearest(path[-1], _model_at(model, first["loc"][:-1]).model_fields)
        raise BadConfig(f"{where}: {'.'.join(path) or 'the table'}: {first['msg'].lower()}", remedy) from error


def read_config(model: type[M], path: Path) -> M:
    """The model of a YAML file."""
    return checked(model, read_table(path), path.name)


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The model whose fields stand at a path of field names and positions in lists."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model a field's type is, or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for kind in get_args(annotation) if (found := _model_in(kind))), None)
