"""The ledger stores all of a step or none of it, refuses what contradicts it, and notices damage."""

import os
import resource
import sqlite3

import pytest
from miniature_desk import NAMES, PRICES, SLOT, WEIGHTS, run_cycle, run_in_child
from sqlalchemy import select

from data.errors import BullpenError, CorruptFile, InputError, NotFound, StorageFailed
from tools.execution.book import Lock
from tools.execution.broker import Answer
from tools.execution.database import Database
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.execution.schema import METADATA, VERSION
from tools.execution.settlement import close_book, mark_book, new_book
from tools.execution.sizing import orders_for

OPENING = mark_book(new_book("b", 1e6), PRICES)
ORDERS = orders_for(WEIGHTS, OPENING, SLOT)
LATER = "2020-03-17T20:00:00Z"


@pytest.fixture
def ledger(where):
    opened = Ledger(where)
    yield opened
    opened.close()


def fill_of(order, **changes):
    values = {
        "order_id": order.order_id, "symbol": order.symbol, "side": order.side, "quantity": order.quantity,
        "price": order.reference_price, "cost": 1.0, "convention": "next_open", "bar_time": SLOT,
    }  # fmt: skip
    return Fill(**(values | changes))


def decide(ledger, slot=SLOT, cycle="c", orders=ORDERS):
    ledger.open_cycle("b", slot, cycle)
    ledger.commit_decision(cycle, "{}", orders)
    ledger.start_sending(cycle)


def end(ledger, cycle="c", record=b"{}", fills=()):
    ledger.close_cycle(cycle, close_book(ledger.book("b") or OPENING, fills), fills, record)


def dump(where):
    """Every row of a store, by table."""
    store = Database(where, METADATA, name="desk", version=VERSION)
    rows = {name: store.rows(select(table)) for name, table in METADATA.tables.items()}
    store.close()
    return rows


def test_what_the_next_cycle_depends_on_does_not_grow_with_the_past(ledger):
    slots = [f"2020-03-{day:02d}T20:00:00Z" for day in range(2, 8)]
    for n, slot in enumerate(slots):
        ledger.open_cycle("b", slot, f"c{n}")
        if n < 4:
            ledger.commit_decision(f"c{n}", "{}", ())
            ledger.close_cycle(f"c{n}", close_book(ledger.book("b") or OPENING, ()), (), b"{}")
    ledger.open_cycle("other", slots[0], "o")
    assert [c.cycle_id for c in ledger.cycles_at_hand("b")] == ["c3", "c5"]  # c4 was abandoned for c5
    assert [c.cycle_id for c in ledger.cycles_at_hand("b", slots[1])] == ["c1", "c3", "c5"]
    assert [c.cycle_id for c in ledger.cycles_at_hand("b", slots[4])] == ["c3", "c4", "c5"]
    assert [c.cycle_id for c in ledger.cycles("b", "done")] == ["c0", "c1", "c2", "c3"]
    assert [c.cycle_id for c in ledger.cycles(status="started")] == ["o", "c5"]
    assert (ledger.knows("c0"), ledger.knows("o"), ledger.knows("c9")) == (True, True, False)
    assert ledger.cycles_at_hand("new", SLOT) == ()


# --- cycles -------------------------------------------------------------------------------------------------------


def test_a_slot_has_one_cycle_whose_status_tells_never_started_from_done(ledger):
    assert ledger.open_cycle("b", SLOT, "c", {"source": "sample"}) == "started"
    assert ledger.open_cycle("b", SLOT, "c", {"source": "other"}) == "started"
    assert ledger.open_cycle("b", SLOT, "c") == "started"
    assert ledger.started_with("c") == {"source": "other"}
    ledger.commit_decision("c", "{}", ORDERS)
    assert ledger.open_cycle("b", SLOT, "c", {"source": "too late"}) == "decided"
    assert ledger.started_with("c") == {"source": "other"}
    end(ledger)
    assert ledger.open_cycle("b", SLOT, "c") == "done"
    with pytest.raises(InputError, match="belongs to cycle c"):
        ledger.open_cycle("b", SLOT, "other")
    assert [(c.cycle_id, c.status) for c in ledger.cycles()] == [("c", "done")]
    assert ledger.latest_done("b") == "c"


def test_a_book_only_goes_forward(ledger):
    decide(ledger, LATER, "late")
    end(ledger, "late")
    with pytest.raises(InputError, match="already at"):
        ledger.open_cycle("b", SLOT, "early")
    assert ledger.open_cycle("other", SLOT, "early") == "started"
    assert [c.cycle_id for c in ledger.cycles("b")] == ["late"]


def test_two_slots_of_a_book_never_run_side_by_side(ledger):
    ledger.open_cycle("b", SLOT, "first")
    ledger.open_cycle("b", LATER, "second")
    assert [c.status for c in ledger.cycles("b")] == ["abandoned", "started"]
    with pytest.raises(InputError, match="abandoned"):
        ledger.commit_decision("first", "{}", ORDERS)
    with pytest.raises(InputError, match="abandoned"):
        end(ledger, "first")
    ledger.commit_decision("second", "{}", ())
    with pytest.raises(InputError, match="orders under way"):
        ledger.open_cycle("b", SLOT, "first")
    with pytest.raises(InputError, match="orders under way"):
        ledger.open_cycle("b", "2020-03-18T20:00:00Z", "third")


def test_a_cycle_that_began_on_an_older_book_cannot_decide(ledger):
    ledger.create_book(OPENING)
    ledger.open_cycle("b", LATER, "waiting")
    decide(ledger, SLOT, "quick")
    end(ledger, "quick")
    with pytest.raises(InputError, match="was changed"):
        ledger.open_cycle("b", LATER, "waiting")
    assert ledger.open_cycle("b", "2020-03-18T20:00:00Z", "next") == "started"
    ledger.release_locks("b")
    with pytest.raises(InputError, match="was changed"):
        ledger.commit_decision("next", "{}", ())
    with pytest.raises(InputError, match="was changed"):
        end(ledger, "next")


# --- decisions, orders, fills ---------------------------------------------------------------------------------------


def test_a_decision_is_frozen_with_its_orders(ledger):
    ledger.open_cycle("b", SLOT, "c")
    assert ledger.decision("c") is None
    assert ledger.commit_decision("c", '{"a":1}', ORDERS)
    assert not ledger.commit_decision("c", '{"a":1}', ORDERS)
    for payload, orders in (('{"a":2}', ORDERS), ('{"a":1}', ORDERS[:-1]), ('{"a":1}', ORDERS[::-1])):
        with pytest.raises(InputError, match="decided otherwise"):
            ledger.commit_decision("c", payload, orders)
    assert ledger.decision("c") == '{"a":1}'
    assert tuple(i.order for i in ledger.intents("c")) == ORDERS


def test_a_decision_whose_orders_cannot_be_stored_leaves_no_trace(ledger, where):
    ledger.open_cycle("b", SLOT, "c")
    before = dump(where)
    with pytest.raises(InputError):
        ledger.commit_decision("c", "{}", (*ORDERS, ORDERS[0]))
    assert dump(where) == before
    assert ledger.commit_decision("c", "{}", ORDERS)


def test_only_legal_transitions_are_taken(ledger):
    decide(ledger)
    first, second, *_ = (o.order_id for o in ORDERS)
    ledger.mark(first, "unknown")
    ledger.mark(first, "sent")
    ledger.mark(first, "accepted")
    for state in ("intended", "sent", "unknown"):
        with pytest.raises(InputError, match="cannot become"):
            ledger.mark(first, state)
    ledger.mark(first, "cancelled")
    with pytest.raises(InputError):
        ledger.mark(first, "accepted")
    ledger.mark(second, "rejected")
    assert [i.state for i in ledger.intents("c")] == ["cancelled", "rejected", "sent", "sent"]
    assert len(ledger.pending("c")) == 2
    with pytest.raises(NotFound):
        ledger.mark("bp-unheard-of", "sent")


def test_answers_are_noted_all_or_none_and_older_ones_change_nothing(ledger):
    decide(ledger)
    first, second = ORDERS[:2]
    with pytest.raises(InputError):
        ledger.note({first.order_id: Answer("accepted"), second.order_id: Answer("intended")})
    assert [i.state for i in ledger.intents("c")] == ["sent"] * 4
    fill = fill_of(first)
    ledger.note({first.order_id: Answer("filled", (fill,)), second.order_id: Answer("accepted")})
    ledger.note({first.order_id: Answer("accepted"), second.order_id: Answer("unknown")})
    ledger.note({first.order_id: Answer("filled", (fill,))})
    assert [i.state for i in ledger.intents("c")] == ["filled", "accepted", "sent", "sent"]
    assert ledger.fills("c") == (fill,)
    with pytest.raises(InputError):
        ledger.note({first.order_id: Answer("cancelled")})


@pytest.mark.parametrize(
    "changes",
    [{"order_id": "bp-x"}, {"symbol": "B"}, {"side": "sell"}, {"quantity": ORDERS[0].quantity * 1.01}],
)
def test_a_fill_that_was_not_ordered_is_refused(ledger, changes):
    decide(ledger)
    with pytest.raises(InputError):
        ledger.note({ORDERS[0].order_id: Answer("filled", (fill_of(ORDERS[0], **changes),))})
    assert ledger.fills("c") == ()


def test_a_second_other_fill_is_refused(ledger):
    decide(ledger)
    ledger.note({ORDERS[0].order_id: Answer("filled", (fill_of(ORDERS[0]),))})
    with pytest.raises(InputError, match="told differently"):
        ledger.note({ORDERS[0].order_id: Answer("filled", (fill_of(ORDERS[0], price=1.0),))})


# --- books and records ------------------------------------------------------------------------------------------------


def test_the_end_of_a_cycle_is_one_step(ledger, where):
    ledger.create_book(OPENING)
    decide(ledger)
    fills = tuple(fill_of(o) for o in ORDERS)
    ledger.note({f.order_id: Answer("filled", (f,)) for f in fills[:3]})
    before = dump(where)
    with pytest.raises(InputError, match="not in the ledger"):
        end(ledger, fills=fills)
    assert dump(where) == before
    assert ledger.book("b") == OPENING
    assert ledger.record("c") is None
    end(ledger, record=b'{"r":1}', fills=fills[:3])
    assert ledger.record("c") == b'{"r":1}'
    assert set(ledger.book("b").positions) == set(NAMES[:3])


def test_ending_twice_is_harmless_and_ending_otherwise_is_refused(ledger):
    decide(ledger)
    closing = close_book(OPENING, ())
    ledger.close_cycle("c", closing, (), b"one")
    ledger.close_cycle("c", closing, (), b"one")
    with pytest.raises(InputError, match="another record"):
        ledger.close_cycle("c", closing, (), b"two")
    assert ledger.record("c") == b"one"
    assert ledger.book("b").cycles == 1
    with pytest.raises(NotFound):
        ledger.close_cycle("never", closing, (), b"")


def test_a_halted_cycle_ends_without_a_decision(ledger):
    ledger.open_cycle("b", SLOT, "c")
    end(ledger)
    assert ledger.decision("c") is None
    assert ledger.book("b").cycles == 1


def test_a_book_is_created_once_and_its_locks_are_lifted_by_a_person(ledger):
    with pytest.raises(NotFound):
        ledger.release_locks("b")
    lock = Lock(rule="max_drawdown", since=SLOT, until="", detail="-30 %")
    ledger.create_book(OPENING.model_copy(update={"locks": (lock,), "peak_value": 2e6}))
    with pytest.raises(InputError, match="exists"):
        ledger.create_book(OPENING)
    assert ledger.book("b").locks == (lock,)
    assert ledger.release_locks("b") == ledger.book("b")
    assert ledger.book("b").locks == ()
    assert ledger.book("b").peak_value == 1e6
    decide(ledger)
    with pytest.raises(InputError, match="under way"):
        ledger.release_locks("b")


# --- damage -----------------------------------------------------------------------------------------------------


def spoil(path, how):
    content = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "cut by a byte":
            path.write_bytes(content[:-1])
        case "empty":
            path.write_bytes(b"")
        case "garbage":
            path.write_bytes(b"not a database at all" * 500)
        case "header":
            path.write_bytes(b"\0" * 100 + content[100:])
        case "page":
            path.write_bytes(content[:4096] + os.urandom(4096) + content[8192:])


@pytest.mark.parametrize("how", ["cut", "cut by a byte", "empty", "garbage", "header", "page"])
@pytest.mark.parametrize("name", ["desk.sqlite", "venue.sqlite"])
def test_a_damaged_file_is_named_with_a_remedy_and_left_as_it_is(tmp_path, name, how):
    run_cycle(tmp_path)
    path = tmp_path / name
    spoil(path, how)
    spoilt = path.read_bytes()
    with pytest.raises(CorruptFile, match="restore") as caught:
        run_cycle(tmp_path, slot=LATER)
    assert name in str(caught.value)
    assert path.read_bytes() == spoilt


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE records SET bytes = X'00'", lambda ledger: ledger.record(f"cy-{SLOT}")),
        ("UPDATE decisions SET payload = '{}'", lambda ledger: ledger.decision(f"cy-{SLOT}")),
    ],
)
def test_altered_contents_are_noticed(tmp_path, statement, read):
    run_cycle(tmp_path)
    with sqlite3.connect(tmp_path / "desk.sqlite") as db:
        db.execute(statement)
    ledger = Ledger(tmp_path / "desk.sqlite")
    with pytest.raises(CorruptFile, match="altered"):
        read(ledger)
    ledger.close()


def test_a_file_of_another_version_is_refused(tmp_path):
    Ledger(tmp_path / "desk.sqlite").close()
    with sqlite3.connect(tmp_path / "desk.sqlite") as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(CorruptFile, match="schema 99"):
        Ledger(tmp_path / "desk.sqlite")


def test_a_file_that_another_part_of_the_desk_made_first_is_shared(tmp_path):
    with sqlite3.connect(tmp_path / "desk.sqlite") as db:
        db.execute("CREATE TABLE checkpoints (x)")
    run_cycle(tmp_path)
    with sqlite3.connect(tmp_path / "desk.sqlite") as db:
        assert db.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)


def test_a_full_disk_changes_nothing(tmp_path):
    run_cycle(tmp_path)
    before = dump(tmp_path / "desk.sqlite")
    orders = orders_for(WEIGHTS, OPENING, LATER)

    def write_too_much():
        ledger = Ledger(tmp_path / "desk.sqlite")
        ledger.open_cycle("b", LATER, "c")
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
        with pytest.raises(StorageFailed, match="disk"):
            ledger.commit_decision("c", "x" * 1_000_000, orders)
        assert ledger.cycle("c").status == "started"
        assert ledger.intents("c") == ()

    assert run_in_child(write_too_much) == 0
    ledger = Ledger(tmp_path / "desk.sqlite")
    assert ledger.decision("c") is None
    assert ledger.commit_decision("c", "x" * 1_000_000, orders)
    ledger.close()
    after = dump(tmp_path / "desk.sqlite")
    assert {name: [row for row in rows if "c" not in row] for name, rows in after.items()} == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BullpenError):
        Ledger(tmp_path / "file" / "desk.sqlite")


def test_no_draft_is_left_behind(tmp_path):
    Ledger(tmp_path / "desk.sqlite").close()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("desk")] == ["desk.sqlite"]
