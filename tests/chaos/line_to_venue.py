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


def call(port, method, path, body=None):
    """One request on a connection of its own: status, headers, what was said."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def control(port, account, act, **body):
    """Tell the venue, or ask it, what no desk may."""
    return call(port, "POST", f"/{account}/control/{act}", body)[2]


class HttpBroker(GatedBroker):
    """Keeps the Broker contract; orders are market orders."""

    capabilities = frozenset({"reduce_only"})

    def __init__(self, gate, port, account):
        super().__init__(gate)
        self._port, self._account = port, account

    def _send(self, order):
        body = {"id": order.order_id, "symbol": order.symbol, "side": order.side, "quantity": order.quantity}
        return self._call("POST", "orders", body)[1]["state"]

    def query(self, order_id):
        status, order = self._call("GET", f"orders/{order_id}")
        if status == 404:
            return None
        fills = () if order["state"] != "filled" else (self._fill(order),)
        return Answer(order["state"], fills)

    def cancel(self, order_id):
        status, order = self._call("DELETE", f"orders/{order_id}")
        return "cancelled" if status == 404 else order["state"]

    def open_orders(self):
        listed = self._call("GET", "open")[1]
        return tuple(OpenOrder(o["id"], o["symbol"], o["side"], o["quantity"], 0.0) for o in listed)

    def positions(self):
        return self._call("GET", "positions")[1]

    def cash(self):
        return 1e6

    def server_time(self):
        return datetime(2020, 3, 17, tzinfo=UTC)

    def _fill(self, order):
        return Fill(
            order_id=order["id"], symbol=order["symbol"], side=order["side"], quantity=order["quantity"],
            price=order["price"], cost=0.0, convention="venue", bar_time="2020-03-17T14:00:00Z", execution_id="1",
        )  # fmt: skip

    def _call(self, method, what, body=None):
        try:
            status, headers, answer = call(self._port, method, f"/{self._account}/{what}", body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceUnavailable(f"the venue did not answer: {type(error).__name__}") from error
        if status == 429:
            raise RateLimited("the venue asks us to slow down", float(headers["Retry-After"]))
        if status >= 500:
            raise SourceUnavailable(f"the venue answered {status}")
        return status, answer


@contextmanager
def venue_process():
    """The venue's port; its process ends with the block."""
    process = subprocess.Popen([sys.executable, "-m", "tests.chaos.venue"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
