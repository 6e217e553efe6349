"""143 symbols at once on real prices: how long, and how they do on unseen dates. Run: python -m benchmarks.rl.agents143

`bullpen train symbol-agents --preset standard` on the folder that benchmarks.rl.universe writes: five seeds, two folds
and the supervised yardstick, two stages at a time. Keeps the figures, and the whole report beside them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.settings import load_settings
from app.training import TrainingOrder, train_policies
from benchmarks.figures import RESULTS, Figure, figure, publish
from benchmarks.rl.universe import build
from rl.training.report_text import MARKDOWN

WORKERS = 2
FIGURES = (
    "sharpe", "score_sharpe", "generic_score_sharpe", "turnover", "equal_weight_sharpe", "buy_and_hold_sharpe",
    "supervised_sharpe", "supervised_score_sharpe", "supervised_turnover",
)  # fmt: skip


def main(market: Path | None = None) -> None:
    """Train, report and publish; `market` is the folder of real prices."""
    prices = market or Path(sys.argv[-1])
    with tempfile.TemporaryDirectory() as home:
        build(prices, Path(home) / "prices")
        desk = Desk(load_settings(home=Path(home) / "desk", source="files", path=str(Path(home) / "prices")))
        began = time.perf_counter()
        order = TrainingOrder("symbol-agents", "standard", workers=WORKERS)
        report = train_policies(desk.market, desk.stores, order, lambda progress: None, "bullpen train")
        minutes = (time.perf_counter() - began) / 60.0
        text = (Path(report["report"]) / MARKDOWN).read_text(encoding="utf-8")
    (RESULTS / "rl_agents143.md").write_text(text, encoding="utf-8")
    publish("rl_agents143", _figures(report, minutes))


def _figures(report: dict[str, Any], minutes: float) -> list[Figure]:
    agents, metrics = report["agents"], report["policies"]["symbol_agents"]["metrics"]
    what = "143 stocks and funds, 2015-2022, five seeds, two folds, the yardstick"
    found = [
        figure("training, standard preset", minutes, "minutes", f"{what}; {WORKERS} stages at a time"),
        figure("agents with a Sharpe above 0.2, unseen", 100.0 * agents["share_good"], "%", what),
        figure("degenerate agents", float(len(agents["degenerate"])), "agents", what),
        figure("Sharpe of the median agent, seen less unseen", agents["gap"], "", what),
    ]
    for name in FIGURES:
        for part in ("seen", "unseen"):
            found.append(figure(f"{name}, {part}", metrics[part][name], "", "ensemble of the five seeds"))
    return found


if __name__ == "__main__":
    main()
