"""The kill switch and approvals over HTTP: halt, resume, status, what waits and its answers, for who holds the token.

It listens on this machine only unless told otherwise, speaks plain HTTP (put a proxy with TLS before it), and does
nothing that `bullpen halt`, `resume`, `approvals` and `approve` do not. Without BULLPEN_API_TOKEN it does not start.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadConfig, BullpenError, InputError
from data.redaction import Redactor

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from app.desk import Desk

TOKEN_VARIABLE = "BULLPEN_API_TOKEN"
SHORTEST_TOKEN = 16
"""Characters; a shorter one is a password, and is refused."""

Words = Annotated[str, Field(min_length=1, max_length=200)]


class HaltRequest(BaseModel):
    """Why, who says so, and whether to sell everything as well."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Words
    by: Words = "api"
    flatten: bool = False


class ResumeRequest(BaseModel):
    """Who says so, and the book whose breakers are lifted with the switch, if any."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: Words
    book: Words | None = None


class AnswerRequest(BaseModel):
    """agent-inbox's HumanResponse, and who says so."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["accept", "edit", "respond", "ignore"]
    args: dict[str, Any] | str | None = None
    by: Words
    note: Annotated[str, Field(max_length=2000)] = ""
    proposal: Annotated[str, Field(max_length=64)] = ""
    """The request's own: the answer is refused where another proposal waits by now."""


def token_from(environment: Mapping[str, str]) -> str:
    """The token that callers must show; BadConfig where there is none worth the name."""
    token = environment.get(TOKEN_VARIABLE, "")
    if len(token) < SHORTEST_TOKEN:
        remedy = (
            f"set it to {SHORTEST_TOKEN} characters or more: python -c 'import secrets; print(secrets.token_hex())'"
        )
        raise BadConfig(f"{TOKEN_VARIABLE} is not set, or is too short", remedy)
    return token


def build_api(desk: Desk, token: str) -> FastAPI:
    """The application; every request must carry `Authorization: Bearer TOKEN`, and there are no pages beside."""
    try:
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
    except ImportError as error:
        raise BadConfig("FastAPI is not installed", "pip install 'bullpen[serving]'") from error

    expected = f"Bearer {token}".encode()

    async def authorised(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if not secrets.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"error": "show the bearer token"}, 401, {"WWW-Authenticate": "Bearer"})
        return await go_on(request)

    def refused(_request: Request, error: Exception) -> JSONResponse:
        told = error if isinstance(error, BullpenError) else BullpenError(type(error).__name__)
        status = 400 if isinstance(error, InputError) else 503
        return JSONResponse(Redactor()({"error": told.message, "remedy": told.remedy}), status)

    def halt(asked: HaltRequest) -> dict[str, Any]:
        return desk.halt(asked.reason, asked.by, asked.flatten)

    def resume(asked: ResumeRequest) -> dict[str, Any]:
        return desk.resume(asked.by, asked.book)

    def waiting() -> list[dict[str, Any]]:
        return [found.as_json() for found in desk.approvals.waiting()]

    def answer(cycle_id: str, said: AnswerRequest) -> dict[str, Any]:
        return desk.approvals.answer(cycle_id, said.model_dump()).as_json()

    api = FastAPI(title="bullpen", docs_url=None, redoc_url=None, openapi_url=None)
    api.middleware("http")(authorised)
    api.add_exception_handler(BullpenError, refused)
    api.post("/halt")(halt)
    api.post("/resume")(resume)
    api.get("/status")(desk.halt_state)
    api.get("/approvals")(waiting)
    api.post("/approvals/{cycle_id}")(answer)
    return api


def serve(desk: Desk, host: str, port: int, ready: Callable[[], None]) -> None:
    """Listen until interrupted; `ready` is told before. BadConfig without a token or without the libraries."""
    api = build_api(desk, token_from(os.environ))
    import uvicorn

    ready()
    uvicorn.run(api, host=host, port=port, log_level="warning", access_log=False)
