"""A search for settings as a person starts it: a source's history in, a table of trials and the best preset out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from data.errors import StorageFailed
from rl.tuning import SearchFile, SearchOrder, SearchResult, SearchSpace, read_search, search
from rl.tuning.order import Method, read_method
from rl.tuning.symbol_agents import symbol_agent_trials

if TYPE_CHECKING:
    from app.runtime import Market

SEARCHES = Path(__file__).parents[1] / "configs" / "tune"
BEST = "best.yaml"


@dataclass(frozen=True, slots=True)
class TuneOrder:
    """What is searched, how, and how far."""

    config: Path | None
    trials: int
    method: str
    seed: int
    workers: int
    resume: bool


def check_order(order: TuneOrder) -> tuple[Method, SearchFile, SearchSpace]:
    """The method and the space; BadConfig, with the nearest name, before a source is opened."""
    return read_method(order.method), *read_search(order.config or SEARCHES / "symbol_agents.yaml")


def tune_symbol_agents(market: Market, order: TuneOrder, out: Path) -> dict[str, Any]:
    """Search; the table of trials, and where it and the best preset are."""
    method, file, space = check_order(order)
    first, last = market.source.span()
    history = market.builder.history(first, market.slots.at_or_before(last))
    train = symbol_agent_trials(history, space, order.seed)
    asked = SearchOrder(
        folder=out, trials=order.trials, method=method, seed=order.seed, checkpoints=space.preset.ppo.checkpoints,
        grace=file.grace, reduction=file.reduction, grid_points=file.grid_points, workers=order.workers,
        resume=order.resume,
    )  # fmt: skip
    result = search(space, train, asked)
    _write_best(out, space, result)
    return result.as_json() | {"folder": str(out), "preset": str(out / BEST), "source": market.source.name}


def _write_best(folder: Path, space: SearchSpace, result: SearchResult) -> None:
    """The best trial's preset, for `bullpen train --preset`."""
    preset = space.preset_with(result.best.params).model_dump(mode="json", exclude={"name"})
    preset["configurations"] = result.compared  # the manifest says it, for whoever deflates a Sharpe ratio by it
    try:
        (folder / BEST).write_text(yaml.safe_dump(preset, sort_keys=False), "utf-8")
    except OSError as error:
        raise StorageFailed(f"the best preset could not be written: {error.strerror}", "free some space") from error
