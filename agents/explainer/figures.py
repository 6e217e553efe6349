"""Figures, dates, quotations and names of a model's sentence, each proven by a field that the sentence cites."""

from __future__ import annotations

import re

from agents.explainer import lexicon
from agents.explainer.bench import NEAR, Bench
from agents.explainer.cite import number, quoted
from agents.explainer.fields import Field
from agents.explainer.sentence import Clause, Token

_SCALE = {"%": 100.0, "points": 100.0, "bps": 10_000.0, "million": 1e-6, "thousand": 1e-3}
_JOINING = frozenset({"to", "from", "by", "and", "against"})
"""Behind these a level named before is another figure's: "from the opening 5% to 4%"."""
ROUNDS_TO_WHOLE = 10.0
"""From so many basis points on, a whole number of them is a fair rounding."""
_DATED = {
    "trained": r"trained", "filled": r"fills|bar_time", "executed": r"fills|bar_time",
    "released": r"known_at|event_time",
    "known": r"known_at|as_of", "decided": r"slot|as_of", "decision": r"slot|as_of", "slot": r"slot|as_of",
}  # fmt: skip


def bind(bench: Bench, clause: Clause, before: Clause | None) -> None:
    """Find for every figure of a clause the field that proves it; those that compare are left to `rankings`."""
    falls = _falls(clause, before)
    for i, token in enumerate(clause.tokens):
        if token.kind != "number" or (is_threshold(clause, i) and not token.cite):
            continue
        if i > 0 and clause.tokens[i - 1].word == "by" and token.text.startswith("-"):
            bench.fail(token.text, 'which way it went is said by the verb: no sign behind "by"', token.cite)
            continue
        fields = [bench.fields[c] for c in ([token.cite] if token.cite else bench.fields) if c in bench.fields]
        equal = [f for f in fields if shows(token, f, falls)]
        if not equal:
            bench.fail(token.text, "no field cited with it has this value and unit", token.cite)
            continue
        reasons = [why_not_his(bench, clause, i, f) for f in equal]
        if all(reasons):
            bench.fail(token.text, reasons[0], equal[0].path)
        else:
            bench.bound[id(token)] = equal[reasons.index("")]


def is_threshold(clause: Clause, i: int) -> bool:
    """Whether a figure is only compared with: "more than 5%", "above 5%", "at least 5%"."""
    words = [t.word for t in clause.tokens[max(0, i - 3) : i]]
    if words[-2:] in (["at", "least"], ["at", "most"]):
        return True
    if words[-1:] and words[-1] in ("above", "below", "over", "under", "exceeds", "exceeded"):
        return True
    return "than" in words and words[-1] in ("than", "the", "a", "its", "of")


def _falls(clause: Clause, before: Clause | None) -> bool:
    """Whether the clause tells of a fall; "by 1.20%" alone goes on with the clause before."""
    words = clause.words()
    if words & lexicon.UP or before is None:
        return bool(words & (lexicon.DOWN | lexicon.NEGATIVE))
    return bool((words | before.words()) & (lexicon.DOWN | lexicon.NEGATIVE))


def shows(token: Token, field: Field, falls: bool) -> bool:
    """Whether a figure as shown is the field's value, in its unit, at the decimals shown and with its sign."""
    value = field.number
    if value is None or not _fits_unit(token, field):
        return False
    in_bps = token.unit == "bps" and field.path.endswith("bps")
    scaled = value * (1.0 if in_bps else _SCALE.get(token.unit, 1.0))
    if scaled < 0.0 and token.value > 0.0 and not token.text.startswith("+") and falls and field.is_change:
        scaled = -scaled
    if token.text.startswith("+") and scaled <= 0.0:
        return False
    whole = abs(scaled - round(scaled)) < 1e-9
    fair = token.unit == "bps" and abs(scaled) >= ROUNDS_TO_WHOLE
    if token.decimals == 0 and not whole and not fair:
        return False
    return number(scaled, token.decimals) == number(token.value, token.decimals)


def _fits_unit(token: Token, field: Field) -> bool:
    match token.unit:
        case "%":
            return field.is_fraction
        case "points":
            return field.is_fraction and field.is_change
        case "bps":
            return field.is_fraction or field.path.endswith("bps")
        case "million" | "thousand":
            return not field.is_fraction and not field.is_count and token.decimals > 0
        case "count":
            return not field.is_fraction
        case _:
            return not field.is_fraction or token.decimals >= 3


def why_not_his(bench: Bench, clause: Clause, i: int, field: Field) -> str:
    """Why a figure, right in itself, is not that of what the clause speaks of; "" where it is."""
    for kind, named in (("symbol", field.symbols), ("source", field.sources)):
        group = bench.group(clause, i, kind)
        inside = [t.text for t in clause.tokens[:i] if t.kind == kind]
        if named and not named & set(group):
            return f"the field cited is of {', '.join(sorted(named))}"
        if inside and not named:
            return f"the field cited is not of {inside[-1]}"
    for table, noun in _governing(clause, i):
        pattern = lexicon.pattern_of(noun, table)
        if pattern is not None and not pattern.search(field.path):
            return f"the field cited is no {noun}"
    if _is_amount_of_change(clause, i) and not field.is_change and not field.is_count:
        return "the field cited is a level, not a change"
    return _why_not_counted(clause, i, field) or why_not_staged(bench, field)


def _is_amount_of_change(clause: Clause, i: int) -> bool:
    """Whether a figure says how much something changed: "rose by 5%", "rose 5%", "a cut of 5%", "5% more"."""
    before = [t.word for t in clause.tokens[max(0, i - 2) : i]]
    behind = clause.tokens[i + 1].word if i + 1 < len(clause.tokens) else ""
    telling = (lexicon.UP | lexicon.DOWN) - lexicon.TRADES
    if before[-1:] == ["by"] or behind in lexicon.COMPARING & telling:
        return True
    return before[-1:] != [] and (before[-1] in telling or (before[-1] == "of" and before[0] in telling))


def _governing(clause: Clause, i: int) -> list[tuple[dict[str, re.Pattern[str]], str]]:
    """The last nouns of a measure and of a level before a figure, no other figure between; else a measure behind."""
    found: list[tuple[dict[str, re.Pattern[str]], str]] = []
    tables = [lexicon.MEASURES, lexicon.LEVELS]
    for k in range(i - 1, -1, -1):
        token = clause.tokens[k]
        if token.kind == "number" or (k > 0 and clause.tokens[k - 1].kind == "number"):
            break
        for table in [t for t in tables if lexicon.pattern_of(token.word, t)]:
            found.append((table, token.word))
            tables.remove(table)
        if token.word in _JOINING and lexicon.LEVELS in tables:
            tables.remove(lexicon.LEVELS)
    behind = clause.tokens[i + 1].word if i + 1 < len(clause.tokens) else ""
    if not found and lexicon.pattern_of(behind, lexicon.MEASURES):
        found = [(lexicon.MEASURES, behind)]
    return found


def _why_not_counted(clause: Clause, i: int, field: Field) -> str:
    behind = [t.word for t in clause.tokens[i + 1 : i + NEAR] if t.kind == "word"]
    noun = next((w for w in behind if lexicon.pattern_of(w, lexicon.COUNTED)), "")
    pattern = lexicon.pattern_of(noun, lexicon.COUNTED)
    if field.is_count:
        counts = pattern is not None and pattern.search(field.path)
        return "" if counts else f"the field cited counts no {noun or 'such thing'}"
    if pattern is not None and behind[:1] == [noun] and not clause.tokens[i].unit.strip("count"):
        return "" if pattern.search(field.path) else f"the field cited counts no {noun}"
    return ""


def why_not_staged(bench: Bench, field: Field) -> str:
    """Why a level that is not the decision's own may not stand for it: its stage is not said; "" where it may."""
    if " - " in field.path:
        return ""
    said = {t.word for t in bench.sentence.tokens}
    for pattern, words in lexicon.STAGED.items():
        if re.search(pattern, field.path) and not said & words:
            return "the sentence does not say of which stage this is (opening, proposed, prior, earlier, without)"
    return ""


def prove_dates(bench: Bench, clause: Clause) -> None:
    """Each date is that of a field cited, and of what the clause speaks of; a weekday is that of a date cited."""
    wanted = [pattern for word, pattern in _DATED.items() if word in clause.words()]
    for token in clause.tokens:
        if token.kind == "date":
            fields = [f for f in bench.fields.values() if f.day() and (not token.cite or f.path == token.cite)]
            same = [f for f in fields if token.text in (str(f.value), str(f.value)[:10])]
            fit = [f for f in same if not wanted or any(re.search(p, f.path) for p in wanted)]
            bench.require(
                bool(fit), token.text, "the date is of another event" if same else "no field cited is this date"
            )
        elif token.word in lexicon.WEEKDAYS and token.kind == "word":
            days = {lexicon.WEEKDAYS[d.weekday()] for f in bench.fields.values() if (d := f.day())}
            bench.require(token.word in days, token.text, "no date cited is of this weekday")


def prove_quotes(bench: Bench, clause: Clause) -> None:
    """Quoted words are those of a field cited, whole or cut with an ellipsis."""
    for token in clause.tokens:
        if token.kind == "quote":
            fields = [f for f in bench.fields.values() if not token.cite or f.path == token.cite]
            said = {quoted(str(f.value).lower() if isinstance(f.value, bool) else str(f.value)) for f in fields}
            bench.require(token.text in said, token.text, "no field cited says this, word for word")


def prove_topics(bench: Bench, clause: Clause) -> None:
    """Of some things a sentence may only speak where it cites them; what strangers wrote, in quotation marks only."""
    for token in clause.tokens:
        pattern = lexicon.pattern_of(token.word, lexicon.TOPICS) if token.kind == "word" else None
        if pattern is not None:
            bench.require(any(pattern.search(path) for path in bench.fields), token.word, "no field cited is of this")
    words = clause.words()
    if words & lexicon.HEARD and words & lexicon.SAYING:
        bench.require(clause.has("quote"), "the news", "what was written is told in quotation marks only")


def prove_words(bench: Bench, clause: Clause) -> None:
    """Names are named by what is cited; every other word is one whose claim is known, or a label that is cited."""
    cited = {word for f in bench.fields.values() for word in f.words()}
    symbols = {s for f in bench.fields.values() for s in f.symbols}
    sources = {s for f in bench.fields.values() for s in f.sources}
    limits = {_limit(bench, f) for f in bench.fields.values()}
    for i, token in enumerate(clause.tokens):
        if token.word in ("all", "only") and clause.tokens[i + 1 : i + 2] and clause.tokens[i + 1].kind == "number":
            continue  # "all eight", "only 2.00%": the figure is the claim
        match token.kind:
            case "symbol":
                bench.require(token.text in symbols, token.text, "no field cited is of it")
            case "source":
                bench.require(token.text in sources, token.text, "no field cited is of this agent")
            case "limit":
                bench.require(token.text in limits, token.text, "no clamp cited is of this limit")
            case "name":
                named = token.word in cited or _ends(bench, token.text)
                bench.require(named, token.text, "nothing cited has this name")
            case "stranger":
                bench.fail(token.text, "this cannot be read")
            case "word" if token.word not in lexicon.KNOWN:
                label = any(token.word == f.label for f in bench.fields.values())
                known = label or (token.word in cited and token.word.isalpha())
                known = known or _ends(bench, token.text)
                bench.require(known, token.text, "not a word that can be proven, nor a name cited")
            case _:
                pass


def _ends(bench: Bench, name: str) -> bool:
    """Whether a field's path has the name as a part of its own (features, measures, policies)."""
    return any(re.search(rf"(?:^|[ .\[]){re.escape(name)}(?:$|[ .\]\[])", path) for path in bench.fields)


def _limit(bench: Bench, field: Field) -> str:
    clamp = re.search(r"verdict\.clamps(?:\[\d+\]|\.\d+)", field.path)
    return str(bench.facts.get(f"{clamp[0]}.limit")) if clamp and bench.facts.has(f"{clamp[0]}.limit") else ""
