"""Files of earlier versions are brought up to date whole, and those of later ones are left alone."""

import sqlite3
from datetime import UTC, datetime

import pytest

from data.errors import CorruptFile
from data.outcomes import NextBar
from tests.tools.execution.miniature_desk import SLOT
from tools.execution.brokers.base import RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.ledger import Ledger
from tools.execution.orders import Order

AT = datetime(2020, 3, 16, 20, tzinfo=UTC)
ORDER = (
    '{"order_id":"bp-%s","symbol":"%s","side":"buy","quantity":5.0,"reference_price":100.0,"leg":0,'
    '"decision_version":1}'
)
FILL = (
    '{"order_id":"bp-1","symbol":"A","side":"buy","quantity":5.0,"price":101.0,"cost":0.25,"convention":"next_open",'
    '"bar_time":"2020-03-17T13:30:00Z"}'
)
LEDGER_1 = """
CREATE TABLE cycles (
    cycle_id TEXT PRIMARY KEY, book TEXT NOT NULL, slot TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('started', 'decided', 'done', 'abandoned')),
    book_version INTEGER NOT NULL, started_with TEXT, UNIQUE (book, slot)
) STRICT;
CREATE TABLE decisions (
    cycle_id TEXT PRIMARY KEY REFERENCES cycles, sha256 TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
CREATE TABLE intents (
    order_id TEXT PRIMARY KEY, cycle_id TEXT NOT NULL REFERENCES cycles, position INTEGER NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('intended', 'sent', 'unknown', 'accepted', 'filled', 'rejected', 'cancelled')),
    UNIQUE (cycle_id, position)
) STRICT;
CREATE TABLE fills (
    order_id TEXT PRIMARY KEY REFERENCES intents, payload TEXT NOT NULL, booked_by TEXT REFERENCES cycles
) STRICT;
CREATE TABLE books (
    name TEXT NOT NULL, version INTEGER NOT NULL, cycle_id TEXT REFERENCES cycles, payload TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE records (
    cycle_id TEXT PRIMARY KEY REFERENCES cycles, sha256 TEXT NOT NULL, bytes BLOB NOT NULL
) STRICT;
PRAGMA user_version=1;
"""
VENUE_1 = """
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, account TEXT NOT NULL, payload TEXT NOT NULL, decided_at TEXT NOT NULL,
    cost_bps REAL NOT NULL, state TEXT NOT NULL CHECK (state IN ('accepted', 'filled', 'rejected', 'cancelled'))
) STRICT;
CREATE TABLE fills (
    order_id TEXT PRIMARY KEY REFERENCES orders, account TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
PRAGMA user_version=1;
"""


def written(path, script, *rows):
    with sqlite3.connect(path) as db:
        db.executescript(script)
        for table, values in rows:
            db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    db.close()


@pytest.fixture
def old_ledger(tmp_path):
    path = tmp_path / "desk.sqlite"
    written(
        path, LEDGER_1,
        ("cycles", ("c", "b", SLOT, "decided", 0, None)),
        ("decisions", ("c", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "{}")),
        ("intents", ("bp-1", "c", 0, ORDER % ("1", "A"), "filled")),
        ("intents", ("bp-2", "c", 1, ORDER % ("2", "B"), "accepted")),
        ("fills", ("bp-1", FILL, "c")),
    )  # fmt: skip
    return path


def test_a_ledger_with_orders_under_way_goes_on_where_it_was(old_ledger):
    for _ in range(2):
        ledger = Ledger(old_ledger)
        assert [(i.order.symbol, i.state, i.filled) for i in ledger.intents("c")] == [
            ("A", "filled", 5.0),
            ("B", "accepted", 0.0),
        ]
        assert [(f.price, f.execution_id) for f in ledger.fills("c")] == [(101.0, "")]
        assert not ledger.commit_decision("c", "{}", tuple(i.order for i in ledger.intents("c")))
        ledger.close()


def test_the_tables_of_an_older_ledger_become_those_of_a_new_one(old_ledger, tmp_path):
    for path in (old_ledger, tmp_path / "new.sqlite"):
        Ledger(path).close()
    kinds = []
    for path in (old_ledger, tmp_path / "new.sqlite"):
        with sqlite3.connect(path) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            kinds.append({t: db.execute(f"PRAGMA table_info({t})").fetchall() for t in tables})
            kinds[-1] |= {f"{t} keys": db.execute(f"PRAGMA foreign_key_list({t})").fetchall() for t in tables}
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert kinds[0] == kinds[1]


def test_an_upgrade_that_fails_leaves_the_older_file(old_ledger):
    with sqlite3.connect(old_ledger) as db:
        db.execute("CREATE TABLE fills_2 (x)")
        before = list(db.iterdump())
    with pytest.raises(Exception, match="fills_2"):
        Ledger(old_ledger)
    with sqlite3.connect(old_ledger) as db:
        assert list(db.iterdump()) == before
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_file_of_a_later_version_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "desk.sqlite"
    written(path, LEDGER_1.replace("user_version=1", "user_version=99"))
    with pytest.raises(CorruptFile, match="schema 99") as refused:
        Ledger(path)
    assert "version of bullpen that wrote it" in refused.value.remedy


def test_a_venue_of_the_second_version_holds_what_its_executions_come_to(tmp_path):
    path, as_of = tmp_path / "venue.sqlite", AT
    costs = proportional({"A": 5.0, "B": 5.0})

    def broker(account):
        return PaperBroker(
            RecordedGate(), path, account, lambda *_: NextBar(50.0, as_of, "next_open"), as_of, costs, 1000.0
        )

    here, other = broker("b"), broker("c")
    for n, (venue, symbol, side, quantity) in enumerate(
        [(here, "A", "buy", 5.5), (here, "A", "sell", 2.0), (here, "B", "sell", 3.0), (other, "B", "buy", 1.0)]
    ):
        venue.submit(Order(order_id=f"bp-{n}", symbol=symbol, side=side, quantity=quantity, reference_price=50.0))
    held = here.positions(), other.positions()
    assert held == ({"A": 3.5, "B": -3.0}, {"B": 1.0})
    here.close()
    other.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE positions")
        db.execute("PRAGMA user_version = 2")
    db.close()
    assert (broker("b").positions(), broker("c").positions()) == held


def test_a_venue_of_the_first_version_still_fills_what_waits_there(tmp_path):
    path = tmp_path / "venue.sqlite"
    written(
        path, VENUE_1,
        ("orders", ("bp-1", "b", ORDER % ("1", "A"), SLOT, 5.0, "filled")),
        ("orders", ("bp-2", "b", ORDER % ("2", "B"), SLOT, 7.0, "accepted")),
        ("fills", ("bp-1", "b", FILL)),
    )  # fmt: skip
    broker = PaperBroker(
        RecordedGate(), path, "b", lambda symbol, after: NextBar(50.0, AT, "next_open"), AT, proportional({}), 1000.0
    )
    (fill,) = broker.query("bp-2").fills
    assert fill.cost == pytest.approx(5.0 * 50.0 * 7e-4)
    assert broker.positions() == {"A": 5.0, "B": 5.0}
    assert broker.cash() == pytest.approx(1000.0 - 505.25 - 250.0 - fill.cost)
    broker.close()
