"""The words that a model may use of a decision, by what each claims. A word that stands nowhere here is refused.

Claims are proven in `proofs`; HARMLESS words claim nothing. Everything is in lower case.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UP = _words(
    """rise rises rose risen rising grow grows grew grown growing growth increase increases increased increasing raise
    raises raised raising lift lifts lifted gain gains gained climb climbs climbed expand expanded add adds added adding
    addition enlarged bigger larger higher greater more up upward upwards buy buys bought buying"""
)
DOWN = _words(
    """fall falls fell fallen falling shrink shrinks shrank shrunk shrinking decrease decreases decreased decreasing
    reduce reduces reduced reducing reduction reductions lower lowers lowered lowering cut cuts cutting trim trims
    trimmed trimming drop drops dropped dropping decline declines declined slipped smaller less fewer down downward
    downwards sell sells sold selling scaled"""
)
FLAT = _words("stay stays stayed unchanged flat same steady constant")
TRADES = _words("buy buys bought buying sell sells sold selling")
COMPARING = _words("bigger larger higher greater more smaller lower less fewer above below over under exceeds exceeded")
"""Before "than", a figure or a name these compare; otherwise they say which way something went."""
COMPARES_UP = COMPARING & UP | _words("above over exceeds exceeded")
RATIOS = {"twice": 2.0, "thrice": 3.0}
MULTIPLIED = {"doubled": 2.0, "doubling": 2.0, "halved": 0.5, "halving": 0.5, "tripled": 3.0}
GREATEST = _words("dearest largest biggest highest greatest most top strongest hardest main heaviest primary")
SMALLEST = _words("smallest lowest least weakest lightest")
ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
POSITIVE = _words("positive bullish optimistic favourable favorable")
NEGATIVE = _words("negative bearish pessimistic unfavourable unfavorable")
NEGATIONS = _words("not never without cannot no none nothing nobody neither nor n't")
DECISIONS = {"approved": "approved", "reduced": "reduced", "halted": "halted"}
APPROVALS = {"accepted": "accepted", "rejected": "rejected", "edited": "edited"}
ABOUT_THE_VERDICT = _words("verdict decision desk cycle allocation proposal portfolio")
ABSTAINED = _words("abstain abstains abstained abstaining silent")
CLAMPED = _words("clamped capped limited curbed constrained fired fires fire")
FILLED = _words("filled executed traded")
HELD = _words("held hold holds holding own owns owned")
REFUSED = _words("refused")
NEW = _words("new")
DEAR = _words("expensive dearest")
SEEN = _words("seen")
PERSONS = _words("person human")
ASSUMING = _words("would")
HEARD = _words("news headline headlines article articles post posts")
SAYING = _words("say says said read reads report reports show shows state states tell tells wrote")
"""What strangers wrote is told in quotation marks only."""
FROZEN = _words("untradable frozen untraded")
LIMITING = _words("clamp clamps limit limits cap caps check risk constraint constraints")
"""What cuts weights after the controller has spoken."""
ROLES = _words("analyst analysts specialist specialists agent agents view views opinion opinions score scores")
SPEAKING = _words(
    "scored scores abstained abstains pushed pulled contributed raised lowered said says added cut reduced increased "
    "lifted trimmed moved gave gives saw rated thinks"
)
"""What makes an agent of a word that is also an ordinary one: "news scored"."""
NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MEASURES = {
    name: re.compile(pattern)
    for name, pattern in {
        "weight weights position positions holding holdings stake share allocation exposure": (
            r"weights|classes|clamps|contributions|gross|net$|positions|difference"
        ),
        "volatility": r"volat|vol_", "drawdown": r"drawdown", "turnover": r"turnover", "breadth": r"breadth",
        "gross": r"gross", "net": r"measures\.net$|net_asset", "return": r"return", "score scores": r"\.score",
        "confidence confident": r"\.confidence", "contribution contributions": r"contributions",
        "price prices": r"price|marks", "cost costs fee fees paid": r"\.cost$|\.fees$|shortfall$|\.delay$|\.bps$",
        "quantity shares units": r"quantity",
        "cash": r"CASH|cash", "worth": r"net_asset_value|peak_value", "peak": r"peak",
        "shortfall": r"shortfall", "cvar": r"cvar",
        "var": r"var", "probability": r"regime", "regime": r"regime", "mark": r"marks",
        "slippage": r"^costs",
    }.items()
}  # fmt: skip
"""Nouns -> the fields that they may name. The one that governs a figure must fit the field it is proven by."""
WEIGHT = re.compile(r"(?:verdict|opening|allocation|closing)\S*\.weights\.|counterfactuals\S*\.weights\.")
"""What is compared and ranked where nothing but a name, or a weight, is spoken of."""
BY_WEIGHT = _words("weight weights position positions holding holdings stake share allocation exposure")
COUNTED = {
    name: re.compile(pattern)
    for name, pattern in {
        "clamp clamps limit limits cap caps": r"clamps|\.limit$", "order orders": r"orders|order_id",
        "fill fills trade trades": r"fills",
        "agent agents analyst analysts specialist specialists view views": r"views",
        "opinion opinions": r"opinions", "headline headlines article articles news": r"news", "post posts": r"posts",
        "finding findings": r"findings", "policy policies": r"polic", "symbol symbols": r"prices|tradable|weights",
        "link links": r"fallback_chain", "release releases series": r"macro", "cycle cycles": r"history|cycle",
        "refusal refusals": r"refusals", "note notes": r"notes", "reason reasons": r"reason",
    }.items()
}  # fmt: skip
"""Nouns behind a count -> the lists that they may count; elsewhere they claim nothing."""
TOPICS = {**{k: v for k, v in MEASURES.items() if "weight" not in k and "cost" not in k}, **{
    name: re.compile(pattern)
    for name, pattern in {
        "headline headlines article articles": r"news", "post posts": r"posts", "finding findings": r"findings",
        "policy policies": r"polic|cards", "fallback chain link links": r"fallback_chain", "refusal refusals": r"refus",
        "release releases": r"macro", "price prices": r"price|marks|costs|tradable|findings",
        "cost costs fee fees": r"cost", "evidence": r"views|snapshot", "trained training": r"trained",
    }.items()
}}  # fmt: skip
"""Nouns of which a sentence may only speak where it cites such a field."""
LEVELS = {
    name: re.compile(pattern)
    for name, pattern in {
        "opening": r"^opening|opening\.", "proposed proposal": r"allocation\.weights|clamps",
        "final allowed": r"^verdict",
        "prior": r"contributions\.prior", "closing": r"^closing", "context": r"contributions\.context",
    }.items()
}  # fmt: skip
STAGED = {
    r"opening\.": _words("opening opened before was were had held from previously earlier began start started"),
    r"allocation\.weights": _words(
        "proposed proposal propose wanted asked suggested from controller allocation target"
    ),
    r"^allocation\.contributions\.prior": _words("prior"),
    r"^allocation\.contributions\.context": _words("context"),
    r"clamps\[\d+\]\.before": _words("before from proposed"),
    r"^closing": _words("closing closed after fills now ends ended"),
    r"^history": _words("earlier previous previously before cycle history then from last"),
    r"^counterfactuals": _words("without counterfactual"),
}
"""A field that is not of the final decision -> words one of which must say so in the sentence."""

SPLITTING = _words("while whereas but because since as though although which so after then who when")
PHRASES = {
    "in all": "together", "at all": "", "could not be traded": "was untradable", "can not be traded": "is untradable",
    "not tradable": "untradable", "value at risk": "var", "expected shortfall": "cvar", "net asset value": "worth",
    "no longer": "not", "based on": "from", "at the same time": "", r"95\s?% var": "var", "95 percent var": "var",
    "up to": "until", "makes up": "is", "made up": "was", "ended up": "ended", "ends up": "ends",
    "of worth": "of the book",
    "average price": "price", "went up": "rose", "went down": "fell",
}  # fmt: skip
"""Words that mean something together -> one that means the same."""
ROUGHLY = _words("about around roughly nearly almost approximately some circa")
HARMLESS = _words(
    """a about above according account account's accounts across additional additionally after again against agent
    agents allocation allowed allowing alone along also although am amount an analyst analysts and annual another
    answer answered answers applied apply are article articles as ask asked asset at back bar bars based be because
    been before began behind being below between book book's books both breadth but by calculated called came can
    cap caps cash cash's chain change changed changes check choice clamp clamps class classes clear close come comes
    compared confidence confident constraint constraints context contributed contribution contributions contributor
    controller cost costs counterfactual currency currently cvar cycle data date day day's decided decision desk
    desk's did difference do does drawdown driven driver drivers due during earlier effect effects end ended ends
    evidence exceeds explained explains explanation exposure fallback fee fees field figure figures fill fills final
    finally finding findings first followed following for found fraction from further gave get gets give given gives
    go goes going got gross had has have having headline headlines here history holdings how however if in included
    includes including initially instead into is it it's its itself just kept known level levels limit limits link
    list listed macro made make makes mark marks mean meant meanwhile measure measured measures model momentum money
    moreover move moved movement moves name named names net news next note notes now of off on open opened opening
    opinion opinions order orders original originally our out outcome overall own paid part pay peak per percent
    place placed point policies policy portfolio position positions post posts present previous previously price
    prices prior prior's probability proposal proposal's propose proposed pulled push pushed put quantity question
    ran rate rated reached read reads reason reasons received record recorded records regime release released
    releases remain remained remains return reversion risk role rule run said saw say says score scored scores sent
    sentence series series' session set share shares shortfall show showed shown shows side signal since size sized
    slippage slot so social source sources specialist specialists spoke stage stake stand stands start started
    states stood sum summed sums symbol symbols tail taken takes target tells than thanks that the their them then
    there these they things this those though thus to together took total trade trades trained training turnover
    under unit units until us use used value var verdict verdict's view views volatility was way we weigh weighed
    weighs weight weights went were what when where which while who whose why with within work worth wrote you your
    yours"""
)
"""Words that claim nothing by themselves."""


def pattern_of(word: str, table: dict[str, re.Pattern[str]]) -> re.Pattern[str] | None:
    """The fields that a noun of a table may name; None where it is no noun of it."""
    return next((pattern for names, pattern in table.items() if word in names.split()), None)


KNOWN = frozenset[str]().union(
    HARMLESS, UP, DOWN, FLAT, COMPARING, GREATEST, SMALLEST, DEAR, POSITIVE, NEGATIVE, NEGATIONS, ABSTAINED, CLAMPED,
    PERSONS, NEW, SEEN, ASSUMING, SAYING, HEARD, FILLED, HELD, REFUSED, FROZEN, LIMITING, ROLES, SPLITTING, ROUGHLY,
    RATIOS, MULTIPLIED, ORDINALS, DECISIONS, APPROVALS, TRADES, WEEKDAYS,
    (word for table in (MEASURES, COUNTED, LEVELS) for names in table for word in names.split()),
)  # fmt: skip
"""All of them; what a word of these claims is looked up where it stands."""
