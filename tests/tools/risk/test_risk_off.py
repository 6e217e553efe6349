"""A limit that is switched off never acts while the others do, and the steps of a verdict sum to its weights."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_market import AS_OF, LOOSE, OFF, book, fired, market, target

from data.market import CASH, AssetClass
from tools.execution.book import Lock
from tools.risk.check import check
from tools.risk.off import NEVER
from tools.risk.steps import EDIT, HALT, steps
from tools.risk.stress import Scenario
from tools.risk.verdict import Verdict

MARKET = market(sectors=("tech", "tech", "energy", "", ""), volume=1e4)
CRASH = Scenario(name="crash", class_shocks=dict.fromkeys(AssetClass, -0.2))
WANTED = target(0.3, 0.2, 0.2, 0.1, 0.1)
TIGHT: dict[str, dict] = {
    "long_only": {},
    "max_position_loss": {"max_position_loss": 0.1},
    "max_trailing_loss": {"max_trailing_loss": 0.1},
    "restricted": {"restricted": ("S1",)},
    "max_name_weight": {"max_name_weight": 0.25},
    "max_class_weight": {"max_class_weight": {AssetClass.STOCK: 0.4}},
    "max_sector_weight": {"max_sector_weight": {"tech": 0.4}},
    "max_currency_weight": {"max_currency_weight": {"USD": 0.5}},
    "max_gross": {"max_gross": 0.5},
    "max_leverage": {"max_leverage": 0.5},
    "max_turnover_per_cycle": {"max_turnover_per_cycle": 0.1},
    "max_participation": {"max_participation": 0.01},
    "max_net": {"max_net": 0.5},
    "max_beta": {"max_beta": 0.2},
    "max_volatility_annual": {"max_volatility_annual": 0.05},
    "max_var_95": {"max_var_95": 0.002},
    "max_cvar_95": {"max_cvar_95": 0.002},
    "max_stress_loss": {"max_stress_loss": 0.05, "stress_scenarios": (CRASH,)},
}
"""Each limit so tight that it acts on WANTED."""
STOPS = ("max_position_loss", "max_trailing_loss")


def case(limit):
    """The weights asked for and the book on which a limit acts."""
    held, wanted = book((0.2, 0.0, 0.1)), WANTED
    if limit == "long_only":
        wanted = target(-0.1, 0.2, 0.2, 0.1, 0.1)
    if limit in STOPS:
        lost = held.positions["S0"].model_copy(update={"average_price": 2.0})
        lock = Lock(
            rule=limit, since="2020-03-13T20:00:00Z", until="2020-03-30T20:00:00Z", detail="S2 lost", symbol="S2"
        )
        held = held.model_copy(update={"positions": held.positions | {"S0": lost}, "locks": (lock,)})
    return wanted, held


def verdict(limit, limits, off=frozenset()):
    wanted, held = case(limit)
    return check(wanted, held, MARKET, np.ones(5, dtype=bool), limits, OFF, AS_OF, off)


def test_every_limit_has_a_case() -> None:
    assert TIGHT.keys() == NEVER.keys()


@pytest.mark.parametrize("projection", ["clamp", "least_change"])
@pytest.mark.parametrize("limit", TIGHT)
def test_a_limit_that_is_off_does_nothing_and_is_as_if_it_had_never_been(limit, projection) -> None:
    tight = LOOSE.model_copy(update=TIGHT[limit] | {"projection": projection})
    assert limit in fired(verdict(limit, tight))
    off = verdict(limit, tight, frozenset({limit}))
    assert limit not in fired(off)
    loose = LOOSE.model_copy(update={k: v for k, v in TIGHT[limit].items() if k == "stress_scenarios"})
    never = verdict(limit, loose.model_copy(update={"projection": projection, limit: NEVER[limit]}))
    if limit in STOPS:  # a lock of the rule holds even where the rule is gone
        assert limit in fired(never)
        assert {c.symbol for c in off.clamps} == set()
    else:
        assert off == never


@pytest.mark.parametrize("limit", [limit for limit in TIGHT if limit not in STOPS])
def test_the_others_act_as_ever(limit) -> None:
    """All limits tight at once: without one, what is left still meets every other."""
    every = LOOSE.model_copy(update={name: value for tight in TIGHT.values() for name, value in tight.items()})
    assert verdict(limit, every, frozenset({limit})) == verdict(limit, every.model_copy(update={limit: NEVER[limit]}))


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.floats(0.0, 0.4), min_size=5, max_size=5),
    cap=st.floats(0.05, 1.0),
    turnover=st.floats(0.0, 1.0),
    var=st.floats(0.001, 0.05),
    edit=st.none() | st.lists(st.floats(0.0, 0.2), min_size=5, max_size=5),
)
def test_steps_lead_from_what_was_proposed_to_what_is_allowed(asked, cap, turnover, var, edit) -> None:
    scale = max(1.0, sum(asked))
    proposed = target(*(a / scale for a in asked))
    edited = target(*edit) if edit is not None else None
    limits = LOOSE.model_copy(update={"max_name_weight": cap, "max_turnover_per_cycle": turnover, "max_var_95": var})
    found = check(edited or proposed, book((0.1, 0.2)), MARKET, np.ones(5, dtype=bool), limits, OFF, AS_OF)
    taken = steps(proposed, found, edited)
    for symbol, final in found.weights.items():
        way = math.fsum((proposed[symbol], *(step.changes.get(symbol, 0.0) for step in taken)))
        assert way == pytest.approx(final, abs=1e-12)
    for step in taken:
        assert sum(step.changes.values()) == pytest.approx(0.0, abs=1e-9)  # what one symbol loses another gains
    limits_named = [step.name for step in taken if step.name in NEVER]
    assert limits_named == list(dict.fromkeys(clamp.limit for clamp in found.clamps))


def test_a_halt_is_one_step_to_what_is_held() -> None:
    held = Verdict(decision="halted", weights={"S0": 0.2, CASH: 0.8}, reasons=("kill switch: drill",))
    (step,) = steps({"S0": 0.5, CASH: 0.5}, held)
    assert step.name == HALT
    assert step.changes == pytest.approx({"S0": -0.3, CASH: 0.3})


def test_an_edit_is_the_first_step() -> None:
    allowed = Verdict(decision="approved", weights={"S0": 0.4, CASH: 0.6})
    (step,) = steps({"S0": 0.5, CASH: 0.5}, allowed, {"S0": 0.4, CASH: 0.6})
    assert step.name == EDIT
    assert step.changes == pytest.approx({"S0": -0.1, CASH: 0.1})
