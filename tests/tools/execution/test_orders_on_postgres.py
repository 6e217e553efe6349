"""The sequences of what orders go through keep every rule on a ledger in Postgres, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import Server
from tests.tools.execution import order_sequences
from tools.execution.ledger import Ledger

SEQUENCES = 8


def test_sequences_of_order_events_keep_every_rule(
    postgres_server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: set[Path] = set()

    def opened(path: Path) -> Ledger:
        ledger = Ledger(postgres_url)
        if path not in begun:
            begun.add(path)
            postgres_server.sql("TRUNCATE cycles, books CASCADE", postgres_url.rpartition("/")[2])
        return ledger

    monkeypatch.setattr(order_sequences, "Ledger", opened)
    totals = order_sequences.run(SEQUENCES)
    assert len(begun) >= SEQUENCES
    assert totals.executions > 0
