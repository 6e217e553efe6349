"""What a question speaks of: concepts, each with the many words that people have for it.

A kind of question is seldom one word, but two that come together: who and limit, price and average, weight and past.
The router learns from the phrasings which concepts, and which pairs of them, mean what; no kind is named here.
Each line is a concept and a regular expression over the question in lower case, symbols and agents masked; an indented
line goes on with the one before.
"""

from __future__ import annotations

import re

_TABLE = r"""
who        \bwho(m|se)?\b|\b(any|some|every|no)(one|body)\b
why        \bwhy\b|how come|reason|rationale|justif|explain|\bcause|motiv|logic|argument for|what (made|drove|led|
           pushed)|what explains
when       \bwhen\b|what (time|date|day)|how long|which day|\bdates?\b
amount     how (much|many|big|large|high|heavy|strong\w*|great)|\b(share|part|portion|percent\w*|fraction|size|
           amount) of|in percent
list       \b(list|show|give|all|every|full|name)\b
agent      \b(agent|analyst|specialist)s?\b|xagt|signal provider
human      person|human|people|\bboss\b|manager|review|approver|committee|by hand|manual|\bask(ed)?\b
approve    approv|sign\w*.?off|\bsigned\b|\bok(ay(ed)?|ed)?\b|confirm|accept|permission|permit|green light|go-?ahead|
           said yes|waved|authori
reject     reject|refus|declin|turn\w* .*down|\bveto|fail
edit       \bedit|overrid|overrul|changed by|(person|human|anyone) .*chang|alter
silent     abst[ae]|silent|quiet|nothing|\bno (say|view|opinion|vote|answer)|missing|absent|sat .*out|skipp|
           stayed out|(did ?n.t|not) (say|speak|vote|answer|report)|without an? (view|opinion)|speak
opinion    opinion|\bviews?\b|\bth(ink|ought)|stance|take on|\brat(e|es|ing)\b|\bscor|\bvot|convict|confiden|
           \bsure\b|believ|\bfeel|\b(say|said|says|saying)\b|recommend
favour     bullish|bearish|positive|negative|\blik(e|es|ed)\b|\blove|\bhate|favou?r|dislike|optimis|pessimis|
           want\w* to (buy|sell|hold)|against|would (buy|sell)|agree
push       push|pull|\bdr[oi]v|tipped|shap(ed|ley)|influen|impact|effect|contribut|attribut|decisive|matter|\brole\b|
           blame|credit|responsib|importan|upper hand|outcome depend|determin
limit      limit|\bcaps?\b|capped|clamp|constrain|\bbound|threshold|restrict|clip|\bbi(nd|t|te)|breach|curb|ceiling
cutback    cut back|reduced|cut by|took away|lost to|let through|larger|kept .*from|held back|over the|exceed
setting    setting|config|\bset\b|allow|permit|\bmay\b|maxim|minim|\bmax\b|\bmin\b|\brules?\b|assum|per (name|class|
           symbol|position)|one (name|position)|mode
broker     venue|broker|exchange|paper|\blive\b|real money|calendar|frequenc|how often|universe|\bllm\b|chat model|
           capital|long.?only|short
halt       halt|kill.?switch|suspend|\bstop(s|ped)?\b|shut.?down|emergency|frozen|(can|can.t|cannot|allowed) .*trade|
           on hold|paus
lock       \block|breaker|\bblock|\btripp?|go off|went off|stop.?loss
risk       \brisk|\bvar\b|cvar|value at risk|expected shortfall|volatil|\bvol\b|\bbeta\b|stress (test|loss|scen)|
           \btail|danger|std|deviation|sensitiv|leverag|gross|net exposure
loss       \blos[est]|drawdown|\bdown\b|\bred\b|under ?water|crash|worst|\bbad\b|below
profit     profit|\bgain|p ?& ?l|pnl|\bearn|\bwinn|\bup on|pay off|make money|made money|made (the )?(most )?money|
           in the black|black
room       headroom|\broom\b|clos(e|er|est) (to|are|is)|\bnear|distance|\bfar\b|within|under (its|the|our)|margin|
           inside|below (its|the)|utili
cash       \bcash|uninvested|liquid|\bidle|not invested|dry powder|sidelines|unspent|fully invested
worth      \bworth|\bnav\b|net asset|\bvalue\b|equity|balance|\btotal|assets|\bpeak\b|perform|return
holding    position|holding|\bh[eo]ld|\bown|portfolio|\bbook\b|stake|exposure|bucket|sleeve|\bbets?\b|invested in|
           money sit|long\b
weight     weight|allocation|overweight|underweight
class      asset class|crypto|forex|\bfx\b|\bstocks?\b|\betfs?\b|\bbonds?\b|commodit|\boptions?\b|sector|futures|
           diversif|concentrat|breakdown|composition|spread over|split
most       biggest|largest|\bmost|heav|\btop\b|highest|strongest|\bmain|\bbest|dearest|number one|hardest|greatest
least      smallest|\bleast|lowest|tiniest|weakest|\bworst|cheapest|hardly
change     \bchang|\bdiffer|\bmov(e|ed|es|ers|ing)\b|shift|\bnew\b|adjust|delta|rebalanc|\brose\b|\bfell|\bgr[eo]w|
           shr[aiu]nk|increas|\breduc|went (up|down)|bigger|smaller|got (added|cut)|up and|ups and
buy        \bbuy|bought|purchas|\badd(s|ed|ing)?\b|more of
sell       \bsell|\bsold|dump|get rid|got rid|\bexit|trim|slash|\bcut\b|clos(ed|e) out|less of
trade      \btrad(e|es|ed|ing)\b|\border|\bfill|execut|transaction|\bsent\b|blotter|broker|went through|go through
turnover   turn(ed)? ?over|churn|changed hands|rotation|reshuffl|(busy|big|size|much|heavy|large|percent\w*|fraction|
           portion|share|lot)\b.*(traded|trading|rebalanc|trade\b)
price      \bprice|quote|\bclosed?\b|closing|\bmark\b|trading at|per share|how much (is|was|does)
cost       \bcost|\bfees?\b|commission|slipp?(age|ped)?\b|expens|charg|\bpa(y|id)\b|\bbps\b|basis point|shortfall|
           \bdear|cheap|spread|\btca\b|\bbill\b|price impact
versus     decision price|decided price|arrival|price .*(than|versus|against|compared)|prices? compare
average    averag|\bentry|break.?even|cost basis|per (share|unit)|on average|get into|got into
units      \bshares?\b|\bunits?\b|quantit|\bpieces|how many xsym|number of
open       unreali|\bopen (profit|pnl|p)|paper (gain|profit|loss)|market value
news       \bnews|headline|article|\bpress\b|\bpapers?\b|\bstor(y|ies)|\bposts?\b|posting|tweet|reddit|social media|
           \btexts?\b|publish|sentiment|\btone\b
evidence   evidence|\bproof|\bbasis\b|\bbased?\b|ground|support|\bsources?\b|\bbehind\b|\bfacts?\b|\bsignals?\b|
           \bread\b|data points?|back(s|ed)? .*up|cite|inputs?\b|information|\binfo\b
feature    feature|\brsi\b|momentum|indicator|\bvol_|\bmom_|technical|overbought|oversold|\bday (vol|mom)|factors?\b
kindof     (which|what) (asset )?(class|sector|type|kind)|belong|instrument
data       \bdata\b|\bfeeds?\b|\binputs?\b|\btick|provider|sources?\b
faulty     stale|\bold\b|fresh|outdat|missing|\bgaps?\b|lack|complete|availab|trust|reliab|problem|issue|wrong|
           \bodd\b|anomal|quality|\bok\b|error|health|arriv|hole|finding|warning|out of date|fail|down\b|usable
tradable   tradable|(could|can).*\btraded?\b
policy     polic(y|ies)|\bmodels?\b|network|neural|\bnets?\b|checkpoint|\brl\b
train      train|learn|cut.?off|in.?sample|out.?of.?sample|unseen|\bseen\b|overfit|memori|sharpe|validat|generali|
           \bcard\b|new data|know .*date
fallback   fall\w*.?back|fell back|\bchain|backup|plan b|degrad|instead of the|t(ook|ake) over|\brule\b|blend|
           controller|\blink|replac|comput|\bprior\b
regime     regime|\bcalm|turbul|crisis|bull or bear|(bear|bull) market|\bmood|nervous|panic|breadth|stressed|
           condition|risk-o|storm|\bquiet|\bwild|hectic|environment|healthy|average
market     \bmarkets?\b
macro      macro|inflation|\bcpi\b|\brates?\b|econom|\bgdp\b|unemploy|\bfed\b|yield|\bjobs\b|\boil\b|release|
           consumer price|treasur
identity   \bid\b|hash|fingerprint|version|timestamp|which (cycle|book|slot|record)|simulated|real data|
           data (come )?from|reproduc|\bas of\b|where .*data|name of
past       histor|\bpast\b|previous|earlier|\bbefore\b|last (cycle|time|week|month|run|year|few|five|ten|slot|
           decision)|yesterday|\bago\b|over (time|the (last|past|cycles))|evol|develop|\btrend|timeline|\bcycles\b|
           \bfirst\b|\bever\b|used to|since when|for how long|how long|last (trade|bought|sold|buy|sell)
cycle      \bcycle|\brun\b|\bslot
future     \bwill\b|tomorrow|\bnext\b|future|forecast|predict|going to|expect|target|by (december|christmas)|
           in a year|double
advice     \bshould\b|good (idea|time|investment|buy|company)|\bwise|\btips?\b|advis|\ba buy\b|under ?valued|
           over ?valued|invest in
company    \bceo\b|chief|compan|found(ed|er)|employ|dividend|earnings|revenue|\bruns\b|\bboss of|headquart|
           market cap|\bp/?e\b|product|who owns|where is xsym
without    without|what if|\bif\b .*(\bnot|n't|\bno\b|\bwere\b|\bhad\b|silent|ignored|dropped)|\bex\b|exclud|remov|
           \bdrop\b|lea?(ve|ft) .*out|take .*out|minus|switch\w* .*off|suppos|imagin|pretend|hypothe|counterfact|
           ignor|if not for|had .*(not|been|absent|abstain)|\bno xagt\b|rerun
would      \bwould\b|would have
compare    \bthan\b|\bvs\b|versus|compar|rather|difference between|between|contrast|\bapart|side by side|
           head to head|outweigh|ahead of|over xsym|xsym or xsym|xsym and xsym|prefer
summary    summar|recap|overview|nutshell|\bgist|\bbrief|in short|short (version|summary|recap)|shortest|tl ?;? ?dr|
           sum .*up|bottom line|conclusion|outcome|takeaway|abstract|digest|report|main point|long and short|
           plain words|came out|in two sentences|one (line|paragraph)
decide     decid|decision|verdict|\bplan\b|committee|this allocation|whole thing
help       \bhelp|\bask\b|question|example|can you (do|answer)|possible|understand|use (this|you)|topic|command|
           what do you know|how does this work
aside      weather|\bjoke|\bsing\b|\bpoem|football|\bcook|pizza|\bmoon|\blunch|dinner|coffee|hello|\bhi\b|
           good (morning|evening|night)|thank|your name|who are you|\bsong|film|movie|president|capital of|translate|
           \bchess|printer|computer|\blove\b|planet|hamlet|raining|world cup|how old|\bdog\b|\bcat\b|code for
"""

CONCEPTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern.strip()))
    for name, pattern in (line.split(" ", 1) for line in re.sub(r"\n +", "", _TABLE.strip()).splitlines())
)


def concepts_in(words: str) -> tuple[str, ...]:
    """The concepts that a question speaks of, in the order of the table."""
    return tuple(name for name, pattern in CONCEPTS if pattern.search(words))
