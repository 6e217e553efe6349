"""Claims of what happened: approved, halted, abstained, clamped, filled, refused, held, and their denials."""

from __future__ import annotations

from agents.explainer import lexicon
from agents.explainer.bench import NEAR, Bench
from agents.explainer.checker import SAME_WEIGHT
from agents.explainer.facts import Facts
from agents.explainer.moves import is_about_the_verdict
from agents.explainer.sentence import Clause, Token

_NOTHING_SENT = frozenset({"sent", "traded", "filled", "bought", "sold", "ordered"})


def prove_events(bench: Bench, clause: Clause) -> None:
    """Every word of the clause that says that something happened, or did not."""
    for i, token in enumerate(clause.tokens):
        if token.kind != "word":
            continue
        if token.word in ("was", "were", "is", "did", "has") and i > 0 and clause.tokens[i - 1].word in ("so", "as"):
            bench.fail(f"{clause.tokens[i - 1].word} {token.word}", "what is meant of it is to be said in full")
        held = _event(bench, clause, i, token)
        if held is not None:
            bench.require(held != bench.negated(clause, i), token.word, "the record does not say so")


def _event(bench: Bench, clause: Clause, i: int, token: Token) -> bool | None:
    """Whether the record bears a word out; None where the word is no event."""
    for told in (_of_the_cycle, _of_symbols):
        held = told(bench, clause, i, token.word)
        if held is not None:
            return held
    return None


def _of_the_cycle(bench: Bench, clause: Clause, i: int, word: str) -> bool | None:
    facts = bench.facts
    if word in lexicon.DECISIONS and (word != "reduced" or is_about_the_verdict(clause)):
        return facts.get("verdict.decision") == lexicon.DECISIONS[word]
    if word in lexicon.APPROVALS:
        return facts.has("approval.answer") and facts.get("approval.answer") == lexicon.APPROVALS[word]
    if word in lexicon.PERSONS:
        return facts.has("approval.required") and facts.get("approval.required") is True
    if word in lexicon.ASSUMING:
        return any(path.startswith(("counterfactuals.", "allocation.contributions.prior")) for path in bench.fields)
    if word in lexicon.SEEN:
        return any(bool(use["in_sample"]) for use in facts.items("allocation.policies"))
    return _abstained(bench, clause, i) if word in lexicon.ABSTAINED else None


def _of_symbols(bench: Bench, clause: Clause, i: int, word: str) -> bool | None:
    facts, symbols = bench.facts, bench.group(clause, i)
    if word in lexicon.CLAMPED:
        return _clamped(bench, clause, i)
    if word in lexicon.FILLED | lexicon.REFUSED:
        return None if _negated_by_nothing(clause, i) else _orders_ended(bench, symbols, word)
    if word in lexicon.FROZEN:
        known = bool(symbols) and facts.has("snapshot.tradable")
        return known and not any(facts.evaluate(f"tradable {s}") for s in symbols)
    if word in lexicon.NEW:
        return bool(symbols) and all(not _held(facts, "opening", s) and _held(facts, "verdict", s) for s in symbols)
    behind = clause.tokens[i + 1 :]
    if word in lexicon.HELD and symbols and not any(t.kind == "number" for t in behind):
        when = "opening" if any(t.word in ("before", "previously") for t in behind) else "verdict"
        return all(_held(facts, when, s) for s in symbols)
    return None


def _orders_ended(bench: Bench, symbols: tuple[str, ...], word: str) -> bool:
    """Whether all of the symbols (or any, where none is named) were filled, or refused."""
    if word in lexicon.FILLED:
        ended = {str(f["symbol"]) for f in bench.facts.items("fills")}
    else:
        ended = {str(o["symbol"]) for o in bench.facts.items("orders") if bench.facts.has(f"refusals.{o['order_id']}")}
    return all(s in ended for s in symbols) if symbols else bool(ended)


def _held(facts: Facts, when: str, symbol: str) -> bool:
    return abs(facts.number(f"{when}.weights.{symbol}")) > SAME_WEIGHT


def _negated_by_nothing(clause: Clause, i: int) -> bool:
    return any(t.word == "nothing" for t in clause.tokens[max(0, i - NEAR) : i])


def _abstained(bench: Bench, clause: Clause, i: int) -> bool:
    """Of the agents named; of any agent at all where none is ("nobody abstained")."""
    silent = {a for a in bench.facts.agents if bench.facts.get(f"views.{a}.abstained")}
    agents = [t.text for t in clause.tokens if t.kind == "source"] or list(bench.group(clause, i, "source"))
    return all(a in silent for a in agents) if agents else bool(silent)


def _clamped(bench: Bench, clause: Clause, i: int) -> bool:
    """Of the symbols and limits named; of anything where none is ("no limit fired")."""
    clamps = bench.facts.items("verdict.clamps")
    limits = {t.text for t in clause.tokens if t.kind == "limit"}
    symbols = bench.group(clause, i)
    met = [c for c in clamps if not limits or c["limit"] in limits]
    return all(any(c["symbol"] == s for c in met) for s in symbols) if symbols else bool(met)


def prove_negations(bench: Bench, clause: Clause) -> None:
    """A negation that no other claim has taken account of: "no orders" needs a count of 0, the rest is not proven."""
    for i, token in enumerate(clause.tokens):
        if token.kind != "word" or token.word not in lexicon.NEGATIONS or id(token) in bench.consumed:
            continue
        behind = [t.word for t in clause.tokens[i + 1 : i + NEAR + 1]]
        bench.require(_none_of(bench, token.word, behind), token.word, "what is denied here cannot be proven")


def _none_of(bench: Bench, word: str, behind: list[str]) -> bool:
    if word == "nothing":
        return bool(_NOTHING_SENT & set(behind)) and bench.facts.size("orders") == 0
    if word == "without":
        roots = [f.path for f in bench.fields.values() if f.path.startswith("counterfactuals.")]
        return bool(roots) and all(any(b in path.lower() for b in behind) for path in roots)
    noun = next((b for b in behind if lexicon.pattern_of(b, lexicon.COUNTED)), "")
    pattern = lexicon.pattern_of(noun, lexicon.COUNTED)
    counts = [f for f in bench.fields.values() if f.is_count and pattern is not None and pattern.search(f.path)]
    return word == "no" and bool(counts) and all(f.number == 0 for f in counts)
