"""Each limit does its own arithmetic, and says so."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError
from risk_market import AS_OF, LOOSE, OFF, allowed, book, fired, judge, market, target

from data.market import CASH, AssetClass
from tools.execution.book import Position
from tools.risk import clamps
from tools.risk.check import check
from tools.risk.limits import RiskLimits
from tools.risk.measures import average_traded
from tools.risk.stress import Scenario

SECTORS = ("tech", "tech", "", "energy", "energy")
CURRENCIES = ("USD", "USD", "EUR", "EUR", "JPY")
CRASH = Scenario(name="crash", class_shocks={AssetClass.STOCK: -0.2, AssetClass.ETF: -0.1})


def loose(**changes):
    return LOOSE.model_copy(update=changes)


def short(**changes):
    return loose(long_only=False, **changes)


def test_a_sector_is_capped_and_what_has_none_is_not():
    panel = market(sectors=SECTORS)
    verdict = judge(target(0.3, 0.1, 0.4, 0.1, 0.1), limits=loose(max_sector_weight={"tech": 0.2}), panel=panel)
    assert allowed(verdict) == pytest.approx([0.15, 0.05, 0.4, 0.1, 0.1])
    assert {(c.limit, c.detail) for c in verdict.clamps} == {("max_sector_weight", "limit tech 0.2")}
    every = judge(target(0.3, 0.1, 0.4, 0.1, 0.1), limits=loose(max_sector_weight={"*": 0.1, "tech": 0.4}), panel=panel)
    assert allowed(every) == pytest.approx([0.3, 0.1, 0.4, 0.05, 0.05])


def test_a_currency_is_capped_by_its_code():
    verdict = judge(
        target(0.3, 0.1, 0.3, 0.1, 0.1),
        limits=loose(max_currency_weight={"EUR": 0.2, "JPY": 0.0}),
        panel=market(currencies=CURRENCIES),
    )
    assert allowed(verdict) == pytest.approx([0.3, 0.1, 0.15, 0.05, 0.0])
    assert fired(verdict) == ["max_currency_weight"]


def test_leverage_counts_what_a_class_carries_for_its_weight():
    carried = {AssetClass.CRYPTO: 5.0}
    verdict = judge(target(0.2, 0.2, 0.0, 0.2), limits=loose(max_leverage=0.7, notional_per_weight=carried))
    assert allowed(verdict) == pytest.approx([0.1, 0.1, 0.0, 0.1, 0.0])
    assert fired(verdict) == ["max_leverage"]
    assert not judge(target(0.2, 0.2, 0.0, 0.2), limits=loose(max_leverage=0.7)).clamps


def test_a_restricted_symbol_may_shrink_and_not_grow():
    limits = loose(restricted=("S0", "S1"))
    verdict = judge(target(0.3, 0.1, 0.3), held=(0.2, 0.2, 0.0), limits=limits)
    assert allowed(verdict) == pytest.approx([0.2, 0.1, 0.3, 0.0, 0.0])
    assert [(c.limit, c.symbol) for c in verdict.clamps] == [("restricted", "S0")]


def test_participation_caps_what_is_opened_by_the_average_day():
    panel = market(volume=1000.0)
    traded = average_traded(panel, 20)
    assert traded == pytest.approx((panel.close[-20:] * 1000.0).mean(axis=0))
    limits = loose(max_participation=0.5)
    verdict = judge(target(0.3, 0.0, 0.001), held=(0.1, 0.4), limits=limits, panel=panel)
    assert allowed(verdict) == pytest.approx([0.1 + 0.5 * traded[0] / 1e6, 0.0, 0.001, 0.0, 0.0])
    assert [(c.limit, c.symbol) for c in verdict.clamps] == [("max_participation", "S0")]


@pytest.mark.parametrize("volume", [np.nan, 0.0])
def test_unknown_volume_caps_nothing(volume):
    verdict = judge(target(0.5), limits=loose(max_participation=1e-6), panel=market(volume=volume))
    assert verdict.decision == "approved"


def test_a_slot_without_a_bar_trades_nothing():
    panel = market(volume=1000.0)
    panel.age[-10:, 0] = np.arange(1, 11)
    both = average_traded(panel, 20)
    assert both[0] == pytest.approx((panel.close[-20:-10, 0] * 1000.0).sum() / 20)


def test_shorts_are_capped_by_size():
    verdict = judge(target(-0.4, 0.3, -0.1), limits=short(max_name_weight=0.2))
    assert allowed(verdict) == pytest.approx([-0.2, 0.2, -0.1, 0.0, 0.0])
    verdict = judge(target(-0.4, 0.4), limits=short(max_gross=0.4))
    assert allowed(verdict) == pytest.approx([-0.2, 0.2, 0.0, 0.0, 0.0])
    verdict = judge(target(-0.4, 0.2, 0.1), limits=short(max_class_weight={AssetClass.STOCK: 0.3}))
    assert allowed(verdict) == pytest.approx([-0.2, 0.1, 0.1, 0.0, 0.0])


def test_net_is_capped_on_the_side_that_outweighs():
    verdict = judge(target(-0.2, 0.6), limits=short(max_net=0.1))
    assert allowed(verdict) == pytest.approx([-0.2, 0.3, 0.0, 0.0, 0.0])
    verdict = judge(target(-0.6, 0.2), limits=short(max_net=0.0))
    assert allowed(verdict) == pytest.approx([-0.2, 0.2, 0.0, 0.0, 0.0])
    assert fired(verdict) == ["max_net"]
    assert "-0.0," not in judge(target(-0.2, 0.6), limits=short(max_gross=0.0)).model_dump_json()


def test_net_is_held_together_with_the_limits_that_follow_it():
    """One factor on the longs brings out a short that cannot be covered: net is looked at once more."""
    panel = market()
    moves = panel.returns()[1:, 0]
    panel.close[1:, 1], panel.close[1:, 2] = 100.0 * np.cumprod(1.0 + moves), 100.0 * np.cumprod(1.0 + 2.0 * moves)
    rest = {"held": (-0.3, -0.1, 0.6), "tradable": [False, True, True, True, True], "panel": panel}
    swing = judge(target(-0.3, -0.1, 0.6), limits=short(), **rest).measures["volatility_annual"] / (1.2 - 0.4)
    limits = short(max_net=0.13, max_volatility_annual=0.062 * swing)
    first = judge(target(-0.3, -0.1, 0.6), limits=limits, **rest)
    assert fired(first) == ["max_net", "max_volatility_annual"]
    assert judge(first.weights, limits=limits, **rest).clamps == ()


def test_covering_is_never_restricted_and_a_short_is_an_opening():
    limits = short(max_turnover_per_cycle=0.1)
    verdict = judge(target(0.0, -0.3), held=(-0.4, -0.1), limits=limits)
    assert allowed(verdict) == pytest.approx([0.0, -0.2, 0.0, 0.0, 0.0])
    turned = judge(target(0.3), held=(-0.4,), limits=limits)
    assert allowed(turned) == pytest.approx([0.1, 0.0, 0.0, 0.0, 0.0])


def test_a_book_that_is_short_is_halted_only_where_it_may_not_be():
    assert judge(target(-0.1), held=(-0.1,), limits=LOOSE).reasons == ("S0 is held short",)
    assert judge(target(-0.1), held=(-0.1,), limits=short()).decision == "approved"
    panel = market()
    panel.close[-1, 0] = np.nan
    assert judge(target(-0.1), held=(-0.1,), limits=short(), panel=panel).reasons == ("S0 is held and has no price",)


def test_leveraged_weights_leave_cash_below_zero():
    verdict = judge(target(0.8, 0.8), limits=loose(max_gross=1.5, max_net=1.5, max_turnover_per_cycle=2.0))
    assert allowed(verdict) == pytest.approx([0.75, 0.75, 0.0, 0.0, 0.0])
    assert verdict.weights[CASH] == pytest.approx(-0.5)


@pytest.mark.parametrize("method", ["historical", "parametric", "cornish_fisher"])
@pytest.mark.parametrize("limit", ["max_var_95", "max_cvar_95"])
def test_losses_shrink_to_the_limit_by_every_method(method, limit):
    free = judge(target(0.4, 0.4, 0.1), limits=loose(var_method=method))
    name = limit.removeprefix("max_")
    half = judge(target(0.4, 0.4, 0.1), limits=loose(var_method=method, **{limit: free.measures[name] / 2}))
    assert fired(half) == [limit]
    assert half.measures[name] == pytest.approx(free.measures[name] / 2, rel=1e-6)
    assert allowed(half) == pytest.approx(allowed(free) / 2, rel=1e-6)


@pytest.mark.parametrize("benchmark", ["", "S1"])
def test_beta_shrinks_to_its_limit_either_way(benchmark):
    limits = short(beta_benchmark=benchmark)
    for sign in (1.0, -1.0):
        free = judge(target(sign * 0.5, sign * 0.2), limits=limits)
        assert free.measures["beta"] * sign > 0.1
        cap = abs(free.measures["beta"]) / 2
        verdict = judge(target(sign * 0.5, sign * 0.2), limits=limits.model_copy(update={"max_beta": cap}))
        assert fired(verdict) == ["max_beta"]
        assert verdict.measures["beta"] == pytest.approx(sign * cap, rel=1e-6)


def test_without_its_benchmark_nothing_is_opened():
    verdict = judge(target(0.2), held=(0.1,), limits=loose(max_beta=1.0, beta_benchmark="gone"))
    assert allowed(verdict)[0] == pytest.approx(0.1)
    assert fired(verdict) == ["risk_unknown"]


def test_stress_loss_is_the_worst_scenario_or_the_worst_days():
    panel = market()
    quiet = loose(stress_window_bars=1)
    days = judge(target(0.5, 0.0, 0.5), limits=quiet, panel=panel)
    past = (panel.close[-252:] / panel.close[-253:-1] - 1.0) @ [0.5, 0.0, 0.5, 0.0, 0.0]
    assert days.measures["stress_loss"] == pytest.approx(-past.min())
    five = judge(target(0.5, 0.0, 0.5), limits=loose(stress_window_bars=5), panel=panel)
    assert five.measures["stress_loss"] == pytest.approx(-np.convolve(past, np.ones(5), "valid").min())
    named = quiet.model_copy(update={"stress_scenarios": (Scenario(name="calm"), CRASH)})
    assert judge(target(0.5, 0.0, 0.5), limits=named, panel=panel).measures["stress_loss"] == pytest.approx(0.15)
    capped = judge(target(0.5, 0.0, 0.5), limits=named.model_copy(update={"max_stress_loss": 0.05}), panel=panel)
    assert fired(capped) == ["max_stress_loss"]
    assert allowed(capped) == pytest.approx([0.5 / 3, 0.0, 0.5 / 3, 0.0, 0.0])


def test_a_sector_shock_stands_in_for_the_shock_of_its_class():
    shocked = CRASH.model_copy(update={"sector_shocks": {"tech": -0.5}})
    limits = loose(stress_scenarios=(shocked,), max_stress_loss=1.0)
    verdict = judge(target(0.2, 0.0, 0.4), limits=limits, panel=market(sectors=("tech", "", "", "", "")))
    assert verdict.measures["stress_loss"] == pytest.approx(0.2 * 0.5 + 0.4 * 0.1)


def test_a_hedge_that_cannot_be_sold_does_not_hide_what_it_hedges():
    panel = market()
    panel.close[1:, 1] = 100.0 * np.cumprod(1.0 - panel.returns()[1:, 0])
    limits = loose(max_volatility_annual=0.02)
    verdict = judge(target(0.6, 0.0), held=(0.0, 0.3), limits=limits, panel=panel, tradable=[True, False] + [True] * 3)
    assert verdict.weights["S1"] == pytest.approx(0.3)
    assert 0.3 < verdict.weights["S0"] < 0.6
    assert verdict.measures["volatility_annual"] == pytest.approx(0.02, rel=1e-6)


@pytest.mark.parametrize("projection", ["clamp", "least_change"])
def test_a_price_beyond_measure_opens_nothing_and_sells_nothing(projection):
    panel = market()
    panel.close[100, 1] = 1e308
    verdict = judge(target(0.3, 0.3), held=(0.1, 0.2), limits=loose(projection=projection), panel=panel)
    assert allowed(verdict) == pytest.approx([0.1, 0.2, 0.0, 0.0, 0.0])
    assert verdict.clamps[-1].limit == "risk_unknown"
    assert not {"var_95", "volatility"} & {name for name, value in verdict.measures.items() if not np.isfinite(value)}


def test_the_order_of_the_limits_is_the_order_of_the_clamps():
    limits = loose(
        restricted=("S4",), max_name_weight=0.5, max_class_weight={AssetClass.STOCK: 0.6}, max_gross=0.9,
        max_sector_weight={"tech": 0.55}, max_currency_weight={"USD": 0.5}, max_turnover_per_cycle=0.3,
        max_participation=0.1, max_volatility_annual=0.01,
    )  # fmt: skip
    panel = market(sectors=SECTORS, currencies=CURRENCIES, volume=20_000.0)
    verdict = judge(target(0.7, 0.2, 0.1, -0.2, 0.1), limits=limits, panel=panel)
    assert fired(verdict) == [
        "long_only", "restricted", "max_name_weight", "max_class_weight", "max_sector_weight", "max_currency_weight",
        "max_turnover_per_cycle", "max_participation", "max_volatility_annual",
    ]  # fmt: skip


def test_a_position_whose_entry_price_is_unknown_is_closed_where_there_are_stops():
    held = book((0.4, 0.2))
    broken = held.model_copy(update={"positions": held.positions | {"S0": Position(quantity=4e5, average_price=0.0)}})
    verdict = check(
        target(0.4, 0.2), broken, market(), np.ones(5, dtype=bool), loose(max_position_loss=0.1), OFF, AS_OF
    )
    assert allowed(verdict) == pytest.approx([0.0, 0.2, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    "fields",
    [
        {"max_net": -0.1}, {"max_gross": float("inf")}, {"max_name_weight": 1.5}, {"max_beta": float("nan")},
        {"max_position_loss": 0.0}, {"max_trailing_loss": 1.1}, {"stop_lock_bars": 0}, {"var_method": "guess"},
        {"projection": "hope"}, {"max_participation": -1.0}, {"max_sector_weights": {}},
        {"notional_per_weight": {"option": 0.0}},
        {"stress_scenarios": [{"name": "x", "class_shocks": {"stock": -2.0}}]},
    ],
    ids=str,
)  # fmt: skip
def test_limits_outside_their_bounds_are_refused(fields):
    with pytest.raises(ValidationError):
        RiskLimits(**fields)


def test_the_page_of_limits_names_every_field_with_its_default():
    page = (Path(__file__).parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
    for name, field in RiskLimits.model_fields.items():
        assert f"`{name}`" in page or f"{name}:" in page, name
        if isinstance(field.default, float | int) and not isinstance(field.default, bool):
            rows = [line for line in page.splitlines() if f"`{name}`" in line]
            assert any(f"{field.default:g}" in row for row in rows), name


def test_the_page_of_limits_has_the_order_of_the_stages():
    page = (Path(__file__).parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
    table = page.split("## The limits")[1].split("## The nearest")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    in_page = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    in_code = re.findall(r"[a-z_]\w+", clamps.__doc__.split("\n\n")[1])
    titles = {"facts", "permission", "weights", "trades", "portfolio", "then", "at", "once"}
    assert in_page == list(dict.fromkeys(name for name in in_code if name not in titles))


def test_the_settings_on_the_page_are_limits():
    page = (Path(__file__).parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
    shown = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    limits = RiskLimits(**shown["limits"])
    assert limits.stress_scenarios[0].class_shocks[AssetClass.STOCK] == -0.205
