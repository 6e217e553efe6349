"""The three pages without a browser: what they show of a home, and what their buttons start."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.trace_store import Ended, TraceStore
from graph.record import Approval, cycle_id_of
from tests.ui.conftest import MAIN
from tests.ui.job_files import a_job, under_way
from tests.ui.records import HOSTILE, SLOT, a_record, journal, runs
from tools.execution.ledger import Ledger
from tools.risk.verdict import Verdict
from ui import jobs

PAGES = ("cycle", "decision", "book")
EVERY_PAGE = (*PAGES, "backtests")
CYCLE = cycle_id_of("simulated", SLOT)


def words(panel: AppTest) -> str:
    """All that is written on the page and in the sidebar, tables apart."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "error", "warning")
    return "\n".join(str(element.value) for kind in kinds for element in panel.get(kind))


def open_page(panel: AppTest, page: str) -> AppTest:
    """The panel with that page drawn, without an exception."""
    panel.run()
    panel.switch_page(f"app_pages/{page}.py").run()
    assert not panel.exception, [e.value for e in panel.exception]
    return panel


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """What the page would have started: kind and arguments."""
    calls: list[tuple[str, tuple[str, ...]]] = []

    def remember(_home: Path, kind: str, arguments: tuple[str, ...], *_about: str) -> None:
        calls.append((kind, tuple(arguments)))

    monkeypatch.setattr(jobs, "start", remember)
    return calls


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_an_empty_home_says_what_to_do(panel: AppTest, page: str) -> None:
    open_page(panel, page)
    assert len(panel.info) == 1
    assert not panel.error
    assert "PAPER" in words(panel)
    assert panel.button(key="halt").label == "HALT"


@pytest.mark.parametrize("page", PAGES)
def test_a_home_with_a_cycle_is_shown_on_every_page(panel: AppTest, home: Path, page: str) -> None:
    journal(home, a_record())
    open_page(panel, page)
    assert "PAPER" in words(panel)
    assert "SIMULATED" in words(panel)
    assert panel.button(key="halt")


def test_the_badge_follows_the_source_of_what_is_shown(panel: AppTest, home: Path) -> None:
    journal(home, a_record(source={"name": "sample", "params": {}}))
    for page in ("decision", "book"):
        assert "SIMULATED" not in words(open_page(panel, page))
        assert "SAMPLE" in words(panel)


def test_a_simulated_result_stays_labelled_when_another_source_is_chosen_above_it(panel: AppTest, home: Path) -> None:
    journal(home, a_record())
    a_job(home, stdout=json.dumps({"cycle_id": CYCLE}))
    open_page(panel, "cycle")
    panel.selectbox(key="source").select("sample").run()
    assert "SOURCE SAMPLE" in words(panel)
    assert "SIMULATED" in words(panel)


# --- the kill switch ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_one_click_halts_and_one_click_resumes(panel: AppTest, home: Path, page: str) -> None:
    open_page(panel, page)
    panel.button(key="halt").click().run()
    assert (home / "HALT").exists()
    assert "HALTED" in words(panel)
    panel.button(key="resume").click().run()
    assert not (home / "HALT").exists()
    assert "HALTED" not in words(panel)


def test_a_halt_from_elsewhere_is_shown_with_its_reason_as_text(panel: AppTest, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "HALT").write_text(HOSTILE)
    open_page(panel, "book")
    assert "HALTED" in words(panel)
    assert HOSTILE not in words(panel)
    assert "soars" in words(panel)


# --- Cycle --------------------------------------------------------------------------------------------------------


def test_run_starts_the_command_that_was_chosen(panel: AppTest, started: list[Any]) -> None:
    open_page(panel, "cycle")
    panel.selectbox(key="source").select("files").run()
    assert panel.button(key="run").disabled
    panel.text_input(key="path").set_value("/data/etf").run()
    panel.radio(key="when").set_value("A date").run()
    panel.selectbox(key="approval").select("always").run()
    panel.button(key="run").click().run()
    assert started == [
        ("cycle", ("--source=files", "--path=/data/etf", "--as-of=2020-03-16", "--approval=always")),
    ]


def test_a_running_cycle_shows_its_nodes_and_is_not_started_twice(panel: AppTest, home: Path) -> None:
    begun = datetime.now(UTC)
    Ledger(begin(home)).open_cycle("simulated", SLOT, CYCLE)
    write_trace(home, begun + timedelta(seconds=1), "risk_check")
    with under_way(a_job(home, started_at=begun.isoformat())):
        open_page(panel, "cycle")
        assert panel.button(key="run").disabled
        assert "Ingest · :green[done]" in words(panel)
        assert "Risk check · :blue[running]" in words(panel)
        assert "Execution · :gray[idle]" in words(panel)


def test_a_killed_cycle_is_shown_as_such(panel: AppTest, home: Path) -> None:
    begun = datetime.now(UTC)
    Ledger(begin(home)).open_cycle("simulated", SLOT, CYCLE)
    write_trace(home, begun + timedelta(seconds=1), "risk_check")
    a_job(home, started_at=begun.isoformat())
    open_page(panel, "cycle")
    assert not panel.button(key="run").disabled
    assert "Risk check · :red[stopped]" in words(panel)
    assert "ended without an answer" in panel.error[0].value


def test_an_error_of_the_command_line_is_one_line_with_a_remedy(panel: AppTest, home: Path) -> None:
    a_job(home, stderr=json.dumps({"error": "slot 1950 is outside the data", "remedy": "name a date within it"}))
    open_page(panel, "cycle")
    (error,) = panel.error
    assert error.value.startswith("slot 1950 is outside the data")
    assert "**What to do:** name a date within it" in error.value


def test_a_finished_cycle_shows_its_decision_and_the_way_to_it(panel: AppTest, home: Path) -> None:
    journal(home, a_record())
    a_job(home, stdout=json.dumps({"cycle_id": CYCLE}))
    open_page(panel, "cycle")
    assert "Approved, reduced by limits" in words(panel)
    assert "no fair test" in words(panel)
    assert panel.page_link[0].proto.query_string == f"cycle={CYCLE}"


def test_a_cycle_that_was_left_unfinished_elsewhere_is_named(panel: AppTest, home: Path) -> None:
    Ledger(begin(home)).open_cycle("another", SLOT, cycle_id_of("another", SLOT))
    open_page(panel, "cycle")
    assert any("another" in info.value and "not finished" in info.value for info in panel.info)


# --- approval -----------------------------------------------------------------------------------------------------


def waiting(home: Path) -> None:
    """A cycle that waits for a person."""
    Ledger(begin(home)).open_cycle("simulated", SLOT, CYCLE)
    request = {
        "action_request": {"action": "approve_allocation", "args": {"weights": {"NOVA": 0.6, "CASH": 0.4}}},
        "description": f"The desk asks before it trades.\n* {HOSTILE}",
    }
    a_job(home, stdout=json.dumps({"cycle_id": CYCLE, "status": "waiting", "request": request}))


def test_a_proposal_shows_what_changes_and_why_it_asks(panel: AppTest, home: Path) -> None:
    waiting(home)
    open_page(panel, "cycle")
    (table,) = panel.dataframe
    assert table.value.set_index("symbol").loc["NOVA"].tolist() == pytest.approx([0.0, 60.0, 60.0])
    assert "The desk asks before it trades" in words(panel)
    assert HOSTILE not in words(panel)


@pytest.mark.parametrize(("button", "flags"), [("accept", ()), ("reject", ("--reject",))])
def test_the_answer_goes_to_the_desk_in_a_process(
    panel: AppTest, home: Path, started: list[Any], button: str, flags: tuple[str, ...]
) -> None:
    waiting(home)
    open_page(panel, "cycle")
    panel.text_input(key="proposal_note").set_value("--reject").run()
    panel.button(key=button).click().run()
    assert started == [("approve", (CYCLE, "--by=panel", "--note=--reject", *flags))]


def test_edited_weights_and_comments_go_the_same_way(panel: AppTest, home: Path, started: list[Any]) -> None:
    waiting(home)
    open_page(panel, "cycle")
    assert panel.button(key="edit").disabled
    panel.button(key="comment").click().run()
    assert started == [], "a comment needs words"
    panel.multiselect(key="edit_symbols").set_value(["NOVA"]).run()
    panel.number_input(key="edit_weight_NOVA").set_value(25.0).run()
    panel.button(key="edit").click().run()
    assert started == [("approve", (CYCLE, "--by=panel", "--note=", "--set=NOVA=0.25"))]


def test_a_proposal_that_someone_else_answered_is_not_asked_again(panel: AppTest, home: Path) -> None:
    request = {"action_request": {"args": {"weights": {"CASH": 1.0}}}}
    journal(home, a_record(approval=Approval(required=True, answer="rejected", by="cli")))
    a_job(home, stdout=json.dumps({"cycle_id": CYCLE, "status": "waiting", "request": request}))
    open_page(panel, "cycle")
    assert "accept" not in {button.key for button in panel.button}
    assert "nothing was sent" in words(panel)


# --- Decision -----------------------------------------------------------------------------------------------------


def test_a_link_opens_its_cycle_and_the_page_keeps_the_link(panel: AppTest, home: Path) -> None:
    older = a_record(slot="2023-03-14T20:00:00Z")
    journal(home, older, a_record())
    panel.run()
    panel.query_params["cycle"] = older.cycle_id[:12]
    open_page(panel, "decision")
    assert panel.query_params["cycle"] == older.cycle_id
    assert "2023-03-14 20:00 UTC" in words(panel)


def test_a_link_to_no_cycle_says_so_and_shows_the_last_one_run(panel: AppTest, home: Path) -> None:
    journal(home, a_record(slot="2023-04-03T20:00:00Z", book="elsewhere"), a_record())
    panel.run()
    panel.query_params["cycle"] = "cy-nothing"
    open_page(panel, "decision")
    assert "cy\\-nothing" in panel.warning[0].value
    assert "2023-03-15 20:00 UTC" in words(panel)


def test_the_decision_page_holds_the_whole_record(panel: AppTest, home: Path) -> None:
    journal(home, a_record())
    open_page(panel, "decision")
    columns = {tuple(table.value.columns)[:2] for table in panel.dataframe}
    assert {("step", "change, pp"), ("agent", "kind"), ("limit", "symbol"), ("measure", "value, %"), ("side", "symbol"),
            ("run", "begins after, ms"), ("known at, UTC", "symbol")} <= columns  # fmt: skip
    assert len(panel.get("plotly_chart")) == 2
    assert HOSTILE not in words(panel)


def test_a_question_is_answered_with_figures_that_point_into_the_record(panel: AppTest, home: Path) -> None:
    journal(home, a_record())
    open_page(panel, "decision")
    panel.chat_input[0].set_value("why did NOVA grow?").run()
    assert not panel.exception
    assert "**why did NOVA grow?**" in words(panel)
    sources = next(table.value for table in panel.dataframe if "note" in table.value.columns)
    assert "verdict.weights.NOVA" in set(sources["in the record"])
    assert "15\\.00%" in words(panel)


def test_replay_starts_in_a_process_and_its_outcome_is_told(panel: AppTest, home: Path, started: list[Any]) -> None:
    journal(home, a_record())
    open_page(panel, "decision")
    panel.button(key="replay").click().run()
    assert started == [("replay", (CYCLE,))]
    told = {"identical": True, "differences": [], "sha256": "ab" * 32}
    for outcome, says in (
        (told, "byte for byte the same"),
        (told | {"identical": False, "differences": ["fills[0].price"]}, "it differs"),
        (told | {"identical": False, "differences": ["hashes.code"]}, "code that has changed"),
    ):
        a_job(home, "replay", stdout=json.dumps(outcome), arguments=[CYCLE])
        assert says in words(panel.run())


def test_a_halted_decision_is_shown_as_one(panel: AppTest, home: Path) -> None:
    held = a_record().opening.weights()
    halted = Verdict(decision="halted", weights=held, reasons=("kill switch: a drill",))
    journal(home, a_record(verdict=halted, orders=(), fills=(), closing=a_record().opening))
    open_page(panel, "decision")
    assert "Halted: nothing was sent" in words(panel)
    assert "kill switch\\: a drill" in words(panel)
    assert "No order was sent." in words(panel)


# --- Book ---------------------------------------------------------------------------------------------------------


def test_the_book_is_shown_with_its_history_and_its_locks(panel: AppTest, home: Path) -> None:
    journal(home, a_record(slot="2023-03-14T20:00:00Z", value=900_000.0), a_record())
    open_page(panel, "book")
    figures = {metric.label: metric.value for metric in panel.metric}
    assert figures["Net asset value, ccy"] == "998,425.00"
    assert "max\\_daily\\_loss" in panel.error[0].value
    history = next(table.value for table in panel.dataframe if "slot" in table.value.columns)
    assert history["value, ccy"].tolist() == pytest.approx([1_000_000.0, 900_000.0])


def test_with_several_books_one_is_chosen(panel: AppTest, home: Path) -> None:
    journal(home, a_record(book="mine"), a_record(book="yours", value=500_000.0))
    open_page(panel, "book")
    assert panel.selectbox(key="book_name").value == "yours"  # the one that was run last
    panel.selectbox(key="book_name").select("mine").run()
    assert {metric.label: metric.value for metric in panel.metric}["Net asset value, ccy"] == "998,425.00"


# --- damage and style ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_journal_is_one_line_and_the_switch_still_works(panel: AppTest, home: Path, page: str) -> None:
    begin(home).write_bytes(b"this is not a database, and long enough to be looked at as one " * 40)
    open_page(panel, page)
    assert any("desk\\.sqlite" in error.value for error in panel.error)
    panel.button(key="halt").click().run()
    assert (home / "HALT").exists()


def test_no_page_is_long() -> None:
    for path in sorted(MAIN.parent.rglob("*.py")):
        length = len(path.read_text().splitlines())
        assert length <= (200 if "app_pages" in path.parts else 350), path.name


# --- helpers ------------------------------------------------------------------------------------------------------


def begin(home: Path) -> Path:
    """The ledger's file in a home that exists."""
    home.mkdir(parents=True, exist_ok=True)
    return home / "desk.sqlite"


def write_trace(home: Path, begun: datetime, until: str) -> None:
    """A trace of CYCLE that began at `begun` and is now at node `until`."""
    store = TraceStore(home / "traces.sqlite")
    later: Callable[[int], str] = lambda tenths: (begun + timedelta(milliseconds=100 * tenths)).isoformat()  # noqa: E731
    for i, run in enumerate(runs(CYCLE, until)):
        store.add([replace(run, started_at=later(i))])
        if run.ended_at:
            store.add([Ended(run.run_id, later(i + 1), run.error, run.summary)])
    store.close()
