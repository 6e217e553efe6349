"""Trials of settings under Ray Tune: drawn at random, from a grid or by Optuna; ASHA stops the worse ones early."""

from __future__ import annotations

import importlib.util
import json
import math
import os

from data.errors import BadConfig, InputError, StorageFailed
from rl.ray_session import ray_session
from rl.tuning.order import SearchOrder, TrainFunction, read_method
from rl.tuning.result import SearchResult, ranked, write_result
from rl.tuning.space import SearchSpace

_BEGUN = "begun.json"
_QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
}
"""No tables of Tune's own; a trial that failed before its first figure is no reason to stop the others."""


def search(space: SearchSpace, train: TrainFunction, order: SearchOrder) -> SearchResult:
    """Run the trials and rank them by their best held-out figure; the table lies in `<folder>/search.json`.

    A killed search goes on with `resume`: finished trials are kept, the others begin again. Raises BadConfig for a
    method or number of trials that does not fit, InputError where a folder holds another search, and the first trial's
    fault where all failed.
    """
    _check(space, order)
    _open_folder(space, order)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with ray_session(order.workers):
        from rl.tuning.tune_run import run_trials

        rows = run_trials(space, train, order)
    result = SearchResult(order.method, order.seed, ranked(rows))
    if result.compared == 0:
        told = next((trial.error for trial in result.trials if trial.error), "no trial told a figure")
        raise InputError(f"all {len(result.trials)} trials failed: {told}", "try the preset with `bullpen train` first")
    write_result(order.folder, result)
    return result


def _check(space: SearchSpace, order: SearchOrder) -> None:
    read_method(order.method)
    if order.trials < 1:
        raise BadConfig(f"{order.trials} trials are none", "ask for one or more")
    if order.method == "grid":
        size = math.prod(len(d.grid(order.grid_points)) for d in space.distributions.values())
        if size > order.trials:
            raise BadConfig(f"the grid has {size} points for {order.trials} trials", f"ask for --trials {size}")
    if order.method == "optuna" and importlib.util.find_spec("optuna") is None:
        remedy = "pip install 'bullpen[tuning]', or search at random"
        raise BadConfig("this search needs optuna, which is not installed", remedy)


def _open_folder(space: SearchSpace, order: SearchOrder) -> None:
    """Make the folder, or check that what is there is the search to go on with."""
    file, begun = order.folder / _BEGUN, json.loads(json.dumps(order.begun(space)))
    if file.exists():
        if not order.resume:
            raise InputError(
                f"{order.folder.name} holds a search already", "go on with --resume, or name another --out"
            )
        if json.loads(file.read_text("utf-8")) != begun:
            raise InputError("that search was begun with other settings", "repeat them, or name another --out")
        return
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(begun, indent=1, sort_keys=True), "utf-8")
    except OSError as error:
        raise StorageFailed(f"the search could not be kept: {error.strerror}", "name another --out") from error
