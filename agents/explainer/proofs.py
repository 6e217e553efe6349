"""The proof of a model's answer, clause by clause: whatever cannot be matched with the record fails.

sentence -> clauses -> figures bound to fields -> dates, quotations, names -> directions, rankings, events, denials
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.explainer.bench import Bench
from agents.explainer.checker import Unproven
from agents.explainer.events import prove_events, prove_negations
from agents.explainer.facts import Facts
from agents.explainer.figures import bind, prove_dates, prove_quotes, prove_topics, prove_words
from agents.explainer.moves import prove_moves
from agents.explainer.rankings import prove_comparisons, prove_rankings
from agents.explainer.sentence import Clause, Reader, Sentence


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a model: its words, and the fields of the record that it says bear them out."""

    text: str
    citations: tuple[str, ...] = ()


def prove(sentences: Sequence[Said], facts: Facts) -> tuple[tuple[Unproven, ...], ...]:
    """For each sentence the claims that the record does not prove; empty where all hold."""
    reader = Reader(facts)
    last: Clause | None = None
    found: list[tuple[Unproven, ...]] = []
    for said in sentences:
        read = reader.read(said.text, said.citations, last)
        found.append(_prove(read, facts))
        last = read.clauses[-1] if read.clauses else last
    return tuple(found)


def _prove(sentence: Sentence, facts: Facts) -> tuple[Unproven, ...]:
    bench = Bench(facts, sentence)
    bench.load()
    for before, clause in zip((None, *sentence.clauses), sentence.clauses, strict=False):
        bind(bench, clause, before)
    for clause in sentence.clauses:
        prove_dates(bench, clause)
        prove_quotes(bench, clause)
        prove_words(bench, clause)
        prove_topics(bench, clause)
        prove_comparisons(bench, clause)
        prove_rankings(bench, clause)
        prove_moves(bench, clause)
        prove_events(bench, clause)
        prove_negations(bench, clause)
    return tuple(bench.found)
