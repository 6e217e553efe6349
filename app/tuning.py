"""A search for settings as a person starts it: a source's history in, a table of trials and the best preset out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from data.errors import BadConfig, StorageFailed
from rl.config_file import nearest
from rl.tuning import SearchOrder, SearchResult, SearchSpace, read_search, search
from rl.tuning.order import METHODS
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


def tune_symbol_agents(market: Market, order: TuneOrder, out: Path) -> dict[str, Any]:
    """Search; the table of trials, and where it and the best preset are. BadConfig before any time is spent."""
    method = next((m for m in METHODS if m == order.method), None)
    if method is None:
        raise BadConfig(f"there is no search {order.method!r}", nearest(order.method, METHODS))
    file, space = read_search(order.config or SEARCHES / "symbol_agents.yaml")
    first, last = market.source.span()
    history = market.builder.history(first, market.slots.at_or_before(last))
    train = symbol_agent_trials(history, space, order.seed)
    result = search(
        space,
        train,
        SearchOrder(
            out,
            order.trials,
            method,
            order.seed,
            space.preset.ppo.checkpoints,
            file.grace,
            file.reduction,
            file.grid_points,
            order.workers,
            order.resume,
        ),  # fmt: skip
    )
    _write_best(out, space, result)
    return result.as_json() | {"folder": str(out), "preset": str(out / BEST), "source": market.source.name}


def _write_best(folder: Path, space: SearchSpace, result: SearchResult) -> None:
    """The best trial's preset, for `bullpen train --preset`."""
    preset = space.preset_with(result.best.params).model_dump(mode="json", exclude={"name"})
    try:
        (folder / BEST).write_text(yaml.safe_dump(preset, sort_keys=False), "utf-8")
    except OSError as error:
        raise StorageFailed(f"the best preset could not be written: {error.strerror}", "free some space") from error
