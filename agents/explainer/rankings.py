"""Comparisons and rankings in a model's sentence: more than, twice, the largest, the second largest."""

from __future__ import annotations

import re
from collections.abc import Callable

from agents.explainer import lexicon
from agents.explainer.bench import NEAR, Bench
from agents.explainer.facts import Facts
from agents.explainer.fields import Field
from agents.explainer.figures import is_threshold, why_not_staged
from agents.explainer.sentence import Clause, Token
from data.errors import NotFound
from data.market import CASH

_RATIO_ERROR = 0.02
_SCALE = {"%": 0.01, "points": 0.01, "bps": 1e-4, "million": 1e6, "thousand": 1e3}
_RANKED = {
    "position positions holding holdings weight weights stake": r"^(?:verdict|opening|allocation|closing)\.weights\.",
    "contribution contributions contributor push pushed pushes part driver effect source pull pulled contributed": (
        r"^allocation\.contributions\."
    ),
    "agent agents view views analyst analysts specialist specialists": r"contributions|views\.",
    "change changes move moves moved mover increase increases decrease decreases cut rise fall buy sell rose fell grew "
    "shrank reduced raised added bought sold lifted increased decreased gained dropped reduction gain": r" - ",
    "cost costs fill fills trade trades paid expensive dearest order orders": r"cost",
    "score scores opinion opinions": r"\.score$",
    "confidence": r"\.confidence$", "class classes": r"^verdict\.classes\.", "clamp clamps": r"clamps",
    "price": r"prices|marks",
}  # fmt: skip
"""What is ranked -> the fields by which it is."""
_AGENTS = frozenset({"agent", "agents", "view", "views", "analyst", "analysts", "specialist", "specialists"})


def is_comparison(clause: Clause, i: int) -> bool:
    """Whether a word compares with something named: "larger than KO", "more than 5%", "above 5%"."""
    token = clause.tokens[i]
    if token.word not in lexicon.COMPARING:
        return False
    behind = [t for t in clause.tokens[i + 1 : i + NEAR] if t.kind != "mark"]
    than = next((k for k, t in enumerate(behind) if t.word == "than"), None)
    compares = bool(behind) and behind[0].kind in ("number", "symbol") and token.word not in lexicon.UP | lexicon.DOWN
    return than is not None or compares


def prove_comparisons(bench: Bench, clause: Clause) -> None:
    """Each comparison holds between figures that the sentence cites."""
    for i, token in enumerate(clause.tokens):
        if token.kind != "word":
            continue
        if token.word in lexicon.RATIOS:
            bench.require(_is_ratio(bench, clause, i), token.word, "no two fields cited have this ratio")
        elif is_comparison(clause, i):
            sign = 1 if token.word in lexicon.COMPARES_UP else -1
            inverted = bench.negated(clause, i)
            held = _compared(bench, clause, i, sign)
            bench.require(held is not None and held != inverted, token.word, "the fields cited do not compare so")
        elif token.word in ("least", "most") and clause.tokens[i - 1].word == "at" and i > 0:
            held = _against_threshold(bench, clause, i, 1 if token.word == "least" else -1, or_equal=True)
            bench.require(bool(held), f"at {token.word}", "the fields cited do not compare so")


def _compared(bench: Bench, clause: Clause, i: int, sign: int) -> bool | None:
    """Whether what stands before the word compares so with what stands behind; None where that cannot be told."""
    behind = clause.tokens[i + 1 :]
    if any(t.kind == "number" and is_threshold(clause, i + 1 + k) for k, t in enumerate(behind[: NEAR + 2])):
        return _against_threshold(bench, clause, i, sign)
    other = next((t for t in behind if t.kind in ("symbol", "source")), None)
    if other is not None:
        pairs = _pairs(bench, clause, i, other)
        return all((a - b) * sign > 0.0 for a, b in pairs) if pairs else None
    words = [t.word for t in behind[: NEAR + 2]]
    group = bench.group(clause, i)
    base = "opening" if {"before", "opening"} & set(words) else "allocation" if "proposed" in words else ""
    if not base or not group:
        return None
    moves = [bench.facts.number(f"verdict.weights.{s} - {base}.weights.{s}") for s in group]
    return all(move * sign > 0.0 for move in moves)


def _against_threshold(bench: Bench, clause: Clause, i: int, sign: int, or_equal: bool = False) -> bool | None:
    """Every field of what the clause speaks of lies on that side of the figure behind the word."""
    at = next((k for k in range(i + 1, len(clause.tokens)) if clause.tokens[k].kind == "number"), None)
    if at is None:
        return None
    token = clause.tokens[at]
    bound = bench.bound.get(id(token))
    limit = bound.number if bound is not None else token.value * _SCALE.get(token.unit, 1.0)
    group = set(bench.group(clause, i))
    pattern, of_change = _compared_by(clause), i > 0 and clause.tokens[i - 1].word == "by"
    left = [
        f.number
        for f in bench.fields.values()
        if f is not bound and f.number is not None and (not group or f.symbols & group)
        and f.is_fraction == (token.unit in ("%", "points", "bps")) and pattern.search(f.path)
        and (f.is_change or not of_change) and not why_not_staged(bench, f)
    ]  # fmt: skip
    if limit is None or not left:
        return None
    return all((v - limit) * sign > 0.0 or (or_equal and v == limit) for v in left)


def _pairs(bench: Bench, clause: Clause, i: int, other: Token) -> list[tuple[float, float]]:
    """(own, the other's) of every cited field of the subject whose twin for the other name is cited too."""
    own, pattern = bench.group(clause, i, other.kind), _compared_by(clause)
    found: list[tuple[float, float]] = []
    for field in bench.fields.values():
        for name in own:
            twin = bench.fields.get(_swapped(field.path, name, other.text))
            if twin is None or twin is field or field.number is None or twin.number is None:
                continue
            if not pattern.search(field.path) or why_not_staged(bench, field):
                continue
            found.append((field.number, twin.number))
    return found


def _compared_by(clause: Clause) -> re.Pattern[str]:
    """The fields by which a clause compares: those of the measure it names, else weights."""
    if any(t.kind == "source" for t in clause.tokens):
        default = re.compile(r"contributions|\.score$|\.confidence$")
    else:
        default = lexicon.WEIGHT
    named = [t.word for t in clause.tokens if t.word not in lexicon.BY_WEIGHT]
    patterns = (lexicon.pattern_of(word, lexicon.MEASURES) for word in named)
    return next((p for p in patterns if p is not None), default)


def _swapped(path: str, name: str, other: str) -> str:
    return re.sub(rf"(?<![^. ]){re.escape(name)}(?![^. ])", lambda _: other, path)


def _is_ratio(bench: Bench, clause: Clause, i: int) -> bool:
    other = next((t for t in clause.tokens[i + 1 :] if t.kind in ("symbol", "source")), None)
    if other is None or bench.negated(clause, i):
        return False
    factor = lexicon.RATIOS[clause.tokens[i].word]
    pairs = _pairs(bench, clause, i, other)
    return bool(pairs) and all(b and abs(a / b - factor) <= _RATIO_ERROR * factor for a, b in pairs)


def prove_rankings(bench: Bench, clause: Clause) -> None:
    """Each superlative is true among all that the record holds of the kind."""
    for i, token in enumerate(clause.tokens):
        if token.kind != "word" or token.word not in lexicon.GREATEST | lexicon.SMALLEST:
            continue
        if i > 0 and clause.tokens[i - 1].word == "at":
            continue
        place = lexicon.ORDINALS.get(clause.tokens[i - 1].word, 1) if i > 0 else 1
        held = _ranks(bench, clause, i, place)
        bench.require(bool(held), token.word, "the record does not rank it so, or does not cite by what")
    for i, token in enumerate(clause.tokens):
        behind = clause.tokens[i + 1].word if i + 1 < len(clause.tokens) else ""
        if token.kind == "word" and token.word in lexicon.ORDINALS:
            bench.require(behind in lexicon.GREATEST | lexicon.SMALLEST, token.word, "an order that is not proven")


def _ranks(bench: Bench, clause: Clause, i: int, place: int) -> bool:
    noun, pattern = _kind(clause, i)
    if pattern is None or bench.negated(clause, i):
        return False
    symbols, sources = set(bench.group(clause, i)), set(bench.group(clause, i, "source"))
    by_source = bool(sources) and (noun in _AGENTS or any(t.kind == "source" for t in clause.tokens))
    ranked: list[bool] = []
    for field in bench.fields.values():
        mine = field.sources & sources if by_source else field.symbols & symbols
        known = field.number is not None and not why_not_staged(bench, field)
        if pattern.search(field.path) and len(mine) == 1 and known:
            family = _family(bench.facts, field, next(iter(mine)), by_source, noun in _AGENTS)
            ranked.append(_stands(clause, i, field.change(), family, place))
    return bool(ranked) and all(ranked)


def _kind(clause: Clause, i: int) -> tuple[str, re.Pattern[str] | None]:
    """What is ranked: the nearest noun (or verb) behind the superlative, else before it."""
    for token in (*clause.tokens[i + 1 : i + NEAR + 1], *reversed(clause.tokens[:i])):
        for names, pattern in _RANKED.items():
            if token.word in names.split() and token.kind == "word":
                return token.word, re.compile(pattern)
    return "", None


def _family(facts: Facts, field: Field, name: str, by_source: bool, agents_only: bool) -> list[float]:
    """The values of all of the field's kind: its own among them."""
    if by_source:
        others = facts.agents if agents_only else ("context", *facts.agents)
        paths = [_swapped(field.path, name, other) for other in others]
    elif item := re.fullmatch(r"(\w+(?:\.\w+)?)(?:\[\d+\]|\.\d+)\.(\w+)(?: - \S+\.(\w+))?", field.path):
        within = [f"{item[1]}[{k}]" for k in range(facts.size(item[1]))]
        paths = [f"{w}.{item[2]} - {w}.{item[3]}" if item[3] else f"{w}.{item[2]}" for w in within]
    else:
        paths = [_swapped(field.path, name, other) for other in sorted(facts.symbols - {CASH})]
    return [Field(p, None, facts).change() for p in paths if _is_number(facts, p)]


def _is_number(facts: Facts, path: str) -> bool:
    try:
        facts.number(path)
    except (NotFound, TypeError):
        return False
    return True


def _stands(clause: Clause, i: int, value: float, family: list[float], place: int) -> bool:
    """Whether a value stands at a place among its family: by size, or by the way that the clause says it went."""
    telling = {t.word for t in clause.tokens[max(0, i - NEAR) : i + NEAR + 1]}
    size: Callable[[float], float] = abs
    if telling & lexicon.UP - lexicon.COMPARING or telling & lexicon.POSITIVE:
        size = float
    elif telling & lexicon.DOWN - lexicon.COMPARING or telling & lexicon.NEGATIVE:
        size = lambda v: -v  # noqa: E731
    sign = 1.0 if clause.tokens[i].word in lexicon.GREATEST else -1.0
    ahead = sum(1 for v in family if sign * (size(v) - size(value)) > 1e-12)
    return len(family) > 1 and ahead == place - 1 and size(value) > 0.0
