"""The panel as a person uses it: run a cycle, read the decision, ask, replay, approve, halt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Panel
from tests.ui.records import a_record, journal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: dev)")
expect = sync_api.expect

STILL = "() => document.getAnimations().every((a) => a.playState !== 'running')"
TABS = ("Waterfall", "Weights", "Views", "Risk", "Orders", "Data", "Trace")


def settled(page: Page) -> None:
    """Return when the page's script has ended."""
    expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible()


def run_cycle(page: Page, book: str, approval: str = "") -> None:
    """Choose a book of its own, and press Run."""
    page.goto("/")
    field = page.get_by_label("Book", exact=True)
    field.fill(book)
    field.press("Enter")
    expect(page.locator(".st-key-start_form")).to_contain_text(f"Book {book}.")
    if approval:
        settled(page)
        page.get_by_text("More settings").click()
        page.wait_for_function(STILL)  # a list that opens while things move is closed again
        choice = page.locator(".st-key-approval").get_by_role("combobox")
        choice.click()
        page.locator('[role="option"]', has_text=approval).click()
        expect(choice).to_have_value(approval)
    page.get_by_role("button", name="Run cycle").click()
    expect(page.get_by_text(f"book {book}")).to_be_visible()


def test_a_cycle_started_from_the_panel_ends_in_a_decision(page: Page) -> None:
    run_cycle(page, "first")
    expect(page.get_by_text("Ingest")).to_be_visible()
    page.reload()  # the run does not live in the page
    expect(page.get_by_text("Ingest")).to_be_visible()
    expect(page.locator(".st-key-result")).to_contain_text("Value after")
    expect(page.get_by_text("13 of 13 nodes are through")).to_be_visible()

    page.get_by_test_id("stPageLink").get_by_role("link").click()
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible()
    page.get_by_role("tab", name="Waterfall").click()
    expect(page.locator(".waterfalllayer .point").first).to_be_visible()
    assert "cycle=cy-" in page.url

    page.get_by_text("Why did").click()
    expect(page.locator(".st-key-answer")).to_contain_text("%")
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("who abstained?")
    question.press("Enter")
    expect(page.locator(".st-key-answer")).to_contain_text("who abstained?")
    settled(page)

    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Replayed: byte for byte the same")).to_be_visible()

    page.get_by_role("link", name="Book").click()
    expect(page.get_by_test_id("stMetric").first).to_contain_text("Net asset value")


def test_a_folder_that_is_not_there_is_one_line_with_a_remedy(page: Page) -> None:
    page.goto("/")
    settled(page)
    page.locator(".st-key-source").get_by_role("combobox").click()
    page.locator('[role="option"]', has_text="Files").click()
    folder = page.locator(".st-key-path input")
    folder.fill("/nowhere/at/all")
    folder.press("Enter")
    expect(page.locator(".st-key-start_form")).to_contain_text("Book files-all.")
    page.get_by_role("button", name="Run cycle").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("What to do")
    expect(page.get_by_role("button", name="Run cycle")).to_be_enabled()


def test_halt_holds_every_page_until_it_is_lifted(page: Page, panel: Panel) -> None:
    page.goto("/book")
    page.get_by_role("button", name="HALT").click()
    expect(page.locator(".st-key-kill_switch")).to_contain_text("HALTED")
    assert (panel.home / "HALT").exists()
    run_cycle(page, "halted")
    expect(page.locator(".st-key-kill_switch")).to_contain_text("HALTED")
    expect(page.locator(".st-key-result")).to_contain_text("Halted: nothing was sent")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".st-key-kill_switch")).to_contain_text("RUNNING")
    assert not (panel.home / "HALT").exists()


def test_of_two_people_who_answer_one_is_heard(page: Page) -> None:
    run_cycle(page, "asked", approval="Always ask")
    expect(page.locator(".st-key-proposal")).to_contain_text("approved by a person")
    other = page.context.new_page()
    other.goto("/")
    expect(other.locator(".st-key-proposal")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".st-key-result")).to_contain_text("accepted it (panel)")
    other.get_by_role("button", name="Reject").click()
    expect(other.get_by_test_id("stAlert")).to_contain_text("What to do")
    expect(other.locator(".st-key-result")).to_contain_text("accepted it (panel)")


def test_what_strangers_wrote_is_shown_as_text(page: Page, panel: Panel) -> None:
    record = a_record(book="hostile")
    journal(panel.home, record)
    page.goto(f"/decision?cycle={record.cycle_id}")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("which headlines about NOVA were read?")
    question.press("Enter")
    expect(page.locator(".st-key-answer")).to_contain_text("soars")
    assert page.locator(".st-key-answer").locator("img, a").count() == 0


@pytest.mark.parametrize("path", ["/", "/decision", "/book"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    settled(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
