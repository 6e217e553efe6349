"""What chat models use up is held back first, settled after, lost by no crash and passed by no two processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents.budget import NOTHING, Budget, Price, Spend, Usage
from app.spending import BookPurse, Spending
from data.errors import BudgetSpent
from tests.desks import ROOT

MODEL = "openai:stub"
PRICES = {MODEL: Price(input=2.0, output=10.0)}
NO_LIMIT = Budget(tokens_per_cycle=None, tokens_per_day=None)

Where = Path | str


def where_is(address: str) -> Where:
    """A store by what another process was told."""
    return address if "://" in address else Path(address)


def purse(where: Where, budget: Budget = NO_LIMIT, cycle: str = "cy-1", day: str = "2023-03-15") -> BookPurse:
    return Spending(where).purse(budget, "main", cycle, lambda: day)


def test_a_call_is_held_back_whole_and_then_counts_what_it_used(where: Where) -> None:
    mine = purse(where)
    held = mine.reserve(MODEL, Usage(900, 100))
    assert mine.spending.spent("main") == Spend(1000, 0)
    mine.settle(held, MODEL, Usage(200, 50))
    assert mine.spending.spent("main") == Spend(250, 0)


def test_a_call_of_which_nobody_knows_what_it_used_stays_spent_whole(where: Where) -> None:
    mine = purse(where)
    mine.settle(mine.reserve(MODEL, Usage(900, 100)), MODEL, None)
    assert mine.spending.spent("main", cycle_id="cy-1", day="2023-03-15") == Spend(1000, 0)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(tokens_per_cycle=1000), "tokens of the cycle"),
        (Budget(tokens_per_day=1000), "tokens of the day"),
        (Budget(money_per_cycle=0.003, prices=PRICES), "money of the cycle"),
        (Budget(money_per_day=0.003, prices=PRICES), "money of the day"),
    ],
    ids=["tokens-cycle", "tokens-day", "money-cycle", "money-day"],
)
def test_a_call_that_does_not_fit_is_refused_and_holds_nothing_back(where: Where, budget: Budget, words: str) -> None:
    mine = purse(where, budget)
    mine.reserve(MODEL, Usage(900, 100))
    before = mine.spending.spent("main")
    assert before == Spend(1000, 2800 if budget.prices else 0)
    with pytest.raises(BudgetSpent, match=f"budget: the {words}"):
        mine.reserve(MODEL, Usage(100, 1))
    assert mine.spending.spent("main") == before


def test_what_is_given_back_can_be_used_again(where: Where) -> None:
    mine = purse(where, Budget(tokens_per_cycle=1000))
    for _ in range(5):
        mine.settle(mine.reserve(MODEL, Usage(900, 100)), MODEL, NOTHING)
    mine.settle(mine.reserve(MODEL, Usage(900, 100)), MODEL, Usage(900, 100))
    with pytest.raises(BudgetSpent):
        mine.reserve(MODEL, Usage(1, 0))


def test_a_new_cycle_and_a_new_day_begin_at_nothing_and_books_are_apart(where: Where) -> None:
    budget = Budget(tokens_per_cycle=1000, tokens_per_day=2000)
    purse(where, budget, "cy-1").reserve(MODEL, Usage(1000, 0))
    purse(where, budget, "cy-2").reserve(MODEL, Usage(1000, 0))
    with pytest.raises(BudgetSpent, match="of the day"):
        purse(where, budget, "cy-3").reserve(MODEL, Usage(1000, 0))
    purse(where, budget, "cy-3", "2023-03-16").reserve(MODEL, Usage(1000, 0))
    Spending(where).purse(budget, "other", "cy-1", lambda: "2023-03-15").reserve(MODEL, Usage(1000, 0))


def test_money_cannot_be_counted_without_a_price(where: Where) -> None:
    mine = purse(where, Budget(money_per_day=5.0, prices=PRICES))
    with pytest.raises(BudgetSpent, match="price of openai:other is not known") as refused:
        mine.reserve("openai:other", Usage(1, 1))
    assert "budget.prices" in refused.value.remedy


def test_nothing_fits_a_budget_of_zero_even_where_it_costs_nothing(where: Where) -> None:
    free = {MODEL: Price(input=0.0, output=0.0)}
    for budget in (Budget(tokens_per_day=0), Budget(money_per_cycle=0.0, prices=free)):
        with pytest.raises(BudgetSpent):
            purse(where, budget).reserve(MODEL, Usage(1, 1))


KILLED = """
import os, signal, sys
from pathlib import Path
from agents.budget import Budget, Usage
from app.spending import Spending
purse = Spending(Path(sys.argv[1])).purse(Budget(), "main", "cy-1", lambda: "2023-03-15")
purse.reserve("openai:stub", Usage(900, 100))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_between_call_and_answer_has_spent_its_reservation(tmp_path: Path) -> None:
    where = tmp_path / "spending.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(where)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert Spending(where).spent("main", day="2023-03-15") == Spend(1000, 0)


def _spend_all(home: str, granted: multiprocessing.Queue[int]) -> None:
    mine = purse(where_is(home), Budget(tokens_per_cycle=3000))
    count = 0
    for _ in range(20):
        try:
            mine.reserve(MODEL, Usage(90, 10))
        except BudgetSpent:
            break
        count += 1
    granted.put(count)
    granted.close()
    granted.join_thread()
    os._exit(0)


def test_processes_together_spend_the_budget_to_the_last_token_and_no_more(where: Where) -> None:
    purse(where)
    start = multiprocessing.get_context("spawn")
    granted: multiprocessing.Queue[int] = start.Queue()
    workers = [start.Process(target=_spend_all, args=(str(where), granted)) for _ in range(2)]
    for worker in workers:
        worker.start()
    counts = [granted.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert sum(counts) == 30
    assert Spending(where).spent("main") == Spend(3000, 0)
