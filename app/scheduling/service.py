"""A scheduler process: APScheduler decides when each schedule is looked at, the store what is run, a pulse who lives.

The process ends at the first SIGTERM or SIGINT, once the running cycles are done; a second one ends it at once.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from app.scheduling.dispatcher import Clocks, Cycles, Dispatcher, Told
from app.scheduling.lease import Pace
from app.scheduling.store import ScheduleStore
from data.errors import BullpenError, NotFound, SourceUnavailable

AT_ONCE = 4
"""Schedules whose cycles may run at the same time in one process."""
STEP = timedelta(seconds=2)
"""A wall clock that moved this much more or less than the monotonic one was set, or the machine slept."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _quiet() -> logging.Logger:
    """APScheduler warns whenever a cycle takes longer than the time to the next look; that is no news."""
    logger = logging.getLogger("bullpen.schedule")
    logger.setLevel(logging.ERROR)
    return logger


def new_id() -> str:
    """Host, process and a part of its own: no two scheduler processes ever share one."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class WakeAt(BaseTrigger):
    """Fires when the schedule's next slot is due by our clock, and no later than every `poll` seconds."""

    def __init__(self, next_due: Callable[[], datetime | None], wall: Callable[[], datetime], poll_s: float) -> None:
        self._next_due, self._wall, self._poll = next_due, wall, timedelta(seconds=poll_s)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        """APScheduler's own clock plus the time that is left by ours."""
        try:
            due = self._next_due()
        except BullpenError:
            due = None  # the job itself says what is wrong
        left = self._poll if due is None else min(due - self._wall(), self._poll)
        return now + max(left, timedelta(0)) if previous_fire_time is not None else now


class Service:
    """Runs the schedules of one store until it is told to stop."""

    def __init__(
        self, store: ScheduleStore, cycles: Cycles, clocks: Clocks, code: str, tell: Callable[[Told], None],
        pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self.id = new_id()
        self._store, self._clocks, self._code, self._tell = store, clocks, code, tell
        self._pace = pace or Pace()
        self._dispatcher = Dispatcher(store, cycles, self.id, clocks, self._pace, tell)
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()  # put() may be called inside a signal handler
        self._jobs: dict[str, Job] = {}
        self._drift = self._now_drift()

    def run(self) -> None:
        """Run until a signal; StorageFailed where the store cannot be used at the start."""
        with self._heard(), self._pulse():
            scheduler = BackgroundScheduler(
                executors={"default": ThreadPoolExecutor(AT_ONCE)}, timezone=UTC, logger=_quiet()
            )
            scheduler.start()
            try:
                self._sync(scheduler)
                while not self._told_to_stop(self._pace.poll_s):
                    self._sync(scheduler)
            finally:
                self._dispatcher.stopping.set()
                scheduler.shutdown(wait=True)

    def run_once(self) -> None:
        """Run what is due now, one schedule after another, and return."""
        with self._heard(), self._pulse():
            for entry in self._store.entries():
                if not self._told_to_stop(0.0):
                    self._look(entry.schedule.name)

    def stop(self) -> None:
        """As the first signal does."""
        self._signals.put(signal.SIGTERM)

    # --- waking -------------------------------------------------------------------------------------------------

    def _sync(self, scheduler: BackgroundScheduler) -> None:
        """One job a schedule of the store; all of them at once where the clock was set or the machine slept."""
        names = {entry.schedule.name for entry in self._entries()}
        for name in names - set(self._jobs):
            self._jobs[name] = scheduler.add_job(
                self._look, self._wake_at(name), args=(name,), id=name, max_instances=1, coalesce=True,
                misfire_grace_time=None,
            )  # fmt: skip
        for name in set(self._jobs) - names:
            self._jobs.pop(name).remove()
        drift = self._now_drift()
        if abs(drift - self._drift) > STEP:
            self._drift = drift
            for job in self._jobs.values():
                job.modify(next_run_time=datetime.now(scheduler.timezone))

    def _entries(self) -> tuple[Any, ...]:
        try:
            return self._store.entries()
        except BullpenError as error:
            self._say("", "trouble", str(error))
            return ()

    def _wake_at(self, name: str) -> WakeAt:
        return WakeAt(lambda: self._dispatcher.look(self._store.entry(name)).wake, self._clocks.wall, self._pace.poll_s)

    def _look(self, name: str) -> None:
        """Run what is due; a fault of the store is told, and the slot is taken up again at the next look."""
        try:
            self._dispatcher.dispatch(name)
        except (SourceUnavailable, NotFound):
            return  # another process is running this book, or the schedule was removed
        except BullpenError as error:
            self._say(name, "trouble", str(error))

    def _now_drift(self) -> timedelta:
        """The wall clock against the monotonic one: a constant, unless the clock is set or the machine sleeps."""
        return (self._clocks.wall() - EPOCH) - timedelta(seconds=self._clocks.monotonic())

    # --- signs of life --------------------------------------------------------------------------------------------

    @contextmanager
    def _pulse(self) -> Generator[None]:
        """Signs of life from a thread of its own while inside, and a goodbye at the end."""
        self._store.beat(self.id, self._code, (), self._clocks.wall())
        ended = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(ended,), name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._store.goodbye(self.id, self._clocks.wall())

    def _beat_until(self, ended: threading.Event) -> None:
        while not ended.wait(self._pace.beat_s):
            try:
                self._store.beat(self.id, self._code, self._dispatcher.held(), self._clocks.wall())
            except BullpenError as error:
                self._say("", "trouble", str(error))

    # --- stopping -------------------------------------------------------------------------------------------------

    @contextmanager
    def _heard(self) -> Generator[None]:
        """The first signal asks to stop; the second is the system's again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: object) -> None:
        self._signals.put(number)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def _told_to_stop(self, wait_s: float) -> bool:
        try:
            self._signals.get(timeout=wait_s) if wait_s else self._signals.get_nowait()
        except queue.Empty:
            return False
        self._dispatcher.stopping.set()
        running = ", ".join(f"{book} {slot}" for book, slot in self._dispatcher.held())
        self._say("", "stopping", f"finishing {running}" if running else "nothing is running")
        return True

    def _say(self, name: str, status: str, said: str) -> None:
        self._tell(Told(self._clocks.wall(), name, "", status, said))
