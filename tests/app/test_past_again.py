"""A home's past elsewhere and later: differences of cycles, a copied home, and what is said where parts are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app import render
from app.desk import Desk
from data.errors import CorruptFile, InputError, NotFound
from graph.diff import Diff, diff
from graph.journal import Journal
from graph.record import CycleRecord, record_bytes
from tests.desks import bullpen, desk
from tests.pasts import carried, make

BOOK = "heeding"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("past") / "home"
    make(folder, (BOOK, "talking"))
    return folder


@pytest.fixture(scope="module")
def two(home: Path) -> tuple[CycleRecord, CycleRecord]:
    here = desk(home)
    first, second = (entry.cycle_id for entry in here.entries(BOOK))
    return here.record(first), here.record(second)


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Desk:
    return desk(carried(home, tmp_path / "elsewhere" / "home"))


# --- differences ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(two: tuple[CycleRecord, CycleRecord]) -> Diff:
    return diff(*two)


def test_the_parts_of_each_change_of_weight_sum_to_it(found: Diff, two: tuple[CycleRecord, CycleRecord]) -> None:
    assert found.weights
    for change in found.weights:
        assert change.before == two[0].verdict.weights.get(change.symbol, 0.0)
        assert change.after == two[1].verdict.weights.get(change.symbol, 0.0)
        assert sum(change.parts.values()) == pytest.approx(change.change, abs=1e-9)
    assert sum(change.change for change in found.weights) == pytest.approx(0.0, abs=1e-9)


def test_parts_are_ranked_by_their_effect_and_views_stand_among_them(found: Diff) -> None:
    effects = [part.effect for part in found.parts]
    assert effects == sorted(effects, reverse=True)
    assert {"prior", "momentum", "policy"} <= {part.name for part in found.parts if part.kind == "allocation"}
    assert any(part.kind == "limits" for part in found.parts)
    for part in found.parts:
        assert part.effect == pytest.approx(sum(map(abs, part.changes.values())) / 2)


def test_an_agent_that_changed_its_mind_is_named_with_what_it_reads(found: Diff) -> None:
    momentum = next(view for view in found.views if view.agent == "momentum")
    assert momentum.symbols > 0
    assert all(before != after for before, after in momentum.opinions.values())
    assert set(momentum.inputs) <= {f"features.{name}" for name in ("mom_21", "mom_63", "mom_252", "vol_63")}
    assert momentum.inputs
    assert momentum.effect == next(part.effect for part in found.parts if part.name == "momentum")


def test_facts_and_the_book_are_told_with_before_and_after(found: Diff, two: tuple[CycleRecord, CycleRecord]) -> None:
    prices = next(fact for fact in found.facts if fact.path == "prices")
    for symbol, (before, after) in prices.examples.items():
        assert (before, after) == (two[0].snapshot["prices"][symbol], two[1].snapshot["prices"][symbol])
    cash = next(change for change in found.book if change.path == "opening.cash")
    assert (cash.before, cash.after) == (two[0].opening.cash, two[1].opening.cash)


def test_settings_code_and_policies_that_changed_are_named(two: tuple[CycleRecord, CycleRecord]) -> None:
    one, other = two
    config = other.config | {"cash_share": 0.2, "limits": other.config["limits"] | {"max_name_weight": 0.01}}
    hashes = other.hashes | {"code": "0" * 64, "policies": {"p": "1"}}
    altered = other.model_copy(update={"config": config, "hashes": hashes})
    changed = {c.path: (c.before, c.after) for c in diff(one, altered).settings}
    assert changed["config.cash_share"] == (0.05, 0.2)
    assert changed["config.limits.max_name_weight"] == (0.15, 0.01)
    assert changed["hashes.code"] == (one.hashes["code"], "0" * 64)
    assert changed["hashes.policies.p"] == (None, "1")


def test_a_cycle_does_not_differ_from_itself(two: tuple[CycleRecord, CycleRecord]) -> None:
    same = diff(two[0], two[0])
    assert (same.moved, same.parts, same.weights, same.views, same.facts, same.book, same.settings) == (
        0.0, (), (), (), (), (), ()
    )  # fmt: skip


def test_back_again_is_the_same_with_the_signs_turned(found: Diff, two: tuple[CycleRecord, CycleRecord]) -> None:
    back = {change.symbol: change.change for change in diff(two[1], two[0]).weights}
    assert back == {change.symbol: -change.change for change in found.weights}


def test_the_command_says_the_same_in_words_and_in_json(home: Path, found: Diff) -> None:
    told = bullpen(home, "diff", found.one, found.two, "--json")
    assert json.loads(told.stdout) == json.loads(json.dumps(found.as_json()))
    words = bullpen(home, "diff", found.one, found.two)
    assert words.returncode == 0, words.stderr
    assert found.parts[0].name in words.stdout


def test_without_names_the_last_two_cycles_of_the_book_are_compared(home: Path, found: Diff) -> None:
    here = desk(home)
    assert here.replays.diff("previous", "latest", BOOK) == found
    with pytest.raises(InputError, match="both are cy-"):
        here.replays.diff("latest", "latest", BOOK)


# --- elsewhere --------------------------------------------------------------------------------------------------


def test_a_home_that_was_carried_to_another_place_replays(copy: Desk) -> None:
    for entry in copy.entries():
        assert copy.replay(entry.cycle_id).identical, entry


def test_a_counterfactual_is_the_same_on_both_machines(home: Path, copy: Desk) -> None:
    one, other = (d.replays.without("latest", ["momentum"], BOOK) for d in (desk(home), copy))
    assert one.as_json() == other.as_json()
    assert one.changed


def _erase(folder: Path) -> None:
    for path in folder.rglob("*.parquet"):
        path.unlink()


def test_facts_that_were_vacuumed_are_missed_by_name(copy: Desk) -> None:
    _erase(copy.stores.home / "lake" / "silver" / "bars")
    with pytest.raises(CorruptFile, match=r"cy-\w+ cannot be replayed: the lake table silver/bars/") as caught:
        copy.replay("latest", BOOK)
    assert "from a backup" in caught.value.remedy


def test_a_lake_that_was_left_behind_is_missed_by_name(copy: Desk) -> None:
    shutil.rmtree(copy.stores.home / "lake")
    with pytest.raises(CorruptFile, match="cannot be replayed"):
        copy.replay("latest", BOOK)


def test_a_policy_that_is_gone_is_missed_by_name(copy: Desk) -> None:
    shutil.rmtree(copy.stores.home / "policies" / "toy-meta-0")
    with pytest.raises(NotFound, match="policy toy-meta-0, which decided in this cycle") as caught:
        copy.replay("latest", BOOK)
    assert "policies/toy-meta-0" in caught.value.remedy


def test_a_policy_of_that_name_with_other_content_is_refused(copy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    record = copy.record("latest", BOOK)
    hashes: dict[str, Any] = record.hashes | {"policies": dict.fromkeys(record.hashes["policies"], "f" * 64)}
    monkeypatch.setattr(copy, "record", lambda *_: record.model_copy(update={"hashes": hashes}))
    with pytest.raises(CorruptFile, match="is not the one that decided"):
        copy.replays.replay("latest", BOOK)


def test_an_answer_of_a_chat_model_that_is_gone_is_missed_and_nobody_is_asked(copy: Desk) -> None:
    for path in copy.stores.home.glob("answers.sqlite*"):  # the write-ahead log holds answers too
        path.unlink()
    with pytest.raises(NotFound, match="not recorded"):
        copy.replay("latest", "talking")


def test_a_record_that_was_altered_says_where_it_differs(copy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    record = copy.record("latest", BOOK)
    verdict = record.verdict.model_copy(update={"measures": record.verdict.measures | {"gross": 0.123}})
    altered = record_bytes(record.model_copy(update={"verdict": verdict}))
    monkeypatch.setattr(Journal, "written", lambda *_: altered)
    result = copy.replays.replay("latest", BOOK)
    assert not result.identical
    assert result.differences == ("verdict.measures.gross",)


def test_files_that_are_no_longer_there_are_not_needed(tmp_path: Path, home: Path) -> None:
    here = desk(tmp_path / "home", source="files", path=str(_prices(tmp_path)), asset_class="stock")
    done = here.cycle()
    shutil.rmtree(tmp_path / "prices")
    again = desk(tmp_path / "home").replay(done.cycle_id)
    assert again.identical, again.differences


def test_orders_of_the_last_date_say_what_they_wait_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for volume in (1_000, 1_000_000):
        path = str(_prices(tmp_path, volume))
        here = desk(tmp_path / f"home-{volume}", source="files", path=path, asset_class="stock")
        record = here.cycle().record
        assert record is not None
        assert (len(record.orders), record.fills) == (1, ())
        render.record(record)
        said[volume] = " ".join(capsys.readouterr().out.split())
    assert "Refused: AAA: participation: share of the average volume" in said[1_000]
    assert "1 orders have no execution yet: the source has no bar of theirs after 2023-06-30" in said[1_000_000]


def _prices(home: Path, volume: int = 1_000) -> Path:
    """A folder with the prices of one stock."""
    folder = home / "prices"
    folder.mkdir(exist_ok=True)
    lines = ["date,open,high,low,close,volume"]
    lines += [f"20{y:02d}-{m:02d}-{d:02d},{p},{p + 1},{p - 1},{p},{volume}" for p, (y, m, d) in enumerate(_days(), 50)]
    (folder / "AAA.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _days() -> list[tuple[int, int, int]]:
    import exchange_calendars as xcals

    days = xcals.get_calendar("XNYS", start="2022-01-03", end="2023-06-30").sessions
    return [(day.year - 2000, day.month, day.day) for day in days]
