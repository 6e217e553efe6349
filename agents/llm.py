"""The one place where a chat model is built and asked. It gets text and a schema, holds no tools, and answers text.

Nothing of what a provider says in an error enters a message: it may quote a key or a prompt.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadAnswer, CredentialMissing, RateLimited, SourceUnavailable

Message = tuple[str, str]
"""(role, text), role one of system, user."""


DEFAULT_RETRY_AFTER_S = 60.0
"""What a rate limit without a readable Retry-After is taken to mean."""


class ChatSettings(BaseModel):
    """Which chat model reads, and how long it may take. Keys come from the environment only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    """An `init_chat_model` string: "openai:gpt-x"."""
    base_url: str | None = None
    """Another server that speaks the provider's API."""
    deadline_s: float = Field(default=30.0, gt=0.0, allow_inf_nan=False)
    """Wall time for one answer, however slowly it drips in."""
    max_output_tokens: int = Field(default=8192, ge=16)


class Chat(Protocol):
    """A model that answers one prompt in one schema."""

    @property
    def model(self) -> str:
        """The name under which answers are recorded."""
        ...

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """The raw text of the answer; raises SourceUnavailable or a subclass where there is none."""
        ...


@dataclass(slots=True)
class ChatModel:
    """A LangChain chat model, built at its first question (thread-safe) and then kept."""

    settings: ChatSettings
    _built: Any = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def model(self) -> str:
        """The `init_chat_model` string."""
        return self.settings.model

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """One call in strict json_schema mode, no retries; raises as Chat says."""
        future = _in_background(lambda: self._invoke(messages, schema))
        try:
            error = future.exception(timeout=self.settings.deadline_s)
        except TimeoutError:
            raise SourceUnavailable(f"{self.model} gave no answer in time", "raise deadline_s, or try later") from None
        if error is not None:
            raise _named(error, self.settings) from None
        return _text_of(future.result(), self.model)

    def _invoke(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Any:
        model = self._model().with_structured_output(
            dict(schema), method="json_schema", strict=True, include_raw=True
        )  # fmt: skip
        return model.invoke([tuple(m) for m in messages])["raw"]

    def _model(self) -> Any:
        with self._lock:
            if self._built is None:
                from langchain.chat_models import init_chat_model

                own: dict[str, Any] = {"base_url": self.settings.base_url} if self.settings.base_url else {}
                self._built = init_chat_model(
                    self.settings.model,
                    timeout=self.settings.deadline_s,
                    max_retries=0,
                    max_tokens=self.settings.max_output_tokens,
                    **own,
                )
            return self._built


def _in_background(call: Callable[[], Any]) -> Future[Any]:
    """Run a call in a daemon thread: a server that drips bytes for hours then holds neither the cycle nor the exit."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - the boundary of a provider's library: it may raise anything at all
            future.set_exception(error)

    Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name="chat-model").start()
    return future


def _named(error: BaseException, settings: ChatSettings) -> SourceUnavailable:
    """What went wrong, in our words, by the error's type and HTTP status alone."""
    model, kind, status = settings.model, type(error).__name__, getattr(error, "status_code", None)
    if isinstance(error, ImportError):
        return SourceUnavailable(f"the package for {model} is not installed", "install the llm extra")
    if status == 429:
        return RateLimited(f"{model} asked us to wait (HTTP 429)", _retry_after(error))
    if status in (401, 403):
        return CredentialMissing(f"{model} refused the key (HTTP {status})", "check the provider's key variable")
    if isinstance(status, int):
        return SourceUnavailable(f"{model} answered HTTP {status}", "try later")
    if "Timeout" in kind:
        return SourceUnavailable(f"{model} gave no answer in time", "raise deadline_s, or try later")
    if kind in ("LengthFinishReasonError", "ContentFilterFinishReasonError"):
        return BadAnswer(f"{model} stopped before the end of its answer ({kind})")
    return SourceUnavailable(f"{model} could not be asked ({kind})", "check the model string and the provider's key")


def _retry_after(error: BaseException) -> float:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return max(0.0, float(headers.get("retry-after", DEFAULT_RETRY_AFTER_S)))
    except ValueError:
        return DEFAULT_RETRY_AFTER_S


def _text_of(message: Any, model: str) -> str:
    """The text of an answer; a refusal, a tool call or an empty answer is none."""
    if message.additional_kwargs.get("refusal"):
        raise BadAnswer(f"{model} refused to answer")
    if message.tool_calls or message.invalid_tool_calls:
        raise BadAnswer(f"{model} asked for a tool; it holds none")
    text = message.text if isinstance(message.text, str) else message.text()
    if not text.strip():
        raise BadAnswer(f"{model} answered nothing")
    return text
