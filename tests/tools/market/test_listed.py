"""The schedule and the listed commissions: by the share, by the contract, and nothing paid twice."""

from __future__ import annotations

import pytest

from data.market import AssetClass, Instrument
from tools.market.costs import CostModel
from tools.market.listed import listed_costs, listed_schedule
from tools.market.schedule import ClassLiquidity, LiquiditySchedule
from tools.market.terms import fill_cost, terms_of

STOCK, COIN = Instrument("A", AssetClass.STOCK), Instrument("C", AssetClass.CRYPTO)
MINI, FUND = Instrument("ES=F", AssetClass.INDEX_FUTURE), Instrument("CALLFUND", AssetClass.OPTION)
QUIET = 0.0


def test_lots_are_the_conventions_where_the_schedule_says_none():
    assert terms_of([STOCK, COIN, MINI, FUND], CostModel(), LiquiditySchedule()).lot.tolist() == [1.0, 0.0, 50.0, 1.0]
    five = LiquiditySchedule(index_future=ClassLiquidity(lot=5.0), stock=ClassLiquidity(lot=0.0))
    assert terms_of([STOCK, MINI], CostModel(), five).lot.tolist() == [0.0, 5.0]


def test_two_contracts_cost_two_commissions_and_the_spread():
    terms = terms_of([MINI], listed_costs(), listed_schedule())
    assert terms.rate_bps[0] == pytest.approx(0.5 + 0.8)
    paid = fill_cost(100.0, 5_000.0, 1.0, float("nan"), QUIET, terms, 0)
    assert paid == pytest.approx(100.0 * 5_000.0 * 1.3e-4 + 2 * 0.85)


def test_a_name_that_is_no_contract_pays_none_by_the_contract():
    terms = terms_of([Instrument("COPPEREX", AssetClass.COMMODITY), FUND], listed_costs(), listed_schedule())
    assert terms.per_unit.tolist() == [0.0, pytest.approx(0.0065)]


def test_shares_cost_by_the_share_and_at_least_a_dollar():
    terms = terms_of([STOCK], listed_costs(), listed_schedule())
    for shares, commission in ((100.0, 1.0), (1_000.0, 5.0)):
        paid = fill_cost(shares, 25.0, 1.0, float("nan"), QUIET, terms, 0)
        assert paid == pytest.approx(shares * 25.0 * 3e-4 + commission)


def test_listed_commissions_replace_those_in_basis_points():
    given = CostModel()
    costs = listed_costs(given)
    for each in AssetClass:
        one, other = given.of(each), costs.of(each)
        assert (one.half_spread_bps, one.slippage_bps) == (other.half_spread_bps, other.slippage_bps)
        assert other.commission_bps == {"crypto": 10.0, "forex": given.forex.commission_bps}.get(each.value, 0.0)
