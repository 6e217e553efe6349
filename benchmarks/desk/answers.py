"""Written answers: how long one takes, and how many questions in new words are understood. Run with

    python -m benchmarks.desk.answers

The first answer is timed in processes of its own, with what it imports; the others in this one, over records of 8 and
1,430 symbols; `tests.agents.unseen_phrasings` were written after the router and are in none of its examples.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import numpy as np

from agents.explainer.explain import explain
from agents.explainer.phrasings import PHRASINGS
from benchmarks.figures import Figure, figure, publish
from tests.agents.desk_records import a_record
from tests.agents.test_router import as_asked, told_by_fold, told_of
from tests.agents.unseen_phrasings import SECOND, UNSEEN

SYMBOLS = 1_430
PROCESSES = 7
FIRST = """
import json, sys, time
record = json.load(sys.stdin)
start = time.perf_counter()
from agents.explainer.explain import explain
explain(record, "what changed?")
print(time.perf_counter() - start)
"""
_AGENTS_OPINION = {"score": 0.25, "confidence": 0.5, "evidence": []}


def main() -> None:
    """Measure and publish."""
    figures = [_first()]
    figures += [*_timed("8 symbols", a_record()), *_timed(f"{SYMBOLS} symbols", wide(SYMBOLS))]
    publish("desk_answers", [*figures, *_shares("unseen phrasings", told_of(UNSEEN)),
                             *_shares("unseen phrasings, second set", told_of(SECOND)),
                             *_shares("phrasings held out in turn, a third each", told_by_fold())])  # fmt: skip


def _first() -> Figure:
    """Of processes of their own, from before the import of the explainer to after the answer."""
    record = json.dumps(a_record())
    times = [float(subprocess.run([sys.executable, "-c", FIRST], input=record, capture_output=True, text=True,
                                  check=True).stdout) for _ in range(PROCESSES)]  # fmt: skip
    note = f"{PROCESSES} processes, median"
    return figure("first answer of a process, what it imports included", float(np.median(times)), "s", note)


def _timed(what: str, record: dict[str, Any]) -> list[Figure]:
    """Median and 99th percentile over one question in seven of all phrasings."""
    asked = [phrasing for known in PHRASINGS.values() for phrasing in known][::7]
    times: list[float] = []
    for i, phrasing in enumerate(asked):
        question = as_asked(phrasing, i)
        start = time.perf_counter()
        explain(record, question)
        times.append(1e3 * (time.perf_counter() - start))
    note = f"{len(asked)} questions of every kind, routing, writing and checking, {what}"
    return [figure(f"written answer, p{p}, {what}", float(np.percentile(times, p)), "ms", note) for p in (50, 99)]


def _shares(what: str, told: Counter[str]) -> list[Figure]:
    total = sum(told.values())
    return [figure(f"{end}: {what}", told[end] / total, "share", f"{total} questions") for end in
            ("right", "admitted", "wrong")]  # fmt: skip


def wide(symbols: int) -> dict[str, Any]:
    """The record of `a_record` with many symbols more, each held, weighed and spoken of."""
    record = a_record()
    names = [f"S{n:04d}X" for n in range(symbols)]
    share = 0.5 / symbols
    for weights in (record["allocation"]["weights"], record["verdict"]["weights"]):
        weights.update(dict.fromkeys(names, share))
        weights["CASH"] -= 0.5
    for contributions in record["allocation"]["contributions"].values():
        contributions.update(dict.fromkeys(names, share / len(record["allocation"]["contributions"])))
    for book in (record["opening"], record["closing"]):
        book["positions"].update({name: {"quantity": 10.0, "average_price": 90.0} for name in names})
        book["marks"].update(dict.fromkeys(names, 100.0))
    snapshot = record["snapshot"]
    snapshot["prices"].update(dict.fromkeys(names, 100.0))
    snapshot["asset_class"].update(dict.fromkeys(names, "stock"))
    snapshot["tradable"] += names
    snapshot["features"].update({name: {"rsi_14": 0.5, "vol_21": 0.01} for name in names})
    for view in record["views"]:
        if not view["abstained"]:
            view["opinions"].update(dict.fromkeys(names, _AGENTS_OPINION))
    return record


if __name__ == "__main__":
    main()
