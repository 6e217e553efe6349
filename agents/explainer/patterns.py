"""The words by which kinds of questions are told apart: a table, read top to bottom.

Each line is a kind, its points, and the regular expressions any of which earns them (once a line). The question is in
lower case. A kind may stand on several lines; the points add up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "why",
    "decision",
    "changes",
    "positions",
    "contributors",
    "limits",
    "approval",
    "evidence",
    "views",
    "abstentions",
    "risk",
    "turnover",
    "orders",
    "costs",
    "cash",
    "book",
    "data",
    "policies",
    "fallback",
    "regime",
    "macro",
    "identity",
    "absent",
    "empty",
    "unknown",
]
Premise = Literal["grew", "shrank", "held", "not_held", ""]


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` for `kind` where the pattern is found."""

    kind: Kind
    points: int
    pattern: re.Pattern[str]


def _rule(kind: Kind, points: int, *alternatives: str) -> Rule:
    return Rule(kind, points, re.compile("|".join(alternatives)))


RULES: tuple[Rule, ...] = (
    _rule("policies", 4, r"polic(y|ies)\b", r"\btrain(ed|ing)\b", r"neural", r"checkpoint", r"\brl\b", r"learned"),
    _rule("policies", 4, r"\bseen .*(dates?|day)\b", r"in[- ]sample", r"out[- ]of[- ]sample", r"which model"),
    _rule("fallback", 5, r"fall(ing)? ?-?back", r"fell back", r"plan b", r"\bchain\b"),
    _rule("fallback", 4, r"how (was|were|is|are) .*(weights?|allocation) (made|formed|computed|reached)"),
    _rule("fallback", 3, r"\bcontroller\b"),
    _rule("abstentions", 5, r"abst(ain|ention)", r"(kept|stayed) (quiet|silent)", r"silent", r"no opinion"),
    _rule("abstentions", 5, r"who (did ?n.t|did not) (say|vote|speak|answer)", r"nothing to say"),
    _rule("abstentions", 3, r"(agents?|analysts?|specialists?) (was|were|is|are) (missing|absent|unsure|out)\b"),
    _rule("limits", 4, r"\blimits?\b", r"clamp", r"\bcap(s|ped)?\b", r"constrain", r"cut back", r"\bcurb", r"restrict"),
    _rule("limits", 4, r"risk check", r"overrul", r"trimmed by"),
    _rule("limits", 2, r"\bverdict\b", r"breaker", r"\brules?\b"),
    _rule(
        "approval", 5, r"approv", r"sign(ed)?[- ]?off", r"\bhuman\b", r"a person", r"halt", r"kill switch", r"rejected"
    ),
    _rule("approval", 5, r"\bveto", r"allowed to trade"),
    _rule(
        "turnover", 5, r"turnover", r"turned over", r"how much .*(traded|rebalanced)", r"how much did we (trade|change)"
    ),
    _rule("costs", 5, r"\bcosts?\b", r"commission", r"\bfees?\b", r"slippage", r"expensive", r"\bbps\b", r"charged"),
    _rule("orders", 4, r"\borders?\b", r"\bfill(s|ed)?\b", r"execut", r"\btrades?\b", r"\btraded\b", r"transaction"),
    _rule("orders", 4, r"what (did|do) (we|you) (buy|sell)", r"sent to the broker", r"at (which|what) price"),
    _rule("orders", 3, r"\bbought\b", r"\bsold\b", r"price (did|do|have) (we|you)"),
    _rule("risk", 4, r"\bvar\b", r"\bcvar\b", r"value at risk", r"expected shortfall", r"volatil", r"tail risk"),
    _rule("risk", 4, r"how (risky|dangerous|safe)", r"leverage", r"exposure", r"how much risk", r"worst day"),
    _rule("risk", 4, r"risk (figures?|measures?|numbers?|metrics?)"),
    _rule("risk", 2, r"\brisks?\b", r"\brisky\b"),
    _rule("cash", 4, r"\bcash\b", r"uninvested", r"dry powder", r"sidelines", r"not invested", r"idle money"),
    _rule("book", 4, r"drawdown", r"\bvalued?\b", r"\bnav\b", r"\bworth\b", r"\bpeak\b", r"profit", r"\bp&l\b"),
    _rule(
        "book", 4, r"\bpnl\b", r"performance", r"(make|made|lose|lost) (any )?money", r"how (are|did|have) we (do|done)"
    ),
    _rule("book", 4, r"value of (the|our|my) (book|portfolio|account)", r"portfolio value", r"are we (up|down)"),
    _rule("regime", 5, r"regime", r"turbulen", r"\bcalm\b", r"market('s)? (state|mood)", r"(state|mood) of the market"),
    _rule("regime", 5, r"stressed", r"nervous", r"breadth", r"(bull|bear) market"),
    _rule("macro", 4, r"macro", r"inflation", r"\bcpi\b", r"interest rates?", r"\bfed\b", r"unemployment", r"\bgdp\b"),
    _rule("macro", 4, r"econom", r"credit spread", r"\boil\b", r"releases?\b"),
    _rule("data", 4, r"\bdata\b.*(problem|issue|wrong|quality|missing|gap|bad|trust|\bok\b|clean|fresh)", r"stale"),
    _rule(
        "data",
        4,
        r"(problem|issue|wrong|missing|gap|bad|broken|trust|odd|fishy|error).*\b(data|prices?|feeds?|inputs?)\b",
    ),
    _rule("data", 4, r"findings?", r"unavailable", r"outdated", r"could not be (had|fetched|read|traded)", r"tradable"),
    _rule("data", 3, r"missing", r"can.?t (we |be )?trade"),
    _rule(
        "evidence", 4, r"evidence", r"headlines?", r"\bnews\b", r"articles?", r"\bposts?\b", r"social media", r"reddit"
    ),
    _rule("evidence", 4, r"sentiment", r"\btone\b", r"proof"),
    _rule(
        "evidence", 3, r"based on", r"indicators?", r"features?", r"signals?", r"what (is|was|were) behind", r"grounds"
    ),
    _rule("contributors", 5, r"contribut", r"attribut", r"shapley", r"influen", r"who (drove|moved|mattered|decided)"),
    _rule("contributors", 5, r"(agent|analyst|specialist|source)s? (drove|moved|mattered|had|made|pushed|weighed)"),
    _rule("contributors", 5, r"matter(ed|s)? (the )?most", r"who is (responsible|to blame)"),
    _rule("contributors", 3, r"(biggest|main|largest|strongest) (driver|push|pull)", r"\bdrove\b", r"responsible"),
    _rule(
        "views",
        4,
        r"\bthinks?\b",
        r"thought",
        r"opinions?",
        r"\bviews?\b",
        r"\bscored?s?\b",
        r"confiden",
        r"\bvoted?s?\b",
    ),
    _rule("views", 4, r"\b(dis)?agree", r"(say|said|says) (about|of|on)"),
    _rule("views", 3, r"bullish", r"bearish", r"\b(dis)?likes?\b", r"sure (about|of)", r"recommend", r"convinc"),
    _rule(
        "positions",
        4,
        r"(biggest|largest|top|main|heaviest) .*(positions?|holdings?|weights?|bets?|names?|allocations?)",
    ),
    _rule("positions", 4, r"what (do|are) we (hold|own|invested in)", r"in the (book|portfolio)\b", r"holdings?\b"),
    _rule("positions", 4, r"where is (the|our|my) money", r"(asset|by) class", r"how much (is|do we have) in"),
    _rule(
        "positions", 3, r"\bpositions?\b", r"portfolio (look|now|composition)", r"(show|list|give).*(weights|portfolio)"
    ),
    _rule("changes", 4, r"what('s| is| has| have)? (changed|changes|different|new|moved)", r"changes?\b", r"rebalanc"),
    _rule("changes", 4, r"what happened", r"since (yesterday|the last)", r"biggest (moves|movers)"),
    _rule("changes", 4, r"(which|what) (symbols?|names?|positions?|stocks?) (grew|shrank|moved|changed)"),
    _rule("decision", 4, r"decision", r"decided?\b", r"summar(y|i[sz]e)", r"overview", r"in short", r"tl;?dr"),
    _rule("decision", 4, r"explain (this|the|your) (allocation|cycle|portfolio|weights)", r"what did you do"),
    _rule(
        "decision", 3, r"this allocation", r"bottom line", r"about (this|the) (cycle|record|run)", r"walk me through"
    ),
    _rule("identity", 4, r"\bwhen\b", r"(which|what) (date|day|slot|cycle|book|source|time)", r"\bas of\b", r"\bhash"),
    _rule("identity", 4, r"reproduc", r"simulated", r"real data", r"code version", r"where (does|did) the data come"),
    _rule("identity", 3, r"cycle id", r"\blake\b", r"data version", r"source of the data"),
    _rule("why", 2, r"\bwhy\b", r"how come", r"reasons?\b", r"what (made|caused|led)", r"justif", r"explain\b"),
)

_PREMISES: tuple[tuple[Premise, tuple[str, ...]], ...] = (
    (
        "not_held",
        (r"(\bnot\b|n't|no longer|never|without|none of)\b.*(hold|held|own|have|in the|invest|position|buy|bought)",),
    ),
    ("not_held", (r"\bno (position|exposure|weight)", r"avoid", r"left out", r"exclud")),
    (
        "shrank",
        (r"shr[aiu]nk", r"reduc", r"\bcut\b", r"cutting", r"\bsell", r"\bsold\b", r"\btrim", r"lower", r"decreas"),
    ),
    (
        "shrank",
        (r"smaller", r"\bdrop", r"\bfell\b", r"\bfall", r"\bdown\b", r"dump", r"\bexit", r"\bless\b", r"got out"),
    ),
    ("shrank", (r"lighten", r"slash", r"scaled? back")),
    ("grew", (r"\bgr[eo]w", r"increas", r"\bbuy", r"bought", r"\badd(ed|ing)?\b", r"\brais", r"\brose\b", r"\brise")),
    ("grew", (r"bigger", r"larger", r"\bup\b", r"\bmore\b", r"went into", r"piled")),
    ("held", (r"\bhold", r"\bheld\b", r"\bowns?\b", r"\bhave\b", r"\bkeep", r"\bkept\b", r"in the (book|portfolio)")),
    ("held", (r"so (much|large|big|high)", r"invest", r"position", r"weight")),
)
PREMISES: tuple[tuple[Premise, re.Pattern[str]], ...] = tuple((p, re.compile("|".join(a))) for p, a in _PREMISES)
"""What a question takes for granted about a symbol; the first that is found counts."""
