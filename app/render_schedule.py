"""Schedules in words: the list, what became of slots, what would be run, and what a scheduler is doing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.table import Table

from app.render import console, say
from app.scheduling.dispatcher import Told
from app.scheduling.schedule import span_text
from app.scheduling.tables import Trigger
from app.scheduling.views import Line, Preview, Watch


def added(line: Line) -> None:
    """A schedule that is on."""
    after = f"{span_text(line.offset_s)} after" if line.offset_s else "at"
    say(f"Schedule {line.name} runs book {line.book} {after} each slot of {line.calendar} ({line.frequency}).")
    say(f"Next: slot {line.next_slot}, due {line.next_due}. A slot may begin {span_text(line.grace_s)} late; "
        f"missed ones: {line.misfire}; disabled after {line.max_failures} failures in a row.")  # fmt: skip
    say("Start the scheduler with: bullpen schedule run")


def listed(lines: Sequence[Line], watch: Watch) -> None:
    """All schedules, then who runs them."""
    if not lines:
        say("No schedules. Make one with: bullpen schedule add NAME")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("schedule", "book", "calendar", "next due", "last slot", "outcome", "failures"):
        table.add_column(name, justify="right" if name == "failures" else "left", no_wrap=True)
    for line in lines:
        last = line.last or {"slot": "-", "status": "-"}
        due = line.next_due if line.enabled else "disabled"
        failures = f"{line.failures} of {line.max_failures}"
        table.add_row(line.name, line.book, f"{line.calendar} {line.frequency}", due, last["slot"], last["status"],
                      failures)  # fmt: skip
    console.print(table)
    for line in lines:
        if line.last is not None:
            say(f"{line.name}: {line.last['slot']} {line.last['status']}: {line.last['said']}")
        if not line.enabled:
            say(
                f"{line.name} is disabled: {line.why or 'by hand'}. Enable it with: bullpen schedule enable {line.name}"
            )
    for each in watch.schedulers:
        stale = ", STALE" if each["stale"] else ""
        say(f"Scheduler {each['id']}: last sign of life {span_text(max(each['age_s'], 0))} ago{stale}.")
    for problem in watch.problems:
        say(f"! {problem}")


def history(line: Line, found: Sequence[Trigger]) -> None:
    """The slots of one schedule, the newest first."""
    say(f"Schedule {line.name}, book {line.book}:")
    for each in found:
        ran = f" (book's slot {each.cycle_slot})" if each.cycle_slot not in ("", each.slot) else ""
        tries = f", attempt {each.attempt}" if each.attempt > 1 else ""
        say(f"  {each.slot} {each.status}{ran}{tries}: {each.said or each.claimed_by}")


def preview(found: Sequence[Preview]) -> None:
    """What would be run now and next; nothing was."""
    if not found:
        say("No schedule is enabled.")
    for each in found:
        say(f"{each.name}:")
        for passed in each.passed:
            say(f"  {passed['slot']} would be {passed['status']}: {passed['why']}")
        say(f"  {each.run} would run now" if each.run else "  nothing would run now")
        for slot, due in each.then:
            say(f"  {slot} would run at {due}")


def told(event: Told) -> None:
    """A line of a scheduler's log, written at once."""
    what = " ".join(part for part in (event.schedule, event.slot) if part)
    say(f"{event.at:%Y-%m-%dT%H:%M:%SZ} {what + ' ' if what else ''}{event.status}: {event.said}")
    sys.stdout.flush()
