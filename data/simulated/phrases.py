"""The words of the simulated press: templates whose VADER tone is negative, neutral or positive, as planted.

`{s}` is the subject. Neutral templates hold no word that VADER scores; the others hold one or two, all of one sign.
"""

from __future__ import annotations

NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1

COMPANY: dict[int, tuple[str, ...]] = {
    POSITIVE: (
        "{s} posts strong quarterly results",
        "{s} gains after an impressive quarter",
        "{s} wins a large order from abroad",
        "{s} improves its margins again, analysts praise the management",
        "Analysts see a promising year ahead for {s}",
        "{s} confident about the second half",
        "{s} reports its best quarter in years",
        "Successful product launch lifts {s}",
        "{s} enjoys robust orders from new customers",
        "Profit at {s} comes in above estimates",
        "{s} delights buyers with an excellent new line",
        "{s} reaches agreement with its suppliers, relief among investors",
        "Brokers turn optimistic on {s}",
        "{s} wins approval for a key project",
        "Outstanding sales month at {s}",
        "{s} rewards holders with a larger dividend",
    ),
    NEGATIVE: (
        "{s} posts weak quarterly results",
        "{s} falls after a disappointing quarter",
        "{s} loses a large order to a rival",
        "{s} warns of trouble in its main plant",
        "Analysts fear a poor year ahead for {s}",
        "{s} suffers from rising costs",
        "{s} reports its worst quarter in years",
        "Failed product launch weighs on {s}",
        "{s} struggles with angry customers",
        "Losses at {s} come in above estimates",
        "Regulator blames {s} for a safety failure",
        "{s} in a bitter dispute with its suppliers",
        "Brokers turn pessimistic on {s}",
        "Fraud inquiry hits {s}",
        "Terrible sales month at {s}",
        "{s} cuts its dividend amid growing doubts",
    ),
    NEUTRAL: (
        "{s} names a new head of logistics",
        "{s} to publish quarterly figures on Thursday",
        "{s} moves its head office across town",
        "{s} schedules its annual meeting",
        "{s} files its regular report with the regulator",
        "{s} and a supplier continue talks next week",
        "What to watch when {s} reports",
        "{s} changes the layout of its reports",
        "{s} presents at an industry conference",
        "Trading in {s} near its usual pace",
        "{s} opens an office in a second city",
        "A look at the numbers behind {s}",
    ),
}
"""News about a company."""

ASSET: dict[int, tuple[str, ...]] = {
    POSITIVE: (
        "{s} gains on strong buying",
        "Traders optimistic about {s}",
        "{s} supported by improved sentiment",
        "Promising outlook lifts {s}",
        "{s} has its best session in weeks",
        "Confident buyers push {s} higher",
        "{s} welcomed back by large funds",
        "Strategists praise {s} as a great diversifier",
        "Relief for holders of {s}",
        "{s} enjoys robust inflows",
    ),
    NEGATIVE: (
        "{s} falls on weak buying",
        "Traders worried about {s}",
        "{s} hurt by bad sentiment",
        "Gloomy outlook weighs on {s}",
        "{s} has its worst session in weeks",
        "Fearful sellers push {s} lower",
        "{s} abandoned by large funds",
        "Strategists warn of a painful stretch for {s}",
        "Panic among holders of {s}",
        "{s} suffers heavy outflows",
    ),
    NEUTRAL: (
        "{s} near the middle of its range",
        "{s} little changed before the figures",
        "Volumes in {s} close to their average",
        "Traders wait for data before moving {s}",
        "What moved {s} this week",
        "{s} opens where it closed",
        "Desk notes: levels to watch in {s}",
        "Open positions in {s} unchanged on the week",
    ),
}
"""News about a commodity, currency, coin, fund, future or the market as a whole."""

POST: dict[int, tuple[str, ...]] = {
    POSITIVE: (
        "love what {s} is doing right now",
        "{s} looking great, adding here",
        "happy holder of {s} since last year",
        "{s} is a winner, best call I made",
        "so good to see {s} improve",
        "really excited about {s} next week",
        "{s} chart is beautiful",
        "nice numbers from {s} if you ask me",
        "hopeful on {s}, the setup is excellent",
        "{s} to the sky, amazing",
        "great management at {s}, very impressed",
        "thank you {s}, fantastic week",
    ),
    NEGATIVE: (
        "hate what {s} is doing right now",
        "{s} looking awful, out here",
        "sad holder of {s} since last year",
        "{s} is a loser, worst call I made",
        "so bad to see {s} fail like that again",
        "really worried about {s} next week",
        "{s} chart is ugly",
        "horrible numbers from {s} if you ask me",
        "{s} is a disaster, the setup is terrible",
        "{s} to zero, what a mess",
        "poor management at {s}, very disappointed",
        "lost a lot on {s}, painful week",
    ),
    NEUTRAL: (
        "anyone looking at {s} today?",
        "{s} at the same level as last week",
        "when does {s} report?",
        "what is the usual volume in {s}?",
        "watching {s} for now",
        "which broker lists {s}?",
        "moved half of {s} into another account",
        "two candles later {s} is where it was",
        "does {s} trade before the open?",
        "back at my desk, what happened to {s}?",
    ),
}
"""Posts about anything."""

NEWS_TAILS = (
    "", "", "", ", sources say", ", filing shows", " - market wrap", ", says the morning note", " (update)",
    ", desk hears", ", according to a broker",
)  # fmt: skip
POST_TAILS = ("", "", "", " tbh", " imo", " ...", " (my two cents)", " #markets", " - just saying", " again")

MARKET_SUBJECTS = ("the market", "the broad index", "the whole board", "the floor", "listed paper")
PUBLISHERS = ("Simulated Wire", "The Fictional Post", "Example Ledger", "Daily Placeholder")
CHANNELS = ("simulated/markets", "simulated/stocks", "simulated/coins")
