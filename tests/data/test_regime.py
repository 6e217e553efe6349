from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from data.errors import CorruptFile, StorageFailed
from data.features import regime_fit
from data.features.regime import WARMUP, filtered, market_observations, regime_features
from data.features.regime_fit import RegimeFit, RegimeFits
from data.market import AssetClass, FloatArray, Instrument
from data.panel import Panel
from tests.data.toy_market import START, XNYS

TIMES = XNYS.between(START, START.replace(year=2022))
WILD = (np.arange(len(TIMES)) // 130) % 3 == 2


def panel_of(returns: FloatArray) -> Panel:
    close = 10.0 * np.cumprod(1.0 + returns, axis=0)
    names = tuple(Instrument(chr(65 + s), AssetClass.STOCK) for s in range(close.shape[1]))
    zero = np.zeros(close.shape, np.int64)
    return Panel(names, TIMES[: len(close)], close, close, close, close, close, zero, np.zeros(len(names), np.bool_))


@pytest.fixture(scope="module")
def panel() -> Panel:
    scale = np.where(WILD, 0.03, 0.006)[:, None]
    return panel_of(scale * np.random.default_rng(0).standard_normal((len(TIMES), 4)))


@pytest.fixture(scope="module")
def fit(panel: Panel) -> RegimeFit:
    found = RegimeFits(None).fit(observations_of(panel), None)
    assert found is not None
    return found


def observations_of(panel: Panel) -> FloatArray:
    return market_observations(panel, panel.returns())[0]


def theirs(fit: RegimeFit) -> GaussianHMM:
    model = GaussianHMM(3, "diag")
    model.startprob_, model.transmat_ = np.array(fit.start), np.array(fit.transition)
    model.means_, model.covars_ = np.array(fit.means), np.array(fit.variances)
    return model


def test_filtered_equals_the_smoothed_posterior_at_the_end_of_each_prefix(panel: Panel, fit: RegimeFit):
    """At the last point of a sample nothing is left to smooth with: there, and only there, the two agree."""
    observations = observations_of(panel)[:400]
    ours = filtered(fit, observations)
    scaled = (observations - fit.centre) / fit.scale
    model = theirs(fit)
    for n in [*range(1, 40), *range(40, 400, 23), 400]:
        np.testing.assert_allclose(ours[n - 1], model.predict_proba(scaled[:n])[-1], atol=1e-9)
    smoothed = model.predict_proba(scaled)
    assert np.abs(smoothed - ours)[:-1].max() > 0.05, "smoothing would have told more: the test has teeth"


def test_states_are_ordered_by_variance_and_found_where_they_were_planted(panel: Panel, fit: RegimeFit):
    assert fit.variances[0][0] < fit.variances[1][0] < fit.variances[2][0]
    found = regime_features(panel, panel.returns(), RegimeFits(None))
    known = np.isfinite(found["regime_calm"])
    assert known.sum() > 500
    turbulent = found["regime_turbulent"]
    assert turbulent[known & WILD].mean() > 0.6
    assert found["regime_calm"][known & ~WILD].mean() + found["regime_normal"][known & ~WILD].mean() > 0.8


def test_the_first_two_years_are_unknown(panel: Panel):
    found = regime_features(panel, panel.returns(), RegimeFits(None))["regime_calm"]
    years = TIMES.astype("datetime64[Y]").astype(np.int64) + 1970
    assert np.isnan(found[years < 2019]).all()
    assert np.isfinite(found[years >= 2019]).all()


def test_a_year_is_never_part_of_its_own_training(panel: Panel, monkeypatch: pytest.MonkeyPatch):
    """The model of 2020 sees exactly the observations before 2020, and changing 2020 changes no earlier probability."""
    seen: list[int] = []
    fit = RegimeFits.fit

    def watched(self: RegimeFits, observations: FloatArray, before: RegimeFit | None) -> RegimeFit | None:
        seen.append(len(observations))
        return fit(self, observations, before)

    monkeypatch.setattr(RegimeFits, "fit", watched)
    first = regime_features(panel, panel.returns(), RegimeFits(None))
    times = TIMES[market_observations(panel, panel.returns())[1]]
    begins = [int(np.searchsorted(times, np.datetime64(f"{year}-01-01"))) for year in (2019, 2020, 2021)]
    assert seen == begins
    changed = panel.returns()
    changed[np.datetime64("2020-01-01") <= TIMES] *= 5.0
    second = regime_features(panel, changed, RegimeFits(None))
    before = np.datetime64("2020-01-01") > TIMES
    for name, values in first.items():
        assert values[before].tobytes() == second[name][before].tobytes()
        assert not np.array_equal(values[~before], second[name][~before])


def test_the_filter_is_warm_when_its_year_begins(panel: Panel):
    """A year's probabilities are those of its model run over the 252 observations before it."""
    returns = panel.returns()
    observations, at = market_observations(panel, returns)
    first = int(np.searchsorted(TIMES[at], np.datetime64("2019-01-01")))
    model = RegimeFits(None).fit(observations[:first], None)
    assert model is not None
    expected = filtered(model, observations[first - WARMUP : first + 5])[WARMUP:]
    found = regime_features(panel, returns, RegimeFits(None))
    np.testing.assert_array_equal(found["regime_turbulent"][at[first : first + 5]], expected[:, 2])


def test_a_market_that_never_moves_has_no_regime():
    found = regime_features(panel_of(np.zeros((len(TIMES), 2))), np.zeros((len(TIMES), 2)), RegimeFits(None))
    assert np.isnan(found["regime_calm"]).all()


def test_a_failed_fit_is_unknown_not_neutral(panel: Panel, monkeypatch: pytest.MonkeyPatch):
    def fails(self: GaussianHMM, x: FloatArray) -> None:
        raise ValueError("EM diverged")

    monkeypatch.setattr(GaussianHMM, "fit", fails)
    found = regime_features(panel, panel.returns(), RegimeFits(None))
    assert all(np.isnan(values).all() for values in found.values())


def test_a_slot_without_new_bars_keeps_the_last_state(panel: Panel):
    age = panel.age.copy()
    age[900] = 1
    quiet = Panel(
        panel.instruments, panel.times, panel.open, panel.high, panel.low, panel.close, panel.volume, age,
        panel.closes_only,
    )  # fmt: skip
    found = regime_features(quiet, quiet.returns(), RegimeFits(None))["regime_calm"]
    assert found[900] == found[899]


def test_a_kept_model_needs_no_hmmlearn_and_gives_the_same_bits(panel: Panel, tmp_path: Path):
    folder = tmp_path / "regimes"
    first = regime_features(panel, panel.returns(), RegimeFits(folder))
    np.save(tmp_path / "close.npy", panel.close)
    np.save(tmp_path / "calm.npy", first["regime_calm"])
    np.save(tmp_path / "times.npy", panel.times)
    script = f"""
import sys, numpy as np
from pathlib import Path
sys.modules["hmmlearn"] = None
from data.features.regime import regime_features
from data.features.regime_fit import RegimeFits
from data.market import AssetClass, Instrument
from data.panel import Panel
close = np.load({str(tmp_path / "close.npy")!r})
times = np.load({str(tmp_path / "times.npy")!r})
names = tuple(Instrument(str(s), AssetClass.STOCK) for s in range(close.shape[1]))
zero = np.zeros(close.shape, np.int64)
panel = Panel(names, times, close, close, close, close, close, zero, np.zeros(len(names), np.bool_))
found = regime_features(panel, panel.returns(), RegimeFits(Path({str(folder)!r})))["regime_calm"]
assert found.tobytes() == np.load({str(tmp_path / "calm.npy")!r}).tobytes()
assert "sklearn" not in sys.modules
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_corrupt_model_stops_with_a_remedy(panel: Panel, tmp_path: Path):
    RegimeFits(tmp_path).fit(observations_of(panel), None)
    (kept,) = tmp_path.glob("*.json")
    for text in ("", kept.read_text()[:100], json.dumps({"version": "regime-v1"}), json.dumps({"fit": {"start": 1}})):
        kept.write_text(text)
        with pytest.raises(CorruptFile, match=kept.name) as caught:
            RegimeFits(tmp_path).fit(observations_of(panel), None)
        assert "delete" in caught.value.remedy


def test_a_full_disk_is_told_and_leaves_no_half_model(panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(self: Path, text: str, encoding: str = "") -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StorageFailed, match="No space left"):
        RegimeFits(tmp_path).fit(observations_of(panel), None)
    assert not list(tmp_path.glob("*.json"))


def test_another_beginning_is_another_model(panel: Panel, tmp_path: Path):
    """The key covers all a fit depends on: the data, the model before and the version."""
    observations = observations_of(panel)
    fits = RegimeFits(tmp_path)
    before = fits.fit(observations[:600], None)
    fits.fit(observations, None)
    fits.fit(observations, before)
    assert len(list(tmp_path.glob("*.json"))) == 3
    assert regime_fit.VERSION == "regime-v1"
