"""What the last gate refuses stands in the record with its reason, is explained from there, and replays bit for bit."""

from __future__ import annotations

from pathlib import Path

from tests.desks import DATE, desk


def test_a_refused_order_is_recorded_explained_and_replayed(tmp_path: Path) -> None:
    config = tmp_path / "desk.yaml"
    config.write_text("gate:\n  restricted: [NOVALIN]\n", encoding="utf-8")
    one = desk(tmp_path / "home", config=config, symbols="BANKFUND,NOVALIN")
    record = one.cycle(DATE).record
    assert record is not None
    refused = {order.symbol: record.refusals.get(order.order_id) for order in record.orders}
    assert set(refused) == {"NOVALIN", "BANKFUND"}
    assert "restricted" in (refused["NOVALIN"] or "")
    assert refused["BANKFUND"] is None
    assert {fill.symbol for fill in record.fills} == {"BANKFUND"}
    assert "NOVALIN" not in record.closing.positions
    text = one.explain(record.cycle_id, "what orders were sent for NOVALIN?").text
    assert "refused: " in text
    assert "restricted" in text
    assert one.replay(record.cycle_id).identical
