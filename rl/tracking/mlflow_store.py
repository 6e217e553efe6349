"""A run in an MLflow store of one file: SQLite beside a folder of artifacts, no server.

MLflow 3 keeps its folder-of-files store for reading only; SQLite is what it supports without a server, and needs
SQLAlchemy and Alembic, which mlflow-skinny leaves out.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.errors import StorageFailed
from rl.tracking.protocol import existing, required

EXPERIMENT = "bullpen"
DATABASE = "mlflow.db"
_LONGEST = 6000
"""Characters of a parameter's value that MLflow takes."""


class MLflow:
    """`mlflow ui --backend-store-uri sqlite:///<folder>/mlflow.db` shows the runs."""

    def __init__(self, folder: Path) -> None:
        for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
            os.environ.setdefault(name, "true")
        for module in ("sqlalchemy", "alembic"):
            required(module, "mlflow")
        self._library: Any = required("mlflow", "mlflow")
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._folder = folder
        self._client: Any = None
        self._run = ""

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin, or reopen the run of that name."""
        with self._failing():
            self._folder.mkdir(parents=True, exist_ok=True)
            store = (self._folder / DATABASE).resolve()
            self._client = self._library.MlflowClient(tracking_uri=f"sqlite:///{store}")
            experiment = self._experiment()
            self._run = self._reopened(experiment, run) or self._begun(experiment, run, config)

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        artifacts = (self._folder / "artifacts").resolve().as_uri()
        return str(self._client.create_experiment(EXPERIMENT, artifact_location=artifacts))

    def _reopened(self, experiment: str, run: str) -> str:
        quoted = run.replace("'", "")
        found = self._client.search_runs([experiment], filter_string=f"tags.run = '{quoted}'", max_results=1)
        if not found:
            return ""
        self._client.update_run(found[0].info.run_id, status="RUNNING")
        return str(found[0].info.run_id)

    def _begun(self, experiment: str, run: str, config: Mapping[str, Any]) -> str:
        begun = str(self._client.create_run(experiment, run_name=run, tags={"run": run.replace("'", "")}).info.run_id)
        for name, value in _flat(config).items():
            self._client.log_param(begun, name, value[:_LONGEST])
        return begun

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """All figures of a step in one transaction."""
        if not self._run:
            return
        now = int(time.time() * 1000)
        metric = self._library.entities.Metric
        with self._failing():
            told = [metric(name, float(value), now, step) for name, value in metrics.items()]
            self._client.log_batch(self._run, metrics=told)

    def artifact(self, path: Path) -> None:
        """A copy among the run's artifacts."""
        if self._run:
            with self._failing():
                self._client.log_artifact(self._run, str(existing(path)))

    def close(self) -> None:
        """Mark the run as finished."""
        if self._run:
            with self._failing():
                self._client.set_terminated(self._run)
            self._run = ""

    @contextmanager
    def _failing(self) -> Generator[None]:
        """What MLflow or the disk refuses is StorageFailed."""
        try:
            yield
        except (self._library.exceptions.MlflowException, OSError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StorageFailed(f"MLflow's store refused: {first}", "free some disk space, or choose jsonl") from error


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings by dotted name."""
    found: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value)
    return found
