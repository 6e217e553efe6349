"""The statements of the ledger's methods, built once."""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select, update

from tools.execution.cycles import CYCLE
from tools.execution.database import WORDS
from tools.execution.executions import INTENT
from tools.execution.schema import BOOKS, CYCLES, DECISIONS, DISPUTES, FILLS, INTENTS, RECORDS

LATE_ANSWERS = 5
"""How many answers are waited for about a cancelled order, one a cycle, before its executions are taken for final."""

_CYCLE_ID, _BOOK = bindparam("cycle_id", type_=WORDS), bindparam("book", type_=WORDS)
_OF_ANY_BOOK = CYCLES.c.book == func.coalesce(_BOOK, CYCLES.c.book)
_BY_PLACE = (CYCLES.c.slot, INTENTS.c.position)
_OPEN = ("intended", "sent", "unknown", "accepted", "partial")

CYCLE_OF_SLOT = select(CYCLES.c.cycle_id).where(CYCLES.c.book == _BOOK, CYCLES.c.slot == bindparam("slot"))
ABANDON = (
    update(CYCLES).where(CYCLES.c.book == bindparam("of"), CYCLES.c.status == "started").values(status="abandoned")
)
START = (
    update(CYCLES)
    .where(CYCLES.c.cycle_id == bindparam("cycle"))
    .values(status="started", started_with=func.coalesce(bindparam("settings", type_=WORDS), CYCLES.c.started_with))
)
ALL_CYCLES = CYCLE.where(_OF_ANY_BOOK).order_by(CYCLES.c.slot, CYCLES.c.book)
CYCLES_THAT_ARE = CYCLE.where(_OF_ANY_BOOK, CYCLES.c.status == bindparam("status")).order_by(
    CYCLES.c.slot, CYCLES.c.book
)
CYCLES_AT_HAND = CYCLE.where(
    CYCLES.c.book == _BOOK,
    CYCLES.c.status.in_(("started", "decided"))
    | (CYCLES.c.slot == bindparam("slot"))
    | CYCLES.c.slot.in_(
        select(func.max(CYCLES.c.slot)).where(CYCLES.c.book == _BOOK, CYCLES.c.status == "done").scalar_subquery()
    ),
).order_by(CYCLES.c.slot)
CYCLE_OF_ORDER = CYCLE.join(INTENTS, INTENTS.c.cycle_id == CYCLES.c.cycle_id).where(
    INTENTS.c.order_id == bindparam("order_id")
)
LATEST_DONE = (
    select(RECORDS.c.cycle_id)
    .join(CYCLES, CYCLES.c.cycle_id == RECORDS.c.cycle_id)
    .where(_OF_ANY_BOOK)
    .order_by(RECORDS.c.seq.desc())
    .limit(1)
)
STARTED_WITH = select(CYCLES.c.started_with).where(CYCLES.c.cycle_id == _CYCLE_ID)

DECISION = select(DECISIONS.c.payload, DECISIONS.c.sha256).where(DECISIONS.c.cycle_id == _CYCLE_ID)
INTENTS_OF_CYCLE = INTENT.where(INTENTS.c.cycle_id == _CYCLE_ID).order_by(*_BY_PLACE)
OPEN_INTENTS = INTENT.where(_OF_ANY_BOOK, INTENTS.c.state.in_(_OPEN)).order_by(*_BY_PLACE)
LATELY_CANCELLED = INTENT.where(
    CYCLES.c.book == _BOOK,
    CYCLES.c.status == "done",
    INTENTS.c.state == "cancelled",
    INTENTS.c.asked < LATE_ANSWERS,
).order_by(*_BY_PLACE)
START_SENDING = (
    update(INTENTS).where(INTENTS.c.cycle_id == bindparam("cycle"), INTENTS.c.state == "intended").values(state="sent")
)
CHILD = select(INTENTS.c.payload).where(INTENTS.c.parent == bindparam("parent"))

_DISPUTED = (
    select(DISPUTES.c.order_id)
    .join(INTENTS, INTENTS.c.order_id == DISPUTES.c.order_id)
    .join(CYCLES, CYCLES.c.cycle_id == INTENTS.c.cycle_id)
    .where(CYCLES.c.book == _BOOK, DISPUTES.c.settled == 0)
)
DISPUTES_OF_BOOK = _DISPUTED.with_only_columns(DISPUTES.c.payload, DISPUTES.c.reason).order_by(DISPUTES.c.seq)
END_DISPUTED = (
    update(INTENTS)
    .where(INTENTS.c.state.in_(("accepted", "partial", "unknown")), INTENTS.c.order_id.in_(_DISPUTED))
    .values(state="cancelled", reason="settled by hand")
)
SETTLE = update(DISPUTES).where(DISPUTES.c.order_id.in_(_DISPUTED)).values(settled=1)
FILLS_OF_CYCLE = (
    select(FILLS.c.payload)
    .join(INTENTS, INTENTS.c.order_id == FILLS.c.order_id)
    .where(INTENTS.c.cycle_id == _CYCLE_ID)
    .order_by(INTENTS.c.position, FILLS.c.seq)
)
_BOOKED = CYCLES.alias("booked")
LATE_FILLS = (
    select(FILLS.c.seq, FILLS.c.payload)
    .join(INTENTS, INTENTS.c.order_id == FILLS.c.order_id)
    .join(CYCLES, CYCLES.c.cycle_id == INTENTS.c.cycle_id)
    .join(_BOOKED, _BOOKED.c.cycle_id == FILLS.c.booked_by, isouter=True)
    .where(
        CYCLES.c.book == _BOOK,
        CYCLES.c.cycle_id != _CYCLE_ID,
        CYCLES.c.status == "done",
        (func.coalesce(_BOOKED.c.status, "") != "done") | (_BOOKED.c.cycle_id == _CYCLE_ID),
    )
    .order_by(*_BY_PLACE, FILLS.c.seq)
)

BOOK = (
    select(BOOKS.c.payload, BOOKS.c.version)
    .where(BOOKS.c.name == bindparam("name"))
    .order_by(BOOKS.c.version.desc())
    .limit(1)
)
RECORD = select(RECORDS.c.bytes, RECORDS.c.sha256).where(RECORDS.c.cycle_id == _CYCLE_ID)
INSERT_RECORD = insert(RECORDS)
