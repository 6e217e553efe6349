from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from agents.explainer.explain import WRITERS
from agents.explainer.facts import Facts
from agents.explainer.fit_router import exported, fitted
from agents.explainer.intents import understand
from agents.explainer.patterns import Kind
from agents.explainer.phrasings import PHRASINGS
from agents.explainer.router import likeness, masked, sure
from tests.agents.desk_records import SYMBOLS, a_record
from tests.agents.unseen_phrasings import SECOND, UNSEEN

FACTS = Facts(a_record())
AGENTS = (
    "momentum",
    "the news analyst",
    "the macro analyst",
    "the policy agent",
    "mean reversion",
    "the risk specialist",
)
REFUSALS = {"unknown", "beyond", "help"}


def judged(kind: str, told: str) -> str:
    """ "right", "wrong", or "admitted": not understood, and the answer says so. A refusal of any kind is right for
    what cannot be answered."""
    if told == kind or {kind, told} <= REFUSALS:
        return "right"
    return "admitted" if told == "unknown" else "wrong"


def as_asked(phrasing: str, i: int) -> str:
    first, second = SYMBOLS[i % len(SYMBOLS)], SYMBOLS[(i + 3) % len(SYMBOLS)]
    return phrasing.replace("SYM", first).replace("SY2", second).replace("AGT", AGENTS[i % len(AGENTS)])


def fold_of(phrasing: str) -> int:
    """The fixed rule by which phrasings are held out in turn."""
    return hashlib.sha256(phrasing.encode()).digest()[0] % 3


def told_of(unseen: Mapping[Kind, Sequence[str]]) -> Counter[str]:
    """How unseen phrasings are judged, asked of a record by name."""
    asked = [(kind, phrasing) for kind, phrasings in unseen.items() for phrasing in phrasings]
    return Counter(
        judged(kind, understand(as_asked(phrasing, i), FACTS).kind) for i, (kind, phrasing) in enumerate(asked)
    )


def told_by_fold() -> Counter[str]:
    """How each third of the phrasings is judged by a model that learned the other two."""
    told: Counter[str] = Counter()
    for fold in range(3):
        learned = {kind: [p for p in known if fold_of(p) != fold] for kind, known in PHRASINGS.items()}
        weights = exported(fitted(learned))
        for kind, known in PHRASINGS.items():
            for phrasing in (p for p in known if fold_of(p) == fold):
                found = likeness(masked(phrasing), weights)
                told[judged(kind, found.best if sure(found) else "unknown")] += 1
    return told


def test_new_phrasings_are_understood_or_admitted_not_to_be() -> None:
    told = told_of(UNSEEN)
    assert told.total() >= 200
    assert told["right"] / told.total() >= 0.9
    assert told["wrong"] / told.total() <= 0.03


@pytest.mark.slow
def test_phrasings_held_out_by_a_fixed_rule_are_understood() -> None:
    told = told_by_fold()
    assert told.total() >= 2_000
    assert told["right"] / told.total() >= 0.85
    assert told["wrong"] / told.total() <= 0.05


def test_every_kind_has_phrasings_and_none_of_the_unseen_was_learned() -> None:
    assert set(PHRASINGS) | {"absent", "empty"} == set(WRITERS)
    assert set(UNSEEN) == set(SECOND) == set(PHRASINGS)
    learned = {phrasing.lower() for known in PHRASINGS.values() for phrasing in known}
    assert [p for unseen in (UNSEEN, SECOND) for known in unseen.values() for p in known if p.lower() in learned] == []


@pytest.mark.parametrize(
    ("question", "kind", "without"),
    [
        ("what if the news analyst had said nothing?", "counterfactual", ("news",)),
        ("what if news had said nothing?", "counterfactual", ("news",)),
        ("would we hold KO without momentum?", "counterfactual", ("momentum",)),
        ("what if there had been no cap on names?", "counterfactual", ("clamp:max_name_weight",)),
        ("without the turnover limit, what then?", "counterfactual", ("clamp:max_turnover_per_cycle",)),
        ("what if we used equal weight as prior", "counterfactual", ("prior=equal_weight",)),
        ("what if the momentum features were missing", "counterfactual", ("features:momentum",)),
    ],
)
def test_what_a_counterfactual_leaves_out(question: str, kind: str, without: tuple[str, ...]) -> None:
    intent = understand(question, FACTS)
    assert (intent.kind, intent.without) == (kind, without)


def test_a_follow_up_means_what_was_asked_before() -> None:
    first = understand("why did KO shrink?", FACTS)
    again = understand("and MSFT?", FACTS, first)
    assert (again.kind, again.symbols) == ("why", ("MSFT",))
    backward = understand("what did momentum think of it?", FACTS, first)
    assert (backward.kind, backward.symbols) == ("views", ("KO",))
    assert understand("and MSFT?", FACTS).symbols == ("MSFT",)


def test_a_question_that_is_not_understood_offers_what_is_near() -> None:
    intent = understand("limit thing or the risk whatever or cash orders", FACTS)
    assert intent.kind != "unknown" or intent.near


def test_a_ticker_that_is_an_ordinary_word_of_questions_is_not_taken_for_one() -> None:
    record = a_record()
    record["snapshot"]["prices"]["SIZE"] = 120.0
    facts = Facts(record)
    assert understand("what is the max position size?", facts).symbols == ()
    assert understand("what did SIZE cost per share?", facts).symbols == ("SIZE",)
