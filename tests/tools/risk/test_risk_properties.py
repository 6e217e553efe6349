"""Whatever the limits, the book and the market: clamps only shrink, run once, and say all that they did."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_market import AS_OF, CLASSES, OFF, allowed, book, market, target

from data.market import AssetClass
from tools.execution.book import Lock
from tools.risk.check import check
from tools.risk.limits import RiskLimits
from tools.risk.stress import Scenario

SYMBOLS = tuple(f"S{k}" for k in range(5))
PANELS = {
    (rows, seed, vol): market(
        rows=rows, seed=seed, vol=vol, sectors=("tech", "tech", "energy", "", "energy"),
        currencies=("USD", "EUR", "EUR", "JPY", "USD"), volume=[20_000.0, 1e9, 0.0, np.nan, 5_000.0],
    )
    for rows in (40, 300) for seed in range(4) for vol in (0.002, 0.02)
}  # fmt: skip
CRASH = Scenario(name="crash", class_shocks=dict.fromkeys(CLASSES, -0.2), sector_shocks={"energy": 0.1})


def share(low=0.0, high=1.0):
    return st.floats(low, high)


def maybe(values):
    return st.none() | values


@st.composite
def weights(draw, short):
    """Five weights, most of them not 0, that add up to at most 1.5 in size."""
    raw = np.array(draw(st.lists(st.floats(-1.0 if short else 0.0, 1.0), min_size=5, max_size=5)))
    raw[draw(st.lists(st.integers(0, 4), max_size=2))] = 0.0
    return raw * draw(share(0.0, 1.5 if short else 1.0)) / max(1.0, float(np.abs(raw).sum()))


@st.composite
def limits(draw, short, projection="clamp"):
    return RiskLimits(
        long_only=not short,
        restricted=tuple(draw(st.lists(st.sampled_from(SYMBOLS), max_size=2, unique=True))),
        max_name_weight=draw(share()),
        max_class_weight={c: draw(share()) for c in (AssetClass.STOCK, AssetClass.CRYPTO)},
        max_sector_weight=draw(st.sampled_from([{}, {"tech": 0.2}, {"*": 0.3}])),
        max_currency_weight=draw(st.sampled_from([{}, {"EUR": 0.1, "*": 0.5}])),
        max_gross=draw(share(0.0, 2.0)),
        max_leverage=draw(share(0.1, 3.0)),
        notional_per_weight=draw(st.sampled_from([{}, {AssetClass.CRYPTO: 3.0}])),
        max_net=draw(share(0.0, 1.0)),
        max_turnover_per_cycle=draw(share(0.0, 2.0)),
        max_participation=draw(maybe(share(0.001, 1.0))),
        max_var_95=draw(share(0.001, 0.1)),
        max_cvar_95=draw(share(0.001, 0.1)),
        var_method=draw(st.sampled_from(["historical", "parametric", "cornish_fisher"])),
        max_volatility_annual=draw(share(0.01, 1.0)),
        max_beta=draw(maybe(share(0.0, 2.0))),
        beta_benchmark=draw(st.sampled_from(["", "S1"])),
        max_stress_loss=draw(maybe(share(0.01, 1.0))),
        stress_scenarios=(CRASH,),
        max_position_loss=draw(maybe(share(0.05, 0.5))),
        max_trailing_loss=draw(maybe(share(0.05, 0.5))),
        approval_turnover=20.0,
        projection=projection,
    )


@st.composite
def cases(draw, projection="clamp", frozen=True):
    short = draw(st.booleans())
    held = draw(weights(short))
    holding = book(
        held,
        best_marks={s: draw(share(0.7, 1.4)) for s in SYMBOLS},
        locks=draw(
            st.sampled_from([(), (Lock(rule="max_position_loss", since="", until="", detail="", symbol="S1"),)])
        ),
    )
    tradable = np.array(draw(st.lists(st.booleans(), min_size=5, max_size=5))) if frozen else np.ones(5, dtype=bool)
    panel = PANELS[draw(st.sampled_from(sorted(PANELS)))]
    return draw(weights(short)), held, holding, panel, tradable, draw(limits(short, projection))


def run(case, wanted=None):
    asked, _, holding, panel, tradable, rules = case
    wanted = target(*asked) if wanted is None else wanted
    return check(wanted, holding, panel, tradable, rules, OFF, AS_OF)


@given(cases())
@settings(max_examples=150)
def test_no_weight_grows_or_turns_but_what_cannot_be_traded(case):
    asked, held, _, _, tradable, _ = case
    verdict = run(case)
    assert verdict.decision in ("approved", "reduced")
    got = allowed(verdict)
    assert np.all(np.abs(got[tradable]) <= np.abs(asked[tradable]))
    assert np.all(got[tradable] * asked[tradable] >= 0.0)
    assert got[~tradable] == pytest.approx(held[~tradable], abs=1e-12)
    assert sum(verdict.weights.values()) == pytest.approx(1.0, abs=1e-12)


@given(cases())
@settings(max_examples=150)
def test_what_passed_once_passes_again_unchanged(case):
    first = run(case)
    second = run(case, first.weights)
    assert second.clamps == ()
    assert allowed(second) == pytest.approx(allowed(first), abs=1e-12)


@given(cases())
@settings(max_examples=100)
def test_every_change_has_a_clamp_and_the_clamps_lead_to_the_verdict(case):
    verdict = run(case)
    weights_now = target(*case[0])
    for clamp in verdict.clamps:
        assert clamp.before == pytest.approx(weights_now[clamp.symbol], abs=1e-11)
        assert clamp.after != clamp.before
        weights_now[clamp.symbol] = clamp.after
    assert [weights_now[s] for s in SYMBOLS] == pytest.approx(allowed(verdict), abs=1e-11)


@given(cases(frozen=False))
@settings(max_examples=120)
def test_all_limits_hold_where_everything_can_be_traded(case):
    _, held, _, panel, _, rules = case
    verdict = run(case)
    got = allowed(verdict)
    sizes, slack = np.abs(got), 1e-9
    assert sizes.max() <= rules.max_name_weight + slack
    assert sizes.sum() <= min(rules.max_gross, rules.max_leverage) + slack
    assert abs(got.sum()) <= rules.max_net + slack
    for labels, caps in (
        ([i.asset_class for i in panel.instruments], rules.max_class_weight),
        ([i.sector for i in panel.instruments], rules.max_sector_weight),
        ([i.currency for i in panel.instruments], rules.max_currency_weight),
    ):
        for name, cap in caps.items():
            assert sizes[[label == name for label in labels]].sum() <= cap + slack
    opened = np.where(got * held > 0.0, np.maximum(sizes - np.abs(held), 0.0), sizes)
    assert opened.sum() <= rules.max_turnover_per_cycle + slack
    assert opened[[s in rules.restricted for s in SYMBOLS]].sum() <= slack
    for name in ("var_95", "cvar_95", "volatility_annual", "stress_loss", "beta"):
        cap = getattr(rules, f"max_{name}")
        if cap is not None and name in verdict.measures:
            assert abs(verdict.measures[name]) <= cap + slack or verdict.measures[name] <= 0.0


@given(cases(projection="least_change", frozen=False))
@settings(max_examples=25)
def test_a_projection_shrinks_only_and_passes_the_clamps_unchanged(case):
    asked, *_, rules = case
    verdict = run(case)
    got = allowed(verdict)
    assert np.all(np.abs(got) <= np.abs(asked))
    assert np.all(got * asked >= 0.0)
    clamped = (*case[:-1], rules.model_copy(update={"projection": "clamp"}))
    proof = run(clamped, verdict.weights)
    assert proof.clamps == ()
    assert allowed(proof) == pytest.approx(got, abs=1e-12)
