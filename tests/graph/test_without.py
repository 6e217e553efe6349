"""What may be left out of a cycle is known by name, and a config says it in one order."""

from __future__ import annotations

import pytest

from data.errors import InputError
from data.features.catalog import SHARED_SPECS, SPECS
from data.features.groups import GROUPS
from graph.config import CycleConfig
from graph.without import EVERYTHING, normal, parse, switches
from tools.risk.limits import RiskLimits
from tools.risk.off import NEVER, lifted


@pytest.mark.parametrize("thing", EVERYTHING, ids=str)
def test_everything_is_read_as_it_is_written(thing) -> None:
    assert parse(f" {thing} ") == thing


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("momentim", "momentum?"),
        ("features:momentm", "features:momentum?"),
        ("clamp:max_name_wieght", "clamp:max_name_weight?"),
        ("prior=equal_wieght", "prior=equal_weight?"),
        ("equal_weight", "prior=equal_weight?"),
        ("max_gross", "clamp:max_gross?"),
        ("feature:volatility", "features:volatility?"),
        ("prior:risk_parity", "prior=risk_parity?"),
        ("volatility", "features:volatility?"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(said: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(said)
    assert caught.value.remedy == f"did you mean {near}"


def test_a_name_like_no_other_is_answered_with_all_there_are() -> None:
    with pytest.raises(InputError) as caught:
        parse("xyzzy")
    assert "features:<" in caught.value.remedy


@pytest.mark.parametrize("fact", ["untradable", "risk_unknown", "max_drawdown"])
def test_a_fact_or_a_breaker_is_no_limit_to_switch_off(fact: str) -> None:
    with pytest.raises(InputError, match="no limit on weights"):
        parse(f"clamp:{fact}")


def test_two_priors_at_once_are_refused() -> None:
    with pytest.raises(InputError, match="two priors"):
        switches(["prior=equal_weight", "prior=risk_parity"])


def test_a_config_names_each_thing_once_in_one_order() -> None:
    one = CycleConfig(without=("prior=equal_weight", "clamp:max_gross", "social", "news", "news", "features:macro"))
    assert one.without == ("news", "social", "features:macro", "clamp:max_gross", "prior=equal_weight")
    assert one.switches.agents == {"news", "social"}
    assert one.switches.prior == "equal_weight"
    assert normal(one.without) == one.without


def test_a_config_with_nothing_off_says_nothing_of_it_and_one_with_something_does() -> None:
    assert "without" not in CycleConfig().model_dump(mode="json")
    assert CycleConfig(without=("news",)).model_dump(mode="json")["without"] == ["news"]


def test_a_config_refuses_what_there_is_not() -> None:
    with pytest.raises(ValueError, match="did you mean news"):
        CycleConfig(without=("newss",))


def test_every_feature_of_the_catalogue_stands_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(spec.name for spec in (*SPECS, *SHARED_SPECS))


def test_every_limit_on_weights_can_be_switched_off_and_nothing_else() -> None:
    """A new limit is in NEVER, or among the fields that say how limits are measured and what is a breaker."""
    measured = {
        "notional_per_weight", "participation_window_bars", "approval_turnover", "var_method", "beta_benchmark",
        "stress_scenarios", "stress_window_bars", "risk_window_bars", "min_history_bars", "stop_lock_bars", "lock_bars",
        "weekly_lock_bars", "max_stale_bars", "projection", "max_drawdown", "max_daily_loss", "max_weekly_loss",
    }  # fmt: skip
    assert set(NEVER) | measured == set(RiskLimits.model_fields)
    assert not set(NEVER) & measured
    assert lifted(RiskLimits(), frozenset()) == RiskLimits()
