"""Training that is stopped, killed or spread over workers ends with the bits of a run that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from data.errors import CorruptFile, InputError
from data.market import AssetClass
from rl.algorithms.fast_ppo import fast_ppo
from rl.kernel import SYMBOL
from rl.market import row_market, starts_in
from rl.ray_session import ray_session
from rl.roster.curriculum import CurriculumConfig, among
from rl.training.bundles import Origin
from rl.training.crew import Stage, run_stages
from rl.training.pipeline import Keeping, train_symbol_agents
from rl.training.preset import EpisodePreset, PPOPreset, Preset, SplitPreset
from rl.training.roster import call_roster
from rl.training.run_folder import RunFolder
from rl.training.stage import Checkpoint, StageFolder
from rl.training.symbol_agents import fit
from tests.rl.histories import history

PRESET = Preset(
    name="tiny",
    ppo=PPOPreset(samples=12_000, rows=64, steps=16, minibatches=2, hidden=(8,), checkpoints=4),
    episodes=EpisodePreset(horizon=32),
    split=SplitPreset(train=0.6, validation=0.2, embargo_bars=5),
    folds=2,
    seeds=2,
)
ORIGIN = Origin({"seed": 7}, "bullpen train")


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(2):
        yield


class Stopped(Exception):
    """What a person does to a run."""


def given():
    return history(320, 4, seed=2, classes=(AssetClass.STOCK,))


def fitted(folder=None, stop_after=99, curriculum=None, **ppo):
    market, told = row_market(given()), []
    roster = None
    if curriculum:
        learned = np.arange(320) < 200
        roster = call_roster(given(), learned, PRESET.model_copy(update={"curriculum": curriculum}))
    preset = PRESET.model_copy(update={"ppo": PRESET.ppo.model_copy(update=ppo)})

    def tell(fraction, figures):
        told.append(fraction)
        if len(told) == stop_after:
            raise Stopped

    learn = np.arange(320) < 200
    return fit(market, learn, slice(210, 300), preset, 12_000, 3, 252.0, tell, folder, roster).checkpoints


def same(one: tuple[Checkpoint, ...], other: tuple[Checkpoint, ...]) -> bool:
    def equal(a: Checkpoint, b: Checkpoint) -> bool:
        weights = all(np.array_equal(a.tensors[name], b.tensors[name]) for name in a.tensors)
        return weights and (a.figure, a.samples) == (b.figure, b.samples)

    return len(one) == len(other) and all(equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_stopped_stage_goes_on_bit_for_bit(tmp_path):
    whole = fitted()
    folder = StageFolder(tmp_path / "stage")
    with pytest.raises(Stopped):
        fitted(folder, stop_after=2)
    assert len(folder.trail()) == 2
    assert same(fitted(folder), whole)
    assert not same(whole[:2], whole[2:])


def test_a_kill_while_a_checkpoint_is_written_costs_only_that_one(tmp_path):
    folder = StageFolder(tmp_path / "stage")
    with pytest.raises(Stopped):
        fitted(folder, stop_after=2)
    torn = tmp_path / "stage" / "3.partial"
    torn.mkdir()
    (torn / "trail.json").write_text("[{")
    assert same(fitted(folder), fitted())


def test_a_checkpoint_that_cannot_be_read_is_named(tmp_path):
    folder = StageFolder(tmp_path / "stage")
    with pytest.raises(Stopped):
        fitted(folder, stop_after=1)
    (tmp_path / "stage" / "1" / "trail.json").write_text("[{")
    with pytest.raises(CorruptFile, match="checkpoint 1"):
        fitted(folder)


def test_a_run_stops_early_when_nothing_gets_better():
    whole = fitted(checkpoints=8)
    figures = [c.figure for c in whole]
    patient = fitted(checkpoints=8, patience=1)
    stops = next(n for n in range(1, 8) if max(figures[:n]) >= figures[n])
    assert same(patient, whole[: stops + 1])
    assert len(patient) < len(whole)


def test_a_curriculum_goes_on_where_it_was(tmp_path):
    staged = CurriculumConfig(stages=3, until=0.6, symbols_share=0.25, cost_share=0.0)
    whole = fitted(curriculum=staged)
    folder = StageFolder(tmp_path / "stage")
    with pytest.raises(Stopped):
        fitted(folder, stop_after=2, curriculum=staged)
    assert same(fitted(folder, curriculum=staged), whole)
    assert not same(whole, fitted())
    assert same(fitted(curriculum=CurriculumConfig()), fitted())


def test_a_lesson_is_what_the_next_episodes_are_drawn_from():
    market = row_market(given())
    starts, rules = starts_in(market, np.arange(320) < 200), PRESET.episodes.rules()
    algorithm = fast_ppo(market, starts, rules, PRESET.reward, PRESET.ppo, 1)
    try:
        rows = algorithm.env_runner_group.local_env_runner.env.rows
        assert set(rows.index[:, SYMBOL]) == {0, 1, 2, 3}
        algorithm.lesson(among(starts, [2]), rules)
        for _ in range(4):
            algorithm.train()
        assert set(rows.index[:, SYMBOL]) == {2}
    finally:
        algorithm.stop()


def test_side_by_side_is_one_after_the_other(tmp_path):
    one, two = (
        train_symbol_agents(given(), PRESET, 3, ORIGIN, None, Keeping(tmp_path / str(n), workers=n)) for n in (1, 2)
    )
    assert same(one.members, two.members)
    assert len(one.members) == 2
    assert not same(one.members[:1], one.members[1:])
    assert one.symbol_agents.manifest.sha256 == two.symbol_agents.manifest.sha256


def test_a_fault_of_one_stage_is_told_as_itself(tmp_path):
    market, learn = row_market(given()), np.arange(320) < 200
    stages = [
        Stage(name, rows, slice(210, 300), 12_000, 3) for name, rows in (("no dates", ~learn & learn), ("w", learn))
    ]
    folder = RunFolder(tmp_path, "run")
    folder.open(resume=False)
    with pytest.raises(InputError, match="no"):
        run_stages(market, call_roster(given(), learn, PRESET), stages, PRESET, 252.0, folder, 2, lambda *_: None)


SCRIPT = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from tests.rl.test_training_resumed import ORIGIN, PRESET, given
    from rl.training import pipeline
    pipeline.git_commit = lambda: "one"
    from rl.training.pipeline import Keeping, train_symbol_agents
    train_symbol_agents(given(), PRESET, 3, ORIGIN, None, Keeping(Path({folder!r})))
"""


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    monkeypatch.setattr("rl.training.pipeline.git_commit", lambda: "one")
    root = os.fspath(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    script = textwrap.dedent(SCRIPT).format(root=root, folder=str(tmp_path))
    first = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL, start_new_session=True)
    while not list(tmp_path.glob("*/symbol-agents-fold-2/2")):
        assert first.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    left = next(tmp_path.glob("symbol-agents-*"))
    assert (left / "symbol-agents-fold-1" / "4").is_dir()
    again = train_symbol_agents(given(), PRESET, 3, ORIGIN, None, Keeping(tmp_path, resume=True))
    alone = train_symbol_agents(given(), PRESET, 3, ORIGIN)
    assert again.symbol_agents.manifest.sha256 == alone.symbol_agents.manifest.sha256
    assert not left.exists()


def test_a_run_begun_with_something_else_is_another_run(tmp_path, monkeypatch):
    monkeypatch.setattr("rl.training.pipeline.git_commit", lambda: "one")

    def begin(seed, preset=PRESET):
        def stop(progress):
            raise Stopped

        with pytest.raises(Stopped):
            train_symbol_agents(given(), preset, seed, ORIGIN, stop, Keeping(tmp_path))
        return {p.name for p in tmp_path.iterdir() if p.is_dir()}

    assert len(begin(1)) == 1
    assert len(begin(2)) == 2
    assert len(begin(2)) == 2
    assert len(begin(2, PRESET.model_copy(update={"seeds": 1}))) == 3
    monkeypatch.setattr("rl.training.pipeline.git_commit", lambda: "other")
    assert len(begin(2)) == 4


def test_one_process_at_a_time_has_a_run(tmp_path):
    one, other = RunFolder(tmp_path, "run"), RunFolder(tmp_path, "run")
    one.open(resume=False)
    with pytest.raises(InputError, match="under way"):
        other.open(resume=True)
    one.close()
    other.open(resume=True)
    other.close()
