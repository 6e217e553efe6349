"""The least change: nearer than the clamps, within every limit, and never needed for safety."""

import sys

import numpy as np
import pytest
from risk_market import LOOSE, allowed, fired, judge, market, target

from data.market import AssetClass
from tools.risk.stress import Scenario

NEAREST = LOOSE.model_copy(update={"projection": "least_change"})
CRASH = Scenario(name="crash", class_shocks={AssetClass.STOCK: -0.3, AssetClass.CRYPTO: -0.6})
WANTED = (0.4, 0.25, 0.2, 0.1, 0.05)


def nearest(**changes):
    return NEAREST.model_copy(update=changes)


def distance(verdict, wanted):
    return float(np.square(allowed(verdict) - wanted).sum())


@pytest.mark.parametrize(
    "change",
    [
        {"max_gross": 0.7}, {"max_net": 0.7}, {"max_turnover_per_cycle": 0.5},
        {"max_class_weight": {AssetClass.STOCK: 0.3}}, {"max_volatility_annual": 0.12}, {"max_var_95": 0.01},
        {"max_cvar_95": 0.012}, {"max_beta": 0.5}, {"stress_scenarios": (CRASH,), "max_stress_loss": 0.1},
        {"max_stress_loss": 0.03}, {"var_method": "parametric", "max_var_95": 0.01},
        {"var_method": "parametric", "max_cvar_95": 0.012}, {"var_method": "cornish_fisher", "max_var_95": 0.01},
        {"var_method": "cornish_fisher", "max_cvar_95": 0.012},
        {"max_leverage": 0.9, "notional_per_weight": {AssetClass.CRYPTO: 4.0}},
    ],
    ids=str,
)  # fmt: skip
def test_it_is_nearer_than_the_clamps_and_names_the_limit_that_binds(change):
    limits = nearest(**change)
    projected = judge(target(*WANTED), limits=limits)
    clamped = judge(target(*WANTED), limits=limits.model_copy(update={"projection": "clamp"}))
    assert distance(projected, WANTED) <= distance(clamped, WANTED) + 1e-9
    assert distance(projected, WANTED) > 1e-4
    assert set(fired(projected)) == set(fired(clamped))
    assert {c.detail for c in projected.clamps} == {"the least change that meets all limits"}
    assert projected.notes == ()


def test_a_sum_is_met_by_the_same_cut_from_each():
    verdict = judge(target(*WANTED), limits=nearest(max_gross=0.8))
    assert allowed(verdict) == pytest.approx(np.array(WANTED) - 0.04, abs=1e-5)
    assert judge(target(*WANTED), limits=nearest(max_name_weight=0.3)).weights["S0"] == pytest.approx(0.3, abs=1e-6)


def test_only_what_a_limit_holds_is_cut():
    verdict = judge(target(*WANTED), limits=nearest(max_class_weight={AssetClass.CRYPTO: 0.02}))
    assert [c.symbol for c in verdict.clamps] == ["S3"]
    assert allowed(verdict)[[0, 1, 2, 4]] == pytest.approx(np.array(WANTED)[[0, 1, 2, 4]], abs=0.0)


def test_each_limit_that_binds_is_named_on_its_own_symbols():
    change = {"max_class_weight": {AssetClass.CRYPTO: 0.02}, "max_name_weight": 0.3, "max_volatility_annual": 0.9}
    verdict = judge(target(*WANTED), limits=nearest(**change))
    assert {c.symbol: c.limit for c in verdict.clamps} == {"S0": "max_name_weight", "S3": "max_class_weight"}


def test_a_hedge_is_kept_where_the_clamps_would_halve_it():
    panel = market()
    panel.close[1:, 1] = 100.0 * np.cumprod(1.0 - 0.9 * panel.returns()[1:, 0])
    verdict = judge(target(0.6, 0.3), limits=nearest(max_volatility_annual=0.03), panel=panel)
    assert verdict.weights["S1"] == 0.3
    assert verdict.weights["S0"] < 0.4
    assert fired(verdict) == ["max_volatility_annual"]


def test_shorts_keep_their_sign_and_only_shrink():
    wanted = (-0.5, 0.3, -0.2, 0.0, 0.0)
    verdict = judge(target(*wanted), limits=nearest(long_only=False, max_gross=0.6, max_net=0.1))
    got = allowed(verdict)
    assert np.all(got * wanted >= 0.0)
    assert np.all(np.abs(got) <= np.abs(wanted))
    assert np.abs(got).sum() == pytest.approx(0.6, abs=1e-5)
    assert abs(got.sum()) <= 0.1


def test_what_may_not_be_held_goes_first():
    limits = nearest(restricted=("S1",), max_gross=0.5)
    verdict = judge(target(0.3, 0.4, -0.1), limits=limits)
    assert [(c.limit, c.symbol) for c in verdict.clamps] == [("long_only", "S2"), ("restricted", "S1")]


def test_without_a_solution_the_limits_act_one_by_one_and_it_is_said():
    frozen = [False, True, True, True, True]
    verdict = judge(target(0.3, 0.3), held=(0.5, 0.0), limits=nearest(max_volatility_annual=0.03), tradable=frozen)
    assert verdict.notes == ("no projection, the limits act one by one: the solver found the limits infeasible",)
    assert allowed(verdict) == pytest.approx([0.5, 0.0, 0.0, 0.0, 0.0])


def test_without_the_solver_the_limits_act_one_by_one_and_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    verdict = judge(target(*WANTED), limits=nearest(max_gross=0.5))
    assert len(verdict.notes) == 1
    assert "cvxpy" in verdict.notes[0]
    assert allowed(verdict) == pytest.approx(np.array(WANTED) / 2)


def test_a_wrong_answer_of_the_solver_is_clamped(monkeypatch):
    monkeypatch.setattr("tools.risk.convex.Problem.solve", lambda self, *_: self.weights * 0.9)
    verdict = judge(target(*WANTED), limits=nearest(max_gross=0.5))
    assert allowed(verdict) == pytest.approx(np.array(WANTED) / 2)
    assert verdict.clamps[-1].limit == "max_gross"


def test_unknown_risk_is_left_to_the_clamps():
    verdict = judge(target(*WANTED), held=(0.1,), limits=NEAREST, panel=market(rows=40))
    assert verdict.notes == ("no projection, the limits act one by one: risk is unknown",)
    assert allowed(verdict) == pytest.approx([0.1, 0.0, 0.0, 0.0, 0.0])


def test_the_same_question_has_the_same_answer_to_the_last_bit():
    limits = nearest(max_gross=0.5, max_cvar_95=0.01)
    first, second = (judge(target(*WANTED), limits=limits).model_dump_json() for _ in range(2))
    assert first == second
