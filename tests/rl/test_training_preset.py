"""Presets: the shipped ones load, and what is wrong is said in one line with what was meant."""

from __future__ import annotations

import pytest

from data.errors import BadConfig
from rl.training.preset import PRESETS, load_preset


@pytest.mark.parametrize("name", ["quick", "standard", "full"])
def test_the_named_presets_load(name):
    preset = load_preset(name)
    assert preset.name == name
    assert preset.split_for("simulated").train_until is not None
    assert preset.split_for("a folder of files").train_until is None


def test_they_are_ordered_by_effort():
    quick, standard, full = (load_preset(name) for name in ("quick", "standard", "full"))
    assert quick.ppo.samples < standard.ppo.samples < full.ppo.samples
    assert quick.meta.updates < standard.meta.updates < full.meta.updates


def test_there_are_no_others_unnoticed():
    assert sorted(p.stem for p in PRESETS.glob("*.yaml")) == ["evidence", "full", "quick", "standard"]


def refused(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(BadConfig) as caught:
        load_preset(str(file))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("ppo: {samples: 10, learning_rat: 0.1}", "ppo.learning_rat", "learning_rate"),
        ("ppo: {samples: 10}\nepisodes: {horizn: 3}", "episodes.horizn", "horizon"),
        ("ppo: {samples: 10}\nspilt: {}", "spilt", "split"),
        ("ppo: {samples: 10}\nsplits: {simulated: {trian: 0.5}}", "splits.simulated.trian", "train"),
        ("ppo: {samples: -1}", "ppo.samples", ""),
        ("ppo: {samples: 10, gamma: .nan}", "ppo.gamma", ""),
        ("ppo: {samples: 10}\nepisodes: {cost_low: 3, cost_high: 1}", "cost_low is above cost_high", ""),
        ("ppo: {samples: 10}\nsplit: {train_until: 2020-01-01}", "both train_until", ""),
        ("ppo: {samples: 10}\nsplit: {train: 0.9, validation: 0.2}", "no unseen dates", ""),
        ("", "ppo", ""),
        ("- a\n- b", "not a YAML table", "quick"),
        ("a: [", "not a YAML table", "quick"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, message, remedy):
    error = refused(tmp_path, text)
    assert message in error.message
    assert remedy in error.remedy


def test_an_unknown_preset_is_answered_with_the_nearest():
    with pytest.raises(BadConfig) as caught:
        load_preset("quik")
    assert "'quick'" in caught.value.remedy
