"""Secrets never leave the process: what is written to a trace, a log, a checkpoint or a record goes through here first.

Two nets: the values of secret-looking environment variables, in every form they may take on the way (plain,
URL-encoded, JSON-escaped, inside base64, a line of a PEM key), and the shapes by which a secret is known without its
variable (a URL with a password, an Authorization header, `api_key=...`, a private key).
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

SECRET_NAMES = re.compile(
    r"(KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTHORI[SZ]ATION|COOKIE|DSN|PRIVATE)", re.IGNORECASE
)
_HARMLESS_NAMES = re.compile(r"(KEYBOARD|KEYRING|TOKENIZERS_|_TOKENS$|_FILE$|_PATH$)", re.IGNORECASE)
MASK = "[redacted]"
_MIN_LENGTH = 6
"""Shorter values of secret-looking variables would mask ordinary words."""
_MIN_LINE = 16
"""A line of a secret of several lines counts as one where it is this long."""
_MIN_BASE64 = 8

_NAMED = (
    r"(?:[\w-]*(?:api[_-]?key|access[_-]?key|secret|passw(?:or)?d|passphrase|(?<![a-z])token|_token|-token|cookie"
    r"|authorization|private[_-]?key))"
)
SECRET_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"(?<=://)[^\s/@'\"]*:[^\s/'\"]*(?=@)"), MASK),
    (re.compile(r"\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=%-]{8,}"), MASK),
    (re.compile(r"\b(?:sk-|lsv2_|gh[pousr]_|xox[abpr]-|AKIA|AIza)[A-Za-z0-9_-]{8,}"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"), MASK),
    (
        re.compile(
            rf"\b({_NAMED}\\*[\"']?\s*(?:=|:|%3D|,(?=\s*b?[\"']))\s*\\*b?[\"']?)(?!\[redacted)([^\s\"'\\&,;)\]}}]{{6,}})",
            re.I,
        ),
        rf"\1{MASK}",
    ),
)
"""Pattern and what takes its place; the last keeps the name and masks its value."""


class Redactor:
    """Masks the values of secret-looking environment variables and well-known shapes, at any depth."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        env = os.environ if environment is None else environment
        found = {form for name, value in env.items() for secret in _secrets(name, value) for form in _forms(secret)}
        self._values = sorted(found, key=lambda form: (-len(form), form))

    def text(self, value: str) -> str:
        """The text with every secret masked."""
        for secret in self._values:
            if secret in value:
                value = value.replace(secret, MASK)
        for shape, mask in SECRET_SHAPES:
            value = shape.sub(mask, value)
        return value

    def __call__(self, value: Any) -> Any:
        """A copy of a JSON-like value with every string masked, and the values under secret-looking keys dropped."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self(k): MASK if _is_secret(k, v) else self(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(v) for v in value]
        return value


def told(error: BaseException) -> str:
    """An error in one line for a trace or a record: its type and its words, without secrets."""
    return Redactor().text(f"{type(error).__name__}: {error}")


def _secrets(name: str, value: str) -> Iterator[str]:
    """What of a variable must not be told: its value, the entries of a list of headers, the password of a URL."""
    if name.upper().endswith("_HEADERS"):
        for entry in value.split(","):
            header = unquote(entry.partition("=")[2].strip())
            yield from _long_enough(header)
            yield from _long_enough(header.partition(" ")[2])  # without "Bearer"
    elif SECRET_NAMES.search(name) and not _HARMLESS_NAMES.search(name):
        yield from _long_enough(value)
    if "://" in value and "@" in value:
        yield from _passwords(value)


def _passwords(url: str) -> Iterator[str]:
    """The password of a URL as it stands there, and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:  # not a URL after all
        return
    yield from _long_enough(password)
    yield from _long_enough(unquote(password))


def _long_enough(value: str) -> Iterator[str]:
    if len(value) >= _MIN_LENGTH:
        yield value
    if "\n" in value:
        lines = (
            line.strip() for line in value.splitlines() if not line.startswith("-----")
        )  # BEGIN and END tell nothing
        yield from (line for line in lines if len(line) >= _MIN_LINE)


def _forms(secret: str) -> Iterator[str]:
    """The forms a secret may take in a text."""
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    escaped = json.dumps(secret)[1:-1]
    yield escaped
    yield json.dumps(escaped)[1:-1]
    yield repr(secret)[1:-1]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # where in its group of three bytes the secret begins
            core = encode(b"\0" * before + secret.encode()).decode().rstrip("=")[before + 1 if before else 0 :]
            inner = core if (before + len(secret.encode())) % 3 == 0 else core[:-1]
            if len(inner) >= _MIN_BASE64:
                yield inner


def _is_secret(key: object, value: object) -> bool:
    return isinstance(value, str) and bool(SECRET_NAMES.search(str(key))) and not _HARMLESS_NAMES.search(str(key))
