"""A book at a real venue: deposit, orders, fills, reconciliation, the kill switch, and the two switches."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.backtesting.cycle_run import BacktestDesk
from data.errors import BadConfig
from data.sources.simulated import SimulatedSource
from tests.desks import bullpen, desk
from tests.stubs.alpaca import AlpacaVenue
from tests.stubs.http_stub import serving

pytest.importorskip("alpaca", reason="alpaca-py is not installed: pip install 'bullpen[brokers]'")
SYMBOLS = "AEROLIN,NOVALIN,ALLFUND,BONDFUND,BANKORA,BIOLUMA,CHEMORA,BUILDOR"
DATES = ("2023-03-15", "2023-03-16", "2023-03-17")


@pytest.fixture
def venue(monkeypatch):
    monkeypatch.setenv("APCA_API_KEY_ID", "key")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "secret")
    monkeypatch.setattr(SimulatedSource, "static", False)  # a market that is still going on
    made = AlpacaVenue()
    with serving(made.answer) as stub:
        made.url = stub.url
        yield made


@pytest.fixture
def trading(tmp_path, venue):
    return desk(tmp_path / "home", symbols=SYMBOLS, venue="alpaca", venue_url=venue.url, approval="never")


def fill_all(venue):
    for name, order in venue.book.items():
        if order["status"] == "new":
            venue.execute(name, order["qty"], "100")


def test_a_book_opens_with_the_accounts_cash_and_books_its_fills(trading, venue):
    first = trading.cycle(DATES[0]).record
    assert first.opening.cash == float(venue.money) == 100_000.0
    assert [o["client_order_id"] for o in venue.book.values()] == [o.order_id for o in first.orders]
    assert first.orders
    assert first.fills == ()
    fill_all(venue)
    second = trading.cycle(DATES[1]).record
    assert {f.order_id for f in second.settled} == {o.order_id for o in first.orders}
    assert {s: p.quantity for s, p in second.opening.positions.items()} == {
        s: float(q) for s, q in sorted(venue.positions().items())
    }
    assert second.opening.cash == pytest.approx(float(venue.money), abs=1e-6)
    assert second.verdict.decision != "halted"


def test_a_position_the_book_does_not_know_of_holds_it_until_a_person_looked(trading, venue):
    trading.cycle(DATES[0])
    fill_all(venue)
    someone = next(iter(venue.book))
    venue.book["by-hand"] = dict(venue.book[someone], client_order_id="by-hand", id="x", filled_qty="0", status="new")
    venue.execute("by-hand", "3", "100")
    held = trading.cycle(DATES[1]).record
    assert held.verdict.decision == "halted"
    assert "unreconciled" in held.verdict.reasons[0]
    assert held.orders == ()
    venue.activities.pop()  # the trade was broken
    trading.resume("tester", "simulated")
    assert trading.cycle(DATES[2]).record.verdict.decision != "halted"


def test_the_kill_switch_withdraws_at_the_venue(trading, venue):
    trading.cycle(DATES[0])
    assert {o["status"] for o in venue.book.values()} == {"new"}
    report = trading.halt("drill", "tester")
    assert {o["status"] for o in venue.book.values()} == {"canceled"}
    assert report["complete"] is True
    assert len(report["withdrawn"]) == len(venue.book)


def test_the_kill_switch_finds_the_venue_without_a_ledger(trading, venue, tmp_path):
    trading.cycle(DATES[0])
    trading.stores.ledger.close()
    (tmp_path / "home" / "desk.sqlite").write_bytes(b"no database at all")
    again = desk(tmp_path / "home")
    again.halt("drill", "tester")
    assert {o["status"] for o in venue.book.values()} == {"canceled"}


@pytest.mark.parametrize(("began", "goes_on"), [({}, {"venue": "alpaca"}), ({"venue": "alpaca"}, {})])
def test_a_book_stays_at_the_venue_it_began_with(tmp_path, venue, began, goes_on):
    common = {"symbols": SYMBOLS, "venue_url": venue.url, "approval": "never"}
    desk(tmp_path / "home", **common, **began).cycle(DATES[0])
    sent = len(venue.book)
    with pytest.raises(BadConfig, match="was opened at"):
        desk(tmp_path / "home", **common, **goes_on).cycle(DATES[1])
    assert len(venue.book) == sent


def test_an_account_that_holds_something_is_no_new_book(trading, venue):
    venue.book["old"] = {"id": "o", "symbol": "AEROLIN", "side": "buy", "qty": "1", "filled_qty": "0", "status": "new"}
    venue.execute("old", "1", "100")
    with pytest.raises(BadConfig, match="AEROLIN already"):
        trading.cycle(DATES[0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"venue": "alpaca", "live": True}, "live account must be named"),
        ({"venue": "alpaca", "live": True, "live_account": "PA0OTHER"}, "another account"),
        ({"live": True}, "never live"),
    ],
)
def test_real_money_takes_both_switches(tmp_path, venue, given, words):
    with pytest.raises(BadConfig, match=words):
        desk(tmp_path / "home", symbols=SYMBOLS, venue_url=venue.url, **given).cycle(DATES[0])
    assert venue.book == {}


def test_the_environment_alone_never_trades_live(tmp_path):
    done = bullpen(tmp_path / "home", "cycle", "--symbols", SYMBOLS, "--json", env={"BULLPEN_LIVE": "true"})
    assert done.returncode == 0, done.stderr
    assert '"live": false' in done.stdout


def test_prices_of_the_past_do_not_trade_today(tmp_path):
    with pytest.raises(BadConfig, match="prices of the past"):
        desk(tmp_path / "home", venue="alpaca").cycle(DATES[0])


def test_a_book_file_cannot_turn_live_on(tmp_path):
    (tmp_path / "book.yaml").write_text("venue: alpaca\nlive: true\n")
    with pytest.raises(BadConfig, match="say --live"):
        desk(tmp_path / "home", config=tmp_path / "book.yaml").cycle(DATES[0])


def test_quantities_reach_the_venue_as_the_book_has_them(trading, venue):
    record = trading.cycle(DATES[0]).record
    sent = {o["client_order_id"]: Decimal(o["qty"]) for o in venue.book.values()}
    assert sent == {o.order_id: Decimal(repr(o.quantity)) for o in record.orders}


def test_the_past_of_a_book_at_a_real_venue_is_traded_on_paper(tmp_path, venue, monkeypatch):
    (tmp_path / "book.yaml").write_text("venue: alpaca\n")
    book = desk(tmp_path / "home", symbols=SYMBOLS, config=tmp_path / "book.yaml", venue_url=venue.url)
    run = BacktestDesk(book.settings, tmp_path / "run")
    record = run.cycle(DATES[0]).record
    assert record.config["venue"] == "paper"
    assert record.orders
    assert venue.book == {}
