"""Secrets do not leave: canaries planted at every depth are masked, ordinary words are not."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from data.redaction import MASK, Redactor

CANARY = "canary-7f3a91c2"


def test_the_value_of_a_secret_variable_is_masked_wherever_it_stands() -> None:
    redact = Redactor({"NEWSAPI_KEY": CANARY, "HOME": "/home/someone"})
    value = {"a": [f"url?apiKey={CANARY}", {"b": (CANARY, 1)}], "home": "/home/someone", CANARY[:3]: None}
    assert CANARY not in str(redact(value))
    assert redact(value)["home"] == "/home/someone"


def test_well_known_key_shapes_are_masked_without_any_variable() -> None:
    redact = Redactor({})
    assert redact("Authorization: Bearer abcdef123456789") == f"Authorization: {MASK}"
    assert redact("sk-proj-abcdefgh1234") == MASK


def test_a_field_named_like_a_secret_is_dropped() -> None:
    assert Redactor({})({"api_key": "x", "weights": {"A": 0.5}}) == {"api_key": MASK, "weights": {"A": 0.5}}


def test_a_longer_secret_wins_over_one_it_contains() -> None:
    redact = Redactor({"A_KEY": "abcdef", "B_KEY": "abcdef-ghijkl"})
    assert redact("abcdef-ghijkl") == MASK


def test_a_key_of_several_lines_is_known_by_each_line_and_by_its_shape() -> None:
    mine = "-----BEGIN PRIVATE KEY-----\nAAAABBBBCCCCDDDDEEEE\n-----END PRIVATE KEY-----"
    redact = Redactor({"SOME_PRIVATE_KEY": mine})
    assert redact.text("line AAAABBBBCCCCDDDDEEEE of it") == f"line {MASK} of it"
    other = mine.replace("AAAA", "ZZZZ")
    assert redact.text(f"a {other} b {json.dumps(other)}") == f'a {MASK} b "{MASK}"'


def test_a_secret_is_known_in_every_encoding() -> None:
    redact = Redactor({"A_TOKEN": 'can"ary/7f3a91c2'})
    for before in ("", "a", "ab", "user:"):
        encoded = base64.b64encode(f'{before}can"ary/7f3a91c2'.encode()).decode()
        assert encoded[8:-8] not in redact.text(f"Authorization is {encoded}")
    for text in (quote('can"ary/7f3a91c2', safe=""), json.dumps('can"ary/7f3a91c2'), repr('can"ary/7f3a91c2')):
        assert "7f3a91c2" not in redact.text(text)


def test_the_password_of_a_url_is_known_alone_and_in_any_url() -> None:
    redact = Redactor({"LEDGER_URL": "postgresql://desk:p%40ssw0rd-1@db/x"})
    assert redact.text("authentication of p@ssw0rd-1 failed") == f"authentication of {MASK} failed"
    assert redact.text("no answer from redis://u:anything@h:1/0") == f"no answer from redis://{MASK}@h:1/0"


def test_the_entries_of_a_list_of_headers_are_secrets() -> None:
    redact = Redactor({"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20abcdefgh,x-team=quants-42"})
    assert redact.text("sent abcdefgh for quants-42") == f"sent {MASK} for {MASK}"


def test_a_named_value_is_masked_inside_json_inside_json() -> None:
    inner = json.dumps({"outer": json.dumps({"client_secret": "abcdef99", "weight": 0.5})})
    masked = Redactor({}).text(inner)
    assert "abcdef99" not in masked
    assert json.loads(json.loads(masked)["outer"])["weight"] == 0.5


def test_ordinary_words_about_keys_and_tokens_stay() -> None:
    redact = Redactor({"TOKENIZERS_PARALLELISM": "false-ish", "KEY_FILE": "/etc/some/file"})
    for text in (
        "max_output_tokens=8192 of 9000 tokens",
        "token: the unit",
        "KEYSIGHT rose",
        "/etc/some/file",
        "false-ish",
    ):
        assert redact.text(text) == text
