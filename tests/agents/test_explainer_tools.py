"""The explainer's tools read a record, name where each value stands, and can write nothing."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from langchain_core.tools import BaseTool
from pydantic import ValidationError

from agents.explainer import tools
from agents.explainer.case import Case
from agents.explainer.tools import MOST_FACTS, tools_of
from data.errors import FutureKnown
from tests.agents.desk_records import a_record

RECORD = a_record(3)
ARGUMENTS = {"waterfall": {"symbol": "KO"}, "evidence": {"symbol": "AAPL"}, "symbol_history": {"symbol": "KO"},
             "counterfactual": {"without": "news"}}  # fmt: skip
NAMES = ("decision", "waterfall", "evidence", "counterfactual", "symbol_history", "risk_state", "policy_card",
         "data_quality", "execution_cost")  # fmt: skip


class Shelf:
    """An archive of one other cycle, a card and a counterfactual."""

    def history(self):
        return (a_record(4, cycle_id="cy-0", slot="2020-03-13T20:00:00Z"), RECORD)

    def counterfactual(self, without):
        weights = RECORD["verdict"]["weights"]
        return {"weights": weights, "difference": dict.fromkeys(weights, 0.001)} if without == "news" else None

    def card(self, policy_id):
        return {"policy_id": policy_id, "algorithm": "ppo", "metrics": {"sharpe": 0.5}}


def the_tools() -> dict[str, BaseTool]:
    return tools_of(Case(RECORD, Shelf()))


def test_there_are_nine():
    assert tuple(the_tools()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_fact_is_what_the_record_holds_at_its_path(name):
    case = Case(RECORD, Shelf())
    found = tools_of(case)[name].invoke(ARGUMENTS.get(name, {}))
    assert 0 < len(found) <= MOST_FACTS
    facts = case.facts()
    assert [f["value"] for f in found] == [facts.evaluate(f["path"]) for f in found]
    assert [f["path"] for f in found] == [facts.written(f["path"]) for f in found]


def test_history_and_counterfactuals_and_cards_come_from_the_archive():
    made = the_tools()
    assert "history[0].verdict.weights.KO" in {f["path"] for f in made["symbol_history"].invoke({"symbol": "KO"})}
    paths = {f["path"] for f in made["counterfactual"].invoke({"without": "news"})}
    assert "counterfactuals.news.difference.KO" in paths
    assert {"path": "cards.sample-7.metrics.sharpe", "value": 0.5} in made["policy_card"].invoke({})


def test_what_the_archive_cannot_give_is_no_fact():
    assert the_tools()["counterfactual"].invoke({"without": "momentum"}) == []
    assert tools_of(Case(RECORD))["symbol_history"].invoke({"symbol": "KO"})[-1]["path"] == "verdict.weights.KO"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("waterfall", {"symbol": "TSLA"}),
        ("waterfall", {"symbol": "../../etc/passwd"}),
        ("waterfall", {"symbol": ["KO"]}),
        ("waterfall", {}),
        ("waterfall", {"symbol": "KO", "path": "x"}),
        ("counterfactual", {"without": "everything"}),
    ],
    ids=["not in the record", "a path", "a list", "nothing", "one too many", "no such thing"],
)
def test_arguments_are_strict(name, arguments):
    with pytest.raises(ValidationError):
        the_tools()[name].invoke(arguments)


def test_no_tool_reaches_what_writes():
    """None of the modules that the tools are made of imports a store, a ledger, a broker, a file or a network."""
    allowed = {"agents.explainer", "data.errors", "data.market", "data.clock", "tools.guard", "tools.execution.book",
               "tools.portfolio.prior"}  # fmt: skip
    outside = {"collections.abc", "typing", "dataclasses", "math", "re", "datetime", "functools", "pydantic",
               "langchain_core.tools", "__future__", "difflib"}  # fmt: skip
    seen: set[str] = set()
    waiting = ["agents.explainer.tools"]
    root = Path(inspect.getfile(tools)).parents[2]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        tree = ast.parse((root / f"{module.replace('.', '/')}.py").read_text())
        called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        assert not called & {"open", "exec", "eval", "__import__", "compile"}, module
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                inside = any(name == a or name.startswith(f"{a}.") for a in allowed)
                assert inside or name in outside, f"{module} imports {name}"
                waiting += [name] if name.startswith("agents.explainer.") else []
    assert len(seen) >= 5


def test_a_fact_later_than_the_decision_is_not_given():
    later = {**RECORD, "verdict": {**RECORD["verdict"], "reasons": ["2099-01-01T00:00:00Z"]}}
    with pytest.raises(FutureKnown, match="decision"):
        tools_of(Case(later, Shelf()))["decision"].invoke({})
