"""The controller's arithmetic: observation, tilt, network, rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta_toys import toy

from data.errors import CorruptFile, InputError
from rl.meta.actor import Actor, actor_shapes
from rl.meta.blend import BLEND_KAPPA, blend_v1
from rl.meta.inputs import (
    AGENTS,
    SCHEMA,
    SYMBOL_COLUMNS,
    MetaInputs,
    build_inputs,
    coalition_views,
    open_prior,
    stack_views,
)
from rl.meta.policy import MetaPolicy
from rl.meta.prior import PRIOR_VOL_FLOOR
from rl.meta.prior import inverse_volatility as many_priors
from rl.meta.tilt import KAPPA, tilt
from rl.store import Manifest, PolicyBundle
from tools.portfolio.prior import inverse_volatility

SHARED = 14


def tensors(seed: int = 0, kappa: float = KAPPA, shared: int = SHARED) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = {k: 0.3 * rng.standard_normal(s).astype(np.float32) for k, s in actor_shapes(8, 6, shared).items()}
    return found | {"kappa": np.array([kappa], dtype=np.float32)}


def bundle(found: dict[str, np.ndarray], role: str = "meta_controller", obs_id: str = SCHEMA) -> PolicyBundle:
    manifest = Manifest(
        policy_id="meta-toy", role=role, algorithm="SAC", source="toy", params={}, data_hash="0" * 64, lake={},
        obs_id=obs_id, heads=("*",), seed=0, config={}, trained_from="", trained_until="", metrics={}, git_commit="",
        sha256="0" * 64, shapes={}, versions={}, command="",
    )  # fmt: skip
    return PolicyBundle(manifest, found)


def case(symbols: int, seed: int = 0, open_share: float = 0.7) -> tuple[MetaInputs, np.ndarray]:
    """A decision with frozen symbols, and views with gaps."""
    rng = np.random.default_rng(seed)
    history, scores = toy(seed, slots=4, symbols=symbols)
    tradable = rng.random(symbols) < open_share
    held = rng.dirichlet(np.ones(symbols + 1))
    prior = many_priors(history.features["vol_63"][2], tradable)
    inputs = build_inputs(history.features, 2, tradable, prior, held, 0.1)
    score = np.stack([scores[a].score[2] for a in AGENTS], axis=-1)
    confidence = rng.random(score.shape)
    score[rng.random(score.shape) < 0.2] = np.nan
    return inputs, stack_views(score, confidence)


def weights_by_hand(inputs: MetaInputs, r: np.ndarray, kappa: float) -> np.ndarray:
    """frozen + (1 - sum frozen) * softmax(log prior + kappa r) over tradable and cash, straight from the definition."""
    n = inputs.tradable.size
    frozen = [inputs.held[i] if not inputs.tradable[i] else 0.0 for i in range(n)]
    odds = [inputs.prior[i] * np.exp(kappa * r[i]) if i == n or inputs.tradable[i] else 0.0 for i in range(n + 1)]
    rest = 1.0 - sum(frozen)
    return np.array([*frozen, 0.0]) + rest * np.array(odds) / sum(odds)


@given(symbols=st.integers(1, 40), seed=st.integers(0, 50), kappa=st.floats(0.0, 3.0))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_weights_are_the_definition_and_sum_to_one(symbols: int, seed: int, kappa: float) -> None:
    inputs, _ = case(symbols, seed)
    r = np.random.default_rng(seed).uniform(-1, 1, (3, symbols + 1))
    weights = tilt(inputs.prior, inputs.held, inputs.tradable, r, kappa)
    for row in range(3):
        np.testing.assert_allclose(weights[row], weights_by_hand(inputs, r[row], kappa), atol=1e-14)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    assert (weights >= 0.0).all()


@pytest.mark.parametrize("symbols", [1, 2, 7, 60, 143])
def test_no_tilt_is_the_prior_and_the_frozen_keep_their_weight_bit_for_bit(symbols: int) -> None:
    inputs, _ = case(symbols, seed=symbols)
    frozen = ~inputs.tradable
    still = tilt(inputs.prior, inputs.held, inputs.tradable, np.zeros((1, symbols + 1)), KAPPA)[0]
    rest = 1.0 - inputs.held[:-1][frozen].sum()
    np.testing.assert_allclose(still[:-1][~frozen], rest * inputs.prior[:-1][~frozen], atol=1e-12)
    np.testing.assert_allclose(still[-1], rest * inputs.prior[-1], atol=1e-12)
    moved = MetaPolicy(bundle(tensors())).weights(inputs, np.zeros((1, symbols, 7, 3)))[0]
    assert (moved[:-1][frozen] == inputs.held[:-1][frozen]).all()


def test_a_prior_that_already_holds_the_frozen_gives_the_same_weights() -> None:
    inputs, _ = case(9, seed=3)
    frozen = np.append(np.where(inputs.tradable, 0.0, inputs.held[:-1]), 0.0)
    aware = frozen + (1.0 - frozen.sum()) * inputs.prior
    np.testing.assert_allclose(open_prior(aware, inputs.tradable), inputs.prior, atol=1e-14)


def test_without_reach_the_policy_is_its_prior() -> None:
    inputs, views = case(12)
    weights = MetaPolicy(bundle(tensors(kappa=0.0))).weights(inputs, views[None])
    still = tilt(inputs.prior, inputs.held, inputs.tradable, np.zeros((1, 13)), KAPPA)
    np.testing.assert_allclose(weights, still, atol=1e-15)


@given(symbols=st.integers(2, 30), seed=st.integers(0, 30))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_renaming_the_symbols_renames_the_weights_and_nothing_else(symbols: int, seed: int) -> None:
    inputs, views = case(symbols, seed)
    order = np.random.default_rng(seed).permutation(symbols)
    with_cash = np.append(order, symbols)
    turned = MetaInputs(
        inputs.prior[with_cash], inputs.held[with_cash], inputs.tradable[order], inputs.symbol[order], inputs.shared
    )
    policy = MetaPolicy(bundle(tensors(seed)))
    for weigh in (policy.weights, blend_v1):
        before, after = weigh(inputs, views[None])[0], weigh(turned, views[order][None])[0]
        np.testing.assert_allclose(after, before[with_cash], atol=1e-8)


def test_a_coalition_gets_the_same_bits_alone_as_among_others() -> None:
    inputs, views = case(20)
    shown = coalition_views(views, np.random.default_rng(0).random((128, 7)) < 0.5)
    policy = MetaPolicy(bundle(tensors()))
    together = policy.weights(inputs, shown)
    for row in (0, 17, 127):
        assert (policy.weights(inputs, shown[row : row + 1])[0] == together[row]).all()
    assert len(np.unique(together, axis=0)) > 50


def test_agents_outside_a_coalition_are_unknown_not_neutral() -> None:
    _, views = case(5)
    shown = coalition_views(views, np.eye(7, dtype=bool))
    for agent in range(7):
        assert (shown[agent, :, agent] == views[:, agent]).all()
        assert not np.delete(shown[agent], agent, axis=1).any()


def test_symbols_that_cannot_be_traded_do_not_speak() -> None:
    inputs, views = case(10, seed=5)
    frozen = np.flatnonzero(~inputs.tradable)
    assert frozen.size
    loud = views.copy()
    loud[frozen] = 1.0
    policy = MetaPolicy(bundle(tensors()))
    assert (policy.weights(inputs, views[None]) == policy.weights(inputs, loud[None])).all()


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_poisoned_input_raises(poison: float) -> None:
    inputs, views = case(6)
    policy = MetaPolicy(bundle(tensors()))
    bad = views.copy()
    bad[2, 3, 0] = poison
    for weigh in (policy.weights, blend_v1):
        with pytest.raises(InputError, match="view"):
            weigh(inputs, bad[None])
    inputs.shared[0] = poison
    with pytest.raises(InputError, match="input"):
        policy.weights(inputs, views[None])


def test_features_missing_of_a_tradable_symbol_raise_of_others_are_zero() -> None:
    history, _ = toy(slots=4, symbols=5)
    weights = np.full(6, 1 / 6)
    history.features.values[-1, 2, 0] = np.nan
    everything = np.ones(5, dtype=bool)
    with pytest.raises(InputError, match="unknown"):
        build_inputs(history.features, -1, everything, weights, weights, 0.0)
    without = everything.copy()
    without[2] = False
    built = build_inputs(history.features, -1, without, weights, weights, 0.0)
    assert not built.symbol[2, :6].any()
    assert built.symbol[2, SYMBOL_COLUMNS.index("tradable")] == 0.0
    assert built.symbol[2, SYMBOL_COLUMNS.index("held")] > 0.0
    with pytest.raises(InputError, match="held"):
        build_inputs(history.features, -1, without, weights, weights * 0.9, 0.0)


def test_the_future_does_not_reach_the_inputs() -> None:
    history, _ = toy(slots=8, symbols=5)
    weights, everything = np.full(6, 1 / 6), np.ones(5, dtype=bool)
    before = build_inputs(history.features, 3, everything, weights, weights, 0.0)
    history.features.values[4:] = 7.0
    history.features.shared[4:] = 7.0
    after = build_inputs(history.features, 3, everything, weights, weights, 0.0)
    assert (before.symbol == after.symbol).all()
    assert (before.shared == after.shared).all()


def test_the_rule_follows_confident_agents_and_ignores_the_unknown() -> None:
    inputs, _ = case(4, open_share=1.1)
    views = np.zeros((1, 4, 7, 3))
    assert np.allclose(blend_v1(inputs, views)[0], inputs.prior, atol=1e-12)
    views[0, 1, 2] = (0.8, 1.0, 1.0)
    views[0, 1, 4] = (-0.4, 0.5, 1.0)
    views[0, 2, 4] = (0.9, 0.0, 1.0)
    r = np.array([0.0, (0.8 - 0.2) / 1.5, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(blend_v1(inputs, views)[0], weights_by_hand(inputs, r, BLEND_KAPPA), atol=1e-14)


@given(symbols=st.integers(1, 20), seed=st.integers(0, 60))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_many_priors_are_the_prior_of_the_desk(symbols: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    volatility = rng.uniform(0.0, 0.5, (3, symbols))
    tradable = rng.random((3, symbols)) < 0.7
    tradable[:, 0] = True
    together = many_priors(volatility, tradable)
    cash = np.append(np.zeros(symbols), 1.0)
    for row in range(3):
        alone = inverse_volatility(np.maximum(volatility[row], PRIOR_VOL_FLOOR), tradable[row], cash)
        np.testing.assert_allclose(together[row], alone, atol=1e-14)
    assert (many_priors(volatility, np.zeros_like(tradable))[:, -1] == 1.0).all()


def test_bundles_of_another_kind_are_refused() -> None:
    good = tensors()
    for bad in (
        bundle(good, role="symbol_agents"),
        bundle(good, obs_id="meta-obs-v0"),
        bundle({k: v for k, v in good.items() if k != "cash.bias"}),
        bundle(good | {"symbol.weight": np.full((2, 6), np.nan, dtype=np.float32)}),
        bundle({}),
    ):
        with pytest.raises(CorruptFile):
            MetaPolicy(bad)
    inputs, views = case(4)
    with pytest.raises(InputError, match="shared"):
        Actor(tensors(shared=9)).tilts(inputs, views[None])


def test_full_patience_keeps_what_is_held() -> None:
    """With the gate shut and no clipping the actor asks for the weights that are held, whatever the views say."""
    history, _ = toy(slots=4, symbols=6)
    everything = np.ones(6, dtype=bool)
    prior = many_priors(history.features["vol_63"][2], everything)
    held = prior * np.exp(np.random.default_rng(0).uniform(-0.5, 0.5, 7))
    held /= held.sum()
    inputs = build_inputs(history.features, 2, everything, prior, held, 0.0)
    shut = tensors()
    shut["symbol.bias"][1] = shut["cash_out.bias"][1] = 60.0
    views = np.random.default_rng(1).uniform(-1, 1, (1, 6, 7, 3))
    for kappa in (1.5, 0.75):
        weights = MetaPolicy(bundle(shut | {"kappa": np.array([kappa], dtype=np.float32)})).weights(inputs, views)[0]
        np.testing.assert_allclose(weights, held, atol=0.004)
    moving = MetaPolicy(bundle(tensors())).weights(inputs, views)[0]
    assert np.abs(moving - held).max() > 0.01
