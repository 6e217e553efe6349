"""Secrets never leave the process: what is written to a trace or a log goes through here first."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

SECRET_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)", re.IGNORECASE)
SECRET_SHAPES = re.compile(r"\b(sk-[A-Za-z0-9_-]{8,}|lsv2_[A-Za-z0-9_]{8,}|Bearer\s+[A-Za-z0-9._-]{8,})")
MASK = "[redacted]"
_MIN_LENGTH = 6
"""Shorter values of secret-looking variables would mask ordinary words."""


class Redactor:
    """Masks the values of secret-looking environment variables and well-known key shapes, at any depth."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        env = os.environ if environment is None else environment
        values = {v for k, v in env.items() if SECRET_NAMES.search(k) and len(v) >= _MIN_LENGTH}
        self._values = sorted(values, key=len, reverse=True)

    def text(self, value: str) -> str:
        """The text with every secret masked."""
        for secret in self._values:
            value = value.replace(secret, MASK)
        return SECRET_SHAPES.sub(MASK, value)

    def __call__(self, value: Any) -> Any:
        """A copy of a JSON-like value with every string masked, and the values under secret-looking keys dropped."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {k: MASK if _is_secret(k, v) else self(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(v) for v in value]
        return value


def _is_secret(key: object, value: object) -> bool:
    return isinstance(value, str) and bool(SECRET_NAMES.search(str(key)))
