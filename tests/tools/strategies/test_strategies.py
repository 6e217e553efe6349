"""Strategies are bounded, causal, honest about what they do not know, and point the right way."""

import numpy as np
import pytest

from data.features.spec import Features, FeatureSpec
from data.sources.protocol import MACRO_ROLES
from tools.strategies.catalog import HORIZON_BARS, INPUTS, STRATEGIES

SYMBOL_FEATURES = (
    "ret_5", "rsi_14", "bollinger_20", "vol_21", "vol_63", "mom_21", "mom_63", "mom_252", "rank_vol_21",
    "news_tone", "news_count", "post_tone", "post_count",
)  # fmt: skip
MARKET_FEATURES = (
    *(f"macro_{role}" for role in MACRO_ROLES), "macro_known", "regime_calm", "regime_normal", "regime_turbulent",
    "breadth",
)  # fmt: skip
ALL = pytest.mark.parametrize("name", sorted(STRATEGIES))


def specs(names):
    return tuple(FeatureSpec(n, 1, (), "") for n in names)


def make(symbol=None, market=None, shape=(1, 3)):
    """Features that are quiet but for what is given."""
    quiet = {
        "rsi_14": 0.5, "vol_21": 0.2, "vol_63": 0.2, "news_count": 1.0, "post_count": 1.0,
        "macro_known": 1.0, "regime_calm": 0.2, "regime_normal": 0.6, "regime_turbulent": 0.2, "breadth": 0.5,
    }  # fmt: skip
    given = quiet | (symbol or {}) | (market or {})
    values = np.stack([np.broadcast_to(given.get(n, 0.0), shape).astype(float) for n in SYMBOL_FEATURES], axis=-1)
    shared = np.stack([np.broadcast_to(given.get(n, 0.0), shape[:1]).astype(float) for n in MARKET_FEATURES], axis=-1)
    return Features(specs(SYMBOL_FEATURES), values, specs(MARKET_FEATURES), shared)


def noisy(seed, shape=(40, 7)):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(*shape, len(SYMBOL_FEATURES)))
    for name in ("vol_21", "vol_63", "rsi_14", "news_count", "post_count"):
        values[..., SYMBOL_FEATURES.index(name)] = rng.uniform(size=shape)
    values[rng.uniform(size=values.shape) < 0.05] = np.nan
    return Features(specs(SYMBOL_FEATURES), values, specs(MARKET_FEATURES), rng.uniform(size=(shape[0], 11)))


def score(name, **features):
    return STRATEGIES[name](make(**features)).score[-1]


@ALL
def test_scores_are_bounded_and_known_in_pairs(name):
    scores = STRATEGIES[name](noisy(1))
    known = np.isfinite(scores.score)
    assert known.any()
    assert not known.all()
    assert (known == np.isfinite(scores.confidence)).all()
    assert (np.abs(scores.score[known]) <= 1.0).all()
    assert ((scores.confidence[known] >= 0.0) & (scores.confidence[known] <= 1.0)).all()


@ALL
def test_later_features_change_no_earlier_score(name):
    whole = noisy(2)
    changed = Features(whole.specs, whole.values.copy(), whole.shared_specs, whole.shared.copy())
    changed.values[25:] *= -3.0
    changed.shared[25:] = 0.9
    before, after = STRATEGIES[name](whole), STRATEGIES[name](changed)
    assert np.array_equal(before.score[:25], after.score[:25], equal_nan=True)
    assert np.array_equal(before.confidence[:25], after.confidence[:25], equal_nan=True)
    assert not np.array_equal(before.score[25:], after.score[25:], equal_nan=True)


@ALL
def test_each_strategy_needs_exactly_the_features_it_declares(name):
    plain = make()
    assert np.isfinite(STRATEGIES[name](plain).score).all()
    for feature in (*SYMBOL_FEATURES, *MARKET_FEATURES):
        given = {"symbol" if feature in SYMBOL_FEATURES else "market": {feature: np.nan}}
        missing = STRATEGIES[name](make(**given)).score
        assert np.isnan(missing).all() == (feature in INPUTS[name]), feature


def test_the_catalog_names_inputs_and_a_horizon_for_every_strategy():
    assert list(STRATEGIES) == list(INPUTS) == list(HORIZON_BARS)


def test_momentum_weighs_a_rise_against_volatility():
    up = {"mom_21": [0.05, 0.05, -0.05], "mom_63": [0.1, 0.1, -0.1], "mom_252": [0.2, 0.2, -0.2]}
    quiet, wild, down = score("momentum", symbol=up | {"vol_63": [0.1, 0.5, 0.1]})
    assert quiet > wild > 0.0 > down


def test_momentum_trusts_horizons_that_agree():
    mixed = {"mom_21": [0.05, -0.05, 0.0], "mom_63": [0.1, 0.1, 0.0], "mom_252": [0.2, 0.2, 0.0]}
    confidence = STRATEGIES["momentum"](make(symbol=mixed)).confidence[0]
    assert confidence[0] == pytest.approx(1.0)
    assert confidence[0] > confidence[1] > confidence[2] == 0.0


def test_mean_reversion_buys_what_fell_and_only_trusts_itself_in_calm():
    fell = {"rsi_14": [0.2, 0.8, 0.5], "bollinger_20": [-1.0, 1.0, 0.0], "ret_5": [-0.05, 0.05, 0.0]}
    low, high, middle = score("mean_reversion", symbol=fell)
    assert low > middle == 0.0 > high
    calm, wild = (
        STRATEGIES["mean_reversion"](make(symbol=fell, market={"regime_calm": p})).confidence[0, 0] for p in (0.9, 0.0)
    )
    assert calm == pytest.approx(0.9)
    assert wild == 0.0


def test_risk_prefers_quiet_symbols_and_leaves_in_turbulence():
    ranks = {"rank_vol_21": [-1.0, 0.0, 1.0]}
    calm = {"regime_calm": 1.0, "regime_normal": 0.0, "regime_turbulent": 0.0}
    turbulent = {"regime_calm": 0.0, "regime_normal": 0.0, "regime_turbulent": 1.0}
    in_calm, in_turbulence = score("risk", symbol=ranks, market=calm), score("risk", symbol=ranks, market=turbulent)
    assert in_calm[0] > in_calm[1] == 0.0 > in_calm[2]
    assert (in_turbulence < in_calm).all()
    assert in_turbulence[2] == -1.0
    assert score("risk", symbol={"vol_21": 0.4})[0] < score("risk", symbol={})[0]


@pytest.mark.parametrize(("name", "kind"), [("news", "news"), ("social", "post")])
def test_texts_speak_louder_in_numbers_and_silence_is_unknown(name, kind):
    counts = np.log1p([1.0, 9.0, 0.0])
    scores = STRATEGIES[name](make(symbol={f"{kind}_tone": -0.4, f"{kind}_count": counts}))
    assert scores.score[0, :2] == pytest.approx([-0.4, -0.4])
    assert scores.confidence[0, :2] == pytest.approx([0.5, 0.9])
    assert np.isnan(scores.score[0, 2])


def test_macro_tilts_all_symbols_one_way_and_the_volatile_most():
    ranks = {"rank_vol_21": [-1.0, 0.0, 1.0]}
    good = score("macro", symbol=ranks, market={"macro_growth": 2.0, "breadth": 0.8})
    bad = score("macro", symbol=ranks, market={"macro_credit": 2.0, "breadth": 0.2})
    assert 0.0 < good[0] < good[1] < good[2]
    assert 0.0 > bad[0] > bad[1] > bad[2]


def test_macro_without_a_fresh_release_is_unknown():
    assert np.isnan(score("macro", market={"macro_known": 0.0})).all()
