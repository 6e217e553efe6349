"""The faults of the conformance kit at a venue that speaks HTTP."""

from __future__ import annotations

from datetime import datetime

from tests.stubs.http_stub import Reply, Stub


class HttpVenue:
    """Half of the kit's Venue: the line. Subclasses add the market."""

    stub: Stub

    def requests(self) -> int:
        return len(self.stub.asked)

    def lose_requests(self, count: int) -> None:
        self.stub.fail("", Reply(status=0), count)

    def lose_answers(self, count: int) -> None:
        self.stub.lost_answers = count

    def answer_with(self, status: int, count: int, retry_after_s: float | None = None) -> None:
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        self.stub.fail("", Reply('{"code": 0, "message": "no"}', status, headers), count)

    def garble(self, count: int) -> None:
        self.stub.garbled = count

    def disconnect(self) -> None:
        self.stub.cut = True

    def reconnect(self) -> None:
        self.stub.cut = False

    def set_clock(self, at: datetime) -> None:
        self.clock = at
