"""The space of a search: read from YAML, checked against the preset's fields and bounds, laid out as a grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import BadConfig, InputError
from rl.training.preset import PPOPreset, load_preset
from rl.tuning import SearchOrder, read_search, search
from rl.tuning.result import SearchResult, TrialRow, ranked
from rl.tuning.space import Distribution, fields

SHIPPED = Path(__file__).parents[3] / "configs" / "tune" / "symbol_agents.yaml"


def read(tmp_path, text):
    file = tmp_path / "space.yaml"
    file.write_text(text, "utf-8")
    return read_search(file)


def test_the_shipped_space_fits_its_preset():
    file, space = read_search(SHIPPED)
    assert set(file.space) <= set(fields())
    assert space.preset.ppo.samples == 1_000_000
    assert space.preset.ppo.entropy == load_preset(file.preset).ppo.entropy
    assert {f"ppo.{name}" for name in PPOPreset.model_fields} <= set(fields())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("space: {ppo.learning_rat: {uniform: [0.1, 0.2]}}", "did you mean 'ppo.learning_rate'"),
        ("space: {ppo.gamma: {unifrom: [0.1, 0.2]}}", "did you mean 'uniform'"),
        ("spaces: {}\nspace: {ppo.gamma: {uniform: [0.1, 0.2]}}", "did you mean 'space'"),
        ("space: {ppo.gamma: {uniform: [0.2, 0.1]}}", "first bound is not below"),
        ("space: {ppo.gamma: {log_uniform: [0.0, 0.1]}}", "bounds above zero"),
        ("space: {ppo.gamma: {uniform: [0.5, .nan]}}", "finite number"),
        ("space: {ppo.gamma: {uniform: [0.5, 1.5]}}", "ppo.gamma = 1.5.*less than or equal to 1"),
        ("space: {ppo.epochs: {choice: [1, 2, 99]}}", "ppo.epochs = 99"),
        ("space: {ppo.epochs: {choice: []}}", "nothing to choose"),
        ("space: {ppo.epochs: {choice: [1], integer: [1, 2]}}", "give one of"),
        ("space: {}", "at least 1"),
        ("space: {ppo.gamma: {uniform: [0.5, 0.9]}}\nfixed: {ppo.gamma: 0.9}", "searched and fixed"),
        ("space: {ppo.gamma: {uniform: [0.5, 0.9]}}\nfixed: {ppo.sample: 9}", "did you mean 'ppo.samples'"),
        ("space: {ppo.gamma: {uniform: [0.5, 0.9]}}\npreset: quik", "did you mean 'quick'"),
    ],
)
def test_a_space_that_does_not_fit_is_refused_with_what_was_meant(tmp_path, text, said):
    with pytest.raises(BadConfig, match=said):
        read(tmp_path, text)


def test_fields_that_bound_each_other_are_left_to_the_trial(tmp_path):
    _, space = read(tmp_path, "space: {episodes.cost_low: {uniform: [0.0, 9.0]}}")
    assert space.preset_with({"episodes.cost_low": 1.0}).episodes.cost_low == 1.0
    with pytest.raises(BadConfig, match="cost_low is above cost_high"):
        space.preset_with({"episodes.cost_low": 9.0})


def test_a_grid_goes_from_end_to_end_on_its_own_scale():
    assert Distribution(uniform=(0.0, 1.0)).grid(3) == [0.0, 0.5, 1.0]
    assert Distribution(log_uniform=(0.01, 1.0)).grid(3) == pytest.approx([0.01, 0.1, 1.0])
    assert Distribution(integer=(1, 3)).grid(5) == [1, 2, 3]
    lists = Distribution(choice=([64, 64], [8]))
    assert [lists.decoded(n) for n in lists.grid(3)] == [[64, 64], [8]]


def test_a_search_that_cannot_run_is_refused_before_ray_is_started(tmp_path):
    _, space = read(tmp_path, "space: {ppo.gamma: {uniform: [0.5, 0.9]}, ppo.lam: {uniform: [0.5, 0.9]}}")
    with pytest.raises(BadConfig, match="the grid has 9 points for 8 trials"):
        search(space, lambda params, tell: None, SearchOrder(tmp_path, 8, "grid"))
    with pytest.raises(BadConfig, match="did you mean 'random'"):
        search(space, lambda params, tell: None, SearchOrder(tmp_path, 8, "randm"))  # type: ignore[arg-type]
    with pytest.raises(BadConfig, match="0 trials"):
        search(space, lambda params, tell: None, SearchOrder(tmp_path, 0))


def test_a_folder_is_not_searched_twice_nor_gone_on_with_otherwise(tmp_path):
    from rl.tuning.search import _open_folder

    _, space = read(tmp_path, "space: {ppo.gamma: {uniform: [0.5, 0.9]}}")
    first = SearchOrder(tmp_path / "out", 3)
    _open_folder(space, first)
    with pytest.raises(InputError, match="--resume"):
        _open_folder(space, first)
    _open_folder(space, SearchOrder(tmp_path / "out", 3, resume=True, workers=4))
    with pytest.raises(InputError, match="other settings"):
        _open_folder(space, SearchOrder(tmp_path / "out", 4, resume=True))


def test_trials_are_ranked_and_counted_for_the_deflated_sharpe():
    rows = [TrialRow(0, {}, 0.5, 1.0), TrialRow(1, {}, None, 0.0, "broke"), TrialRow(2, {}, 1.5, 0.2)]
    result = SearchResult("random", 0, ranked(rows))
    assert [row.number for row in result.trials] == [2, 0, 1]
    assert result.compared == 2
    assert result.figure_sd == pytest.approx(0.5**0.5)
    assert result.best.figure == 1.5
