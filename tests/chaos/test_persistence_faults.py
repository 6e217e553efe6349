"""A desk that cannot keep what it does sends nothing more, and finishes unharmed once it can."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import traceback
from contextlib import contextmanager

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver

from app.answers import RecordedAnswers
from data.errors import BullpenError, CorruptFile, InputError, StorageFailed
from tests.chaos import toy_desk
from tests.chaos.judge import judged
from tests.chaos.line_to_venue import VenueProcess, control
from tests.chaos.points import Points
from tests.chaos.stages import Place, first_slot
from tools.execution.database import Database

FULL_AT = {
    "kept": "checkpoints", "answers": "answers", "decided": "ledger", "before_note": "ledger",
    "before_record": "ledger", "after_record": "checkpoints",
}  # fmt: skip
"""From which instant on no file takes another byte, and what is the first to want one."""
LIMITS_KIB = (2, 48, 160)
"""How long a file may grow."""
FREE_KIB = (0, 96, 160, 256, 384)
ANSWER = "what a model said. " * 500


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    """The venue's process, and its file."""
    file = tmp_path_factory.mktemp("venue") / "venue.sqlite"
    process = VenueProcess(file)
    yield process.port, file
    process.kill()


@pytest.fixture(autouse=True)
def _a_model_is_heard(monkeypatch):
    """One agent of the desk records what a model said."""
    quiet = toy_desk.Silent.view

    def view(self, snapshot):
        if self.name == "news":
            answers = RecordedAnswers(self.home / "answers.sqlite")
            self.before_answers()
            answers.put("question", ANSWER)
            assert answers.get("question") == ANSWER
        return quiet(self, snapshot)

    monkeypatch.setattr(toy_desk.Silent, "view", view)
    monkeypatch.setattr(toy_desk.Silent, "home", None, raising=False)
    monkeypatch.setattr(toy_desk.Silent, "before_answers", lambda self: None, raising=False)


@pytest.fixture
def place(venue, tmp_path, monkeypatch):
    """A desk of the test's own."""
    monkeypatch.setattr(toy_desk.Silent, "home", tmp_path)
    return Place(tmp_path, venue[0], tmp_path.name, "sync")


@pytest.fixture(scope="module")
def peace(venue, tmp_path_factory):
    """What the undisturbed desk comes to."""
    home = tmp_path_factory.mktemp("peace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toy_desk.Silent, "home", home, raising=False)
        first_slot(Place(home, venue[0], "peace", "sync"), Points())
    return judged(Place(home, venue[0], "peace", "sync"), venue[1])


def sites(place):
    """Where writing failed, in order."""
    return [kind.removeprefix("failed-") for _, kind, _ in control(place.port, place.account, "events")
            if kind.startswith("failed-")]  # fmt: skip


def sent(place, after_failure=False):
    """Orders that arrived (after the first write that failed)."""
    kinds = [kind for _, kind, _ in control(place.port, place.account, "events")]
    first = next((n for n, kind in enumerate(kinds) if kind.startswith("failed-")), len(kinds))
    return kinds[first if after_failure else 0 :].count("new")


def finishes_unharmed(place, venue, peace):
    """The same call again, with the fault gone, comes to what the undisturbed desk came to."""
    first_slot(place, Points())
    found = judged(place, venue[1], peace)
    assert found.clean, (found.lost, found.doubled, found.wrong_states, found.unlike)
    assert found.sent_again == 0


@contextmanager
def told_to(place, patch):
    """The venue is told when a write to the ledger, a checkpoint or a recorded answer fails."""
    transaction, saver = Database.transaction, {name: getattr(SqliteSaver, name) for name in ("put", "put_writes")}

    def tell(site, error):
        control(place.port, place.account, f"failed-{site}")
        raise error

    @contextmanager
    def watched(self):
        try:
            with transaction(self) as db:
                yield db
        except StorageFailed as error:
            tell("answers" if self.name == "answers" else "ledger", error)

    def around(name):
        def write(self, *args, **kwargs):
            try:
                return saver[name](self, *args, **kwargs)
            except sqlite3.Error as error:
                tell("checkpoints", error)

        return write

    patch.setattr(Database, "transaction", watched)
    for name in saver:
        patch.setattr(SqliteSaver, name, around(name))
    yield


@contextmanager
def nth(place, method, number):
    """The `number`th call of a saver's method fails, once, and the venue is told."""
    whole, calls = getattr(SqliteSaver, method), []

    def faulty(self, *args, **kwargs):
        calls.append(None)
        if len(calls) == number:
            control(place.port, place.account, f"failed-{method}")
            raise sqlite3.OperationalError("disk I/O error")
        return whole(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteSaver, method, faulty)
        yield calls


@pytest.mark.parametrize(
    ("method", "number"),
    [("put", n) for n in (1, 2, 4, 6, 7)] + [("put_writes", n) for n in (1, 5, 9, 11, 12, 13, 14)] + [("get_tuple", 1)],
)
def test_no_order_follows_a_saver_that_fails_once(place, venue, peace, method, number):
    with nth(place, method, number), pytest.raises(sqlite3.OperationalError):
        first_slot(place, Points())
    assert sites(place) == [method]
    assert sent(place, after_failure=True) == 0
    finishes_unharmed(place, venue, peace)


@pytest.mark.parametrize("number", range(1, 9))
def test_no_order_follows_a_transaction_that_fails_once(place, venue, peace, number, monkeypatch):
    whole, calls = Database.transaction, []

    @contextmanager
    def faulty(self):
        calls.append(None)
        last = len(calls)
        with whole(self) as db:
            yield db
            if last == number:
                control(place.port, place.account, "failed-ledger")
                raise StorageFailed("it was not written")

    monkeypatch.setattr(Database, "transaction", faulty)
    with pytest.raises(StorageFailed):
        first_slot(place, Points())
    assert sites(place) == ["ledger"]
    assert sent(place, after_failure=True) == 0
    finishes_unharmed(place, venue, peace)


def full(kib=0):
    """From now on no file of this process grows beyond that."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, kib * 1024))


class FullAt(Points):
    """From a named instant on the disk is full."""

    def __call__(self, name):
        if name == self.name:
            full()


def in_child(place, before=lambda: None, points=None):
    """Run the first slot in a process of its own, after `before`; True where it came to its end."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            before()
            with pytest.MonkeyPatch.context() as patch, told_to(place, patch):
                first_slot(place, points or Points())
            code = 0
        except (BullpenError, sqlite3.Error, OSError):
            code = 2
        finally:
            if code == 1:
                traceback.print_exc()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFEXITED(status), os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) in (0, 2)
    return os.WEXITSTATUS(status) == 0


@pytest.mark.parametrize("instant", FULL_AT)
def test_no_order_follows_a_full_disk_wherever_it_strikes(place, venue, peace, instant):
    def prepared():
        toy_desk.Silent.before_answers = lambda self: full() if instant == "answers" else None

    assert not in_child(place, prepared, FullAt(instant))
    assert FULL_AT[instant] in sites(place)  # a node beside it may write its checkpoint first
    assert sent(place, after_failure=True) == 0
    finishes_unharmed(place, venue, peace)


@pytest.mark.parametrize("kib", LIMITS_KIB)
def test_no_order_follows_a_file_that_may_not_grow(place, venue, peace, kib):
    in_child(place, lambda: full(kib))
    assert sent(place, after_failure=True) == 0
    finishes_unharmed(place, venue, peace)


def test_no_order_follows_a_full_file_system(venue, peace, tmp_path, monkeypatch):
    home = tmp_path / "small"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(home)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        for kib in FREE_KIB:
            desk = home / str(kib)
            desk.mkdir()
            monkeypatch.setattr(toy_desk.Silent, "home", desk)
            place = Place(desk, venue[0], f"free-{kib}", "sync")
            free = shutil.disk_usage(home).free
            (home / "ballast").write_bytes(b"x" * (free - kib * 1024))
            in_child(place)
            assert sent(place, after_failure=True) == 0, kib
            (home / "ballast").unlink()
            finishes_unharmed(place, venue, peace)
            shutil.rmtree(desk)
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)


# --- damage ---------------------------------------------------------------------------------------------------------


def killed_at(place, point, number=1):
    """A desk whose process was killed at a named instant of its first slot."""
    pid = os.fork()
    if pid == 0:
        first_slot(place, Points(point, number))
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def altered(path, statement):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        assert db.execute(statement).rowcount > 0
    db.close()


FLIPPED = "CAST(substr({0}, 1, length({0}) - 1) || X'00' AS BLOB)"
CHECKPOINT = f"UPDATE checkpoints SET checkpoint = {FLIPPED.format('checkpoint')}"
PENDING = f"UPDATE writes SET value = {FLIPPED.format('value')}"
DECIDED = ("before_mark", 1)
DAMAGE = {
    "a checkpoint's last byte": (DECIDED, "checkpoints.sqlite", CHECKPOINT, CorruptFile),
    "a pending write's last byte": (("after_put_writes", 5), "checkpoints.sqlite", PENDING, CorruptFile),
    "the decision": (
        DECIDED, "desk.sqlite", "UPDATE decisions SET payload = replace(payload, '0.1', '0.9')", CorruptFile
    ),
    "the quantity of an order": (
        DECIDED, "desk.sqlite", "UPDATE intents SET payload = json_set(payload, '$.quantity', 1e6)", InputError
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_no_order_follows_from_what_was_altered(place, venue, peace, what):
    instant, file, statement, error = DAMAGE[what]
    killed_at(place, *instant)
    shutil.copytree(place.home, whole := place.home.with_name(f"{place.home.name}-whole"))
    altered(place.home / file, statement)
    for _ in range(2):
        with pytest.raises(error):
            first_slot(place, Points())
        assert sent(place) == 0
    shutil.rmtree(place.home)
    shutil.copytree(whole, place.home)
    finishes_unharmed(place, venue, peace)


@pytest.mark.parametrize("file", ["desk.sqlite", "checkpoints.sqlite"])
def test_no_order_follows_from_a_torn_file(place, venue, peace, file):
    killed_at(place, *DECIDED)
    with sqlite3.connect(place.home / file) as db:  # fold the log into the file
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = (place.home / file).read_bytes()
    (place.home / file).write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises((CorruptFile, sqlite3.DatabaseError)):
        first_slot(place, Points())
    assert sent(place) == 0
    (place.home / file).write_bytes(content)
    finishes_unharmed(place, venue, peace)
