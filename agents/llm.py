"""The one place where a chat model is built and asked. It gets text and a schema, holds no tools, and answers text.

Nothing of what a provider says in an error enters a message: it may quote a key or a prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.budget import Usage
from agents.deadlines import in_background, left_s
from data.errors import BadAnswer, CredentialMissing, RateLimited, SourceUnavailable
from data.redaction import Redactor
from data.sources.retry import Unreachable, retry_after_s

Message = tuple[str, str]
"""(role, text), role one of system, user."""


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


class NotAsked(SourceUnavailable):
    """The question was refused or never left, and will be again; nothing was generated."""


class NotReached(Unreachable):
    """No connection could be made; nothing was generated, and a later call may get through."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came back from a chat model: LangChain's AIMessage, and which model it is from."""

    message: Any
    model: str

    @property
    def text(self) -> str:
        """The raw text, without secrets it may repeat; BadAnswer for a refusal, a tool call, an empty answer."""
        return Redactor().text(_text_of(self.message, self.model))

    @property
    def usage(self) -> Usage | None:
        """What the provider says it used; None where it does not say."""
        told: Mapping[str, Any] = getattr(self.message, "usage_metadata", None) or {}
        read, written = told.get("input_tokens"), told.get("output_tokens")
        if not isinstance(read, int) or not isinstance(written, int) or min(read, written) < 0:
            return None
        return Usage(read, written)


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
        """The text of `answer`."""
        return self.answer(messages, schema).text

    def answer(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Said:
        """One call in strict json_schema mode, no retries, within the node's deadline; raises as Chat says."""
        wait = min(self.settings.deadline_s, left_s())
        if wait <= 0.0:
            raise NotAsked(f"no time was left to ask {self.model}", "raise node_deadline_s")
        future = in_background(lambda: self._invoke(messages, schema), "chat-model")
        try:
            error = future.exception(timeout=wait)
        except TimeoutError:
            raise _late(self.model) from None
        if error is not None:
            raise (_named(error, self.model) if self._built is not None else _unbuilt(error, self.model)) from None
        return Said(future.result(), self.model)

    def _invoke(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Any:
        model = self._model().with_structured_output(
            dict(schema), method="json_schema", strict=True, include_raw=True
        )  # fmt: skip
        redact = Redactor()
        return model.invoke([(role, redact.text(text)) for role, text in messages])["raw"]

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


def _unbuilt(error: BaseException, model: str) -> SourceUnavailable:
    if isinstance(error, ImportError):
        return NotAsked(f"the package for {model} is not installed", "install the llm extra")
    remedy = "check the model string and the provider's key"
    return NotAsked(f"{model} could not be asked ({type(error).__name__})", remedy)


def _named(error: BaseException, model: str) -> SourceUnavailable:
    """What went wrong, in our words, by the error's type and HTTP status alone."""
    kinds, status = [type(e).__name__ for e in _causes(error)], getattr(error, "status_code", None)
    if status == 429:
        headers = getattr(getattr(error, "response", None), "headers", {})
        return RateLimited(f"{model} asked us to wait (HTTP 429)", retry_after_s(headers))
    if status in (401, 403):
        return CredentialMissing(f"{model} refused the key (HTTP {status})", "check the provider's key variable")
    if isinstance(status, int):
        passing = status == 408 or status >= 500
        return (Unreachable if passing else NotAsked)(f"{model} answered HTTP {status}", "try later")
    if "ConnectError" in kinds or "ConnectTimeout" in kinds:
        return NotReached(f"{model} could not be asked ({kinds[0]})", "check the network and the provider's address")
    if "Timeout" in kinds[0]:
        return _late(model)
    if kinds[0] in ("LengthFinishReasonError", "ContentFilterFinishReasonError"):
        return BadAnswer(f"{model} stopped before the end of its answer ({kinds[0]})")
    broken = kinds[0].endswith("ConnectionError")
    return (Unreachable if broken else SourceUnavailable)(f"{model} could not be asked ({kinds[0]})", "try later")


def _late(model: str) -> SourceUnavailable:
    return SourceUnavailable(f"{model} gave no answer in time", "raise deadline_s, or try later")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


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
