"""The words by which kinds of questions are told apart: a table of cues, and what a question takes for granted.

Each line is a kind, its points, and regular expressions (" | " between them) any of which earns them, once a line.
A kind may stand on several lines; its points add up. A line that begins with " | " goes on with the one before. The
question is in lower case; agents' names in it are "they", and symbols "xsym". The points of a question are one of the
things that the router looks at (agents.explainer.router).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal[
    "why", "decision", "changes", "positions", "contributors", "limits", "approval", "state", "evidence", "views",
    "abstentions", "risk", "turnover", "orders", "costs", "cash", "book", "gains", "data", "policies", "fallback",
    "regime", "macro", "identity", "history", "counterfactual", "compare", "quote", "settings", "help", "beyond",
    "absent", "empty", "unknown",
]  # fmt: skip
Premise = Literal["grew", "shrank", "held", "not_held", ""]


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` for `kind` where the pattern is found."""

    kind: Kind
    points: int
    pattern: re.Pattern[str]


_RULES = r"""
why 2 \bwhy\b | how come | reasons?\b | what (made|caused|led) | justif | explain\b | rationale
policies 5 polic(y|ies)\b | \btrain(ed|ing)\b | neural | checkpoint | \brl\b | learned
policies 5 \bseen .*(dates?|day|period)\b | in[- ]sample | out[- ]of[- ]sample | which models?
policies 2 \bmodels?\b
policies 5 did (they|the agents?) train | trained on
policies 5 policy card | model card | unseen | overfit | memori[sz] | sharpe | checkpoint | cutoff | score
policies 6 seen (versus|vs|and|or|against) unseen | (seen|unseen) (performance|sharpe|dates|data)
fallback 6 fall(ing)? ?-?back | fell back | plan b | \bchain\b | (model|controller|policy) fail
fallback 4 how (was|were|is|are) .*(weights?|allocation) (made|formed|computed|reached)
fallback 3 \bcontroller\b | second choice | backup
fallback 6 (primary|main|first) (policy|model|controller)
fallback 5 backup | plan b | degrade | (first|main|primary) .*(choice|policy|work|controller|fail) | blend | chain
fallback 6 end up on | the prior\b.*\b(used|fall|instead)
abstentions 6 abst(ain|ention) | (kept|stay\w*) (quiet|silent|out) | silent | no opinion | no view
abstentions 6 (did ?n.t|did not|nobody) (say|vote|speak|answer|give) | nothing to say | did everyone
abstentions 4 (agents?|analysts?|specialists?|they) (was|were|is|are) (missing|absent|unsure|out)\b
abstentions 5 refused | unable to | why (is|was|are|were) .*(missing|absent|silent)
abstentions 6 nothing to (contribute|add)
abstentions 8 did ?n[o']t they | (sat|sitting|stayed|kept) .*out | no opinion from | without an opinion
  | (whose|which) views? (is|are|was) missing
limits 4 \blimits?\b | clamp | \bcap(s|ped)?\b | constrain | cut back | \bcurb | restrict
limits 4 risk (check|manager|control) | overrul | trimmed by | (stop|kept|prevent)\w* (us|you|me) from
limits 2 \bverdict\b | breaker | \brules?\b | allowed | \bbind
limits 4 risk (management|desk|team|limits?) | step(ped)? in | breach | threshold
limits 4 proposal (reduced|cut|changed) | reduced by
limits 4 \bcapped\b | binding | \bbinds?\b | \blift\b | overruled | taken? away | triggered | exceed | intervention
  | chop
limits 3 over the limit | limits? (hit|fired|triggered) | held? .*back | larger\b
limits 8 limit would i | would (lift|have to) | cap hit | weight hit\b | limits? .*(hit|touched|reached|applied?)\b
  | cost us .*weight
approval 5 approv | sign(ed|ing)?[- ]?off | \bhuman\b | a person | rejected
approval 5 \bveto | allowed to trade | (to|have|did|anybody|anyone) (ok|okay)\b | permission
approval 4 manual(ly)?
approval 5 go-?ahead | locked | confirm | green light | \bask(ed)? (me|anyone|a )\b | signature
approval 5 reviewer | approver | (human|person|people|boss|someone) | sign(s|ed)? off | waved | override | edit(ed)?
turnover 8 turnover | turned over | how much .*(traded|rebalanced) | how much did we (trade|change)
turnover 5 how (active|busy|much churn) | \bchurn
turnover 4 turn(ed)? around | trading volume | shuffl
turnover 4 churn | reshuffled | rotation | active | one-way | two-way
turnover 8 (percent|fraction|share|percentage)\w* .*(traded|bought|sold|hands) | trade a lot
  | (traded|trading) volume | in percent
costs 5 \bcosts?\b | commission | \bfees?\b | slippage | expensive | \bbps\b | charged
costs 5 trading (eat|ate|expenses?) | did we pay (to|for|in)\b | paid (to the|in)
costs 4 \bbill\b | basis points | \bpaid\b | pay in total | frictions?
costs 5 shortfall | (decision|arrival) price | price impact | \btca\b | slip(ped)? | cost drag | charges | \bfees?\b
  | dearest
costs 4 (worse|better) price | execution (cost|quality|bad|good) | how good were the fills | most expensive | cheapest
orders 4 \borders?\b | \bfill(s|ed)?\b | execut | \btrades?\b | \btraded\b | transaction
orders 4 what (did|do) (we|you) (buy|sell) | sent to the broker | at (which|what) price
orders 3 \bbought\b | \bsold\b | price (did|do|have) (we|you) | broker
orders 4 did (we|you|it) (sell|buy)
orders 8 go through | (units|shares|pieces) of xsym .*(sold|bought|sell|buy)
  | (sold|bought|sell|buy) .*(units|shares) of
risk 4 \bvar\b | \bcvar\b | value at risk | expected shortfall | volatil | tail | \bvol\b
risk 4 how (risky|dangerous|safe|volatile) | leverage | exposure | how much risk | (worst|bad) (day|case)
risk 4 risk (figures?|measures?|numbers?|metrics?|profile) | (could|can|might) (we|i|it) lose
risk 2 \brisks?\b | \brisky\b
risk 4 downside | standard deviation | potential loss | \bworst
risk 4 how bad (could|can|might)
risk 5 headroom | room .*(left|limit) | close (are|is) .*limit | near(est)? .*limit | limits? .*near
  | risk (budget|utili)
risk 4 \bbeta\b | leverag | stress loss | std ?dev | sensitiv | crash | (gross|net) exposure | tail risk
risk 6 distance to | (limit|cap) is nearest | nearest limit | far (is|are|from) .*(limit|cap|bound)s?
  | within (bounds|limits)
cash 4 \bcash\b | uninvested | dry powder | sidelines | not invested | (idle|spare) money
cash 4 fully invested | liquid | on hand
cash 4 idle | unspent | sidelines | liquid | uninvested
book 4 drawdown | \bvalued?\b | \bnav\b | \bworth\b | \bpeak\b | profit | \bp&l\b | the high\b
book 4 \bpnl\b | performance | (make|made|lose|lost) (any )?money | how (are|did|have) we (do|done)
book 4 (are|is) (we|it|the book) (up|down)\b | (balance|size) of (the|our|my) (book|account) | rich | richer
book 4 in the (red|black|green) | \bbalance\b | \bgains?\b | \blosses\b | how much (do|did) (we|i) (make|lose)
book 4 nav | equity | fund | rich | balance | perform
book 8 of the book\b | \b(our|my|the) p ?& ?l | (our|the|what's|whats) pnl | return since
regime 5 regime | turbulen | \bcalm\b | market('s)? (state|mood|conditions?) | (state|mood) of the market
regime 5 stress | nervous | breadth | (bull|bear)(ish)? market | panic | crisis | market .*(quiet|wild)
regime 4 (kind|sort|type|state) of (a )?market | market environment | hectic
regime 4 crisis | risk-on | risk-off | nervous | weather | normal | stressed
regime 6 above their average | bull or bear | (risk-on|calm|quiet)
macro 4 macro | inflation | \bcpi\b | (interest )?rates?\b | \bfed\b | unemployment | \bgdp\b
macro 4 econom | credit spread | \boil\b | \breleases?\b | \bjobs (data|report)
macro 4 yield curve | \bjobs?\b | indicators | economic | gdp
data 4 \bdata\b.*(problem|issue|wrong|quality|missing|gap|bad|trust|\bok\b|clean|fresh|reliab|complete)
data 4 (problem|issue|wrong|missing|gap|bad|broken|trust|odd|fishy|error).*\b(data|prices?|feeds?|inputs?)\b
data 4 findings? | unavailable | outdated | could ?n[o']t be (had|fetched|read|traded) | tradable | stale
data 3 missing | can.?t (we |be )?trade | old prices? | could ?n[o']t be traded
data 4 feeds?\b | (something|anything|what'?s) (off|odd|strange|weird|wrong) (with|about) | how (fresh|old|recent)
data 4 out of date | skipped
data 4 anomal | untradable | unavailable | gaps? | provider | lacking | not available | complete | quality | health
  | errors?
data 6 could ?n[o']t (we|you|i|it)? ?(trade|be traded) xsym | bad ticks
evidence 4 evidence | headlines? | \bnews\b | articles? | \bposts?\b | social media | reddit
evidence 4 sentiment | \btone\b | proof | newspapers? | papers | \bpress\b | (your|the|any) sources\b
evidence 4 based on | indicators? | features? | signals? | what (is|was|were) behind | grounds
evidence 4 support(s|ed|ing)?\b | data points? | written about | facts?\b | inputs? (to|of|for)\b
evidence 4 did (you|they) read | (before|when) deciding | where did (you|they) get | heard about
evidence 5 information | tweets
evidence 4 tone | grounds | newsflow | stories | press | papers | cite | info(rmation)? | inputs | factors
contributors 5 contribut | attribut | shapley | influen | who (drove|moved|mattered|decided|pull|push|want)
contributors 5 (agents?|analysts?|specialists?|source|they) (drove|moved|mattered|had|made|pushed|weighed|pulled)
contributors 5 matter(ed|s)? (the )?most | (is|was) (responsible|to blame) | by (agent|source)\b | break ?down
contributors 3 (biggest|main|largest|strongest) (driver|push|pull|force) | \bdrove\b | responsible | decompos
contributors 5 (opinion|view|voice|signal) .*(count|matter|weigh)\w* most | how much (did|does|do) they\b
contributors 5 (share|part) of .*(comes?|came) from | greatest effect | added? (the )?most | cost us the most
contributors 4 pushed | pulled | \bimpact | decisive | credit | blame | marginal | argument | difference | share
contributors 8 whose (opinion|view|vote|voice|signal) (counted|mattered|weighed|won)
  | (how much )?weight (was )?moved (because|due|by)
contributors 6 did they (move|affect|change|influence) | source was decisive
views 4 \bthinks?\b | thought | opinions? | \bviews?\b | \bscored?s?\b | confiden | \bvoted?s?\b
views 4 \b(dis)?agree | (say|said|says) (about|of|on) | believ | (analysts?|agents?|they) (stand|say|see|feel)
views 3 bullish | bearish | \b(dis)?likes\b | sure (about|of) | recommend | convinc | worried | stance
views 4 (anyone|anybody|who) .*(negative|positive|against|optimistic|pessimistic)
views 3 negative on | positive on | optimistic | pessimistic | \bthey\b.*\b(signal|say|rate)
views 4 (which|what|any|do|does) (they|agents?|analysts?) (like|prefer|favou?r|dislike|hate) | outlook
views 5 bullish | bearish | stance | rating | conviction | \btake on\b | favourite | favorite | (like|likes|liked)
  | opinion
views 6 (show|list|all|every) .*views | agents agree
positions 4 (biggest|largest|top|main|heaviest) .*(positions?|holdings?|weights?|bets?|names?|allocations?)
positions 4 what (do|are) we (hold|own|invested in) | in the (book|portfolio)\b | holdings?\b
positions 4 where is (the|our|my) money | (asset|by) class | how much (is|do we have) in
positions 4 what .* (are|is) in (there|it)
positions 3 \bpositions?\b | portfolio (look|now|composition) | (show|list|give|see).*(weights|portfolio|book)
positions 3 (what|which) (stocks|symbols|names|assets) | composition | diversif | concentrat
positions 5 by (asset )?class | (am|are) (i|we) (holding|owning|invested) | per asset class
positions 4 (everything|all) (that )?we (hold|own) | what we (hold|own)
positions 4 (smallest|tiniest|least|heaviest|biggest|largest|highest|top) .*(weight|holding|position|name|sleeve|class)
  | breakdown | split between | exposure to
changes 4 what('s| is| has| have)? (changed|changes|different|new|moved) | changes?\b | rebalanc | \bnew\b
changes 4 what happened | since (yesterday|the last) | biggest (moves|movers) | different (from|than)
changes 4 (which|what) (symbols?|names?|positions?|stocks?) (grew|shrank|moved|changed|went) | compared (to|with)
changes 4 different(ly)?\b | adjust | shifts?\b
changes 5 altered | (which|what) (holdings?|names?) (went|fell|rose) | since last
changes 4 delta | moved? | increas | reduc(ed|e)\b | (grew|shrank) (the )?most | movers | bigger|smaller | came in
  | exit | clos(ed|e) out
changes 8 (biggest|largest|top|main|strongest) (weight )?(increase|cut|change|move|shift|reduction|drop|rise|add)s?\b
changes 4 adds? and | adjustments | came in | what (was|did we) (added|closed|opened|exit)
decision 4 decision | decided?\b | summar(y|i[sz]e) | overview | in short | tl;?dr | \bgist\b | recap
decision 4 explain (this|the|your) (allocation|cycle|portfolio|weights) | what did you do | key points | takeaway
decision 3 this allocation | bottom line | about (this|the) (cycle|record|run) | walk me through | outcome
decision 4 sum (it|this|things) up | (the|our|your) plan\b
decision 4 brief | debrief | summar | nutshell | gist | recap | conclusion | outcome | takeaway | short version
identity 4 \bwhen\b | (which|what) (date|day|slot|cycle|book|source|time) | \bas of\b | \bhash | what'?s the date
identity 4 reproduc | simulated | real data | code version | where (does|did) the data come
identity 2 \bwhen\b.*(decided|made|taken|run\b)
identity 3 cycle id | \blake\b | data version | source of the data
identity 4 (what|which) day | where (does|did|is) (this|the|that|our) data
identity 4 timestamp | reproducib | version | hash
identity 6 (date|slot|time) of the (cycle|decision|run) | which source\?*$
state 6 kill ?switch | halt | \block(s|ed)?\b | breakers? | suspend | shut ?down | emergency | frozen\b | freeze
state 5 stop[- ]loss | tripped | \btrip\b | (is|are|was|were|been) (we |it |the desk |trading )?stopped | on hold
state 4 allowed to trade | running or | risk state | stopped trading | trading stop | may we trade | pause
history 6 histor | over (the )?(last|past|recent|time) | evol | develop | timeline | track record | trend of
history 5 last (cycle|time|week|month|run)s? | previous | earlier | before th(is|at) | in the past | yesterday
  | past \w+ of
history 5 \bfirst (buy|bought|purchase|add|enter|own|hold)\w* | since when | how long (have|has|did|do)
  | ever (had|held)
history 4 (week|day|cycle) by (week|day|cycle) | how (many|often) .*(cycles?|times?)
  | last (buy|bought|sell|sold|trade)
history 4 recent(ly)? | \bpast\b | when did (we|you|it|i) | so far back | times have | after this | (next|later) cycle
history 8 (when|how often|how long) (did|have|has|was|were|do) .*(trade|hold|held|own|buy|bought|sell|sold|add)
history 3 \bcycles\b | \bover time\b | \btrend | when (was|did) xsym | used to
counterfactual 7 what (if|would) | \bwithout\b | if .*(had|were|was|did) ?n[o']t | suppose | hypothe | imagine
  | counterfact
counterfactual 6 would (we|it|the|xsym|you|i|things|anything|that) | had (it|they|xagt|the) .* not | ignor(e|ed|ing)
counterfactual 5 (leave|leaving|take|taking|left) (it |they |xagt )?out | minus they | ex[- ]they | rerun
  | run it again
counterfactual 4 remov | switch(ed)? off | turn(ed)? off | \bif not for | instead of the prior | \bdrop(ped)? they
  | \bno they\b
counterfactual 8 without the | minus they | again (minus|without) | (if|had) there (was|were|had|been)
compare 7 xsym .*\b(vs?\.?|versus|against|than|rather|instead|over|to|or|and not)\b.* xsym
compare 6 compar | contrast | difference between | head to head | side by side
  | (more|less|bigger|smaller|larger) .*than
compare 5 xsym .*xsym
quote 5 price of | \bprice\b | \bclose(d)?\b | trading at | \brsi\b | vol_ | mom_ | overbought | oversold | \bmark\b
quote 4 indicators? (of|for) | features? (of|for) | technicals | asset class (is|of) | (which|what) sector
  | how volatile is xsym
quote 4 (volatility|momentum) (of|for) xsym | what is xsym\b | what kind of (instrument|asset) | most volatile
  | quot(e|es)\b
quote 8 how volatile is xsym | does (one|a|1) xsym cost | (price|cost) per (share|unit)
  | xsym (price|rsi|close|quote)\b | what is xsym\?*$
quote 5 (highest|lowest|strongest|most) (momentum|rsi|vol|volatile|volatility)\b | feature values
gains 6 unreali[sz]ed | average (price|cost) | cost basis | entry price | how many (shares|units) | under ?water
  | p ?& ?l
gains 5 (winner|loser|gainer)s? | in (profit|the red|the black) | (profit|gain|loss|pnl) (on|in|per|by|from|of)
  | worst perform | best perform
gains 5 (pay|paid) for xsym | made on | (up|down) on xsym | market value | quantity of | worth in
  | (position|holding)s? lost
gains 8 (gain|loss|profit|pnl|p&l|money) (or loss )?(on|in|per|with|from) (xsym|position|holding) | get into xsym
  | units (for|of|in) xsym
settings 6 setting | config | \ballowed\b | max(imum)? | min(imum)? | set to | which (venue|broker|exchange)
  | long[- ]only | go short
settings 5 paper (trading)?\b | \blive\b | real money | starting (cash|capital) | frequency | calendar | universe
  | how often do
settings 5 \bllm\b | chat model | assumed | short[- ]?sell | rules of the | what are the (limits|rules)
  | (approval|trading) mode
settings 8 (cap|limit|maximum|minimum|max|min) (per|set|setting|for|allowed|is set) | what costs are assumed
  | how often do we trade
settings 6 what('s| is| are) (the|our|my) (\w+ )?(limit|cap|max|min|maximum|minimum)\b | configured
help 7 \bhelp\b | what (can|should) (i|we) ask | what (can|do) you (know|tell|answer|understand|do)\b | commands?
  | options\?
help 5 (kinds?|examples?|list) of questions | how (do|does|can) (i|this|it) (use|work) | can you (do|answer)
beyond 7 \bwill\b | tomorrow | predict | forecast | next (week|month|year|quarter) | price target | going to | future
beyond 6 \bceo\b | dividend | earnings | founded | employees | market cap | \bp/?e\b | undervalued | overvalued
  | who owns
beyond 6 should (i|we|one) | good (investment|time|buy) | retire | stock tip | invest in
  | (do|would) you (recommend|buy) | right now
beyond 4 company | in a year
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


def points_of(words: str) -> dict[Kind, int]:
    """The points that each kind earns in a question."""
    points: dict[Kind, int] = {}
    for rule in RULES:
        if rule.pattern.search(words):
            points[rule.kind] = points.get(rule.kind, 0) + rule.points
    return points


RULES: tuple[Rule, ...] = tuple(_rule(line) for line in _RULES.strip().replace("\n  | ", " | ").splitlines())
PREMISES: tuple[tuple[Premise, re.Pattern[str]], ...] = tuple(_premise(line) for line in _PREMISES.strip().splitlines())
"""What a question takes for granted about a symbol; the first that is found counts."""
