"""Trader Workstation on a loopback socket: the messages its API documents, in the layouts of server version 157.

What is framed how is read from the messages' public description and from ib_async's own reader; 157 is the oldest
version that ib_async accepts. An order that has ended gives what was left as its size, as TWS does.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.stubs.tws_messages import (
    ENDED,
    LISTED,
    Executed,
    Listed,
    Message,
    Placed,
    completed,
    error,
    executed,
    number_of,
    open_order,
    status,
)

VERSION = 157
START, SECOND = datetime(2024, 3, 1, 15, 0, tzinfo=UTC), timedelta(seconds=1)
INSTRUCTIONS, QUIET = {3, 4}, {71, 77}
"""Requests that change something, and those that are never answered: they are spared by faults."""


@dataclass
class TwsVenue:
    """The truth, and the protocol; methods without an underscore may be called from any thread."""

    accounts: str = "DU1234567"
    money: Decimal = Decimal("100000")
    currency: str = "USD"
    commission: Decimal = Decimal("1.25")
    zone: str = ""
    """What TWS writes behind a time, such as " US/Eastern"; version 157 writes nothing."""
    book: list[Placed] = field(default_factory=list[Placed])
    executions: list[Executed] = field(default_factory=list[Executed])
    refuse: tuple[int, str] | None = None
    """Code and words that the next order is refused with."""
    remark: tuple[int, str] | None = None
    """Code and words said of the next order, which goes on."""
    withheld: bool = False
    """Whether commissions are kept back."""
    forget_ended: bool = False
    """Whether orders that have ended are not listed (yet)."""
    clock: datetime | None = None
    asked: list[list[str]] = field(default_factory=list[list[str]])
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Code and words that the next requests are answered with, whatever they ask."""
    failing: tuple[int, str] | None = None
    """Code and words that the next instruction is answered with, which is not carried out."""
    lost_requests: int = 0
    lost_answers: int = 0
    garbled: int = 0
    """How many answers begin with what is no message."""
    late: int = 0
    """How many answers come only before the next one on their connection."""
    waiting: dict[asyncio.StreamWriter, list[Message]] = field(
        default_factory=dict[asyncio.StreamWriter, list[Message]]
    )
    cut: bool = False
    port: int = 0
    lines: dict[asyncio.StreamWriter, int] = field(default_factory=dict[asyncio.StreamWriter, int])
    """Client id by connection."""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def on_thread(self, action: Callable[[], None]) -> None:
        """Carry something out where the messages are handled, between two of them."""

        async def carried() -> None:
            action()

        asyncio.run_coroutine_threadsafe(carried(), self.loop).result(10)

    # --- what a test does to the market -------------------------------------------------------------------------

    def placed(self, reference: str) -> Placed:
        return next(order for order in reversed(self.book) if order.reference == reference)

    def execute(self, reference: str, quantity: Decimal, price: Decimal, name: str = "") -> None:
        """One execution; more than was ordered if a test says so."""

        def carried() -> None:
            order = self.placed(reference)
            order.filled += quantity
            if order.status not in ENDED:
                order.status = "Submitted" if order.left else "Filled"
            n = len(self.executions)
            self.executions.append(
                Executed(order, name or f"0000e1a7.{n:08d}.01.01", quantity, price, order.filled, START + n * SECOND)
            )
            self.money -= quantity * price * (1 if order.side == "BUY" else -1) + self.commission
            self._tell(order.client, [*self._executed(self.executions[-1:], -1), status(order)])

        self.on_thread(carried)

    def expire(self, reference: str) -> None:
        """The session ends with an order open."""

        def carried() -> None:
            order = self.placed(reference)
            order.status = "Cancelled"
            self._tell(order.client, [status(order)])

        self.on_thread(carried)

    def repeat_last_execution(self) -> None:
        def carried() -> None:
            self.executions.append(self.executions[-1])
            self._tell(self.executions[-1].order.client, self._executed(self.executions[-1:], -1))

        self.on_thread(carried)

    def say(self, code: int, words: str, order: Placed | None = None, refuse: bool = False) -> None:
        """A message to everyone about nothing asked, or about an order, which it may `refuse`."""

        def carried() -> None:
            for line in self.lines:
                self._write(line, [error(-1 if order is None else order.number, code, words)])
            if order is not None and refuse:
                order.status = "Inactive"
                self._tell(order.client, [status(order)])

        self.on_thread(carried)

    def hang_up(self) -> None:
        """Close every connection."""

        def carried() -> None:
            for line in self.lines:
                line.close()

        self.on_thread(carried)

    def held(self) -> dict[int, tuple[Listed, Decimal]]:
        found: dict[int, tuple[Listed, Decimal]] = {}
        for e in {e.name: e for e in self.executions}.values():
            listed, signed = e.order.listed, e.quantity * (1 if e.order.side == "BUY" else -1)
            found[listed.number] = (listed, found.get(listed.number, (listed, Decimal(0)))[1] + signed)
        return {number: row for number, row in found.items() if row[1]}

    # --- the line -----------------------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, line: asyncio.StreamWriter) -> None:
        """One connection: the handshake, then request by request."""
        try:
            if self.cut or await reader.readexactly(4) != b"API\0":
                return
            await _frame(reader)
            self._write(line, [(VERSION, "20240301 15:00:00 EST")])
            while True:
                asked = (await _frame(reader)).decode().split("\0")[:-1]
                self.asked.append(asked)
                self._handle(line, asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.lines.pop(line, None)
            line.close()

    def _handle(self, line: asyncio.StreamWriter, asked: list[str]) -> None:
        kind = int(asked[0])
        if kind in INSTRUCTIONS and self.lost_requests:
            self.lost_requests -= 1
            return
        if kind in INSTRUCTIONS and self.failing:
            self.faults, self.failing = [self.failing], None
        if kind not in QUIET and self.faults:
            code, words = self.faults.pop(0)
            self._write(line, [error(number_of(asked) if code != 100 else -1, code, words)])
            return
        answer = self._answer(line, asked)
        if kind in INSTRUCTIONS and self.lost_answers:
            self.lost_answers -= 1
        elif kind not in QUIET and self.garbled:
            self.garbled -= 1
            self._write(line, [("{{{",), *answer[1:]])
        elif kind not in QUIET and self.late:
            self.late -= 1
            self.waiting[line] = answer
        else:
            self._write(line, [*self.waiting.pop(line, []), *answer])

    def _tell(self, client: int, messages: list[Message]) -> None:
        for line in [line for line, own in self.lines.items() if own == client]:
            self._write(line, messages)

    def _write(self, line: asyncio.StreamWriter, messages: list[Message]) -> None:
        for message in messages:
            body = "".join(f"{value}\0" for value in message).encode()
            line.write(struct.pack(">I", len(body)) + body)

    # --- the protocol -------------------------------------------------------------------------------------------

    def _answer(self, line: asyncio.StreamWriter, asked: list[str]) -> list[Message]:
        """What a request is answered with; nothing for those that this stub does not know."""
        known: dict[int, Callable[[], list[Message]]] = {
            3: lambda: self._place(self.lines[line], asked),
            4: lambda: self._cancel(self.lines[line], int(asked[2])),
            7: lambda: [*self._executed(self.executions, int(asked[2])), (55, 1, asked[2])],
            9: lambda: self._details(asked),
            16: self._open_orders,
            49: lambda: [(49, 1, int((self.clock or datetime.now(UTC)).timestamp()))],
            61: self._positions,
            71: lambda: self._start(line, int(asked[2])),
            76: lambda: self._account_values(asked),
            99: self._completed_orders,
        }
        return known.get(int(asked[0]), list[Message])()

    def _start(self, line: asyncio.StreamWriter, client: int) -> list[Message]:
        if client in self.lines.values():
            return [error(-1, 326, "Unable to connect as the client id is already in use.")]
        self.lines[line] = client
        return [(15, 1, self.accounts), (9, 1, 1 + max((o.number for o in self.book), default=0))]

    def _open_orders(self) -> list[Message]:
        still = [o for o in self.book if o.status not in ENDED]
        return [*(m for o in still for m in (open_order(o), status(o))), (53, 1)]

    def _completed_orders(self) -> list[Message]:
        ended = [] if self.forget_ended else [o for o in self.book if o.status in ENDED]
        return [*(completed(o) for o in ended), (102,)]

    def _positions(self) -> list[Message]:
        own = self.accounts.split(",")[0]
        return [*((61, 3, own, *c.fields(), q, "100") for c, q in self.held().values()), (62, 1)]

    def _account_values(self, asked: list[str]) -> list[Message]:
        rows = [("TotalCashValue", self.money, self.currency), ("TotalCashBalance", self.money, "BASE")]
        return [*((73, 1, asked[2], asked[3], "", *row) for row in rows), (74, 1, asked[2])]

    def _executed(self, told: list[Executed], request: int) -> list[Message]:
        cost = [] if self.withheld else [self.commission]
        return [m for e in told for m in executed(e, request, self.zone, *cost)]

    def _place(self, client: int, asked: list[str]) -> list[Message]:
        number, contract = int(asked[1]), int(asked[2])
        listed = next(c for c in LISTED if c.number == contract)
        order = Placed(
            number, client, 900 + len(self.book), listed, asked[16], Decimal(asked[17]), asked[18], asked[19],
            asked[20], asked[21], asked[23], asked[26],
        )  # fmt: skip
        self.book.append(order)
        if self.refuse:
            (code, words), self.refuse, order.status = self.refuse, None, "Inactive"
            return [error(number, code, words), status(order)]
        said = [] if self.remark is None else [error(number, *self.remark)]
        return [*said, open_order(order), status(order)]

    def _cancel(self, client: int, number: int) -> list[Message]:
        found = [o for o in self.book if (o.client, o.number) == (client, number)]
        if not found:
            return [error(number, 10147, f"OrderId {number} that needs to be cancelled is not found.")]
        if found[0].status in ENDED:
            words = f"OrderId {number} that needs to be cancelled can not be cancelled, state: {found[0].status}."
            return [error(number, 10148, words)]
        found[0].status = "Cancelled"
        return [error(number, 202, "Order Canceled - reason:"), status(found[0])]

    def _details(self, asked: list[str]) -> list[Message]:
        symbol, kind, due, currency = asked[4], asked[5], asked[6], asked[12]
        found = [c for c in LISTED if (c.symbol, c.kind, c.currency) == (symbol, kind, currency)]
        found = [c for c in found if c.expiry.startswith(due)]
        if not found:
            return [error(int(asked[2]), 200, "No security definition has been found for the request")]
        return [*(
            (10, 8, asked[2], c.symbol, c.kind, c.expiry, "0", "", "SMART", c.currency, c.symbol, "NMS", c.symbol,
             c.number, c.tick, "100", c.multiplier, "LMT,MKT,STP", "SMART", "1", "0", c.symbol, *[""] * 10, "0",
             *[""] * 6)
            for c in found
        ), (52, 1, asked[2])]  # fmt: skip


async def _frame(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0])


@contextmanager
def serving_tws(venue: TwsVenue) -> Generator[TwsVenue]:
    """The venue on a port of loopback, while the block lasts."""
    server: Any = None
    ready = threading.Event()

    async def started() -> None:
        nonlocal server
        server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
        venue.port = server.sockets[0].getsockname()[1]
        ready.set()

    async def stopped() -> None:
        server.close()
        for line in list(venue.lines):
            line.close()
        while venue.lines:
            await asyncio.sleep(0.001)

    def run() -> None:
        asyncio.set_event_loop(venue.loop)
        venue.loop.create_task(started())
        venue.loop.run_forever()
        venue.loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield venue
    finally:
        asyncio.run_coroutine_threadsafe(stopped(), venue.loop).result(10)
        venue.loop.call_soon_threadsafe(venue.loop.stop)
        thread.join(10)
