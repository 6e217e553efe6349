from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.explainer.checker import check, citations
from agents.explainer.cite import Cite, number, percent
from agents.explainer.explain import explain
from agents.explainer.facts import Facts
from tests.agents.desk_records import a_record

RECORD = a_record(3)
FACTS = Facts(RECORD)
QUESTIONS = (
    "why did AAPL shrink?", "why did KO grow?", "why do we hold BRK.B?", "explain BTC-USD", "what changed?",
    "biggest positions?", "who contributed most?", "who contributed to KO?", "which limits fired?", "limits on AAPL?",
    "was it approved?", "news on AAPL?", "headlines?", "what does momentum think?", "views on TLT?", "who abstained?",
    "risk figures?", "turnover?", "orders?", "costs?", "cash?", "drawdown?", "data problems?", "policies?",
    "fallback chain?", "regime?", "macro?", "when was this?", "summary?", "why did TSLA shrink?", "lorem ipsum", "",
)  # fmt: skip
FIGURE = re.compile(r"(?<![\w.:-])([+-]?\d[\d,]*(?:\.\d+)?%?)(?= \[)")


def answers() -> list[str]:
    return [explain(RECORD, q).text for q in QUESTIONS]


def test_every_answer_passes_its_own_check():
    assert [check(text, FACTS) for text in answers()] == [()] * len(QUESTIONS)


def other_digit(figure: str, rng: random.Random) -> str:
    """The figure with one digit changed to another."""
    at = rng.choice([i for i, c in enumerate(figure) if c.isdigit()])
    digit = rng.choice([d for d in "0123456789" if d != figure[at]])
    return figure[:at] + digit + figure[at + 1 :]


def test_every_wrong_digit_of_every_answer_is_caught():
    rng = random.Random(0)
    tried = 0
    for text in answers():
        for found in FIGURE.finditer(text):
            wrong = text[: found.start(1)] + other_digit(found[1], rng) + text[found.end(1) :]
            assert check(wrong, FACTS), f"{found[0]!r} was changed unseen"
            tried += 1
    assert tried > 250


def test_every_turned_sign_is_caught():
    tried = 0
    for text in answers():
        for found in FIGURE.finditer(text):
            figure = found[1]
            if not any(c in "123456789" for c in figure):
                continue
            turned = figure[1:] if figure[0] == "-" else f"-{figure.lstrip('+')}"
            assert check(text[: found.start(1)] + turned + text[found.end(1) :], FACTS)
            tried += 1
    assert tried > 250


def test_every_wrong_date_is_caught():
    tried = 0
    for text in answers():
        for found in re.finditer(r"\d{4}-\d{2}-\d{2}T[\d:]+Z(?= \[)", text):
            later = found[0].replace("-0", "-1", 1) if "-0" in found[0] else found[0].replace("-1", "-0", 1)
            assert check(text[: found.start()] + later + text[found.end() :], FACTS)
            tried += 1
    assert tried > 15


def test_every_exchanged_symbol_is_caught():
    tried = 0
    for text in answers():
        for symbol in sorted(FACTS.symbols):
            other = "XOM" if symbol != "XOM" else "TLT"
            plain = re.compile(rf"(?<![\w.\[“`]){re.escape(symbol)}(?=[ :,](?![^“]*”))")
            for found in plain.finditer(text):
                wrong = text[: found.start()] + other + text[found.end() :]
                assert check(wrong, FACTS), f"{symbol} -> {other} at {found.start()} unseen in {text!r}"
                tried += 1
    assert tried > 80


def test_every_exchanged_agent_or_limit_is_caught():
    tried = 0
    for text in answers():
        for found in re.finditer(r"`(momentum|risk|macro|max_name_weight|var_95|mom_63|regime_calm|drawdown)`", text):
            wrong = text[: found.start()] + "`policy`" + text[found.end() :]
            assert check(wrong, FACTS)
            tried += 1
    assert tried >= 50


def test_every_altered_quotation_is_caught():
    tried = 0
    for text in answers():
        for found in re.finditer(r"“([^”]+)”", text):
            assert check(text[: found.start(1)] + "never" + text[found.start(1) :], FACTS)
            tried += 1
    assert tried > 50


def test_every_wrong_direction_is_caught():
    tried = 0
    for text in answers():
        for verb, other in (("grew from", "shrank from"), ("shrank from", "grew from")):
            for found in re.finditer(verb, text):
                assert check(text[: found.start()] + other + text[found.end() :], FACTS)
                tried += 1
    assert tried > 15


def test_every_citation_moved_to_another_field_is_caught():
    """A citation exchanged for one whose value differs at the decimals shown."""
    rng = random.Random(1)
    tried = 0
    for text in answers():
        for found in re.finditer(r"%( \[([^\[\]]+)\])", text):
            other = rng.choice([f"allocation.weights.{s}" for s in sorted(FACTS.symbols)])
            if percent(FACTS.number(other)) == percent(FACTS.number(found[2])):
                continue
            assert check(text[: found.start(1)] + f" [{other}]" + text[found.end(1) :], FACTS)
            tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    "text",
    [
        "The weight is 5.12%.",
        "The weight is 5.12% of all [verdict.weights.AAPL].",
        "There are 12 clamps.",
        "It was 2020-03-16.",
        "NVDA is held.",
        "AAPL is held.",
        "AAPL is held [verdict.weights.KO].",
        "`momentum` said so.",
        "“a headline”",
        "Cash is CASH.",
        "Weight 1 [no.such.field].",
        "Weight nan [verdict.measures.volatility], 1 [verdict.decision].",
        "It is absent [absent AAPL].",
        "Id bp-1234 was sent.",
        "About 5% [verdict.weights.AAPL].",
        "It stayed at 5.00% [verdict.weights.AAPL], as before [opening.weights.AAPL].",
        "Some 3 [count verdict.measures.volatility].",
        "Truth 1 [approval.required].",
        "Sum 1.00 [sum fills.*.nothing].",
        "x3 is not a figure.",
    ],
)
def test_a_claim_without_proof_is_named(text):
    assert check(text, FACTS)


def test_figures_of_a_list_belong_to_the_symbol_beside_them():
    """Each figure is right and each symbol is cited in the line, but they were exchanged."""
    shown = {s: f"{percent(FACTS.number(f'verdict.weights.{s}'))} [verdict.weights.{s}]" for s in ("AAPL", "KO", "TLT")}
    assert check(f"AAPL {shown['AAPL']}, TLT {shown['TLT']}, KO {shown['KO']}.", FACTS) == ()
    assert check(f"KO {shown['AAPL']}, TLT {shown['TLT']}, AAPL {shown['KO']}.", FACTS)


def test_a_fraction_is_not_passed_off_as_whole():
    value = FACTS.number("opening.net_asset_value")
    assert value != round(value)
    assert check(f"Worth {value:,.0f} [opening.net_asset_value].", FACTS)
    assert check(f"Worth {value:,.2f} [opening.net_asset_value].", FACTS) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing is claimed here.",
        "The desk ran in UTC without an LLM.",
        "NVDA [absent NVDA]".replace("NVDA ", "It "),
        "Orders: 8 [count orders].",
    ],
)
def test_a_text_without_false_claims_passes(text):
    assert check(text, FACTS) == ()


@given(st.text(max_size=300))
def test_any_text_is_checked_without_an_error(text):
    check(text, FACTS)


@given(st.text(alphabet="0123456789.%[]“”` -+,AKLPO_verdictws", max_size=120))
def test_any_text_of_claims_is_checked_without_an_error(text):
    check(text, FACTS)


@given(st.floats(-10.0, 10.0))
def test_a_percentage_is_shown_as_python_rounds_it(value):
    assert percent(value).lstrip("-") == f"{value:.2%}".lstrip("-")
    assert "-0.00%" not in (percent(value), percent(value, signed=True))


@given(value=st.floats(-1e9, 1e9), decimals=st.integers(0, 8))
def test_a_number_reads_back_to_its_decimals(value, decimals):
    assert float(number(value, decimals).replace(",", "")) == pytest.approx(round(value, decimals), abs=1e-9, rel=1e-12)


@given(words=st.text(max_size=400))
def test_a_quotation_of_any_text_is_proven_and_breaks_nothing(words):
    record = {**RECORD, "book": words}
    facts = Facts(record)
    line = f"Book {Cite(facts).quote('book')}."
    assert check(line, facts) == ()
    assert citations(line) == ("book",)
