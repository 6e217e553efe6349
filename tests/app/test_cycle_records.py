"""What a whole cycle leaves behind, on data that needs no network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.desks import DATE, SAMPLE_DATE, cycle_json, desk

KEYS = {
    "cycle_id", "book", "slot", "as_of", "source", "snapshot", "views", "allocation", "verdict", "orders", "fills",
    "hashes",
}  # fmt: skip


def assert_whole(record: dict[str, Any]) -> None:
    """The invariants every record keeps, recomputed here from plain JSON."""
    assert set(record) >= KEYS
    views = record["views"]
    assert len({v["agent"] for v in views}) >= 6
    for view in views:
        assert view["abstained"] == (not view["opinions"])
        assert view["reason"] or not view["abstained"]
        assert all(-1 <= o["score"] <= 1 and 0 <= o["confidence"] <= 1 for o in view["opinions"].values())
    allocation = record["allocation"]
    assert "prior" in allocation["contributions"]
    for weights in (allocation["weights"], record["verdict"]["weights"]):
        assert "CASH" in weights
        assert math.isclose(sum(weights.values()), 1.0, abs_tol=1e-9)
    for symbol, weight in allocation["weights"].items():
        parts = sum(c.get(symbol, 0.0) for c in allocation["contributions"].values())
        assert math.isclose(parts, weight, abs_tol=1e-9), symbol
    assert {o["order_id"] for o in record["fills"]} <= {o["order_id"] for o in record["orders"]}
    assert {"snapshot", "config", "code", "policies"} <= set(record["hashes"])


def assert_money_is_conserved(record: dict[str, Any]) -> None:
    """Closing cash is opening cash less what was bought, plus what was sold, less costs."""
    cash = record["opening"]["cash"]
    for fill in record["fills"]:
        sign = 1 if fill["side"] == "sell" else -1
        cash += sign * fill["quantity"] * fill["price"] - fill["cost"]
    assert math.isclose(cash, record["closing"]["cash"], rel_tol=1e-12, abs_tol=1e-6)


def test_a_cycle_on_the_simulated_market_is_whole(tmp_path: Path) -> None:
    record = cycle_json(tmp_path, "--as-of", DATE)
    assert_whole(record)
    assert_money_is_conserved(record)
    assert record["source"]["name"] == "simulated"
    assert record["fills"]
    assert {f["convention"] for f in record["fills"]} == {"next_open"}
    assert all(f["bar_time"] >= record["as_of"] for f in record["fills"])
    assert not any(use["in_sample"] for use in record["allocation"]["policies"])


def test_a_cycle_on_the_sample_is_whole_and_says_that_it_has_closes_only(tmp_path: Path) -> None:
    record = cycle_json(tmp_path, "--source", "sample", "--as-of", SAMPLE_DATE)
    assert_whole(record)
    assert_money_is_conserved(record)
    assert {f["convention"] for f in record["fills"]} == {"next_close"}
    assert {f["bar_time"][:10] for f in record["fills"]} == {"2020-03-17"}
    silent = {v["agent"]: v["reason"] for v in record["views"] if v["abstained"]}
    assert {"news", "social"} <= set(silent)


def test_a_cycle_on_a_folder_of_real_prices_is_whole(tmp_path: Path, market_data: Path) -> None:
    record = cycle_json(tmp_path, "--source", "files", "--path", str(market_data / "etf"), "--as-of", SAMPLE_DATE)
    assert_whole(record)
    assert_money_is_conserved(record)
    assert {f["convention"] for f in record["fills"]} == {"next_open"}
    assert {f["bar_time"][:10] for f in record["fills"]} == {"2020-03-17"}


def test_a_policy_asked_about_dates_it_was_trained_on_is_flagged(tmp_path: Path) -> None:
    record = cycle_json(tmp_path, "--as-of", "2018-03-15")
    assert all(use["in_sample"] for use in record["allocation"]["policies"])
    policy = next(v for v in record["views"] if v["agent"] == "policy")
    assert "in_sample" in policy["flags"]


def test_a_book_is_carried_from_cycle_to_cycle(tmp_path: Path) -> None:
    first = desk(tmp_path).cycle(DATE).record
    second = desk(tmp_path).cycle().record
    assert first is not None
    assert second is not None
    assert second.slot > first.slot
    assert second.opening.cash == first.closing.cash
    assert second.opening.positions == first.closing.positions
    assert second.opening.cycles == first.opening.cycles + 1


@pytest.mark.parametrize("frequency", ["1h"])
def test_an_hourly_book_runs(tmp_path: Path, frequency: str) -> None:
    done = desk(tmp_path, frequency=frequency).cycle().record
    assert done is not None
    assert done.config["frequency"] == frequency
    assert_whole(done.model_dump(mode="json"))
