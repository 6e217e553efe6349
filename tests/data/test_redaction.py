"""Secrets do not leave: canaries planted at every depth are masked, ordinary words are not."""

from __future__ import annotations

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
