"""Whatever is thrown at the last gate with nothing before it, no order past a limit reaches the venue."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.tools.risk.gate_fuzz import REGIMES, Fuzz, fuzz
from tools.risk.gate import gate
from tools.risk.gate.rules import RULES

SEED = 7
UNSEEN = {"malformed", "unknown_symbol", "wrong_currency", "halted_symbol", "off_tick"}
"""Rules without which the state itself or the judge cannot say more than that the order is none of the others."""


def test_fuzzed_orders_breach_nothing():
    runs = fuzz(SEED, 20_000)
    assert [breach for run in runs for breach in run.judge.breaches] == []
    assert sum(run.judge.accepted for run in runs) > 2_000
    refused = {rule for run in runs for rule in run.refused}
    assert refused >= {rule.name for rule in RULES}


@pytest.mark.slow
def test_a_million_fuzzed_orders_breach_nothing():
    """Its figure is kept by `python -m benchmarks.market.gate`."""
    assert [breach for run in fuzz(SEED + 100, 1_000_000) for breach in run.judge.breaches] == []


@pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.name not in UNSEEN])
def test_without_a_rule_the_judge_finds_its_breaches(monkeypatch, name):
    rules = tuple(rule._replace(broken=_never) if rule.name == name else rule for rule in RULES)
    monkeypatch.setattr(gate, "RULES", rules)
    for run in (Fuzz(SEED, limits) for limits in REGIMES):
        for _ in range(20):
            if Counter(breach for breach, _ in run.run(250).breaches)[name]:
                return
    raise AssertionError(f"the judge does not see a gate without {name}")


def _never(order, state, limits):
    return None
