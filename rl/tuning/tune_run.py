"""The part of a search that is Ray Tune's: samplers, ASHA, storage, and what trials left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import BasicVariantGenerator, ConcurrencyLimiter, Searcher

from data.errors import BullpenError
from rl.tuning.order import SearchOrder, TrainFunction
from rl.tuning.result import TrialRow
from rl.tuning.space import Distribution, Params, SearchSpace, finite

BEST, FRACTION = "best", "fraction"
"""What a trial reports: its best figure so far, and how far it is."""
_EXPERIMENT = "trials"


def run_trials(space: SearchSpace, train: TrainFunction, order: SearchOrder) -> list[TrialRow]:
    """Run or go on with the trials; Ray is running."""

    def trainable(config: Params, train: TrainFunction) -> None:
        trial_body(config, train, space, tune.report)

    # with_parameters: a market goes to the trials once, through Ray's object store
    body = tune.with_resources(tune.with_parameters(trainable, train=train), {"cpu": 1})
    drawn = {name: _domain(d, order) for name, d in space.distributions.items()}
    folder, name = order.folder.resolve(), _EXPERIMENT
    if order.resume and tune.Tuner.can_restore(str(folder / name)):
        tuner = tune.Tuner.restore(str(folder / name), trainable=body, param_space=drawn, restart_errored=True)
    else:
        tuner = tune.Tuner(
            body,
            param_space=drawn,
            tune_config=_tune_config(order),
            run_config=tune.RunConfig(name=name, storage_path=str(folder), verbose=0),
        )
    # a trial's fault stands in the table; Tune would print its whole trace on the person's screen
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    found = tuner.fit()
    return [_row(number, found[number], space) for number in range(len(found))]


def trial_body(drawn: Params, train: TrainFunction, space: SearchSpace, report: Callable[[Params], None]) -> None:
    """One trial: train, and report the best figure so far once for each further fraction."""
    best, reached = float("-inf"), 0.0

    def tell(fraction: float, figure: float) -> None:
        nonlocal best, reached
        best = max(best, finite(figure))
        if fraction > reached:
            reached = fraction
            report({BEST: best, FRACTION: fraction})

    train(space.decoded(drawn), tell)


def _tune_config(order: SearchOrder) -> tune.TuneConfig:
    # one checkpoint more than there is: whoever reaches the last has not been stopped
    asha = ASHAScheduler(
        time_attr="training_iteration", max_t=order.checkpoints + 1, grace_period=order.grace,
        reduction_factor=order.reduction,
    )  # fmt: skip
    return tune.TuneConfig(
        metric=BEST, mode="max", scheduler=asha, search_alg=_sampler(order),
        num_samples=1 if order.method == "grid" else order.trials, max_concurrent_trials=None,
    )  # fmt: skip


def _sampler(order: SearchOrder) -> Searcher | BasicVariantGenerator | ConcurrencyLimiter:
    if order.method != "optuna":
        return BasicVariantGenerator(max_concurrent=order.workers, random_state=order.seed)
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return ConcurrencyLimiter(OptunaSearch(seed=order.seed), max_concurrent=order.workers)


def _domain(distribution: Distribution, order: SearchOrder) -> Any:
    """What Tune draws from; choices by their number, so that they may be lists."""
    if order.method == "grid":
        return tune.grid_search(distribution.grid(order.grid_points))
    if distribution.choice is not None:
        return tune.choice(list(range(len(distribution.choice))))
    low, high = distribution.bounds()
    if distribution.integer is not None:
        return tune.randint(int(low), int(high) + 1)
    return tune.uniform(low, high) if distribution.uniform is not None else tune.loguniform(low, high)


def _row(number: int, result: tune.Result, space: SearchSpace) -> TrialRow:
    metrics: dict[str, Any] = result.metrics or {}
    figure = metrics.get(BEST)
    return TrialRow(
        number,
        space.decoded(result.config or {}),
        None if figure is None else float(figure),
        float(metrics.get(FRACTION, 0.0)),
        _told(result.error),
    )


def _told(error: BaseException | None) -> str:
    """A trial's fault in one line, or ""."""
    if error is None:
        return ""
    cause = getattr(error, "cause", None) or error.__cause__ or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return last if isinstance(cause, BullpenError) else f"{type(cause).__name__}: {last}"
