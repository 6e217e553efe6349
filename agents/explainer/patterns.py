"""The words by which kinds of questions are told apart: a table, read top to bottom.

Each line is a kind, its points, and regular expressions (" | " between them) any of which earns them, once a line.
A kind may stand on several lines; its points add up. The question is in lower case, and agents' names in it are "they".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal[
    "why", "decision", "changes", "positions", "contributors", "limits", "approval", "evidence", "views",
    "abstentions", "risk", "turnover", "orders", "costs", "cash", "book", "data", "policies", "fallback", "regime",
    "macro", "identity", "absent", "empty", "unknown",
]  # fmt: skip
Premise = Literal["grew", "shrank", "held", "not_held", ""]


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` for `kind` where the pattern is found."""

    kind: Kind
    points: int
    pattern: re.Pattern[str]


_RULES = r"""
policies 5 polic(y|ies)\b | \btrain(ed|ing)\b | neural | checkpoint | \brl\b | learned
policies 5 \bseen .*(dates?|day|period)\b | in[- ]sample | out[- ]of[- ]sample | which models?
policies 2 \bmodels?\b
fallback 6 fall(ing)? ?-?back | fell back | plan b | \bchain\b | (model|controller|policy) fail
fallback 4 how (was|were|is|are) .*(weights?|allocation) (made|formed|computed|reached)
fallback 3 \bcontroller\b | second choice | backup
abstentions 6 abst(ain|ention) | (kept|stay\w*) (quiet|silent|out) | silent | no opinion | no view
abstentions 6 (did ?n.t|did not|nobody) (say|vote|speak|answer|give) | nothing to say | did everyone
abstentions 4 (agents?|analysts?|specialists?|they) (was|were|is|are) (missing|absent|unsure|out)\b
abstentions 5 refused | unable to | why (is|was|are|were) .*(missing|absent|silent)
limits 4 \blimits?\b | clamp | \bcap(s|ped)?\b | constrain | cut back | \bcurb | restrict
limits 4 risk (check|manager|control) | overrul | trimmed by | (stop|kept|prevent)\w* (us|you|me) from
limits 2 \bverdict\b | breaker | \brules?\b | allowed | \bbind
limits 4 risk (management|desk|team|limits?) | step(ped)? in | breach | threshold
approval 5 approv | sign(ed|ing)?[- ]?off | \bhuman\b | a person | halt | kill switch | rejected
approval 5 \bveto | allowed to trade | (to|have|did|anybody|anyone) (ok|okay)\b | permission
approval 4 (been|is|was) (stopped|blocked|frozen|suspended) | emergency | manual(ly)?
approval 5 go-?ahead | locked | confirm | green light | \bask(ed)? (me|anyone|a )\b | signature
turnover 8 turnover | turned over | how much .*(traded|rebalanced) | how much did we (trade|change)
turnover 5 how (active|busy|much churn) | \bchurn
turnover 4 turn(ed)? around | trading volume | shuffl
costs 5 \bcosts?\b | commission | \bfees?\b | slippage | expensive | \bbps\b | charged
costs 5 trading (eat|ate|expenses?) | did we pay (to|for|in)\b | paid (to the|in)
costs 4 \bbill\b | basis points | \bpaid\b | pay in total | frictions?
orders 4 \borders?\b | \bfill(s|ed)?\b | execut | \btrades?\b | \btraded\b | transaction
orders 4 what (did|do) (we|you) (buy|sell) | sent to the broker | at (which|what) price
orders 3 \bbought\b | \bsold\b | price (did|do|have) (we|you) | broker
risk 4 \bvar\b | \bcvar\b | value at risk | expected shortfall | volatil | tail | \bvol\b
risk 4 how (risky|dangerous|safe|volatile) | leverage | exposure | how much risk | (worst|bad) (day|case)
risk 4 risk (figures?|measures?|numbers?|metrics?|profile) | (could|can|might) (we|i|it) lose
risk 2 \brisks?\b | \brisky\b
risk 4 downside | standard deviation | potential loss | \bworst
cash 4 \bcash\b | uninvested | dry powder | sidelines | not invested | (idle|spare) money
cash 4 fully invested | liquid | on hand
book 4 drawdown | \bvalued?\b | \bnav\b | \bworth\b | \bpeak\b | profit | \bp&l\b | the high\b
book 4 \bpnl\b | performance | (make|made|lose|lost) (any )?money | how (are|did|have) we (do|done)
book 4 (are|is) (we|it|the book) (up|down)\b | (balance|size) of (the|our|my) (book|account) | rich | richer
book 4 in the (red|black|green) | \bbalance\b | \bgains?\b | \blosses\b | how much (do|did) (we|i) (make|lose)
regime 5 regime | turbulen | \bcalm\b | market('s)? (state|mood|conditions?) | (state|mood) of the market
regime 5 stress | nervous | breadth | (bull|bear)(ish)? market | panic | crisis | market .*(quiet|wild)
regime 4 (kind|sort|type|state) of (a )?market | market environment | hectic
macro 4 macro | inflation | \bcpi\b | (interest )?rates?\b | \bfed\b | unemployment | \bgdp\b
macro 4 econom | credit spread | \boil\b | \breleases?\b | \bjobs (data|report)
data 4 \bdata\b.*(problem|issue|wrong|quality|missing|gap|bad|trust|\bok\b|clean|fresh|reliab|complete)
data 4 (problem|issue|wrong|missing|gap|bad|broken|trust|odd|fishy|error).*\b(data|prices?|feeds?|inputs?)\b
data 4 findings? | unavailable | outdated | could ?n[o']t be (had|fetched|read|traded) | tradable | stale
data 3 missing | can.?t (we |be )?trade | old prices? | could ?n[o']t be traded
data 4 feeds?\b | (something|anything|what'?s) (off|odd|strange|weird|wrong) (with|about) | how (fresh|old|recent)
evidence 4 evidence | headlines? | \bnews\b | articles? | \bposts?\b | social media | reddit
evidence 4 sentiment | \btone\b | proof | newspapers? | papers | \bpress\b | (your|the|any) sources\b
evidence 4 based on | indicators? | features? | signals? | what (is|was|were) behind | grounds
evidence 4 support(s|ed|ing)?\b | data points? | written about | facts?\b | inputs? (to|of|for)\b
evidence 4 did (you|they) read | (before|when) deciding | where did (you|they) get | heard about
contributors 5 contribut | attribut | shapley | influen | who (drove|moved|mattered|decided|pull|push|want)
contributors 5 (agents?|analysts?|specialists?|source|they) (drove|moved|mattered|had|made|pushed|weighed|pulled)
contributors 5 matter(ed|s)? (the )?most | (is|was) (responsible|to blame) | by (agent|source)\b | break ?down
contributors 3 (biggest|main|largest|strongest) (driver|push|pull|force) | \bdrove\b | responsible | decompos
contributors 5 (opinion|view|voice|signal) .*(count|matter|weigh)\w* most | how much (did|does|do) they\b
contributors 5 (share|part) of .*(comes?|came) from | greatest effect | added? (the )?most | cost us the most
views 4 \bthinks?\b | thought | opinions? | \bviews?\b | \bscored?s?\b | confiden | \bvoted?s?\b
views 4 \b(dis)?agree | (say|said|says) (about|of|on) | believ | (analysts?|agents?|they) (stand|say|see|feel)
views 3 bullish | bearish | \b(dis)?likes\b | sure (about|of) | recommend | convinc | worried | stance
views 4 (anyone|anybody|who) .*(negative|positive|against|optimistic|pessimistic)
views 3 negative on | positive on | optimistic | pessimistic | \bthey\b.*\b(signal|say|rate)
positions 4 (biggest|largest|top|main|heaviest) .*(positions?|holdings?|weights?|bets?|names?|allocations?)
positions 4 what (do|are) we (hold|own|invested in) | in the (book|portfolio)\b | holdings?\b
positions 4 where is (the|our|my) money | (asset|by) class | how much (is|do we have) in
positions 4 what .* (are|is) in (there|it)
positions 3 \bpositions?\b | portfolio (look|now|composition) | (show|list|give|see).*(weights|portfolio|book)
positions 3 (what|which) (stocks|symbols|names|assets) | composition | diversif | concentrat
positions 5 by (asset )?class | (am|are) (i|we) (holding|owning|invested) | per asset class
changes 4 what('s| is| has| have)? (changed|changes|different|new|moved) | changes?\b | rebalanc | \bnew\b
changes 4 what happened | since (yesterday|the last) | biggest (moves|movers) | different (from|than)
changes 4 (which|what) (symbols?|names?|positions?|stocks?) (grew|shrank|moved|changed|went) | compared (to|with)
changes 4 different(ly)?\b | adjust | shifts?\b
decision 4 decision | decided?\b | summar(y|i[sz]e) | overview | in short | tl;?dr | \bgist\b | recap
decision 4 explain (this|the|your) (allocation|cycle|portfolio|weights) | what did you do | key points | takeaway
decision 3 this allocation | bottom line | about (this|the) (cycle|record|run) | walk me through | outcome
identity 4 \bwhen\b | (which|what) (date|day|slot|cycle|book|source|time) | \bas of\b | \bhash | what'?s the date
identity 4 reproduc | simulated | real data | code version | where (does|did) the data come
identity 2 \bwhen\b.*(decided|made|taken|run\b)
identity 3 cycle id | \blake\b | data version | source of the data
changes 5 altered | (which|what) (holdings?|names?) (went|fell|rose) | since last
positions 4 (everything|all) (that )?we (hold|own) | what we (hold|own)
limits 4 proposal (reduced|cut|changed) | reduced by
evidence 5 information | tweets
views 4 (which|what|any|do|does) (they|agents?|analysts?) (like|prefer|favou?r|dislike|hate) | outlook
abstentions 6 nothing to (contribute|add)
risk 4 how bad (could|can|might)
orders 4 did (we|you|it) (sell|buy)
data 4 out of date | skipped
policies 5 did (they|the agents?) train | trained on
fallback 6 (primary|main|first) (policy|model|controller)
identity 4 (what|which) day | where (does|did|is) (this|the|that|our) data
decision 4 sum (it|this|things) up | (the|our|your) plan\b
why 2 \bwhy\b | how come | reasons?\b | what (made|caused|led) | justif | explain\b | rationale
"""

_PREMISES = r"""
not_held (\bnot\b|n't|no longer|never|without|none of)\b.*(hold|held|own|have|in the|invest|position|buy|bought)
not_held \bno (position|exposure|weight) | avoid | left out | exclud
shrank shr[aiu]nk | reduc | \bcut\b | cutting | \bsell | \bsold\b | \btrim | lower | decreas | smaller
shrank \bdrop | \bfell\b
shrank \bfall | \bdown\b | dump | \bexit | \bless\b | got out | get rid | got rid | lighten | slash | scaled? back
grew \bgr[eo]w | increas | \bbuy | bought | \badd(ed|ing)?\b | \brais | \brose\b | \brise | bigger | larger
grew \bup\b | \bmore\b
grew went into | piled
held \bhold | \bheld\b | \bowns?\b | \bhave\b | \bkeep | \bkept\b | in the (book|portfolio) | invest | position | weight
held so (much|large|big|high)
"""


def _compiled(alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives.split(" | ")))


def _rule(line: str) -> Rule:
    kind, points, alternatives = line.split(" ", 2)
    return Rule(cast(Kind, kind), int(points), _compiled(alternatives))


def _premise(line: str) -> tuple[Premise, re.Pattern[str]]:
    premise, alternatives = line.split(" ", 1)
    return cast(Premise, premise), _compiled(alternatives)


RULES: tuple[Rule, ...] = tuple(_rule(line) for line in _RULES.strip().splitlines())
PREMISES: tuple[tuple[Premise, re.Pattern[str]], ...] = tuple(_premise(line) for line in _PREMISES.strip().splitlines())
"""What a question takes for granted about a symbol; the first that is found counts."""
