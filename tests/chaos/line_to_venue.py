"""A broker over the line to the venue's process, and the harness's own line, which never fails."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

from data.errors import RateLimited, SourceUnavailable
from tests.desks import ROOT
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker
from tools.execution.orders import Fill

TIMEOUT_S = 2.0
DEPOSIT = 1e6


def call(port, method, path, body=None, timeout_s=TIMEOUT_S):
    """One request on a connection of its own: status, headers, what was said."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def control(port, account, act, **body):
    """Tell the venue, or ask it, what no desk may."""
    return call(port, "POST", f"/{account}/control/{act}", body, timeout_s=30.0)[2]


class HttpBroker(GatedBroker):
    """Keeps the Broker contract; orders are market orders."""

    capabilities = frozenset({"reduce_only"})

    def __init__(self, gate, port, account, timeout_s=TIMEOUT_S):
        super().__init__(gate)
        self._port, self._account, self._timeout_s = port, account, timeout_s

    def _send(self, order):
        body = {"id": order.order_id, "symbol": order.symbol, "side": order.side, "quantity": order.quantity}
        return self._call("POST", "orders", body)[1]["state"]

    def query(self, order_id):
        status, order = self._call("GET", f"orders/{order_id}")
        if status == 404:
            return None
        return Answer(order["state"], tuple(_fill(order, *told) for told in order["executions"]))

    def cancel(self, order_id):
        status, order = self._call("DELETE", f"orders/{order_id}")
        return "cancelled" if status == 404 else order["state"]

    def open_orders(self):
        listed = self._call("GET", "open")[1]
        return tuple(
            OpenOrder(o["id"], o["symbol"], o["side"], o["quantity"], sum(q for _, q, _ in o["executions"]))
            for o in listed
        )

    def positions(self):
        return self._call("GET", "positions")[1]

    def cash(self):
        return DEPOSIT - self._call("GET", "cash")[1]["spent"]

    def server_time(self):
        return datetime(2020, 3, 17, tzinfo=UTC)

    def _call(self, method, what, body=None):
        try:
            status, headers, answer = call(self._port, method, f"/{self._account}/{what}", body, self._timeout_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceUnavailable(f"the venue did not answer: {type(error).__name__}") from error
        if status == 429:
            raise RateLimited("the venue asks us to slow down", float(headers["Retry-After"]))
        if status >= 500:
            raise SourceUnavailable(f"the venue answered {status}")
        return status, answer


def _fill(order, n, quantity, price):
    return Fill(
        order_id=order["id"], symbol=order["symbol"], side=order["side"], quantity=quantity, price=price, cost=0.0,
        convention="venue", bar_time="2020-03-17T14:00:00Z", execution_id=str(n),
    )  # fmt: skip


class VenueProcess:
    """The venue's process; started again it has the same port and the same file."""

    def __init__(self, file=":memory:"):
        self._file, self.port = str(file), 0
        self.start()

    def start(self):
        """Returns when it listens."""
        command = [sys.executable, "-m", "tests.chaos.venue", self._file, str(self.port)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.port = int(self._process.stdout.readline())

    def kill(self):
        """SIGKILL, in the middle of whatever it is doing."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def venue_process(file=":memory:"):
    """The venue's port; its process ends with the block."""
    venue = VenueProcess(file)
    try:
        yield venue.port
    finally:
        venue.kill()
