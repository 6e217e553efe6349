"""A text stream that tells no secret: logs, tracebacks and errors of the command line go to stderr through it."""

from __future__ import annotations

from typing import Any, TextIO, cast


class _Masked:
    """Masks secrets in what is written; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text without its secrets; a secret of several lines is known by each of them."""
        from data.redaction import Redactor

        self._stream.write(Redactor().text(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each line."""
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def masked(stream: TextIO) -> TextIO:
    """The stream behind a mask (one mask is enough)."""
    return stream if isinstance(stream, _Masked) else cast(TextIO, _Masked(stream))
