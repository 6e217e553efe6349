"""A real Postgres server for tests: one a test worker, on loopback, durable, with a fresh database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
OWNER = "postgres"


class Server:
    """A server in a folder of its own, run by `postgres` where we are root, for it refuses root."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin, self.folder = bin_folder, folder
        self.port = _free_port()
        self._account = OWNER if os.geteuid() == 0 else None
        if self._account:
            shutil.chown(folder, self._account)
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    def start(self) -> None:
        """Start it (again, after `stop`) on the same port."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=on -c shared_buffers=16MB"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop it at once, as a crash of the machine would: connections break, nothing is tidied up."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = OWNER) -> list[tuple[object, ...]]:
        """The rows of a statement, run outside of any transaction."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, dbname=database, autocommit=True
        ) as connection:
            found = connection.execute(statement.encode())
            return list(found.fetchall()) if found.description else []

    @contextmanager
    def database(self) -> Generator[str]:
        """The URL of a new, empty database, dropped afterwards whoever is still connected."""
        name = f"test_{uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._account,
            group=pwd.getpwnam(self._account).pw_gid if self._account else None,
            extra_groups=[] if self._account else None,
            cwd=self.folder,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reason_to_skip() -> str:
    if not BINARIES:
        return "no Postgres server is installed (Debian's `postgresql`)"
    if os.geteuid() == 0 and OWNER not in {account.pw_name for account in pwd.getpwall()}:
        return "Postgres refuses to run as root, and there is no user `postgres`"
    return ""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server a test worker; skips where there is none to start."""
    if reason := _reason_to_skip():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = Server(BINARIES[-1], folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of a database of the test's own."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a store lives: a file, or a database of the test's own."""
    return tmp_path / "desk.sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
