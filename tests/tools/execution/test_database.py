"""Both kinds of store keep all of a transaction or none, let one writer in at a time, and say what went wrong."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from data.errors import BadConfig, CorruptFile, InputError, SourceUnavailable, StorageFailed
from tools.execution.database import WORDS, Database

METADATA = MetaData()
NOTES = Table(
    "notes", METADATA, Column("name", WORDS, primary_key=True), Column("size", Integer, nullable=False),
    sqlite_strict=True,
)  # fmt: skip


def opened(where: Path | str, **changes) -> Database:
    return Database(where, METADATA, name="notes", **changes)


@pytest.fixture
def database(where):
    found = opened(where)
    yield found
    found.close()


def put(database: Database, name: str, size: int = 1) -> None:
    with database.transaction() as db:
        db.execute(insert(NOTES).values(name=name, size=size))


def names(database: Database) -> list[str]:
    return [row[0] for row in database.rows(select(NOTES.c.name).order_by(NOTES.c.name))]


def test_what_fails_half_way_leaves_nothing(database):
    put(database, "kept")

    def fail_half_way():
        with database.transaction() as db:
            db.execute(insert(NOTES).values(name="half", size=1))
            assert names(database) == ["half", "kept"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert names(database) == ["kept"]
    put(database, "after")
    assert names(database) == ["after", "kept"]


def test_a_clash_with_what_is_stored_is_the_callers_mistake(database):
    put(database, "a")

    def clash():
        with database.transaction() as db:
            db.execute(insert(NOTES).values(name="b", size=1))
            db.execute(insert(NOTES).values(name="a", size=2))

    with pytest.raises(InputError, match="something else under that name"):
        clash()
    assert names(database) == ["a"]


def test_words_are_sorted_byte_by_byte(database):
    for name in ("b", "a", "B", "a-b", "ab", "ä"):
        put(database, name)
    assert names(database) == sorted(["b", "a", "B", "a-b", "ab", "ä"])


def test_writers_of_two_connections_wait_for_each_other(where):
    first, second = opened(where), opened(where)
    with first.transaction() as db:
        size = len(first.rows(select(NOTES.c.name)))
        other = threading.Thread(target=put, args=(second, "other"))
        other.start()
        other.join(timeout=0.2)
        assert other.is_alive()
        db.execute(insert(NOTES).values(name="first", size=size))
    other.join()
    assert names(first) == names(second) == ["first", "other"]
    first.close()
    second.close()


def test_counts_of_many_writers_are_never_lost(where):
    """Each reads the sum and adds to it: with a stale snapshot, or without the writers' lock, some would be lost."""
    opened(where).close()

    def add(rounds: int) -> None:
        mine = opened(where)
        for _ in range(rounds):
            with mine.transaction() as db:
                count = len(db.execute(select(NOTES.c.name)).all())
                db.execute(insert(NOTES).values(name=f"{count:04d}", size=count))
        mine.close()

    threads = [threading.Thread(target=add, args=(15,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = opened(where)
    assert names(found) == [f"{i:04d}" for i in range(60)]
    found.close()


def test_a_name_has_one_holder_over_all_connections(where):
    first, second = opened(where), opened(where)
    with first.alone("book"):
        for other in (first, second):
            with pytest.raises(SourceUnavailable, match="another process"), other.alone("book", wait_s=0.1):
                raise AssertionError
        with second.alone("another book"):
            put(second, "meanwhile")
        put(first, "inside")
    with second.alone("book"):
        put(second, "after")
    assert names(first) == ["after", "inside", "meanwhile"]
    first.close()
    second.close()


def test_a_killed_holder_lets_go(where):
    opened(where).close()
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        with opened(where).alone("book"):
            os.write(writable, b"x")
            os.kill(os.getpid(), 9)
    assert os.read(readable, 1) == b"x"
    os.waitpid(child, 0)
    found = opened(where)
    with found.alone("book", wait_s=20.0):
        put(found, "taken up")
    found.close()


def test_an_older_store_is_upgraded_whole_or_not_at_all(where):
    opened(where).close()
    bad = {1: ("INSERT INTO notes VALUES ('half', 1)", "INSERT INTO nowhere VALUES (1)")}
    with pytest.raises(StorageFailed):
        opened(where, version=2, upgrades=bad)
    old = opened(where)
    assert names(old) == []
    old.close()
    for _ in range(2):
        new = opened(where, version=2, upgrades={1: ("INSERT INTO notes VALUES ('upgraded', 1)",)})
        assert names(new) == ["upgraded"]
        new.close()
    with pytest.raises(CorruptFile, match="schema 2, not 1"):
        opened(where)


def test_a_server_that_was_restarted_is_found_again(postgres_server, postgres_url):
    database = opened(postgres_url)
    put(database, "before")
    postgres_server.stop()
    with pytest.raises(StorageFailed, match="not reached"):
        put(database, "meanwhile")
    with pytest.raises(StorageFailed, match="not reached"):
        names(database)
    postgres_server.start()
    put(database, "after")
    assert names(database) == ["after", "before"]
    database.close()


def test_who_loses_the_lock_with_the_connection_writes_nothing_more(postgres_server, postgres_url):
    database, other = opened(postgres_url), opened(postgres_url)
    with database.alone("book"):
        put(database, "before")
        postgres_server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        for _ in range(2):
            with pytest.raises(StorageFailed):
                put(database, "after the lock was lost")
        with other.alone("book"):
            put(other, "by the next")
    put(database, "later")
    assert names(database) == ["before", "by the next", "later"]
    database.close()
    other.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://root:secret@host/db", "sqlite:///file"])
def test_a_url_that_is_not_one_of_postgres_is_refused_without_its_password(url):
    with pytest.raises(BadConfig, match="BULLPEN_DATABASE") as refused:
        opened(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_said_without_its_password():
    with pytest.raises(StorageFailed, match="BULLPEN_DATABASE") as refused:
        opened("postgresql://me:secret@127.0.0.1:1/desk")
    assert "secret" not in str(refused.value)
