"""Questions with known answers over twenty records of real cycles: every figure right, no symbol invented.

Four hundred of them over kept records each time; all of them over records of cycles run now among the slow tests.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import pytest

from agents.explainer.explain import WRITERS, explain
from tests.agents.kept_records import kept
from tests.agents.known_answers import CITED, held, questions, shortfalls, worth
from tests.agents.real_records import Made, twenty

FIGURE = re.compile(r"(?<![\w.])([+-]?\d[\d,]*(?:\.(\d+))?)(%?)\s*\[((?:[^\[\]]|\[[^\[\]]*\])+)\]")
NAMELESS = {"UTC", "LLM", "VADER", "CASH"}
"""Words in capitals that are no symbols."""


@pytest.fixture(scope="module", params=["kept", pytest.param("anew", marks=pytest.mark.slow)])
def records(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def made(records: str, tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    return kept() if records == "kept" else twenty(tmp_path_factory.mktemp("desks"))


@pytest.fixture(scope="module")
def answered(records: str, made: list[Made]) -> list[tuple[Made, Any, Any]]:
    """Questions of each record with their answers: twenty, around the list of all, or all that can be asked."""
    count = 20 if records == "kept" else 1_000
    asked = [(one, known) for i, one in enumerate(made) for known in questions(one, 7 * i, count)]
    return [(one, known, explain(one.record, known.question, one)) for one, known in asked]


def test_the_records_are_of_every_sort(made: list[Made]) -> None:
    records = [one.record for one in made]
    assert len(records) == 20
    assert {r["verdict"]["decision"] for r in records} >= {"approved", "reduced", "halted"}
    assert {r["approval"]["answer"] for r in records} >= {"not_asked", "edited", "rejected", "accepted"}
    assert len({r["source"]["name"] for r in records}) == 2
    assert any(r["refusals"] for r in records)
    assert any(r["opening"]["locks"] for r in records)
    assert any(view["abstained"] for r in records for view in r["views"])
    assert any(r["allocation"]["fallback_chain"][0]["name"] == "policy:none" for r in records)
    assert any((view["model"] or "").startswith("openai:") for r in records for view in r["views"])
    assert max(len(r["verdict"]["weights"]) for r in records) > 60


def test_every_known_answer_is_given(answered: list[tuple[Made, Any, Any]]) -> None:
    assert len(answered) >= 400
    wrong = [
        (one.sort, known.question, answer.kind, known.missing(answer.text) or answer.kind)
        for one, known, answer in answered
        if answer.kind != known.kind or known.missing(answer.text)
    ]
    assert wrong == []


def test_the_questions_are_of_every_kind(answered: list[tuple[Made, Any, Any]]) -> None:
    kinds = Counter(answer.kind for _, _, answer in answered)
    assert set(kinds) == set(WRITERS) - {"help", "empty", "unknown", "decision"}


def test_every_figure_of_every_answer_is_the_record_s_own(answered: list[tuple[Made, Any, Any]]) -> None:
    """Each is looked up (or worked out) here from the raw JSON by its citation."""
    seen, wrong = 0, []
    for one, known, answer in answered:
        for shown, decimals, percent, citation in FIGURE.findall(answer.text):
            value = _worked_out(one, citation) * (100.0 if percent else 1.0)
            seen += 1
            if abs(float(shown.replace(",", "")) - value) > 0.5 * 10.0 ** -len(decimals) * (1.0 + 1e-6) + 1e-9:
                wrong.append((one.sort, known.question, shown, citation, value))
    assert wrong == []
    assert seen > 2_000


def test_no_answer_names_a_symbol_that_is_not_in_the_record(answered: list[tuple[Made, Any, Any]]) -> None:
    invented = []
    for one, known, answer in answered:
        symbols = {*one.record["verdict"]["weights"], *one.record["snapshot"]["prices"]}
        text = re.sub(r"“[^”]*”", "", CITED.sub("", answer.text))
        named = set(re.findall(r"(?<![\w.`])\$?[A-Z][A-Z0-9.=^-]+\b(?!`)", text)) - NAMELESS
        series = set(one.record["snapshot"]["macro"])
        invented += [(known.question, name) for name in named - symbols - series if not known.question.count(name)]
    assert invented == []


# --- a citation's value, worked out from the raw record ---------------------------------------------------------------


def _worked_out(one: Made, citation: str) -> float:
    if citation.startswith("sum abs "):
        return math.fsum(map(abs, _all(one, citation.removeprefix("sum abs "))))
    if citation.startswith("sum "):
        return math.fsum(_all(one, citation.removeprefix("sum ")))
    if citation.startswith("count "):
        return len(_at(one, citation.removeprefix("count ")))
    left, minus, right = citation.partition(" - ")
    return _at(one, left) - _at(one, right) if minus else _at(one, citation)


def _all(one: Made, pattern: str) -> list[float]:
    before, _, after = pattern.partition("*")
    within = _at(one, before.rstrip(".").removesuffix("["))
    items = within if isinstance(within, list) else list(within.values())
    return [item[after.strip("].")] if after.strip("].") else item for item in items]


def _at(one: Made, path: str) -> Any:
    record = one.record
    head, _, rest = path.partition(".")
    if head in ("opening", "closing") and rest == "net_asset_value":
        return worth(record[head])
    if head in ("opening", "closing") and rest.startswith("weights."):
        return held(record[head], rest.removeprefix("weights."))
    if path.startswith("verdict.classes."):
        classes = record["snapshot"]["asset_class"]
        return sum(w for s, w in record["verdict"]["weights"].items() if classes.get(s) == path.rpartition(".")[2])
    roots = {"history": _others, "holdings": _holdings, "bindings": _bindings, "costs": _costs, "cards": _cards,
             "counterfactuals": _runs}  # fmt: skip
    name = re.split(r"[.\[]", path)[0]
    root = {name: roots[name](one)} if name in roots else record
    return _descend(root, path, zero=".weights." in path or "contributions" in path)


def _descend(at: Any, path: str, zero: bool) -> Any:
    """By the longest key that fits: keys may hold dots themselves."""
    if not path:
        return at
    if place := re.match(r"\[(\d+)\]\.?", path):
        return _descend(at[int(place[1])], path[place.end() :], zero)
    if isinstance(at, list):
        key, _, rest = path.partition(".")
        return _descend(next(i for i in at if key in (i.get("agent"), i.get("id"), i.get("order_id"))), rest, zero)
    fits = [key for key in at if path == key or path.startswith((f"{key}.", f"{key}["))]
    if not fits and zero:
        return 0.0
    key = max(fits, key=len)
    return _descend(at[key], path[len(key) :].removeprefix("."), zero)


def _others(one: Made) -> list[dict[str, Any]]:
    return sorted((r for r in one.book if r["cycle_id"] != one.record["cycle_id"]), key=lambda r: r["slot"])


def _holdings(one: Made) -> dict[str, dict[str, float]]:
    book = one.record["closing"]
    out = {}
    for s, p in book["positions"].items():
        paid, value = p["quantity"] * p["average_price"], p["quantity"] * book["marks"][s]
        out[s] = {
            **p,
            "mark": book["marks"][s],
            "value": value,
            "gain": value - paid,
            "gain_share": (value - paid) / paid,
        }
    return out


def _bindings(one: Made) -> list[dict[str, float]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for c in one.record["verdict"]["clamps"]:
        groups.setdefault((c["limit"], c["detail"]), []).append(c)
    sums = [[sum(abs(c[end]) for c in group) for end in ("before", "after")] for group in groups.values()]
    return [{"asked": before, "allowed": after, "taken": before - after, "symbols": len(group)}
            for (before, after), group in zip(sums, groups.values(), strict=True)]  # fmt: skip


def _costs(one: Made) -> list[dict[str, float]]:
    known, out = shortfalls(one), []
    for order in one.record["orders"]:
        if order["symbol"] in known:
            fees, shortfall = known[order["symbol"]]
            fills = [f for f in one.record["fills"] if f["order_id"] == order["order_id"]]
            filled = sum(f["quantity"] for f in fills)
            out.append({"fees": fees, "shortfall": shortfall, "delay": shortfall - fees,
                        "decision_price": order["reference_price"],
                        "fill_price": sum(f["quantity"] * f["price"] for f in fills) / filled,
                        "bps": 1e4 * shortfall / (filled * order["reference_price"])})  # fmt: skip
    return out


def _cards(one: Made) -> dict[str, Any]:
    return {use["policy_id"]: one.card(use["policy_id"]) for use in one.record["allocation"]["policies"]}


def _runs(one: Made) -> dict[str, Any]:
    return {view["agent"]: one.counterfactual(view["agent"]) for view in one.record["views"]}
