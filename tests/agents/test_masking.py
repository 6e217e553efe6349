"""No name and no date of the past reaches a masked chat model; numbers do, and its answer comes back unmasked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.analysts.answers import MemoryAnswers
from agents.analysts.masking import Mask
from agents.llm import Message
from agents.policies.chosen import Chosen
from agents.roster import build_roster
from tests.agents.desk_snapshots import AS_OF, a_snapshot, text

TODAY = date(2020, 3, 16)
SYMBOLS = ("AAPL", "ALL", "BTC-USD", "EURUSD", "IT", "KO", "LINK-USD", "NOVALIN", "TSLA", "XOM")
MASK = Mask("main", TODAY, SYMBOLS, {"ALL": ("Allstate",), "XOM": ("Standard Oil",)})


def hidden(symbol: str) -> str:
    return MASK.aliases[symbol]


NAMED = {
    "AAPL": ("AAPL", "aapl", "$AAPL", "$aapl", "#AAPL", "AAPL's", "(NASDAQ: AAPL)", "Apple", "APPLE", "apple\u2019s",
             "Apple Inc.", "Apple, Inc", "iPhone", "\uff21\uff21\uff30\uff2c", "A\u200bAPL"),
    "ALL": ("ALL", "$all", "Allstate Corp"),
    "BTC-USD": ("BTC-USD", "BTCUSD", "BTC/USD", "btc", "$BTC", "bitcoin", "Bitcoin's"),
    "EURUSD": ("EURUSD", "EUR/USD", "eur usd"),
    "IT": ("IT", "$IT"),
    "KO": ("KO", "$ko", "Coca-Cola", "coca cola", "CocaCola Company", "Coke"),
    "LINK-USD": ("LINK", "link-usd"),
    "NOVALIN": ("Novalin Devices", "novalin", "NOVALIN's"),
    "TSLA": ("Tesla", "Elon Musk", "musk\u2019s"),
    "XOM": ("Exxon", "ExxonMobil Corporation", "Standard Oil"),
}  # fmt: skip
WRITTEN = [(symbol, words) for symbol, ways in NAMED.items() for words in ways]


@pytest.mark.parametrize(("symbol", "words"), WRITTEN, ids=[f"{n}-{s}" for n, (s, _) in enumerate(WRITTEN)])
def test_a_symbol_is_hidden_however_it_is_written(symbol: str, words: str) -> None:
    masked = MASK.text(f"shares of {words} rose 3.5% to 101.25")
    assert hidden(symbol) in masked
    assert masked.endswith("rose 3.5% to 101.25")
    assert masked.startswith("shares of ")
    bare = masked.replace(hidden(symbol), "")
    assert not any(w.casefold() in bare.casefold() for w in ("aapl", "apple", "tesla", "exxon", "cola", "bitcoin"))


@pytest.mark.parametrize("words", ["all of it is well", "a link between the two", "it rose", "pineapple prices"])
def test_common_words_that_are_tickers_too_stay(words: str) -> None:
    assert Mask("main", TODAY, ("ALL", "IT", "AAPL")).text(words) == words


DAYS = {
    "2020-03-13": "[day -3]", "2020-03-13T14:30:00Z": "[day -3]", "2020-03-13 14:30:00.25+00:00": "[day -3]",
    "2020/03/13": "[day -3]", "2020.3.13": "[day -3]", "03/13/2020": "[day -3]", "3/13/20": "[day -3]",
    "13.03.2020": "[day -3]", "13/03/2020": "[day -3]", "13-03-2020": "[day -3]", "20200313": "[day -3]",
    "March 13, 2020": "[day -3]", "MARCH 13th, 2020": "[day -3]", "Mar. 13": "[day -3]", "13 March 2020": "[day -3]",
    "13th of March, 2020": "[day -3]", "13-Mar-2020": "[day -3]", "13-Mar-20": "[day -3]", "20 March": "[day +4]",
    "December 30": "[day -77]", "1584057600": "[day -3]", "1584057600000": "[day -3]", "2020-02-31": "[date]",
    "March 2020": "[month +0]", "Dec 2019": "[month -3]", "Dec '19": "[month -3]", "Q1 2020": "[quarter +0]",
    "4Q19": "[quarter -1]", "2019Q4": "[quarter -1]", "Q4'19": "[quarter -1]", "q3 of 2019": "[quarter -2]",
    "FY2019": "[year -1]", "FY21": "[year +1]", "2019-20": "[year -1]", "2018": "[year -2]", "1990s": "[year -30]",
    "\u201908": "[year -12]",
}  # fmt: skip


@pytest.mark.parametrize("words", DAYS)
def test_a_date_is_told_by_its_distance(words: str) -> None:
    assert MASK.text(f"since {words} it fell 4.2%") == f"since {DAYS[words]} it fell 4.2%"


NUMBERS = ("$2,020", "$2020", "2020.5 points", "2019%", "0.25", "1,999 jobs", "2000 jobs", "12.5x", "3-for-1", "10-K",
           "-36.98", "1.2 million", "7:30", "€1999", "52-week", "5 may rise", "258.8 index")  # fmt: skip


@pytest.mark.parametrize("words", NUMBERS)
def test_numbers_stay(words: str) -> None:
    assert MASK.text(f"at {words} today") == f"at {words} today"


PLACES = ("https://apple.com/news?d=2020-03-13", "www.tesla.com", "investor@exxon.com", "Amazon.com", "@elonmusk",
          "@Apple", "US0378331005", "$ZZZQ", "(NASDAQ: ZZZQ)", "http://t.co/AAPL")  # fmt: skip


@pytest.mark.parametrize("words", PLACES)
def test_addresses_accounts_and_foreign_tickers_go(words: str) -> None:
    masked = MASK.text(f"see {words} now")
    assert any(sign in masked for sign in ("[link]", "[account]", "[id]", "[other]"))
    assert not any(
        w in masked.casefold() for w in ("apple", "tesla", "exxon", "amazon", "musk", "0378", "zzzq", "2020")
    )


def test_what_was_put_in_is_never_masked_again() -> None:
    assert MASK.text("see www.tesla.com") == "see [link]"
    once = MASK.text("AAPL since 2020-03-13, see www.tesla.com and @Apple")
    assert MASK.text(once).count(hidden("LINK-USD")) <= 1


def test_aliases_are_those_of_the_book_in_every_cycle() -> None:
    later = Mask("main", TODAY + timedelta(days=30), ("AAPL", "NEWCO"))
    assert later.aliases["AAPL"] == hidden("AAPL")
    assert Mask("other", TODAY, SYMBOLS).aliases["AAPL"] != hidden("AAPL")
    assert len(set(MASK.aliases.values())) == len(SYMBOLS)


@given(st.dates(date(1995, 1, 1), date(2035, 12, 31)), st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_every_iso_date_becomes_its_distance(day: date, today: date) -> None:
    masked = Mask("main", today, ("AAPL",)).text(f"AAPL on {day.isoformat()}")
    assert masked.endswith(f"on [day {(day - today).days:+d}]")


@given(st.text(max_size=80))
def test_no_text_at_all_makes_the_mask_fail(words: str) -> None:
    MASK.text(words)


class Listening:
    """A model that remembers what it was shown, and is sure of everything."""

    model = "test:listening"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        self.heard.append(json.dumps([list(messages), schema], ensure_ascii=False))
        items = schema["properties"]["opinions"]["items"]["properties"]
        evidence = items["evidence"]["items"]["enum"][:1]
        shown = next(
            json.loads(line) for line in messages[1][1].splitlines() if line.startswith('{"id": "' + evidence[0])
        )
        symbol = shown["symbol"] or items["symbol"]["enum"][0]
        return json.dumps({"opinions": [{"symbol": symbol, "score": 0.1, "confidence": 0.5, "evidence": evidence}]})


CANARIES = tuple(words for _, words in WRITTEN[:13]) + tuple(DAYS)[:37]


def planted() -> Any:
    """A snapshot with fifty names and dates in every field that a model is shown."""
    texts = tuple(text(f"{w}-{n}", ("AAPL", "")[n % 2], f"{w} and {CANARIES[-n]}", 3 + n / 100)
                  for n, w in enumerate(CANARIES))  # fmt: skip
    snapshot = a_snapshot(news=texts, posts=texts)
    macro = tuple(replace(f, series=f"{f.series} {w}", unit=f"{f.unit} {w}", role=f"{f.role} of {w}")
                  for f, w in zip(snapshot.macro * 25, CANARIES, strict=True))  # fmt: skip
    return replace(snapshot, macro=macro)


@pytest.mark.parametrize("agent", ["news", "social", "macro"])
def test_of_fifty_planted_names_and_dates_none_is_in_the_prompt(agent: str) -> None:
    chat, open_chat = Listening(), Listening()
    view = build_roster(Chosen(None, "none"), chat, MemoryAnswers(), "main", names={})[agent].view(planted())
    build_roster(Chosen(None, "none"), open_chat, MemoryAnswers(), "main")[agent].view(planted())
    assert len(CANARIES) == 50
    assert view.flags == ("llm",)
    heard, bare = chat.heard[0].casefold(), open_chat.heard[0].casefold()
    found = [w for w in CANARIES if w.casefold() in heard]
    assert found == []
    assert sum(w.casefold() in bare for w in CANARIES) > 40
    assert not any(word in heard for word in ("aapl", "btc", "xom", AS_OF.date().isoformat(), "2020"))


def test_the_answer_comes_back_under_the_symbols_and_references_of_the_snapshot() -> None:
    news = (text("n1", "KO", "Coca-Cola beats expectations"),)
    agents = build_roster(Chosen(None, "none"), Listening(), MemoryAnswers(), "main", names={})
    view = agents["news"].view(a_snapshot(news=news))
    assert view.flags == ("llm",)
    assert view.opinions["KO"].evidence == ("news:n1",)
    assert set(view.opinions) <= {"AAPL", "BTC-USD", "KO", "XOM"}


def test_two_moments_of_one_story_are_the_same_question() -> None:
    """What is masked says nothing of when: the prompt of another year is the same, word for word."""

    def prompt(as_of: datetime) -> str:
        chat = Listening()
        news = (replace(text("n1", "KO", f"Coke fell on {(as_of - timedelta(days=2)):%B %d, %Y}"), known_at=as_of),)
        snapshot = replace(a_snapshot(news=news), as_of=as_of)
        build_roster(Chosen(None, "none"), chat, MemoryAnswers(), "main", names={})["news"].view(snapshot)
        return chat.heard[0]

    assert prompt(AS_OF) == prompt(datetime(2023, 8, 9, 20, tzinfo=UTC))
