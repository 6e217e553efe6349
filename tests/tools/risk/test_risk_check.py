"""After the risk check nothing produced by a model can raise exposure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_market import AS_OF, LOOSE, OFF, book, judge, market, target

from data.market import CASH, AssetClass
from tools.execution.book import Lock, Position
from tools.risk.check import check
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits


@st.composite
def situations(draw):
    raw = np.array(draw(st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12))) + 1e-6
    wanted, held = raw[:6] / raw[:6].sum(), raw[6:] / raw[6:].sum()
    if draw(st.booleans()):
        held = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    tradable = np.array(draw(st.lists(st.booleans(), min_size=5, max_size=5)))
    limits = RiskLimits(
        max_name_weight=draw(st.floats(0.01, 1.0)),
        max_class_weight={c: draw(st.floats(0.0, 1.0)) for c in (AssetClass.STOCK, AssetClass.CRYPTO)},
        max_gross=draw(st.floats(0.0, 1.0)),
        max_net=draw(st.floats(0.0, 1.0)),
        max_turnover_per_cycle=draw(st.floats(0.0, 1.0)),
        max_var_95=draw(st.floats(0.001, 0.1)),
        max_cvar_95=draw(st.floats(0.001, 0.1)),
        max_volatility_annual=draw(st.floats(0.01, 1.0)),
        approval_turnover=draw(st.floats(0.0, 2.0)),
    )
    panel = market(
        rows=draw(st.sampled_from([30, 300])), seed=draw(st.integers(0, 5)), vol=draw(st.floats(0.001, 0.04))
    )
    return target(*wanted[:5]), held[:5], limits, panel, tradable


@given(situations())
def test_no_weight_rises_but_what_is_frozen(situation):
    wanted, held, limits, panel, tradable = situation
    verdict = judge(wanted, held, limits, panel, tradable)
    assert sum(verdict.weights.values()) == pytest.approx(1.0, abs=1e-12)
    for k, symbol in enumerate(panel.symbols):
        allowed = verdict.weights[symbol]
        if tradable[k]:
            assert 0.0 <= allowed <= wanted[symbol] + 1e-12
        else:
            assert allowed == pytest.approx(held[k], abs=1e-9)
    bought = sum(max(0.0, verdict.weights[s] - held[k]) for k, s in enumerate(panel.symbols))
    assert bought <= limits.max_turnover_per_cycle + 1e-9


@given(situations())
def test_allowed_weights_are_allowed_unchanged(situation):
    wanted, held, limits, panel, tradable = situation
    first = judge(wanted, held, limits, panel, tradable)
    second = judge(first.weights, held, limits, panel, tradable)
    assert second.weights == pytest.approx(first.weights, abs=1e-12)
    assert second.clamps == ()


@given(situations())
def test_clamps_lead_from_the_target_to_the_verdict(situation):
    wanted, held, limits, panel, tradable = situation
    verdict = judge(wanted, held, limits, panel, tradable)
    weights = dict(wanted)
    for clamp in verdict.clamps:
        assert weights[clamp.symbol] == pytest.approx(clamp.before, abs=1e-9)
        weights[clamp.symbol] = clamp.after
    for symbol in panel.symbols:
        assert weights[symbol] == pytest.approx(verdict.weights[symbol], abs=1e-9)
    assert verdict.decision in ("approved", "reduced", "needs_approval")
    assert verdict.decision != "approved" or not verdict.clamps


@given(situations())
def test_limits_hold_wherever_nothing_is_frozen(situation):
    wanted, held, limits, panel, _ = situation
    verdict = judge(wanted, held, limits, panel)
    weights = [verdict.weights[s] for s in panel.symbols]
    assert max(weights) <= limits.max_name_weight + 1e-12
    assert sum(weights) <= min(limits.max_gross, limits.max_net) + 1e-12
    assert weights[0] + weights[1] <= limits.max_class_weight[AssetClass.STOCK] + 1e-12
    assert weights[3] <= limits.max_class_weight[AssetClass.CRYPTO] + 1e-12
    if "var_95" in verdict.measures:
        assert verdict.measures["var_95"] <= limits.max_var_95 + 1e-9
        assert verdict.measures["cvar_95"] <= limits.max_cvar_95 + 1e-9
        assert verdict.measures["volatility_annual"] <= limits.max_volatility_annual + 1e-9


def test_what_is_within_all_limits_is_approved_as_it_is():
    verdict = judge(target(0.2, 0.2, 0.2))
    assert verdict.decision == "approved"
    assert verdict.clamps == ()
    assert verdict.weights == pytest.approx(target(0.2, 0.2, 0.2, 0.0, 0.0))
    assert verdict.measures["gross"] == pytest.approx(0.6)
    assert verdict.measures["turnover"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("change", "limit", "expected"),
    [
        ({"max_name_weight": 0.15}, "max_name_weight", [0.15, 0.15, 0.15, 0.1]),
        ({"max_class_weight": {AssetClass.STOCK: 0.2}}, "max_class_weight", [0.2 * 3 / 5, 0.2 * 2 / 5, 0.2, 0.1]),
        ({"max_gross": 0.4}, "max_gross", [0.15, 0.1, 0.1, 0.05]),
        ({"max_net": 0.4}, "max_net", [0.15, 0.1, 0.1, 0.05]),
        ({"max_turnover_per_cycle": 0.4}, "max_turnover_per_cycle", [0.15, 0.1, 0.1, 0.05]),
    ],
)
def test_each_limit_does_its_arithmetic(change, limit, expected):
    verdict = judge(target(0.3, 0.2, 0.2, 0.1), limits=LOOSE.model_copy(update=change))
    assert verdict.decision == "reduced"
    assert {c.limit for c in verdict.clamps} == {limit}
    assert [verdict.weights[f"S{k}"] for k in range(4)] == pytest.approx(expected)
    assert verdict.weights[CASH] == pytest.approx(1.0 - sum(expected))


@pytest.mark.parametrize("limit", ["max_var_95", "max_cvar_95", "max_volatility_annual"])
def test_risk_limits_shrink_to_the_limit_and_no_further(limit):
    free = judge(target(0.4, 0.4, 0.1))
    name = limit.removeprefix("max_")
    limits = LOOSE.model_copy(update={limit: free.measures[name] / 2})
    verdict = judge(target(0.4, 0.4, 0.1), limits=limits)
    assert {c.limit for c in verdict.clamps} == {limit}
    assert verdict.measures[name] == pytest.approx(free.measures[name] / 2, rel=1e-6)
    assert verdict.weights["S0"] == pytest.approx(0.2, rel=1e-6)


def test_sales_are_never_restricted():
    limits = LOOSE.model_copy(update={"max_turnover_per_cycle": 0.0, "max_var_95": 1e-6})
    verdict = judge(target(0.0, 0.0), held=(0.5, 0.5), limits=limits)
    assert verdict.weights == pytest.approx(target(0.0, 0.0, 0.0, 0.0, 0.0))
    assert verdict.decision == "approved"


def test_risk_is_measured_after_a_hedge_was_refused():
    panel = market()
    panel.close[1:, 1] = 100.0 * np.cumprod(1.0 - panel.returns()[1:, 0])
    limits = LOOSE.model_copy(update={"max_turnover_per_cycle": 0.1, "max_volatility_annual": 0.05})
    verdict = judge(target(0.5, 0.5), held=(0.5, 0.0), limits=limits, panel=panel)
    assert next(c.limit for c in verdict.clamps if c.symbol == "S1") == "max_turnover_per_cycle"
    assert verdict.measures["volatility_annual"] <= 0.05 + 1e-9


def test_short_positions_are_not_opened():
    verdict = judge(target(-0.3, 0.5))
    assert verdict.weights["S0"] == 0.0
    assert [c.limit for c in verdict.clamps] == ["long_only"]


def test_what_cannot_be_traded_stays_and_the_rest_makes_room_for_it():
    limits = LOOSE.model_copy(update={"max_gross": 0.5})
    verdict = judge(target(0.0, 0.6), held=(0.3, 0.0), limits=limits, tradable=[False, True, True, True, True])
    assert verdict.weights["S0"] == pytest.approx(0.3)
    assert verdict.weights["S1"] == pytest.approx(0.2)
    assert [(c.limit, c.symbol) for c in verdict.clamps] == [("untradable", "S0"), ("max_gross", "S1")]


def test_unknown_risk_buys_nothing_and_still_sells():
    verdict = judge(target(0.3, 0.1), held=(0.1, 0.2), panel=market(rows=40))
    assert verdict.weights["S0"] == pytest.approx(0.1)
    assert verdict.weights["S1"] == pytest.approx(0.1)
    assert [(c.limit, c.symbol) for c in verdict.clamps] == [("risk_unknown", "S0")]
    assert "var_95" not in verdict.measures


def test_a_large_turnover_needs_a_person():
    verdict = judge(target(0.5, 0.0), held=(0.0, 0.5), limits=LOOSE.model_copy(update={"approval_turnover": 0.9}))
    assert verdict.decision == "needs_approval"
    assert "turnover 1 " in verdict.reasons[0]


BAD_TARGETS = {
    "nan": target(0.2) | {"S1": float("nan")},
    "inf": target(0.2) | {"S1": float("inf")},
    "sum": target(0.2) | {CASH: 0.9},
    "unknown": target(0.2) | {"XX": 0.0},
    "unnamed": {"S1": 0.5, CASH: 0.5},
    "empty": {},
}


@pytest.mark.parametrize("case", sorted(BAD_TARGETS))
def test_a_malformed_target_halts_with_what_is_held(case):
    verdict = judge(BAD_TARGETS[case], held=(0.4, 0.0))
    assert verdict.decision == "halted"
    assert len(verdict.reasons) == 1
    assert verdict.clamps == ()
    assert verdict.weights == pytest.approx(target(0.4, 0.0, 0.0, 0.0, 0.0))


def test_the_kill_switch_halts_whatever_was_wanted():
    verdict = judge(target(0.1), held=(0.4, 0.0), halt=HaltState(on=True, reason="fire drill"))
    assert verdict.decision == "halted"
    assert verdict.reasons == ("kill switch: fire drill",)
    assert verdict.weights["S0"] == pytest.approx(0.4)


def test_a_lock_halts_until_it_runs_out():
    lock = Lock(rule="max_daily_loss", since="2020-03-09T20:00:00Z", until="2020-03-17T20:00:00Z", detail="-7 %")
    assert judge(target(0.1), locks=(lock,)).decision == "halted"
    past = lock.model_copy(update={"until": "2020-03-16T20:00:00Z"})
    assert judge(target(0.1), locks=(past,)).decision == "approved"
    person = lock.model_copy(update={"until": ""})
    assert judge(target(0.1), locks=(person,)).decision == "halted"


def test_a_loss_beyond_a_breaker_halts_even_before_it_is_locked():
    assert judge(target(0.1), peak_value=1e6 / 0.74).decision == "halted"
    assert judge(target(0.1), peak_value=1e6 / 0.76).decision == "approved"
    assert judge(target(0.1), day_start_value=1e6 / 0.93).decision == "halted"
    assert judge(target(0.1), day_start_value=1e6 / 0.95).decision == "approved"


@pytest.mark.parametrize("price", [np.nan, 0.0, -5.0, np.inf])
def test_a_held_symbol_without_a_price_halts(price):
    panel = market()
    panel.close[-1, 0] = price
    assert "S0 is held and has no price" in judge(target(0.1), held=(0.1,), panel=panel).reasons
    tradable = [False, True, True, True, True]
    assert judge(target(0.0, 0.1), held=(0.0, 0.1), panel=panel, tradable=tradable).decision == "approved"


def test_a_held_symbol_whose_bars_stopped_halts():
    panel = market()
    panel.age[-1, 0] = 5
    assert judge(target(0.1), held=(0.1,), panel=panel).decision == "approved"
    panel.age[-1, 0] = 6
    assert judge(target(0.1), held=(0.1,), panel=panel).reasons == ("S0 is held and has had no bar for 6 slots",)


def test_a_held_symbol_outside_the_panel_and_a_short_one_halt():
    held = book((0.2,)).positions | {"XX": Position(quantity=-1.0, average_price=1.0)}
    changed = book((0.2,)).model_copy(update={"positions": held, "marks": {"S0": 1.0, "XX": 1.0}})
    verdict = check(target(0.2), changed, market(), np.ones(5, dtype=bool), LOOSE, OFF, AS_OF)
    assert verdict.decision == "halted"
    assert "XX is held short" in verdict.reasons
    assert set(verdict.weights) == {*market().symbols, "XX", CASH}


def test_a_book_without_value_halts():
    assert judge(target(0.1), value=-5.0).decision == "halted"
    assert judge(target(0.1), peak_value=float("nan")).decision == "halted"
    assert judge(target(0.1), period_values={"2020-W12": 0.0}).decision == "halted"


def test_short_history_or_a_single_bar_raises_nothing():
    for rows in (1, 2, 3):
        assert judge(target(0.1), panel=market(rows=rows)).weights["S0"] == 0.0
