"""Which symbols share a head: each rule, groups by name, and names that do not exist."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.errors import BadConfig, UnknownSymbol
from data.market import AssetClass, Instrument
from rl.modules.config import SymbolNetworkConfig
from rl.roster.groups import GENERIC, GroupingConfig, group_of, grouped, heads_of

UNIVERSE = (
    Instrument("AAPL", AssetClass.STOCK, sector="Technology"),
    Instrument("XOM", AssetClass.STOCK, sector="Energy"),
    Instrument("MSFT", AssetClass.STOCK, sector="Technology"),
    Instrument("PLD", AssetClass.STOCK, sector="Real Estate"),
    Instrument("O", AssetClass.STOCK, sector="Real Estate"),
    Instrument("ODD", AssetClass.STOCK, sector="Unknown"),
    Instrument("VTV", AssetClass.ETF),
    Instrument("IWD", AssetClass.ETF),
    Instrument("MTUM", AssetClass.ETF),
    Instrument("TRENDFUND", AssetClass.ETF, sector="factor"),
    Instrument("EURUSD", AssetClass.FOREX),
    Instrument("EUR/USD", AssetClass.FOREX),
    Instrument("GBPUSD=X", AssetClass.FOREX),
    Instrument("BTC-USD", AssetClass.CRYPTO),
    Instrument("BTC/USDT", AssetClass.CRYPTO),
    Instrument("ETH-USD", AssetClass.CRYPTO),
    Instrument("SPY240119C00500000", AssetClass.OPTION),
    Instrument("SPY   240216P00450000", AssetClass.OPTION),
    Instrument("QQQ240119C00400000", AssetClass.OPTION),
    Instrument("BUYWRITE", AssetClass.OPTION),
    Instrument("ESZ5", AssetClass.INDEX_FUTURE),
    Instrument("ES=F", AssetClass.INDEX_FUTURE),
    Instrument("NQH26", AssetClass.INDEX_FUTURE),
    Instrument("WTI", AssetClass.COMMODITY, sector="Energy"),
    Instrument("GOLD", AssetClass.COMMODITY, sector="Metals"),
)
NAMES = [i.symbol for i in UNIVERSE]


def sharing(**rules):
    """Symbols by head name, for heads of more than one symbol."""
    found = grouped(UNIVERSE, GroupingConfig(**rules))
    members: dict[str, list[str]] = {}
    for name, head in zip(NAMES, found.heads, strict=True):
        members.setdefault(found.names[head], []).append(name)
    return {head: names for head, names in members.items() if len(names) > 1 or head not in NAMES}


def test_by_default_each_symbol_has_its_own_head_as_ever():
    found = grouped(UNIVERSE)
    assert found.names == (GENERIC, *NAMES)
    assert found.groups == tuple(range(1 + len(NAMES)))
    assert sharing() == {}


def test_stocks_by_sector_and_those_without_one_by_class():
    assert sharing(stock="sector") == {
        "sector:Technology": ["AAPL", "MSFT"], "sector:Energy": ["XOM"], "sector:Real Estate": ["PLD", "O"],
        "class:stock": ["ODD"],
    }  # fmt: skip


def test_reits_by_a_rule_of_their_own():
    assert sharing(reit="sector") == {"sector:Real Estate": ["PLD", "O"]}
    assert "sector:Real Estate" not in sharing(stock="sector", reit="symbol")


def test_funds_by_factor():
    assert sharing(etf="factor") == {
        "factor:value": ["VTV", "IWD"], "factor:momentum": ["MTUM"], "factor:factor": ["TRENDFUND"]
    }  # fmt: skip


def test_pairs_coins_underlyings_and_roots():
    assert sharing(forex="pair") == {"pair:EURUSD": ["EURUSD", "EUR/USD"], "pair:GBPUSD": ["GBPUSD=X"]}
    assert sharing(crypto="coin") == {"coin:BTC": ["BTC-USD", "BTC/USDT"], "coin:ETH": ["ETH-USD"]}
    assert sharing(option="underlying") == {
        "underlying:SPY": ["SPY240119C00500000", "SPY   240216P00450000"], "underlying:QQQ": ["QQQ240119C00400000"],
        "class:option": ["BUYWRITE"],
    }  # fmt: skip
    assert sharing(index_future="root") == {"root:ES": ["ESZ5", "ES=F"], "root:NQ": ["NQH26"]}
    assert sharing(commodity="asset_class") == {"class:commodity": ["WTI", "GOLD"]}


def test_a_group_by_name_comes_before_any_rule():
    found = sharing(stock="sector", groups={"oil": ("WTI", "sector:Technology"), "metal": ("GOLD",)})
    assert found["group:oil"] == ["AAPL", "MSFT", "WTI"]
    assert found["group:metal"] == ["GOLD"]
    assert "sector:Technology" not in found


@pytest.mark.parametrize(
    ("members", "error", "words"),
    [
        (("APPL",), UnknownSymbol, "did you mean 'AAPL'"),
        (("sector:Enrgy",), BadConfig, "did you mean 'Energy'"),
        (("sector:Unknown",), BadConfig, "no symbol is of sector"),
    ],
)
def test_names_that_do_not_exist_are_answered_with_the_nearest(members, error, words):
    with pytest.raises(error, match=words):
        grouped(UNIVERSE, GroupingConfig(groups={"mine": members}))


def test_a_symbol_in_two_groups_is_refused():
    with pytest.raises(BadConfig, match="AAPL is in the groups 'a' and 'b'"):
        grouped(UNIVERSE, GroupingConfig(groups={"a": ("AAPL",), "b": ("AAPL",)}))


def test_settings_are_closed():
    with pytest.raises(ValidationError, match="stocks"):
        GroupingConfig.model_validate({"stocks": "sector"})
    with pytest.raises(ValidationError, match="'symbol', 'sector' or 'asset_class'"):
        GroupingConfig.model_validate({"stock": "pair"})


def test_a_symbol_that_was_not_trained_is_served_by_its_group_or_else_the_generic_head():
    config = GroupingConfig(stock="sector", forex="pair")
    names = grouped(UNIVERSE, config).names
    later = [
        Instrument("NVDA", AssetClass.STOCK, sector="Technology"), Instrument("DOGE-USD", AssetClass.CRYPTO),
        Instrument("EUR_USD", AssetClass.FOREX), Instrument("AAPL", AssetClass.STOCK, sector="Technology"),
    ]  # fmt: skip
    heads = heads_of(later, names, config)
    assert [names[h] for h in heads] == ["sector:Technology", GENERIC, "pair:EURUSD", "sector:Technology"]


SECTORS_TOO, OTHERS = st.sampled_from(["symbol", "sector", "asset_class"]), st.sampled_from(["symbol", "asset_class"])
RULES = dict.fromkeys(("stock", "etf", "commodity"), SECTORS_TOO) | dict.fromkeys(
    ("option", "forex", "crypto", "index_future"), OTHERS
)


@given(st.fixed_dictionaries(RULES))
@settings(max_examples=50, deadline=None)
def test_any_grouping_is_one_that_the_module_takes(rules):
    config = GroupingConfig.model_validate(rules)
    found = grouped(UNIVERSE, config)
    network = SymbolNetworkConfig(heads=1 + len(UNIVERSE), groups=found.groups)
    assert max(network.groups) == len(found.names) - 1
    assert [found.names[h] for h in found.heads] == [group_of(i, config) for i in UNIVERSE]
    assert heads_of(UNIVERSE, found.names, config).tolist() == found.heads.tolist()
