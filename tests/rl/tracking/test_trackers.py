"""Trackers: what each real library wrote is read back, offline; an absent one is refused at once."""

from __future__ import annotations

import json
import math
import sys

import pytest

from data.errors import BadConfig, StorageFailed
from rl.tracking import TRACKERS, open_trackers
from rl.tracking.json_lines import JsonLines, read_steps
from rl.tracking.mlflow_store import DATABASE

CONFIG = {"seed": 1, "ppo": {"learning_rate": 5e-4, "hidden": [64, 64]}}


def followed(tracker, tmp_path, run="quick-1"):
    """A run of two steps and a file."""
    kept = tmp_path / "policy.json"
    kept.write_text("{}", "utf-8")
    tracker.start(run, CONFIG)
    tracker.log(100, {"held-out": 0.5, "gap": 0.1})
    tracker.log(200, {"held-out": 0.75, "gap": math.nan})
    tracker.artifact(kept)
    tracker.close()


def test_json_lines_hold_steps_settings_and_artifacts(tmp_path):
    followed(open_trackers("jsonl", tmp_path), tmp_path)
    folder = tmp_path / "jsonl"
    assert read_steps(folder, "quick-1") == [
        {"step": 100, "held-out": 0.5, "gap": 0.1},
        {"step": 200, "held-out": 0.75, "gap": None},
    ]
    assert json.loads((folder / "quick-1" / "settings.json").read_text("utf-8")) == CONFIG
    assert (folder / "quick-1" / "artifacts" / "policy.json").read_text("utf-8") == "{}"


def test_a_killed_run_goes_on_after_its_last_whole_line(tmp_path):
    tracker = JsonLines(tmp_path)
    tracker.start("run", CONFIG)
    tracker.log(1, {"a": 1.0})
    with (tmp_path / "run" / "steps.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 2, "a"')
    again = JsonLines(tmp_path)
    again.start("run", CONFIG)
    again.log(2, {"a": 2.0})
    assert [line["step"] for line in read_steps(tmp_path, "run")] == [1, 2]


def test_tensorboard_reads_the_events(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    followed(open_trackers("tensorboard", tmp_path), tmp_path)
    run = tmp_path / "tensorboard" / "quick-1"
    events = EventAccumulator(str(run)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("held-out")] == [(100, 0.5), (200, 0.75)]
    assert {"settings/text_summary", "artifacts/policy.json/text_summary"} <= set(events.Tags()["tensors"])
    assert (run / "artifacts" / "policy.json").exists()


def test_mlflow_reads_the_run_and_goes_on_with_it(tmp_path):
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    followed(open_trackers("mlflow", tmp_path), tmp_path)
    folder = tmp_path / "mlflow"
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / DATABASE}")
    experiment = client.get_experiment_by_name("bullpen").experiment_id
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED"
    assert (run.data.params["seed"], run.data.params["ppo.learning_rate"]) == ("1", "0.0005")
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "held-out")] == [
        (100, 0.5),
        (200, 0.75),
    ]
    assert [f.path for f in client.list_artifacts(run.info.run_id)] == ["policy.json"]
    assert list((folder / "artifacts").rglob("policy.json"))
    again = TRACKERS["mlflow"](folder)
    again.start("quick-1", CONFIG)
    again.log(300, {"held-out": 1.0})
    again.close()
    (same,) = client.search_runs([experiment])
    assert same.info.run_id == run.info.run_id
    assert same.data.metrics["held-out"] == 1.0


def test_wandb_writes_offline_and_nothing_elsewhere(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    followed(open_trackers("wandb", tmp_path), tmp_path)
    (run,) = (tmp_path / "wandb" / "wandb").glob("offline-run-*")
    (written,) = run.glob("*.wandb")
    content = written.read_bytes()
    assert b"held-out" in content
    assert b"learning_rate" in content
    assert (run / "files" / "policy.json").exists()


def test_several_at_once_are_told_the_same(tmp_path):
    followed(open_trackers(["jsonl", "tensorboard", "jsonl"], tmp_path), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["jsonl", "tensorboard"]
    assert len(read_steps(tmp_path / "jsonl", "quick-1")) == 2
    followed(open_trackers("", tmp_path / "none"), tmp_path)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "library"), [("tensorboard", "tensorboardX"), ("mlflow", "mlflow"), ("wandb", "wandb")]
)
def test_an_absent_library_is_refused_before_anything_is_written(name, library, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BadConfig, match=rf"tracker {name} needs {library}.*bullpen\[tracking\]"):
        open_trackers(["jsonl", name], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_typo_is_answered_with_the_nearest_name(tmp_path):
    with pytest.raises(BadConfig, match="did you mean 'tensorboard'"):
        open_trackers("tensorbord", tmp_path)


def test_a_disk_that_refuses_is_said(tmp_path):
    (tmp_path / "jsonl").write_text("in the way", "utf-8")
    with pytest.raises(StorageFailed, match="could not be written"):
        open_trackers("jsonl", tmp_path).start("run", CONFIG)
    tracker = JsonLines(tmp_path / "well")
    tracker.start("run", CONFIG)
    with pytest.raises(StorageFailed, match=r"no file gone.bin"):
        tracker.artifact(tmp_path / "gone.bin")


def test_closing_closes_all_even_where_one_fails(tmp_path):
    class Fails(JsonLines):
        def close(self):
            raise StorageFailed("the first disk is full")

    class Closes(JsonLines):
        closed = False

        def close(self):
            self.closed = True

    from rl.tracking.chosen import Trackers

    last = Closes(tmp_path)
    with pytest.raises(StorageFailed, match="first disk"):
        Trackers([Fails(tmp_path), last]).close()
    assert last.closed
