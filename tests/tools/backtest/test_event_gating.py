"""The brokers' gate on a simulated account: what it is shown of prices, volumes, currencies and waiting orders."""

from dataclasses import replace

import numpy as np

from data.market import AssetClass, Instrument
from tests.tools.backtest.random_tapes import plain_tape
from tools.backtest.event.engine import run_events
from tools.backtest.rules import Rules
from tools.market.terms import free_terms
from tools.risk.gate.limits import GateLimits

SLOTS = 40
TAPE = plain_tape(np.full((SLOTS, 2), 100.0) * (1.0 + 0.01 * np.sin(np.arange(SLOTS)))[:, None])
WIDE = GateLimits(max_name_weight=1.0)


def weights(at, *row):
    return lambda slot: np.array(row if slot == at else (np.nan,) * len(row), dtype=np.float64)


def refusals(result):
    return [(refused.order.symbol, refused.rule) for refused in result.refused]


def test_a_symbol_without_a_bar_for_days_is_not_traded():
    fresh = TAPE.fresh.copy()
    fresh[10:, 1] = False
    tape = replace(TAPE, fresh=fresh)
    for late, expected in ((12, []), (13, [("S001", "halted_symbol")])):
        result = run_events(tape, weights(late, 0.2, 0.2), free_terms(2), Rules(), gate=WIDE)
        assert refusals(result) == expected


def test_an_order_is_measured_against_the_average_volume_of_a_month():
    volume = np.full(TAPE.volume.shape, 10_000.0)
    volume[:, 1] = np.where(np.arange(SLOTS) < 20, 1.0, 100_000.0)
    tape = replace(TAPE, volume=volume)
    early = run_events(tape, weights(15, 0.2, 0.2), free_terms(2), Rules(), gate=WIDE)
    later = run_events(tape, weights(38, 0.2, 0.2), free_terms(2), Rules(), gate=WIDE)
    assert refusals(early) == [("S001", "participation")]
    assert refusals(later) == []


def test_an_unknown_volume_refuses_only_where_one_is_required():
    strict = WIDE.model_copy(update={"require_volume": True})
    assert refusals(run_events(TAPE, weights(5, 0.2, 0.2), free_terms(2), Rules(), gate=WIDE)) == []
    assert len(refusals(run_events(TAPE, weights(5, 0.2, 0.2), free_terms(2), Rules(), gate=strict))) == 2


def test_limits_are_in_account_currency():
    abroad = (TAPE.instruments[0], Instrument("S001", AssetClass.STOCK, currency="JPY"))
    fx = np.ascontiguousarray(np.broadcast_to([1.0, 0.01], TAPE.close.shape))
    tape = replace(TAPE, instruments=abroad, fx=fx)
    small = WIDE.model_copy(update={"max_order_notional_usd": 150_000.0})
    assert refusals(run_events(tape, weights(5, 0.1, 0.1), free_terms(2), Rules(), gate=small)) == []
    assert refusals(run_events(tape, weights(5, 0.1, 0.2), free_terms(2), Rules(), gate=small)) == [
        ("S001", "order_notional")
    ]


def test_a_dollar_that_is_not_worth_a_dollar_is_refused():
    tape = replace(TAPE, fx=np.full(TAPE.close.shape, 2.0))
    assert {
        rule for _, rule in refusals(run_events(tape, weights(5, 0.1, 0.1), free_terms(2), Rules(), gate=WIDE))
    } == {"wrong_currency"}


def test_whole_lots_are_asked_for_where_the_terms_have_lots():
    terms = free_terms(2)._replace(lot=np.array([1.0, 10.0]))
    result = run_events(TAPE, weights(5, 0.2, 0.2), terms, Rules(), gate=WIDE)
    assert refusals(result) == []
    assert (result.trades.quantity % [1.0, 10.0] == 0.0).all()


def test_orders_that_still_wait_count_when_more_are_sized_at_a_fill():
    volume, fresh = np.full(TAPE.volume.shape, 1e6), TAPE.fresh.copy()
    volume[6, 0], fresh[6, 1] = 100.0, False
    tape = replace(TAPE, volume=volume, fresh=fresh)
    terms = free_terms(2)._replace(cap=np.full(2, 0.01))
    rules, decided = Rules(sizing="fill", borrow=True), weights(5, 0.5, 0.3)
    tight = WIDE.model_copy(update={"max_leverage": 0.7})
    assert refusals(run_events(tape, decided, terms, rules, gate=WIDE)) == []
    result = run_events(tape, decided, terms, rules, gate=tight)
    assert refusals(result) == [("S001", "leverage")]
    assert result.units[6, 0] == 1.0
