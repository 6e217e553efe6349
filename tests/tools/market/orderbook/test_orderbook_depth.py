"""The synthetic book of a bar is uncrossed, and walking it costs the half-spread and the square-root law."""

from decimal import Decimal

import numpy as np
import pytest

from data.errors import InputError
from tools.market.orderbook import codes as c
from tools.market.orderbook import own_orders
from tools.market.orderbook.codes import Kind, Side, TimeInForce
from tools.market.orderbook.depth import BarDepth, synthetic_levels
from tools.market.orderbook.displayed import new_displayed, show
from tools.market.orderbook.grid import Grid
from tools.market.terms import CostTerms, fill_cost

GRID = Grid("ORBTEK", Decimal("0.01"), Decimal(1), Decimal(50), Decimal(150))
BAR = BarDepth(price=100.0, half_spread_bps=2.0, volume=5e6, volatility=0.02, impact=0.8)


def enter(shown, *words):
    return own_orders.enter(shown, *map(int, words))  # one compilation, whatever the words' types


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("units", [20_000, 100_000, 400_000])
def test_walking_the_book_costs_what_the_terms_say(side, units):
    shown = new_displayed(GRID)
    levels = synthetic_levels(BAR, GRID, 2_000)
    assert show(shown, levels, 0, len(levels)) == 0
    enter(shown, 1, side, Kind.MARKET, TimeInForce.GTC, units, 0)
    trades = shown.log[: shown.state[c.LOGGED]][1:]
    assert trades[:, c.EV_QUANTITY].sum() == units
    prices = 50.0 + 0.01 * trades[:, c.EV_PRICE]
    paid = side * ((prices - BAR.price) * trades[:, c.EV_QUANTITY]).sum()
    nothing = CostTerms(*(np.zeros(1) for _ in CostTerms._fields))
    terms = nothing._replace(rate_bps=np.full(1, BAR.half_spread_bps), impact=np.full(1, BAR.impact))
    assert paid == pytest.approx(fill_cost(units, BAR.price, 1.0, BAR.volume, BAR.volatility, terms, 0), rel=0.03)


def test_the_best_prices_stand_a_half_spread_from_the_mid_and_never_meet():
    for spread, bid, ask in ((2.0, 4998, 5002), (0.0, 5000, 5001), (0.4, 4999, 5001)):
        bar = BarDepth(100.0, spread, 5e9, 0.02)
        levels = synthetic_levels(bar, GRID, 5)
        assert levels[levels[:, c.FEED_SIDE] == Side.BUY, c.FEED_TICK].max() == bid
        assert levels[levels[:, c.FEED_SIDE] == Side.SELL, c.FEED_TICK].min() == ask
        assert (levels[:, c.FEED_LOTS] > 0).all()


@pytest.mark.parametrize("field", ["price", "half_spread_bps", "volume", "volatility", "impact"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_bar_that_makes_no_book_is_refused(field, value):
    good = {"price": 100.0, "half_spread_bps": 2.0, "volume": 1e6, "volatility": 0.02, "impact": 1.0}
    with pytest.raises(InputError):
        BarDepth(**good | {field: value})


def test_a_price_outside_the_window_or_no_whole_lot_is_refused():
    for bar in (BarDepth(500.0, 2.0, 1e6, 0.02), BarDepth(100.0, 2.0, 0.5, 0.02)):
        with pytest.raises(InputError, match="ORBTEK: no BUY level"):
            synthetic_levels(bar, GRID, 5)
