"""The one client of LangSmith: it masks what it sends, gives up soon, and is there only where a key is set."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import requests
from langsmith import Client
from langsmith.utils import LangSmithError
from urllib3.util import Retry

from data.errors import CredentialMissing, SourceUnavailable
from data.redaction import Redactor

TIMEOUT_S = 3.0
"""How long a desk waits for LangSmith, or for a collector, to take what is left of a trace."""
_log = logging.getLogger("bullpen.tracing")


def project_name() -> str:
    """The LangSmith project: LANGSMITH_PROJECT, or bullpen."""
    return os.environ.get("LANGSMITH_PROJECT") or "bullpen"


def open_client(redact: Redactor) -> Client | None:
    """A client that masks inputs, outputs, errors and metadata of what it sends; None without a key."""
    key = os.environ.get("LANGSMITH_API_KEY") or os.environ.get("LANGCHAIN_API_KEY")
    if not key:
        return None
    logging.getLogger("langsmith").setLevel(logging.CRITICAL)  # it would print a page for each batch that fails
    return Client(
        api_key=key,
        anonymizer=redact,
        timeout_ms=int(TIMEOUT_S * 1000),
        retry_config=Retry(total=1, connect=0, backoff_factor=0.2),
        tracing_error_callback=_not_taken,
    )


def needed_client(redact: Redactor) -> Client:
    """The client, where a command cannot do without it; CredentialMissing without a key."""
    client = open_client(redact)
    if client is None:
        raise CredentialMissing("LANGSMITH_API_KEY is not set", "set it, or add --local to stay on this machine")
    return client


@contextmanager
def langsmith_errors() -> Generator[None]:
    """LangSmith's errors as ours, by their type alone: their words quote addresses and bodies."""
    try:
        yield
    except (LangSmithError, requests.RequestException) as error:
        raise SourceUnavailable(
            f"LangSmith did not answer as it should ({type(error).__name__})", "check the key and LANGSMITH_ENDPOINT"
        ) from None


def bounded(call: Callable[[], object], name: str) -> bool:
    """Wait at most TIMEOUT_S for a call in a thread of its own; whether it has ended."""
    worker = threading.Thread(target=call, daemon=True, name=name)
    worker.start()
    worker.join(TIMEOUT_S)
    return not worker.is_alive()


def _not_taken(fault: Exception) -> None:
    _log.warning("LangSmith did not take part of the trace (%s); the local trace has it", type(fault).__name__)
