"""For every kind of question: change the field that is cited, and the answer follows; delete it, and it is gone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agents.explainer.cite import number, percent
from agents.explainer.explain import WITHHELD, WRITERS, explain
from tests.agents.desk_records import a_record

LIMITS = {"max_name_weight": 0.15, "max_var_95": 0.03, "max_drawdown": 0.25}
RECORD = a_record(config={"frequency": "1d", "venue": "paper", "limits": LIMITS})
CARD = {"policy_id": "sample-7", "metrics": {"seen": {"sharpe": 1.5}, "unseen": {"sharpe": 0.625}}}


def _earlier() -> dict[str, Any]:
    before = a_record(3)
    return before | {"cycle_id": "cy-before", "slot": "2020-03-13T20:00:00Z"}


DOSSIER: dict[str, Any] = {
    "history": [_earlier()],
    "cards": {"sample-7": CARD},
    "counterfactuals": {"news": {"weights": {"KO": 0.0321, "CASH": 0.9}, "difference": {"KO": -0.0432, "CASH": 0.01}}},
}


class Shelf:
    """An archive that holds what it is given."""

    def __init__(self, dossier: dict[str, Any]) -> None:
        self.of = dossier

    def history(self) -> list[dict[str, Any]]:
        return self.of.get("history", [])

    def counterfactual(self, without: str) -> dict[str, Any] | None:
        return self.of.get("counterfactuals", {}).get(without)

    def card(self, policy_id: str) -> dict[str, Any] | None:
        return self.of.get("cards", {}).get(policy_id)


FIELDS: tuple[tuple[str, str, str, Any], ...] = (
    ("why", "why did KO shrink?", "allocation/contributions/risk/KO", 0.4321),
    ("decision", "what was decided?", "as_of", "2020-03-19T20:00:00Z"),
    ("changes", "what changed?", "verdict/measures/turnover", 0.1717),
    ("positions", "biggest position?", "verdict/weights/KO", 0.9321),
    ("contributors", "which agent moved KO?", "allocation/contributions/macro/KO", -0.3131),
    ("limits", "which limits fired?", "verdict/clamps/0/before", 0.7777),
    ("limits", "what would lift the clamp?", "config/limits/max_name_weight", 0.2323),
    ("approval", "was it approved?", "approval/answer", "rejected"),
    ("state", "is the kill switch on?", "verdict/measures/drawdown", 0.0777),
    ("state", "how far is the breaker? any locks?", "config/limits/max_drawdown", 0.4444),
    ("evidence", "show the headlines", "snapshot/news/0/text", "Apple opens 9 stores"),
    ("views", "what did momentum think of KO?", "views/3/opinions/KO/score", -0.97),
    ("abstentions", "who abstained?", "views/1/reason", "the provider is down"),
    ("risk", "VaR against its limit?", "verdict/measures/var_95", 0.0111),
    ("risk", "how close are we to the VaR limit?", "config/limits/max_var_95", 0.0888),
    ("turnover", "what was the turnover?", "verdict/measures/turnover", 0.1717),
    ("orders", "what orders were sent?", "orders/0/quantity", 123.456),
    ("costs", "implementation shortfall?", "fills/0/cost", 9999.99),
    ("costs", "slippage against the decision price?", "orders/0/reference_price", 77.125),
    ("cash", "why so much cash?", "verdict/weights/CASH", 0.6543),
    ("book", "what is the book worth?", "opening/peak_value", 7_654_321.0),
    ("gains", "unrealised profit by position?", "closing/cash", 1.0),
    ("data", "any data problems?", "snapshot/findings/0/detail", "a jump of 70 percent"),
    ("policies", "what did the policy score on unseen dates?", "/cards/sample-7/metrics/unseen/sharpe", 0.8125),
    ("policies", "trained until when?", "allocation/policies/0/trained_until", "2021-01-04T21:00:00Z"),
    ("fallback", "did anything fall back?", "allocation/fallback_chain/0/reason", "the file is corrupt"),
    ("regime", "what regime are we in?", "snapshot/market/regime_calm", 0.9111),
    ("macro", "how is inflation?", "snapshot/macro/CPI/value", 300.125),
    ("identity", "which cycle is this?", "cycle_id", "cy-another"),
    ("history", "what was KO's weight last cycle?", "/history/0/verdict/weights/KO", 0.0987),
    ("counterfactual", "what if news had said nothing about KO?", "/counterfactuals/news/weights/KO", 0.0765),
    ("compare", "why more KO than MSFT?", "verdict/weights/MSFT", 0.5432),
    ("quote", "what was the price of KO?", "snapshot/prices/KO", 12.3456),
    ("quote", "what is the rsi of KO?", "snapshot/features/KO/rsi_14", 0.7654),
    ("settings", "what is the VaR limit set to?", "config/limits/max_var_95", 0.0888),
    ("beyond", "will KO rise tomorrow?", "as_of", "2020-03-19T20:00:00Z"),
)


def _changed(path: str, *value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Record and dossier with one field set, or deleted where there is no value."""
    both = {"record": copy.deepcopy(RECORD), "dossier": copy.deepcopy(DOSSIER)}
    *parents, last = path.strip("/").split("/")
    at: Any = both["dossier" if path.startswith("/") else "record"]
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if value:
        at[last] = value[0]
    else:
        del at[last]
    return both["record"], both["dossier"]


def _forms(value: Any) -> set[str]:
    """How a value may be shown."""
    if isinstance(value, str):
        return {value}
    shares = {percent(value), percent(value, signed=True)} if abs(value) < 1.0 else {number(value, 2)}
    return shares | {number(value, 4)} | ({f"{value:.2f} "} if value == -0.97 else set())


def _was(path: str) -> Any:
    at: Any = DOSSIER if path.startswith("/") else RECORD
    for part in path.strip("/").split("/"):
        at = at[int(part)] if isinstance(at, list) else at[part]
    return at


@pytest.mark.parametrize(("kind", "question", "path", "value"), [f for f in FIELDS if f[2] != "closing/cash"])
def test_a_changed_field_changes_the_answer(kind: str, question: str, path: str, value: Any) -> None:
    before = explain(RECORD, question, Shelf(DOSSIER))
    record, dossier = _changed(path, value)
    after = explain(record, question, Shelf(dossier))
    assert before.kind == after.kind == kind
    assert not any(form in before.text for form in _forms(value))
    assert any(form in after.text for form in _forms(value)), after.text


DELETED = [f for f in FIELDS if f[2] not in ("as_of", "cycle_id", "closing/cash", "approval/answer", "views/1/reason",
           "orders/0/quantity", "fills/0/cost", "orders/0/reference_price", "verdict/clamps/0/before",
           "snapshot/findings/0/detail", "snapshot/news/0/text", "opening/peak_value")]  # fmt: skip
"""Fields that a record can lack and still be one."""


@pytest.mark.parametrize(("kind", "question", "path", "value"), DELETED)
def test_a_deleted_field_is_no_longer_told(kind: str, question: str, path: str, value: Any) -> None:
    del value
    record, dossier = _changed(path)
    answer = explain(record, question, Shelf(dossier))
    told = explain(RECORD, question, Shelf(DOSSIER))
    assert answer.text != told.text
    assert not answer.text.startswith(WITHHELD)
    if "weights" not in path and "contributions" not in path:  # what such a mapping does not name is nought
        assert path.strip("/").replace("/", ".") not in answer.citations


def test_every_kind_that_answers_is_perturbed() -> None:
    assert {field[0] for field in FIELDS} == set(WRITERS) - {"help", "empty", "unknown", "absent"}


def test_what_the_archive_does_not_hold_is_said_not_to_be_at_hand() -> None:
    assert "not at hand" in explain(RECORD, "how did KO's weight develop over the last cycles?").text
    assert "was not run again" in explain(RECORD, "what if news had said nothing?").text
    assert "not at hand" in explain(RECORD, "what did the policy score on unseen dates?").text
    assert "no manifest" in explain(RECORD, "what did the policy score on unseen dates?", Shelf({})).text
