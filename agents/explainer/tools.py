"""The explainer's tools: nine ways to look into a record and its archive. They read; not one of them writes anything.

Each gives cited facts, {"path": how to cite it, "value": what the record holds there}, at most MOST_FACTS of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, create_model

from agents.explainer.case import Case
from agents.explainer.facts import Facts
from agents.explainer.waterfall import clamps_on, waterfall
from data.errors import NotFound
from data.market import CASH
from tools.guard import FORWARD, AsOfGuard

MOST_FACTS = 80
AFTERWARDS = frozenset({"symbol_history", "execution_cost", "policy_card"})
"""Tools that speak of what came after the decision: other cycles, fills, what a policy was trained on since."""
_LARGEST = 8
Fact = dict[str, Any]


class _Arguments(BaseModel):
    """Arguments of a tool: strict, and nothing beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def tools_of(case: Case) -> dict[str, BaseTool]:
    """The tools over one record, by name; a symbol that the record does not hold is refused by their schemas."""
    facts = case.facts()
    limits = sorted({str(clamp["limit"]) for clamp in facts.items("verdict.clamps")})
    nothing = create_model("Nothing", __base__=_Arguments)
    on_symbol = _one_of("symbol", (*sorted(facts.symbols), CASH))
    leaving_out = _one_of("without", (*facts.agents, *(f"clamp:{limit}" for limit in limits)))
    made = (
        _tool("decision", "The verdict, who allocated, approval, and the largest moves.", nothing,
              lambda: _decision(case)),
        _tool("waterfall", "How one symbol's weight came about: prior, context, agents, clamps.", on_symbol,
              lambda symbol: _waterfall(case, symbol)),
        _tool("evidence", "What each agent scored a symbol, and on what grounds.", on_symbol,
              lambda symbol: _evidence(case, symbol)),
        _tool("counterfactual", "The weights had an agent been silent or a limit been off.", leaving_out,
              lambda without: _counterfactual(case, without)),
        _tool("symbol_history", "A symbol's weight in the book's other cycles.", on_symbol,
              lambda symbol: _history(case, symbol)),
        _tool("risk_state", "Risk measures, every clamp, locks and the kill switch.", nothing, lambda: _risk(case)),
        _tool("policy_card", "The trained policies that had a part, with their figures.", nothing,
              lambda: _cards(case)),
        _tool("data_quality", "What data were missing, stale or not tradable.", nothing, lambda: _quality(case)),
        _tool("execution_cost", "Orders, fills, and what they cost against the decision price.", nothing,
              lambda: _costs(case)),
    )  # fmt: skip
    guard = AsOfGuard(
        datetime.fromisoformat(str(facts.get("as_of"))), FORWARD | {"since"}
    )  # a switch is thrown by the wall clock
    return {tool.name: tool if tool.name in AFTERWARDS else _known_then(tool, guard) for tool in made}


def _known_then(tool: StructuredTool, guard: AsOfGuard) -> StructuredTool:
    """The same tool; FutureKnown where a fact it gives is later than the record's `as_of`."""
    look: Any = tool.func

    def checked(**given: Any) -> list[Fact]:
        found: list[Fact] = look(**given)
        guard.check({str(fact["path"]): fact["value"] for fact in found}, tool.name)
        return found

    return tool.model_copy(update={"func": checked})


def _one_of(argument: str, allowed: tuple[str, ...]) -> type[BaseModel]:
    """A schema of one argument that is one of these names, and nothing else."""
    named: Any = {argument: (Literal[allowed], ...)}
    return create_model(f"{argument.title()}Argument", __base__=_Arguments, **named)


def _tool(name: str, description: str, arguments: type[BaseModel], look: Any) -> StructuredTool:
    return StructuredTool.from_function(look, name=name, description=description, args_schema=arguments)


def cited(facts: Facts, paths: Iterable[str]) -> list[Fact]:
    """The facts at paths, as they are to be cited; those that the record lacks are left out."""
    found: dict[str, Any] = {}
    for path in paths:
        try:
            value = facts.evaluate(path)
        except (NotFound, TypeError):
            continue
        if isinstance(value, str | int | float) and len(found) < MOST_FACTS:
            found[facts.written(path)] = value
    return [{"path": path, "value": value} for path, value in found.items()]


def _decision(case: Case) -> list[Fact]:
    facts = case.facts()
    last = facts.size("allocation.fallback_chain") - 1
    paths = ["as_of", "book", "verdict.decision", f"allocation.fallback_chain[{last}].name", "approval.required"]
    paths += [f"verdict.reasons[{i}]" for i in range(facts.size("verdict.reasons"))]
    paths += ["approval.answer", "approval.by", "count orders", "count fills", "count verdict.clamps", "count views"]
    paths += [f"views.{agent}.reason" for agent in facts.agents if facts.get(f"views.{agent}.abstained")]
    moved = sorted(facts.symbols, key=lambda s: (-abs(facts.number(_move(s))), s))
    for symbol in (*moved[:_LARGEST], CASH):
        paths += [
            f"opening.weights.{symbol}",
            f"allocation.weights.{symbol}",
            f"verdict.weights.{symbol}",
            _move(symbol),
        ]
    return cited(facts, paths)


def _move(symbol: str) -> str:
    return f"verdict.weights.{symbol} - opening.weights.{symbol}"


def _waterfall(case: Case, symbol: str) -> list[Fact]:
    facts = case.facts()
    steps = [step.citation for step in waterfall(facts, symbol).steps]
    parts = ("limit", "before", "after", "detail")
    met = [f"verdict.clamps[{i}].{part}" for i in clamps_on(facts, symbol) for part in parts]
    return cited(facts, [f"opening.weights.{symbol}", *steps, *met, _move(symbol)])


def _evidence(case: Case, symbol: str) -> list[Fact]:
    facts = case.facts()
    paths: list[str] = []
    for agent in facts.agents:
        path = f"views.{agent}.opinions.{symbol}"
        paths += [f"{path}.score", f"{path}.confidence", f"allocation.contributions.{agent}.{symbol}"]
        paths += [f"views.{agent}.reason", f"views.{agent}.unknown.{symbol}"]
        for reference in facts.get(f"{path}.evidence") if facts.has(f"{path}.evidence") else ():
            kind, _, name = str(reference).partition(":")
            root = {"feature": f"features.{symbol}.{name}", "market": f"market.{name}", "macro": f"macro.{name}.value",
                    "news": f"news.{name}.text", "post": f"posts.{name}.text"}.get(kind, "")  # fmt: skip
            paths += [f"snapshot.{root}"] if root else []
    return cited(facts, paths)


def _counterfactual(case: Case, without: str) -> list[Fact]:
    facts = case.facts(without=(without,))
    root = f"counterfactuals.{without}"
    moved = sorted(facts.keys(f"{root}.difference"), key=lambda s: (-abs(facts.number(f"{root}.difference.{s}")), s))
    return cited(facts, [f"{root}.{part}.{s}" for s in moved[: 2 * _LARGEST] for part in ("weights", "difference")])


def _history(case: Case, symbol: str) -> list[Fact]:
    facts = case.facts(history=True)
    places = range(facts.size("history"))[-2 * _LARGEST :]
    paths = [f"history[{i}].{part}" for i in places for part in ("slot", f"verdict.weights.{symbol}")]
    return cited(facts, ["slot", f"verdict.weights.{symbol}", "count history", *paths])


def _risk(case: Case) -> list[Fact]:
    facts = case.facts()
    paths = ["verdict.decision", *(f"verdict.measures.{name}" for name in facts.keys("verdict.measures"))]
    paths += ["halt.on", "halt.reason", "count verdict.clamps"]
    for i in range(facts.size("opening.locks")):
        paths += [f"opening.locks[{i}].{part}" for part in ("rule", "symbol", "detail")]
    clamps = facts.items("verdict.clamps")
    by_size = sorted(range(len(clamps)), key=lambda i: (-abs(clamps[i]["after"] - clamps[i]["before"]), i))
    for i in sorted(by_size[:_LARGEST]):
        paths += [f"verdict.clamps[{i}].{part}" for part in ("limit", "symbol", "before", "after")]
    return cited(facts, paths)


def _cards(case: Case) -> list[Fact]:
    facts = case.facts(cards=True)
    parts = ("role", "policy_id", "trained_until", "in_sample")
    paths = [f"allocation.policies[{i}].{p}" for i in range(facts.size("allocation.policies")) for p in parts]
    for policy in facts.keys("cards"):
        paths += [f"cards.{policy}.{name}" for name in ("algorithm", "source", "trained_from", "trained_until", "gap")]
        paths += [f"cards.{policy}.metrics.{name}" for name in facts.keys(f"cards.{policy}.metrics")]
    return cited(facts, ["count allocation.policies", *paths])


def _quality(case: Case) -> list[Fact]:
    facts = case.facts()
    paths = [f"snapshot.unavailable.{name}" for name in facts.keys("snapshot.unavailable")]
    paths += ["count snapshot.findings", "count snapshot.tradable", "count snapshot.prices"]
    places = range(min(facts.size("snapshot.findings"), 2 * _LARGEST))
    paths += [f"snapshot.findings[{i}].{part}" for i in places for part in ("symbol", "rule", "detail")]
    return cited(facts, [*paths, *(f"tradable {s}" for s in sorted(facts.symbols) if not _tradable(facts, s))])


def _tradable(facts: Facts, symbol: str) -> bool:
    return not facts.has("snapshot.tradable") or bool(facts.evaluate(f"tradable {symbol}"))


def _costs(case: Case) -> list[Fact]:
    facts = case.facts(history=True)
    costs = facts.items("costs")
    dearest = sorted(range(len(costs)), key=lambda i: (-float(costs[i]["shortfall"]), i))[:_LARGEST]
    parts = ("symbol", "side", "decision_price", "fill_price", "filled", "fees", "shortfall", "bps")
    paths = ["count orders", "count fills", "sum fills.*.cost", "sum costs.*.shortfall"]
    return cited(facts, [*paths, *(f"costs[{i}].{part}" for i in dearest for part in parts)])
