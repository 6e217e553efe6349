"""Twenty planted secrets, and a desk whose every part leaks all of them: run as a program, in a process of its own.

python -m tests.app.canaries on|off       (off: without the Redactor)
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from typing import Any, NoReturn
from urllib.parse import quote

PEM = """-----BEGIN PRIVATE KEY-----
MIICdQIBADANBgkqhkiG9w0BCanary{n}AQEFAASCAl8wggJbAgEAAoGBAMCANARY
CanaryLineTwo{n}qwertyuiopasdfghjklzxcvbnm1234567890QWERTYUIOPASDF
-----END PRIVATE KEY-----"""

IN_ENVIRONMENT: dict[str, str] = {
    "OPENAI_API_KEY": "openai-canary-0001-a7f3",
    "LANGSMITH_API_KEY": "langsmith-canary-0002-b8e4",
    "NEWSAPI_KEY": "newsapi-canary-0003-c9d5",
    "FRED_API_KEY": "fred/canary+with=signs&0004",
    "REDDIT_CLIENT_SECRET": "reddit-canary-0005-d1c6",
    "APCA_API_SECRET_KEY": "alpaca-canary-0006-e2b7",
    "BULLPEN_API_TOKEN": "bullpen-canary-0007-f3a8",
    "GITHUB_APP_PRIVATE_KEY": PEM.format(n="0008"),
    "VAULT_PASSPHRASE": 'pass"phrase\\canary 0009',
}
PASSWORD, PROXY, HEADER = "database-canary-0010", "proxy-canary-0011", "otlpheadercanary0012"
ENVIRONMENT = IN_ENVIRONMENT | {
    "LEDGER_URL": f"postgresql://desk:{PASSWORD}@db.example/bullpen",
    "HTTPS_PROXY": f"http://desk:{PROXY}@proxy.example:3128",
    "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Basic%20{HEADER}",
}
BY_SHAPE: dict[str, str] = {
    "the password of a URL": "replica-canary-0013",
    "a bearer token": "bearercanary0014.x-y",
    "a header of a mapping": "header-canary-0015",
    "a private key": PEM.format(n="0016"),
    "a key inside JSON inside JSON": "inner-canary-0017",
    "a key of a known form": "sk-proj-canary0018abcdef",
    "a JSON web token": "eyJhbGciOiJIUzI1NiJ9canary.eyJzdWIiOiJjYW5hcnktMDAxOSJ9.c2lnbmF0dXJl",
    "a key by its name": "aws/canary0020/abcdefgh",
}
CANARIES: dict[str, str] = (
    IN_ENVIRONMENT | {"LEDGER_URL": PASSWORD, "HTTPS_PROXY": PROXY, "OTEL_EXPORTER_OTLP_HEADERS": HEADER} | BY_SHAPE
)


def leak() -> str:
    """A text with all of them, in the forms in which they turn up."""
    env, shape = IN_ENVIRONMENT, BY_SHAPE
    basic = base64.b64encode(f"client:{env['REDDIT_CLIENT_SECRET']}".encode()).decode()
    inner = json.dumps({"client_secret": shape["a key inside JSON inside JSON"]})
    return "; ".join(
        (
            f"the provider refused {env['OPENAI_API_KEY']}",
            f"x-api-key {env['LANGSMITH_API_KEY']} is not known",
            f"GET https://newsapi.example/v2/everything?q=x&apiKey={env['NEWSAPI_KEY']}",
            f"GET /fred/series?k={quote(env['FRED_API_KEY'], safe='')} or {env['FRED_API_KEY']}",
            f"sent {basic}",
            f"APCA says {env['APCA_API_SECRET_KEY']}",
            f"token {env['BULLPEN_API_TOKEN']}!",
            env["GITHUB_APP_PRIVATE_KEY"],
            f"escaped {json.dumps(env['VAULT_PASSPHRASE'])} and plain {env['VAULT_PASSPHRASE']}",
            f"password authentication failed for {PASSWORD}",
            f"CONNECT {ENVIRONMENT['HTTPS_PROXY']}",
            f"metadata {HEADER}",
            f"postgres://reader:{shape['the password of a URL']}@replica.example/db",
            f"Authorization: Bearer {shape['a bearer token']}",
            repr({"x-api-key": shape["a header of a mapping"]}),
            shape["a private key"],
            json.dumps({"config": inner}),
            f"model said {shape['a key of a known form']}",
            f"Cookie: session={shape['a JSON web token']}",
            f"aws_secret_access_key={shape['a key by its name']}",
        )
    )


class Leaky:
    """An agent that calls a tool with secrets, logs them, and fails with them, one exception caused by another."""

    kind = "specialist"

    def view(self, _snapshot: Any) -> NoReturn:
        from langchain_core.tools import tool

        @tool
        def lookup(headers: dict[str, str], query: str) -> str:
            """Look something up."""
            return f"{query} {headers}"

        lookup.invoke({"headers": {"x-api-key": leak()}, "query": leak()})
        logging.getLogger("urllib3.connectionpool").warning("Retrying after: %s", leak())
        try:
            try:
                raise ValueError(leak())
            except ValueError as first:
                raise ConnectionError(f"gave up: {leak()}") from first
        except ConnectionError:
            logging.getLogger("leaky").exception("the wire is cut")
            raise


def plant() -> None:
    """Make a node, an agent and a prompt of the desk leak."""
    import app.runtime
    from agents.llm import ChatModel
    from graph.facts import LakeFacts

    roster, take, answer = app.runtime.build_roster, LakeFacts.take, ChatModel.answer
    calls = [0]

    def broken_once(self: LakeFacts, as_of: Any) -> Any:
        calls[0] += 1
        if calls[0] == 1:
            try:
                raise OSError(leak())
            except OSError as first:
                raise RuntimeError(f"the lake is out: {leak()}") from first
        return take(self, as_of)

    def with_secrets(self: ChatModel, messages: Any, schema: Any) -> Any:
        return answer(self, [*messages, ("user", leak())], schema)

    def leaky(*given: Any, **named: Any) -> Any:
        return {**roster(*given, **named), "momentum": Leaky()}

    app.runtime.build_roster = leaky
    LakeFacts.take = broken_once
    ChatModel.answer = with_secrets


def without_redaction() -> None:
    """The control: nothing is masked."""
    from data.redaction import Redactor

    Redactor.text = lambda self, value: value
    Redactor.__call__ = lambda self, value: value


def main(masked: bool) -> None:
    """One run of the command line that crashes in a node, and one that ends well."""
    from app.cli import main as bullpen

    if not masked:
        without_redaction()
    plant()
    sys.argv = ["bullpen", "cycle", "--as-of", "2023-03-15"]
    for expected in (None, 0):
        try:
            bullpen()
        except SystemExit as end:
            if end.code != expected:
                raise
        except RuntimeError:
            sys.excepthook(*sys.exc_info())


if __name__ == "__main__":
    main(sys.argv[1] == "on")
