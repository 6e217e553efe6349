"""The simulated press: VADER reads the planted tone, and the tone does to returns what is declared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from data.market import CALENDARS, AssetClass
from data.simulated import phrases
from data.simulated.universe import LISTINGS
from data.sources.protocol import Kind
from data.sources.simulated import SimulatedSource

NS = "datetime64[ns]"


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource()


@pytest.fixture(scope="module")
def scored(source: SimulatedSource) -> dict[Kind, pd.DataFrame]:
    """News and posts with their VADER tone and the planted group of their symbol."""
    analyzer, truth = SentimentIntensityAnalyzer(), source.market.truth
    out = {}
    for kind, group in ((Kind.NEWS, truth.news_group), (Kind.POSTS, truth.post_group)):
        table = source.fetch(kind, None, None)
        table["tone"] = [analyzer.polarity_scores(text)["compound"] for text in table["text"]]
        table["group"] = table["symbol"].map(group)
        out[kind] = table
    return out


def session_returns(source: SimulatedSource, symbol: str) -> pd.DataFrame:
    own = source.fetch(Kind.BARS, None, None)
    own = own[own["symbol"] == symbol].reset_index(drop=True)
    total = np.log(own["close"]).diff()
    own["after_open"] = (np.log(own["close"]) - np.log(own["open"])) / total.std()
    own["total"] = total / total.std()
    return own


def pairs(source: SimulatedSource, texts: pd.DataFrame, group: str) -> pd.DataFrame:
    """Each text's tone beside its symbol's return in the session before, and in the next one from open to close."""
    names = sorted(set(texts["symbol"][texts["group"] == group]))
    found = []
    for symbol in names:
        own, mine = session_returns(source, symbol), texts[texts["symbol"] == symbol]
        row = np.searchsorted(own["event_time"].to_numpy(), mine["known_at"].to_numpy())
        keep = (row >= 2) & (row + 1 < len(own))
        found.append(
            pd.DataFrame(
                {
                    "tone": mine["tone"].to_numpy()[keep],
                    "before": own["total"].to_numpy()[row[keep] - 1],
                    "next": own["after_open"].to_numpy()[row[keep] + 1],
                }
            )
        )
    return pd.concat(found)


def t_value(table: pd.DataFrame, column: str) -> float:
    corr = np.corrcoef(table["tone"], table[column])[0, 1]
    return float(corr * np.sqrt(len(table)))


@pytest.mark.parametrize("bank", [phrases.COMPANY, phrases.ASSET, phrases.POST])
def test_every_template_has_the_tone_it_was_filed_under(bank: dict[int, tuple[str, ...]]) -> None:
    analyzer = SentimentIntensityAnalyzer()
    for planted, templates in bank.items():
        for template in templates:
            for subject in ("Orbtek Systems", "$ORBTEK", "Orbtek Systems (ORBTEK)"):
                for tail in sorted({*phrases.NEWS_TAILS, *phrases.POST_TAILS}):
                    tone = analyzer.polarity_scores(template.format(s=subject) + tail)["compound"]
                    assert tone == 0 if planted == 0 else planted * tone > 0.15, template


def test_names_and_subjects_carry_no_tone() -> None:
    analyzer = SentimentIntensityAnalyzer()
    words = [w for x in LISTINGS for w in (x.symbol, x.name)] + list(phrases.MARKET_SUBJECTS)
    assert [w for w in words if analyzer.polarity_scores(w)["compound"] != 0] == []


def test_every_text_reads_as_planted(source: SimulatedSource, scored: dict[Kind, pd.DataFrame]) -> None:
    truth = source.market.truth
    for kind, planted in ((Kind.NEWS, truth.news_tone), (Kind.POSTS, truth.post_tone)):
        table = scored[kind]
        table = table[table["symbol"].isin(truth.symbols) & (table["symbol"] != "")]
        crypto = table["symbol"].isin([x.symbol for x in LISTINGS if CALENDARS[x.asset_class] in ("24/7", "XNYS")])
        table = table[crypto]
        day = np.searchsorted(truth.days, table["event_time"].dt.tz_localize(None).dt.floor("D").to_numpy().astype(NS))
        column = [truth.symbols.index(s) for s in table["symbol"]]
        assert (np.sign(table["tone"].to_numpy()) == planted[day, column]).all()


@pytest.mark.parametrize("kind", [Kind.NEWS, Kind.POSTS])
def test_leading_tone_announces_returns(kind: Kind, source: SimulatedSource, scored: dict[Kind, pd.DataFrame]) -> None:
    table = pairs(source, scored[kind], "leads")
    assert t_value(table, "next") > 3.0
    assert np.corrcoef(table["tone"], table["next"])[0, 1] < 0.15
    assert abs(t_value(table, "before")) < 3.0


@pytest.mark.parametrize("kind", [Kind.NEWS, Kind.POSTS])
def test_following_tone_only_looks_back(kind: Kind, source: SimulatedSource, scored: dict[Kind, pd.DataFrame]) -> None:
    table = pairs(source, scored[kind], "follows")
    assert np.corrcoef(table["tone"], table["before"])[0, 1] > 0.4
    assert abs(t_value(table, "next")) < 3.0


@pytest.mark.parametrize("kind", [Kind.NEWS, Kind.POSTS])
def test_idle_tone_has_nothing_to_do_with_returns(
    kind: Kind, source: SimulatedSource, scored: dict[Kind, pd.DataFrame]
) -> None:
    table = pairs(source, scored[kind], "nothing")
    assert len(table) > 5000
    assert abs(t_value(table, "next")) < 3.0
    assert abs(t_value(table, "before")) < 3.0


def test_without_signal_nothing_leads(scored: dict[Kind, pd.DataFrame]) -> None:
    silent = SimulatedSource(signal=0.0)
    texts = scored[Kind.NEWS][scored[Kind.NEWS]["group"] == "leads"]
    assert (silent.fetch(Kind.NEWS, None, None)["text"].iloc[texts.index] == texts["text"]).all()
    assert abs(t_value(pairs(silent, texts, "leads"), "next")) < 3.0


def test_each_group_has_symbols_in_news_and_posts(source: SimulatedSource) -> None:
    truth = source.market.truth
    for group in (truth.news_group, truth.post_group):
        assert {"leads", "follows", "nothing"} <= set(group.values())
    assert {truth.news_group[x.symbol] for x in LISTINGS if x.asset_class is AssetClass.OPTION} == {""}


def test_texts_appear_as_often_as_declared_and_within_the_session(
    source: SimulatedSource, scored: dict[Kind, pd.DataFrame]
) -> None:
    bars = source.fetch(Kind.BARS, None, None)
    own = bars[bars["symbol"] == "ORBTEK"]
    for kind, rate in ((Kind.NEWS, 0.15), (Kind.POSTS, 0.20)):
        mine = scored[kind][scored[kind]["symbol"] == "ORBTEK"]
        assert abs(len(mine) / len(own) - rate) < 0.03
        row = np.searchsorted(own["event_time"].to_numpy(), mine["known_at"].to_numpy())
        assert (mine["event_time"].to_numpy() > own["start"].to_numpy()[row]).all()
        assert (mine["known_at"] > mine["event_time"]).all()
    assert (scored[Kind.NEWS]["symbol"] == "").sum() > 700


def test_identifiers_are_unique_and_the_wording_varies(scored: dict[Kind, pd.DataFrame]) -> None:
    for table in scored.values():
        assert table["id"].is_unique
        assert table["text"].nunique() > 0.25 * len(table)
        shares = np.sign(table["tone"]).value_counts(normalize=True)
        assert shares.min() > 0.25
