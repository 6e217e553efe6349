"""The arithmetic of a slot equals a ledger of shares and cash, kept by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.market.accounting import portfolio_step, sleeve_step

PRICE = st.floats(0.5, 2000.0)
WEIGHT = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.0, 1.0))
RATE = st.one_of(st.just(0.0), st.floats(0.0, 400.0))
MOVE = st.floats(-0.4, 0.6)


def ledger_step(held, target, to_fill, to_close, bps):
    """The same slot with shares bought and cash paid; bisection finds the value left after costs."""
    shares = held[:-1].copy()  # every price is 1 at the last close, the value is 1
    cash = 1.0 - shares.sum()
    fill = 1.0 + to_fill
    before = cash + shares @ fill

    def left(value):
        wanted = np.where(target[:-1] == held[:-1], shares, target[:-1] * value / fill)
        costs = (np.abs(wanted - shares) * fill) @ (bps / 1e4)
        return wanted, costs

    low, high = 0.0, before
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if before - left(middle)[1] > middle else (low, middle)
    wanted, costs = left(low)
    cash -= (wanted - shares) @ fill + costs
    value = cash + wanted @ (fill * (1.0 + to_close))
    weights = np.append(wanted * fill * (1.0 + to_close), cash) / value
    return value, weights, costs, (np.abs(wanted - shares) @ fill) / before


@st.composite
def slots(draw):
    size = draw(st.integers(1, 6))
    raw = np.array(draw(st.lists(st.floats(0.0, 1.0), min_size=2 * size + 2, max_size=2 * size + 2))) + 1e-3
    held, target = raw[: size + 1] / raw[: size + 1].sum(), raw[size + 1 :] / raw[size + 1 :].sum()
    keep = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    target[:-1] = np.where(keep, held[:-1], target[:-1] * (1 - held[:-1][keep].sum()))
    target[-1] = 1 - target[:-1].sum()
    moves = [np.array(draw(st.lists(e, min_size=size, max_size=size))) for e in (MOVE, MOVE, RATE)]
    return held, target, *moves


@given(slots())
def test_portfolio_equals_a_ledger_of_shares_and_cash(slot):
    growth, after, cost, turnover = portfolio_step(*slot)
    value, weights, costs, traded = ledger_step(*slot)
    assert growth == pytest.approx(value, abs=1e-9)
    assert after == pytest.approx(weights, abs=1e-9)
    assert cost == pytest.approx(costs, abs=1e-9)
    assert turnover == pytest.approx(traded, abs=1e-9)
    assert after.sum() == pytest.approx(1.0, abs=1e-12)


@given(WEIGHT, WEIGHT, PRICE, MOVE, MOVE, RATE)
def test_sleeve_equals_a_portfolio_of_one(position, target, close0, to_fill, to_close, bps):
    fill = close0 * (1 + to_fill)
    close1 = fill * (1 + to_close)
    after, net, cost = sleeve_step(position, target, close0, fill, close1, bps)
    one = [np.array(v) for v in ([position, 1 - position], [target, 1 - target], [to_fill], [to_close], [bps])]
    growth, held, paid, _ = portfolio_step(*one)
    assert net == pytest.approx(growth - 1, abs=1e-9)
    assert cost == pytest.approx(paid, abs=1e-9)
    assert after == pytest.approx(held[0], abs=1e-9)
    assert 0.0 <= after <= 1.0 + 1e-12


@given(WEIGHT, PRICE, MOVE, MOVE, RATE)
def test_holding_costs_nothing_and_earns_the_drifting_weight(position, close0, to_fill, to_close, bps):
    fill = close0 * (1 + to_fill)
    close1 = fill * (1 + to_close)
    after, net, cost = sleeve_step(position, position, close0, fill, close1, bps)
    assert cost == 0.0
    assert net == pytest.approx(position * (close1 / close0 - 1), abs=1e-9)
    assert after == pytest.approx(position * close1 / close0 / (1 + net), abs=1e-9)


@given(WEIGHT, WEIGHT, PRICE, st.floats(1.0, 400.0))
def test_costs_lower_the_return_by_the_traded_notional(position, target, price, bps):
    _, net, cost = sleeve_step(position, target, price, price, price, bps)
    traded = abs(target * (1 - cost) - position) if target != position else 0.0
    assert -net == pytest.approx(cost, abs=1e-12)
    assert cost == pytest.approx(traded * bps / 1e4, abs=1e-12)


def test_numbers_by_hand():
    # 1.00 in cash buys at 50 bps: 1 / 1.005 in shares; then the price rises by 10 %.
    after, net, cost = sleeve_step(0.0, 1.0, 100.0, 110.0, 121.0, 50.0)
    assert cost == pytest.approx(1 - 1 / 1.005)
    assert net == pytest.approx(1.1 / 1.005 - 1)
    assert after == 1.0


def test_an_unknown_price_is_never_taken_for_no_move():
    assert np.isnan(sleeve_step(0.5, 0.5, 100.0, np.nan, 100.0, 10.0)[1])
    weights = np.array([0.5, 0.5])
    growth, *_ = portfolio_step(weights, weights, np.array([np.nan]), np.zeros(1), np.zeros(1))
    assert np.isnan(growth)


def test_a_symbol_neither_held_nor_wanted_needs_no_price():
    held, target = np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.2, 0.8])
    unknown = np.array([np.nan, 0.01])
    growth, after, *_ = portfolio_step(held, target, unknown, unknown, np.full(2, 5.0))
    assert np.isfinite(growth)
    assert after[0] == 0.0
    assert sleeve_step(0.0, 0.0, np.nan, np.nan, np.nan, 5.0) == (0.0, 0.0, 0.0)
