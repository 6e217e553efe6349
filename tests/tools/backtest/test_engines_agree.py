"""Vectorised = event-driven = the law in plain loops: equity, cash, units and every fill, on everything at once."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.backtest.plain_reference import plain_backtest
from tests.tools.backtest.random_tapes import FILLS, SIZINGS, Case, plain_tape, random_case
from tools.backtest.arithmetic import sized
from tools.backtest.event.engine import run_events
from tools.backtest.result import Result, Trades
from tools.backtest.rules import Rules
from tools.backtest.vectorised.weights import run_weights
from tools.market.terms import proportional_terms

ENGINES = {
    "plain": lambda case: plain_backtest(case.tape, case.weights, case.terms, case.rules),
    "vectorised": lambda case: run_weights(case.tape, case.weights, case.terms, case.rules),
    "events": lambda case: run_events(case.tape, lambda slot: case.weights[slot], case.terms, case.rules),
}
FEATURES = ("costs", "caps", "lots", "events", "carry", "shorts", "gaps")
RELATIVE = 1e-9


def material(result: Result, cash: float) -> Trades:
    """Without dust: where a fraction is bought with all cash, the last bit decides whether more dust can be."""
    trades = result.trades
    kept = np.abs(trades.quantity) * trades.price * trades.fx > RELATIVE * cash
    return Trades(*(getattr(trades, field.name)[kept] for field in fields(trades)))


def assert_same(one: Result, other: Result, case: Case) -> None:
    cash = case.rules.initial_cash
    for name in ("equity", "cash", "units"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=RELATIVE, atol=RELATIVE * cash, err_msg=name
        )
    ours, theirs = material(one, cash), material(other, cash)
    np.testing.assert_array_equal(ours.slot, theirs.slot)
    np.testing.assert_array_equal(ours.column, theirs.column)
    for name in ("quantity", "price", "cost", "fx"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=RELATIVE, atol=RELATIVE, err_msg=name
        )


@settings(max_examples=120)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FILLS), st.sampled_from(SIZINGS))
def test_the_engines_agree_on_everything_at_once(seed, fill, sizing):
    case = random_case(seed, fill, sizing)
    plain, vectorised, events = (run(case) for run in ENGINES.values())
    assert_same(plain, vectorised, case)
    assert_same(plain, events, case)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FILLS), st.sampled_from(SIZINGS))
def test_the_two_engines_agree_to_the_last_bit(seed, fill, sizing):
    case = random_case(seed, fill, sizing)
    vectorised, events = ENGINES["vectorised"](case), ENGINES["events"](case)
    assert vectorised.order_hash() == events.order_hash()
    for name in ("equity", "cash", "units"):
        assert getattr(vectorised, name).tobytes() == getattr(events, name).tobytes()
    assert vectorised.trades.cost.tobytes() == events.trades.cost.tobytes()


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("sizing", SIZINGS)
def test_in_whole_lots_all_three_make_the_same_fills_to_the_last_bit(fill, sizing):
    for seed in range(8):
        case = random_case(seed, fill, sizing, costs=False)
        case.terms.lot[:] = 1.0
        hashes = {name: run(case).order_hash() for name, run in ENGINES.items()}
        assert len(set(hashes.values())) == 1, (seed, hashes)


@pytest.mark.parametrize("held", [1243.8779689609253, -0.1, 3e9])
def test_rounding_is_not_traded_however_small_an_order_may_be(held):
    """Otherwise the last bit of a division pays the least commission; a whole exit is an order, whatever its size."""
    for towards in (-np.inf, np.inf):
        wanted = np.nextafter(held, towards)
        assert wanted != held
        assert sized(wanted, 1.0, 1.0, held, 0.0, 0.0) == 0.0
    assert sized(held * (1.0 + 1e-11), 1.0, 1.0, held, 0.0, 0.0) == pytest.approx(held * 1e-11, rel=1e-4)
    assert sized(0.0, 1.0, 1.0, held, 0.0, 0.0) == -held
    assert sized(0.0, 1.0, 1.0, held * 1e-15, 0.0, 0.0) == -held * 1e-15


@pytest.mark.parametrize("only", [*FEATURES, "nothing"])
def test_the_engines_agree_on_each_feature_alone(only):
    for seed in range(6):
        for number, fill in enumerate(FILLS):
            others = {name: name == only for name in FEATURES}
            case = random_case(seed, fill, SIZINGS[(seed + number) % 2], **others)
            plain, vectorised, events = (run(case) for run in ENGINES.values())
            assert_same(plain, vectorised, case)
            assert_same(plain, events, case)


def test_the_random_tapes_are_worth_agreeing_on():
    """Among those drawn above: partial fills, cuts to what cash can pay, shorts, delistings, splits and dividends."""
    seen = dict.fromkeys(("short", "in debt", "delisted while held", "split while held", "waited", "paid out"), 0)
    for seed in range(40):
        case = random_case(seed, FILLS[seed % 3], SIZINGS[seed % 2])
        result = ENGINES["events"](case)
        held = np.vstack([np.zeros((1, result.units.shape[1])), result.units[:-1]]) != 0.0
        last = [(t, s) for s, t in enumerate(case.tape.delisted) if t >= 0]
        seen["short"] += bool((result.units < 0.0).any())
        seen["in debt"] += bool((result.cash < 0.0).any())
        seen["delisted while held"] += any(held[t, s] for t, s in last)
        seen["split while held"] += bool((held & (case.tape.split != 1.0)).any())
        seen["paid out"] += bool((held & (case.tape.dividend != 0.0)).any())
        decided = ~np.isnan(case.weights).all(axis=1)
        seen["waited"] += bool((~decided[np.unique(result.trades.slot)]).any())
    assert min(seen.values()) >= 3, seen


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("sizing", SIZINGS)
def test_the_engines_agree_on_an_account_that_is_ruined(fill, sizing):
    close = np.vstack([np.full((4, 2), 100.0), np.full((3, 2), 20.0), np.full((3, 2), 30.0)])
    weights = np.full(close.shape, 0.9)
    rules = Rules(fill=fill, sizing=sizing, borrow=True)
    case = Case(plain_tape(close), weights, proportional_terms(np.full(2, 10.0)), rules)
    plain, vectorised, events = (run(case) for run in ENGINES.values())
    assert plain.equity.min() < 0.0
    assert (plain.units[-1] == 0.0).all()
    assert_same(plain, vectorised, case)
    assert_same(plain, events, case)
