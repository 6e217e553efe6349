"""Claims of direction in a model's sentence: rose, cut, bought, unchanged, doubled, positive."""

from __future__ import annotations

import re

from agents.explainer import lexicon
from agents.explainer.bench import NEAR, Bench
from agents.explainer.checker import SAME_WEIGHT
from agents.explainer.fields import Field
from agents.explainer.rankings import is_comparison
from agents.explainer.sentence import Clause
from data.market import CASH

_RATIO_ERROR = 0.02
"""Relative error within which "doubled" is said of a ratio."""


def prove_moves(bench: Bench, clause: Clause) -> None:
    """Every word of the clause that says which way something went."""
    for i, token in enumerate(clause.tokens):
        if token.kind != "word" or is_comparison(clause, i):
            continue
        word = token.word
        if word in lexicon.DECISIONS and is_about_the_verdict(clause):
            continue
        if word in lexicon.UP | lexicon.DOWN | lexicon.FLAT:
            sign = 1 if word in lexicon.UP else -1 if word in lexicon.DOWN else 0
            _direction(bench, clause, i, sign)
        elif word in lexicon.MULTIPLIED:
            bench.require(_multiplied(bench, clause, i), word, "no two levels cited have this ratio")
        elif word in lexicon.POSITIVE | lexicon.NEGATIVE:
            _polarity(bench, clause, i, 1 if word in lexicon.POSITIVE else -1)
    ends = _from_to(clause, bench.figures(clause))
    if ends is not None and not _in_order(*ends):
        bench.fail(f"from {ends[0].path} to {ends[1].path}", "this is not one thing before and after")


def is_about_the_verdict(clause: Clause) -> bool:
    """Whether "reduced" is said of the verdict rather than of a position."""
    named = any(t.kind in ("symbol", "source", "limit", "number") for t in clause.tokens)
    return not named and bool(lexicon.ABOUT_THE_VERDICT & clause.words())


def _direction(bench: Bench, clause: Clause, i: int, sign: int) -> None:
    word, inverted = clause.tokens[i].word, bench.negated(clause, i)
    told = _told(bench, clause, i)
    group = bench.group(clause, i)
    covered = {s for changes in told for s in changes[0].symbols}
    moves = [change for _, change in told]
    for symbol in group:
        if symbol not in covered or word in lexicon.TRADES:
            move = _traded(bench, symbol) if word in lexicon.TRADES else _by_record(bench, clause, i, symbol)
            if move is None:
                bench.fail(word, f"the record shows no such move of {symbol}")
                return
            moves.append(move)
    if not moves:
        bench.fail(word, "nothing cited says which way it went")
    elif not all(_agrees(move, sign) != inverted for move in moves):
        bench.fail(word, "by the record it went another way")


def _agrees(move: float, sign: int) -> bool:
    return abs(move) < SAME_WEIGHT if sign == 0 else move * sign > 0.0


def _told(bench: Bench, clause: Clause, i: int) -> list[tuple[Field, float]]:
    """The changes that figures of the clause tell: "from a to b", and changes with a sign of their own."""
    figures = bench.figures(clause)
    told: list[tuple[Field, float]] = []
    ends = _from_to(clause, figures)
    if ends is not None:
        before, after = ends
        told.append((after, _between(before, after)))
    telling = lexicon.UP | lexicon.DOWN
    until = next((k for k in range(i + 1, len(clause.tokens)) if clause.tokens[k].word in telling), len(clause.tokens))
    own = [f for k, f in figures if i < k < until and f.is_change]
    own = own or ([f for k, f in figures if k < i and f.is_change] if not told else [])
    return told + [(f, f.change()) for f in own]


def _from_to(clause: Clause, figures: list[tuple[int, Field]]) -> tuple[Field, Field] | None:
    """The levels of "from a to b" (or of "to b from a")."""
    ends: dict[str, Field] = {}
    for k, field in figures:
        lead = clause.tokens[max(0, k - NEAR) : k]
        starts = [n for n, token in enumerate(lead) if token.kind == "number"]
        said = [t.word for t in lead[starts[-1] + 1 if starts else 0 :] if t.word in ("from", "to", "by")]
        if said and said[-1] != "by" and not field.is_change:
            ends.setdefault(said[-1], field)
    return (ends["from"], ends["to"]) if len(ends) == 2 else None


def _between(before: Field, after: Field) -> float:
    """The change from one level to a later one of the same thing; 0.0, which proves no direction, where not so."""
    if before.number is None or after.number is None or not _in_order(before, after):
        return 0.0
    return after.number - before.number


def _in_order(before: Field, after: Field) -> bool:
    same = before.symbols == after.symbols and before.is_fraction == after.is_fraction
    return same and before.rank < after.rank


def _traded(bench: Bench, symbol: str) -> float | None:
    """+1 where the orders on a symbol buy, -1 where they sell; None where there is none, or one of each."""
    sides = {str(o["side"]) for o in bench.facts.items("orders") if o["symbol"] == symbol}
    return 1.0 if sides == {"buy"} else -1.0 if sides == {"sell"} else None


def _by_record(bench: Bench, clause: Clause, i: int, symbol: str) -> float | None:
    """The move of a symbol's weight that the clause speaks of: an agent's part, a limit's cut, or opening to final."""
    facts = bench.facts
    limit = next((t.text for t in clause.tokens if t.kind == "limit"), "")
    spoke = [t.text for t in clause.tokens[:i] if t.kind == "source"]
    after = range(i + 1, len(clause.tokens))
    passive = [
        clause.tokens[k].text
        for k in after
        if clause.tokens[k].kind == "source" and clause.tokens[k - 1].word in ("by", "the")
    ]
    if limit:
        cuts = [c for c in facts.items("verdict.clamps") if c["symbol"] == symbol and c["limit"] == limit]
        return sum(float(c["after"]) - float(c["before"]) for c in cuts) if cuts else None
    if spoke or passive:
        path = f"allocation.contributions.{(spoke[-1:] or passive)[0]}.{symbol}"
        return facts.number(path) if facts.has(path) else None
    if clause.words() & lexicon.LIMITING:
        return facts.number(f"verdict.weights.{symbol} - allocation.weights.{symbol}")
    if "proposed" in clause.words():
        return None
    to = next((f for k, f in bench.figures(clause) if k > i and symbol in f.symbols), None)
    if to is not None and not re.match(r"verdict\.weights|opening\.weights", to.path):
        return _to_another(bench, to, symbol)
    return facts.number(f"verdict.weights.{symbol} - opening.weights.{symbol}")


def _to_another(bench: Bench, to: Field, symbol: str) -> float | None:
    """The move to a level other than the final weight, from the stage before it."""
    clamp = re.match(r"(verdict\.clamps(?:\[\d+\]|\.\d+))\.after$", to.path)
    if clamp:
        return bench.facts.number(f"{clamp[1]}.after - {clamp[1]}.before")
    if to.path.startswith(("orders", "fills", "costs")):
        return bench.facts.number(f"verdict.weights.{symbol} - opening.weights.{symbol}")
    if to.path == f"allocation.weights.{symbol}" and symbol != CASH:
        return bench.facts.number(f"allocation.weights.{symbol} - opening.weights.{symbol}")
    return None


def _multiplied(bench: Bench, clause: Clause, i: int) -> bool:
    if bench.negated(clause, i):
        return False
    ends = _from_to(clause, bench.figures(clause))
    factor = lexicon.MULTIPLIED[clause.tokens[i].word]
    if ends is not None:
        before, after = ends
        return _between(before, after) != 0.0 and _is_ratio(after.number, before.number, factor)
    group = bench.group(clause, i)
    facts = bench.facts
    pairs = [(facts.number(f"verdict.weights.{s}"), facts.number(f"opening.weights.{s}")) for s in group]
    return bool(pairs) and all(_is_ratio(after, before, factor) for after, before in pairs)


def _is_ratio(above: float | None, below: float | None, factor: float) -> bool:
    return above is not None and bool(below) and abs(above / below - factor) <= _RATIO_ERROR * factor


def _polarity(bench: Bench, clause: Clause, i: int, sign: int) -> None:
    """Positive and negative, of the signed figures of the clause or of an agent's score on a symbol."""
    word, inverted = clause.tokens[i].word, bench.negated(clause, i)
    signed = [f.change() for _, f in bench.figures(clause) if f.is_change or f.path.endswith(".score")]
    if not signed:
        agents, symbols = bench.group(clause, i, "source"), bench.group(clause, i)
        paths = [f"views.{a}.opinions.{s}.score" for a in agents for s in symbols]
        signed = [bench.facts.number(p) for p in paths if bench.facts.has(p)] if paths else []
        if len(signed) != len(paths):
            signed = []
    held = bool(signed) and all((v * sign > 0.0) != inverted for v in signed)
    bench.require(held, word, "no figure cited has this sign")
