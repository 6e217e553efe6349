"""The page of costs and conventions says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from data.market import AssetClass
from tools.market.conventions import CONTRACTS
from tools.market.costs import CostModel

PAGE = (Path(__file__).parents[3] / "docs" / "market.md").read_text(encoding="utf-8")


def test_its_example_runs():
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.S)[1], names)  # type: ignore[index]
    assert names["filled"] == 2_000_000.0
    assert names["most"] == 249.0
    assert 160.0 < names["cost"] < 200.0


def test_its_numbers_are_the_defaults():
    for one in AssetClass:
        assert f"{one.value} {CostModel().cost_bps(one):g}" in PAGE
    for root in CONTRACTS:
        assert re.search(rf"\b{root}\b", PAGE), root
