"""One line to Trader Workstation or IB Gateway: ib_async on a thread of its own, each call bounded in time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from data.errors import BadAnswer, BullpenError, RateLimited, SourceUnavailable

T = TypeVar("T")
Listener = Callable[[int, int, str], bool]
"""Told each error (request or order number, code, words); says whether the number is that of an order."""

PACING = 100
"""TWS's code for more than 50 messages a second; it does not say how long to wait."""
PACING_PAUSE_S = 1.0
"""The pause after a pacing error (seconds): the limit counts the messages of one second."""
CUT, RESTORED = frozenset({1100, 2110}), frozenset({1101, 1102})
"""Codes for TWS having lost Interactive Brokers, so that it would tell what it remembers, and having it back."""
FAULTS = frozenset({322, 326, 502, 504, 1300})
"""Codes for a request that TWS failed to process, a client id in use, a line that is down: nothing was decided."""
INVALID = 321
"""A request that did not pass TWS's validation, which ib_async takes for a warning, and waits on."""
GRACE_S = 1.0
"""Seconds beyond its bound in which a call must have been given up by the thread."""


class Refused(Exception):
    """TWS understood a request and said no."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


class TwsLine:
    """Connects when first asked and again whenever the line was lost.

    ib_async tells most answers apart by their kind alone. A call that ends without its own answer therefore takes the
    connection with it: what comes late can never be read as the answer to another call. Calls wait for one another.
    """

    def __init__(
        self, host: str, port: int, client_id: int, timeout_s: float, timezone: str, listener: Listener
    ) -> None:
        """`timeout_s` bounds a call, connecting included; `timezone` is the one TWS is set to (an IANA name)."""
        self.account = ""
        """Once set, a TWS that does not manage it is not asked: it may have been started again under another login."""
        self._host, self._port, self._timeout_s, self._timezone = host, port, timeout_s, timezone
        self._client_id = client_id
        self._listener = listener
        self._turn = threading.Lock()
        self._ib: Any = None
        self._unanswered = False
        """Whether an answer may still come on this connection, which is left before anything else is asked."""
        self._cut = ""
        self._trouble: asyncio.Future[BullpenError] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="tws-line", daemon=True)
        self._thread.start()

    def ask(self, call: Callable[[Any], Awaitable[T]]) -> T:
        """What `call` comes to, given a connected ib_async.IB on its own thread.

        SourceUnavailable where TWS is not there, is too slow or has lost Interactive Brokers, RateLimited where it
        wants a pause, BadAnswer where a message does not parse, Refused where it says no. What `call` itself raises
        passes.
        """
        if not self._turn.acquire(timeout=self._timeout_s):
            raise SourceUnavailable("TWS is busy with another call", "ask again")
        try:
            if not self._thread.is_alive():
                raise SourceUnavailable("the line to TWS was closed", "open the broker again")
            answer = asyncio.run_coroutine_threadsafe(self._answered(call), self._loop)
            return answer.result(2.0 * self._timeout_s + GRACE_S)
        except TimeoutError as error:
            raise SourceUnavailable("the line to TWS does not answer", "open the broker again") from error
        finally:
            self._turn.release()

    def close(self) -> None:
        """Hang up and end the thread; a second call does nothing."""
        with self._turn:
            if self._thread.is_alive():
                with suppress(TimeoutError):
                    asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(GRACE_S)
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()

    # --- on the thread ------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _answered(self, call: Callable[[Any], Awaitable[T]]) -> T:
        """The call's answer, or the trouble that comes before it."""
        if self._cut:
            raise SourceUnavailable(f"TWS has lost Interactive Brokers: {self._cut}", "wait until it is back")
        self._trouble = self._loop.create_future()
        work = asyncio.ensure_future(self._connected_call(call))
        await asyncio.wait({work, self._trouble}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._trouble.done() or not work.done():
            troubled = self._trouble.done()
            late = SourceUnavailable(f"TWS did not answer within {self._timeout_s} s", "ask again")
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._unanswered = True
            raise self._trouble.result() if troubled else late
        return self._its_own_words(work)

    def _its_own_words(self, work: asyncio.Future[T]) -> T:
        """The result of what is done; a lost connection is SourceUnavailable, a refusal is Refused."""
        from ib_async.wrapper import RequestError

        try:
            return work.result()
        except RequestError as error:
            raise Refused(error.code, error.message) from error
        except (OSError, TimeoutError) as error:
            self._unanswered = True
            raise SourceUnavailable(
                f"no TWS answers at {self._host}:{self._port}: {error}", "start TWS, open its API"
            ) from error

    async def _connected_call(self, call: Callable[[Any], Awaitable[T]]) -> T:
        return await call(await self._connected())

    async def _connected(self) -> Any:
        if self._ib is not None and self._ib.isConnected() and not self._unanswered:
            return self._ib
        from ib_async import IB, StartupFetchNONE

        await self._hang_up()
        ib: Any = IB()
        ib.TimezoneTWS, ib.RaiseRequestErrors = self._timezone, True
        ib.errorEvent += self._heard
        for lost in (ib.client.apiError, ib.client.conn.disconnected):
            lost.connect(self._lost)
        ib.client.decoder.logger = _complaints(self._garbled)
        self._ib, self._unanswered = ib, True
        await ib.connectAsync(
            self._host, self._port, self._client_id, self._timeout_s, raiseSyncErrors=True, fetchFields=StartupFetchNONE
        )
        if self.account and self.account not in ib.managedAccounts():
            raise BadAnswer("TWS is logged in to another account than before", "log in to the first, or open again")
        self._unanswered = False
        return ib

    async def _hang_up(self) -> None:
        ib, self._ib, self._cut = self._ib, None, ""
        if ib is None:
            return
        connection = ib.client.conn
        ib.errorEvent -= self._heard
        for lost in (ib.client.apiError, connection.disconnected):
            lost.disconnect(self._lost)
        ib.client.disconnect()
        if connection.transport is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await connection.disconnected

    # --- what TWS says beside its answers -------------------------------------------------------------------------

    def _heard(self, number: int, code: int, message: str, contract: object) -> None:
        if code in CUT:
            self._cut = message
            self._end(SourceUnavailable(f"TWS has lost Interactive Brokers: {message}", "wait until it is back"))
        elif code in RESTORED:
            self._cut = ""
        elif code == PACING:
            self._end(RateLimited("TWS asks for a pause", PACING_PAUSE_S, "wait"))
        elif code in FAULTS:
            self._end(SourceUnavailable(f"TWS failed: {message} ({code})", "ask again"))
        elif not self._listener(number, code, message) and code == INVALID:
            self._end(BadAnswer(f"TWS would not say: {message}", "check the API settings of TWS"))

    def _lost(self, message: str) -> None:
        self._cut = ""
        self._end(SourceUnavailable(f"the line to TWS was lost: {message or 'closed'}", "start TWS, open its API"))

    def _garbled(self, message: str) -> None:
        self._end(BadAnswer(f"TWS sent what does not parse: {message[:80]}", "ask again"))

    def _end(self, error: BullpenError) -> None:
        """Give the call under way, if there is one, an end."""
        if self._trouble is not None and not self._trouble.done():
            self._trouble.set_result(error)


def _complaints(told: Callable[[str], None]) -> logging.Logger:
    """A logger for ib_async's decoder, which only logs what it cannot read, and drops it."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told(record.getMessage())

    logger = logging.Logger("tws-decoder", logging.ERROR)
    logger.addHandler(Handler())
    return logger
