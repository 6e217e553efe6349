"""Schedules in words: the list, what became of slots, what would be run, and what a scheduler is doing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.render import say
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
    for line in lines:
        due = f"next due {line.next_due}" if line.enabled else f"DISABLED: {line.why or 'by hand'}"
        after = f" + {span_text(line.offset_s)}" if line.offset_s else ""
        say(f"{line.name}: book {line.book}, {line.calendar} {line.frequency}{after}, {due}")
        if line.last is not None:
            last = line.last
            say(f"  last: {last['slot']} {last['status']}: {last['said'] or last['claimed_by']}")
        if line.failures:
            say(f"  {line.failures} failures in a row; {line.max_failures} disable it")
        if not line.enabled:
            say(f"  enable it with: bullpen schedule enable {line.name}")
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
