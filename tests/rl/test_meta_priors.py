"""The priors of worlds: what any of them is, what they know when, and that a cycle would find the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta_toys import toy

from data.errors import CorruptFile, InputError
from rl.meta.config import MetaConfig
from rl.meta.evaluation import prior_rule, walk
from rl.meta.planted import Plant, planted_tape
from rl.meta.prior import PRIOR_VOL_FLOOR, known_correlation, prior_named
from rl.meta.tape import Tape, build_tape, with_prior
from rl.meta.worlds import Worlds
from tools.portfolio.covariance import rebalanced, shrunk_correlation
from tools.portfolio.prior import CASH_SHARE, PriorName, balanced_risk, equal_weight, inverse_volatility

NAMES: tuple[PriorName, ...] = ("inverse_volatility", "equal_weight", "risk_parity", "minimum_variance")
BALANCED = NAMES[2:]
CONFIG = MetaConfig(worlds=12, symbols_per_world=5, episode_bars=12)


def a_tape(prior: PriorName, seed: int = 0, symbols: int = 9) -> Tape:
    history, scores = toy(seed, slots=150, symbols=symbols)
    history.ready[:, 0] = history.ready[:, 0] & (np.arange(150) % 3 > 0)
    return with_prior(build_tape(history, scores, CONFIG.costs), prior)


@given(seed=st.integers(0, 50), name=st.sampled_from(NAMES), stuck=st.sets(st.integers(0, 8)))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_any_prior_is_whole_and_only_of_what_can_be_traded(seed: int, name: PriorName, stuck: set[int]) -> None:
    tape = a_tape(name, seed)
    tape.tradable[:, sorted(stuck)] = False
    slots, columns = np.arange(20, 140), np.tile(np.arange(9), (120, 1))
    weights, tradable = tape.priors(slots, columns), tape.tradable[20:140]
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    assert (weights >= 0.0).all()
    assert not weights[:, :-1][~tradable].any()
    any_open = tradable.any(axis=1)
    np.testing.assert_allclose(weights[:, -1], np.where(any_open, CASH_SHARE, 1.0), atol=1e-12)


def covariances(tape: Tape, slot: int, columns: np.ndarray) -> np.ndarray:
    assert tape.correlations is not None
    matrix = tape.correlations.matrices[tape.correlations.newest[slot]].astype(np.float64)
    scale = np.maximum(tape.volatility[slot, columns], PRIOR_VOL_FLOOR)
    return matrix[np.ix_(columns, columns)] * np.outer(scale, scale)


def test_risk_parity_shares_the_risk_and_minimum_variance_leaves_none_to_be_saved() -> None:
    rng = np.random.default_rng(3)
    for name in BALANCED:
        tape = a_tape(name)
        for slot in (60, 100, 140):
            columns = rng.permutation(9)[:5]
            weights = tape.priors(np.array([slot]), columns[None])[0, :-1]
            opened = tape.tradable[slot, columns]
            covariance, held = covariances(tape, slot, columns)[np.ix_(opened, opened)], weights[opened]
            marginal = covariance @ held / (held @ covariance @ held)
            if name == "risk_parity":
                shares = held * marginal
                np.testing.assert_allclose(shares, 1.0 / opened.sum(), atol=1e-6)
            else:
                level = marginal[held > 0.0]
                np.testing.assert_allclose(level, level[0], rtol=1e-6)
                assert (marginal >= level[0] * (1.0 - 1e-6)).all()


@pytest.mark.parametrize("name", NAMES)
def test_many_priors_are_the_priors_of_the_desk(name: PriorName) -> None:
    history, scores = toy(2, slots=150, symbols=9)
    tape = with_prior(build_tape(history, scores, CONFIG.costs), name)
    cash = np.append(np.zeros(9), 1.0)
    for slot in (30, 77, 120):
        volatility, tradable = np.maximum(history.features["vol_63"][slot], PRIOR_VOL_FLOOR), tape.tradable[slot]
        known = known_correlation(history.panel.times[: slot + 1], history.panel.close[: slot + 1])
        if name == "inverse_volatility":
            alone = inverse_volatility(volatility, tradable, cash)
        elif name == "equal_weight":
            alone = equal_weight(tradable, cash)
        else:
            alone = balanced_risk(name, volatility, known, tradable, cash)
        np.testing.assert_allclose(tape.priors(np.array([slot]), np.arange(9)[None])[0], alone, atol=1e-6)


@pytest.mark.parametrize("name", BALANCED)
def test_what_comes_later_changes_no_prior(name: PriorName) -> None:
    """The return that follows the slot is among what comes later."""
    tape, columns = a_tape(name), np.arange(9)[None]
    for slot in (40, 91):
        later = dataclasses.replace(tape, to_close=tape.to_close.copy(), to_fill=tape.to_fill.copy())
        later.to_close[slot:] += 0.3
        later.to_fill[slot:] -= 0.2
        at = np.array([slot])
        assert (with_prior(later, name).priors(at, columns) == tape.priors(at, columns)).all()
        later.to_close[slot - 20 : slot, :3] = 0.05 * np.random.default_rng(0).standard_normal((20, 1))
        assert (with_prior(later, name).priors(at, columns) != tape.priors(at, columns)).any()


def test_weights_are_rebalanced_on_the_first_slot_of_a_week() -> None:
    days = np.datetime64("2024-01-03T21:00:00", "ns") + np.arange(12) * np.timedelta64(1, "D")  # a Wednesday
    assert rebalanced(days).tolist() == [0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5]
    assert rebalanced(days[3:]).tolist() == [0, 0, 2, 2, 2, 2, 2, 2, 2]


def test_a_correlation_of_little_or_nothing_is_still_one() -> None:
    assert (shrunk_correlation(np.zeros((0, 3))) == np.eye(3)).all()
    assert (shrunk_correlation(np.zeros((9, 3))) == np.eye(3)).all()
    rng = np.random.default_rng(0)
    for slots in (1, 2, 5, 50):
        found = shrunk_correlation(rng.standard_normal((slots, 1)) * np.array([1.0, -1.0, 0.0, 2.0]))
        assert np.linalg.eigvalsh(found).min() > -1e-12
        assert (np.diag(found) == 1.0).all()


def test_worlds_and_walks_tilt_the_prior_of_their_tape() -> None:
    history, scores = toy(2, slots=150, symbols=9)
    tape = with_prior(build_tape(history, scores, CONFIG.costs), "equal_weight")
    with pytest.raises(InputError, match="with_prior"):
        Worlds(tape, slice(10, 120), CONFIG, 4, np.random.default_rng(0))
    config = CONFIG.model_copy(update={"prior": "equal_weight"})
    inputs, _ = Worlds(tape, slice(10, 120), config, 4, np.random.default_rng(0)).observe()
    assert all(np.unique(row[:-1][opened]).size == 1 for row, opened in zip(inputs.prior, inputs.tradable, strict=True))
    planted = planted_tape(Plant(), 60, 4, 0)
    walks = [walk(with_prior(planted, name), slice(0, 60), prior_rule).weights[-1] for name in NAMES]
    assert all(not np.allclose(a, b) for n, a in enumerate(walks) for b in walks[:n])


def test_a_manifest_names_the_prior_or_means_the_first() -> None:
    assert prior_named({}) == "inverse_volatility"
    assert prior_named({"meta": {"prior": "risk_parity"}}) == "risk_parity"
    with pytest.raises(CorruptFile, match="kelly"):
        prior_named({"meta": {"prior": "kelly"}})
