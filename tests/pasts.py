"""Homes with a past of every sort, and their replays in processes that differ in all that must not matter."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agents.desk_policies import meta_policy, symbol_policy
from tests.agents.openai_stub import completion, one_server, opinions, saying, shown
from tests.desks import ROOT, desk

NAMES = "AURIUM,BANKFUND,NOVALIN,ORBTEK,WYRMCOIN"
CARRIED = ("desk.sqlite", "answers.sqlite", "policies", "lake")
"""What another machine needs of a home to replay its records."""
ACCEPT, REJECT = {"type": "accept", "by": "cleo"}, {"type": "ignore", "by": "ben", "note": "not today"}
EDIT = {
    "type": "edit", "by": "ann",
    "args": {"action": "approve_allocation",
             "args": {"weights": {"ALLFUND": 0.1, "AURIUM": 0.05, "NOVALIN": 0.12, "CASH": 0.73}}},
}  # fmt: skip


@dataclass(frozen=True)
class Book:
    """Cycles at `dates` with `settings` and the book's `config`; `answers` to what they ask."""

    name: str
    dates: tuple[str, ...]
    settings: dict[str, Any]
    config: dict[str, Any]
    answers: tuple[dict[str, Any] | None, ...] = ()
    halted: bool = False
    policies: bool = False
    """Whether it is decided by policies that heed every view."""


def _book(name: str, *dates: str, config: dict[str, Any] | None = None, answers: Sequence[Any] = (),
          halted: bool = False, policies: bool = False, **settings: Any) -> Book:  # fmt: skip
    settings = {"symbols": NAMES} | settings
    return Book(name, dates, settings, config or {}, tuple(answers), halted, policies)


MARCH = ("2023-03-14", "2023-03-15", "2023-03-16")
BOOKS = (
    _book("plain", *MARCH),
    _book("drill", "2023-03-14", halted=True),
    _book("refused", *MARCH[:2], config={"gate": {"restricted": ["NOVALIN"]}}),
    _book("talking", *MARCH[:2], llm="openai:stub"),
    _book("asked", "2024-02-06", "2024-02-07", "2024-02-08", seed=11, symbols="ALLFUND,AURIUM,NOVALIN",
          approval="always", answers=(EDIT, REJECT, ACCEPT)),
    _book("off", "2023-03-15", config={"without": ["news", "features:momentum", "clamp:max_name_weight"]}),
    _book("heeding", *MARCH[:2], policies=True),
    _book("nervous", *MARCH, config={"limits": {"max_daily_loss": 0.00001, "max_drawdown": 0.00002}}),
    _book("projected", "2021-06-15", config={"limits": {"projection": "least_change", "max_volatility_annual": 0.05}}),
    _book("equal", "2020-03-16", config={"without": ["prior=equal_weight"]}, policies=True),
    _book("hourly", "2023-03-15", symbols="AURIUM,NOVALIN", frequency="1h"),
    _book("sample", "2020-03-13", "2020-03-16", source="sample", symbols=""),
    _book("large", "2019-06-14", symbols=""),
)  # fmt: skip
"""Twenty-three records."""
FEW = ("drill", "refused", "talking", "asked", "off", "heeding")


def make(home: Path, names: Iterable[str] = tuple(b.name for b in BOOKS)) -> list[str]:
    """Run the cycles of the books named, in one home; their ids. Those with policies of their own come last."""
    wanted = set(names)
    chosen = sorted((b for b in BOOKS if b.name in wanted), key=lambda b: b.policies)
    home.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, one_server() as stub, saying(stub, _sure):
        patch.setenv("OPENAI_API_KEY", "sk-none")
        patch.setenv("OPENAI_BASE_URL", f"{stub.url}/v1")
        return [cycle_id for book in chosen for cycle_id in _cycles(home, book)]


def _cycles(home: Path, book: Book) -> Iterator[str]:
    config = home.parent / f"{book.name}.yaml"
    config.write_text(yaml.safe_dump(book.config), encoding="utf-8")
    here = desk(home, book=book.name, config=config, **book.settings)
    if book.policies:
        for policy in (meta_policy(source="simulated"), symbol_policy(source="simulated")):
            here.stores.policies.save(policy)
    if book.halted:
        here.halt("a drill", "ann")
    for place, date in enumerate(book.dates):
        outcome = here.cycle(date)
        if outcome.record is None:
            outcome = here.approvals.answer(outcome.cycle_id, book.answers[place] or ACCEPT)
        assert outcome.record is not None
        yield outcome.cycle_id
    if book.halted:
        here.resume("ann")


def _sure(request: dict[str, Any]) -> Any:
    """A model that is sure of the first thing it reads about a symbol."""
    about = [d for d in shown(request) if d.get("symbol")][:1]
    return completion(opinions(*((d["symbol"], 0.5, 0.75, [d["id"]]) for d in about)))


def carried(home: Path, to: Path) -> Path:
    """What must be carried of a home, as it would come to another machine."""
    to.mkdir(parents=True)
    for name in CARRIED:
        if (home / name).is_dir():
            shutil.copytree(home / name, to / name, ignore=shutil.ignore_patterns("gold"))
        elif (home / name).exists():
            shutil.copy(home / name, to / name)
    for log in home.glob("*.sqlite-wal"):
        if log.name.removesuffix("-wal") in CARRIED:
            shutil.copy(log, to / log.name)
    return to


# --- replays in processes ---------------------------------------------------------------------------------------


def replay_in(home: Path, ids: Sequence[str], rounds: int, folder: Path, **environment: str) -> subprocess.Popen[str]:
    """`rounds` forks of a process in `folder`, each replaying all of `ids`; it prints one JSON line a fork."""
    command = [sys.executable, "-m", "tests.pasts", str(home), str(rounds), *ids]
    folder.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)


def results(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Of each replay: cycle_id, differing (bytes), sha256, pid."""
    said, _ = process.communicate(timeout=3600)
    assert process.returncode == 0, said
    return [found for line in said.splitlines() for found in json.loads(line)]


def _main(home: str, rounds: str, *ids: str) -> None:
    _import_all()
    for _ in range(int(rounds)):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            here = desk(Path(home))
            with os.fdopen(writer, "w") as out:
                out.write(json.dumps([_replayed(here, name) for name in ids]))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as told:
            line = told.read()
        assert os.waitpid(child, 0)[1] == 0
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _import_all() -> None:
    """All that a replay imports, and nothing run: a fork then starts warm and with no threads."""
    import rl.meta.policy
    import rl.symbol_policy  # noqa: F401


def _replayed(here: Any, name: str) -> dict[str, Any]:
    from app.replaying import replay_parts
    from graph.journal import Journal
    from graph.replay import compare, run_again

    def refused(*_: Any) -> None:
        raise AssertionError("a replay called out")

    socket.socket.connect = refused  # type: ignore[method-assign]
    record = here.record(name)
    with replay_parts(record, here.stores) as context:
        again = run_again(record, context)
    first = Journal(here.stores.ledger).written(record.cycle_id)
    found = compare(record.cycle_id, first, again)
    differing = sum(a != b for a, b in zip(first, again, strict=False)) + abs(len(first) - len(again))
    return {"cycle_id": record.cycle_id, "differing": differing, "sha256": found.sha256, "pid": os.getpid(),
            "at": list(found.differences)}  # fmt: skip


if __name__ == "__main__":
    _main(*sys.argv[1:])
