"""The cost model is whole, bounded and read by class."""

import pytest
from pydantic import ValidationError

from data.market import AssetClass, Instrument
from tools.market.costs import ClassCosts, CostModel, trade_cost


def test_every_asset_class_has_its_costs_and_no_other_key_is_taken():
    assert set(CostModel.model_fields) == {c.value for c in AssetClass}
    assert CostModel().cost_bps(AssetClass.STOCK) == 4.0
    with pytest.raises(ValidationError):
        CostModel.model_validate({"stocks": {}})


def test_crypto_and_options_pay_more_than_stocks():
    costs = CostModel()
    stock = costs.cost_bps(AssetClass.STOCK)
    assert stock < costs.cost_bps(AssetClass.CRYPTO) < costs.cost_bps(AssetClass.OPTION)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), 501.0])
def test_costs_that_are_no_costs_are_refused(bad):
    with pytest.raises(ValidationError):
        ClassCosts(half_spread_bps=bad, commission_bps=0.0, slippage_bps=0.0)


def test_the_vector_follows_the_instruments():
    instruments = [Instrument("B", AssetClass.CRYPTO), Instrument("A", AssetClass.FOREX)]
    costs = CostModel()
    assert list(costs.vector(instruments)) == [costs.cost_bps(i.asset_class) for i in instruments]


def test_both_sides_pay_on_the_notional():
    assert trade_cost(-20_000.0, 4.0) == pytest.approx(8.0)
    assert trade_cost(20_000.0, 4.0) == pytest.approx(8.0)
