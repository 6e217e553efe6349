"""The desk's risk check in a backtest keeps its book through what happens to an account without a trade."""

from datetime import timedelta

import numpy as np
import pytest

from tests.tools.backtest.toy_histories import SYMBOLS, closes, history_of
from tools.backtest.actions import Dividend, Split
from tools.backtest.conditions import Conditions
from tools.backtest.event.engine import run_events
from tools.backtest.event.limits import RiskHook
from tools.backtest.event.moments import moments
from tools.backtest.rules import Rules
from tools.backtest.taping import tape_from_history
from tools.market.terms import proportional_terms
from tools.risk.limits import RiskLimits

AT = 60
LIMITS = RiskLimits(max_name_weight=0.5, min_history_bars=20, risk_window_bars=20, max_trailing_loss=0.5,
                    max_position_loss=0.5, max_turnover_per_cycle=1.0,
                    max_var_95=1.0, max_cvar_95=1.0, max_volatility_annual=1.0)  # fmt: skip


class Hooked(RiskHook):
    """Keeps the books it judged."""

    def _opened(self, moment):
        book = super()._opened(moment)
        self.books = [*getattr(self, "books", []), book]
        return book


def run(fill, weights_of, actions=(), ratio=1.0):
    close = closes()
    close[AT:, 0] /= ratio
    history = history_of(close)
    if ratio != 1.0:  # an open is the close before it: on the split's day in new units
        history.panel.open[AT, 0] /= ratio
        history.fill[AT - 1, 0] /= ratio
        history.panel.low[AT, 0] = min(history.panel.open[AT, 0], close[AT, 0])
        history.panel.high[AT, 0] = max(history.panel.open[AT, 0], close[AT, 0])
    tape = tape_from_history(history, Conditions(actions=actions))
    seen, hook = moments(history), Hooked(LIMITS, lambda at: at + timedelta(days=1))
    result = run_events(
        tape, lambda snapshot: weights_of(len(snapshot.panel.times) - 1), proportional_terms(np.zeros(3)),
        Rules(fill=fill), moments=seen, check=hook,
    )  # fmt: skip
    return result, hook, history


@pytest.mark.parametrize("fill", ["next_open", "next_close", "same_close"])
@pytest.mark.parametrize("ratio", [4.0, 0.25])
@pytest.mark.parametrize("after", [0.0, 0.02])
def test_a_sale_that_waits_over_a_split_is_booked_in_new_units(fill, ratio, after):
    day = history_of(closes()).panel.times[AT].astype("datetime64[D]").item()
    decided = {30: {"AAA": 0.1}, AT - 1: {"AAA": after}}
    result, hook, _ = run(fill, lambda t: decided.get(t, {}), (Split("AAA", day, ratio),), ratio)
    for t, book in enumerate(hook.books):
        assert all(position.average_price > 0.0 for position in book.positions.values()), t
        if fill != "same_close":  # there the book of a slot comes before its fills
            assert book.net_asset_value == pytest.approx(result.equity[t], rel=1e-12)
    assert result.trades.slot.size == 2
    last = hook.books[-1]
    assert ("AAA" in last.positions) == (after > 0.0)
    if after:
        assert last.positions["AAA"].average_price == pytest.approx(result.trades.price[0] / ratio)
        assert not [v for v in hook.verdicts if any(c.limit.startswith("max_") and "loss" in c.limit for c in v.clamps)]


def test_a_dividend_is_in_the_books_cash():
    day = history_of(closes()).panel.times[AT].astype("datetime64[D]").item()
    decided = {30: dict.fromkeys(SYMBOLS, 0.2)}
    plain, _, _ = run("next_open", lambda t: decided.get(t, {}))
    paid, hook, _ = run("next_open", lambda t: decided.get(t, {}), (Dividend("BBB", day, 1.5),))
    assert hook.books[-1].cash - plain.cash[-1] == pytest.approx(1.5 * plain.units[-1, 1])
    assert paid.equity[AT] - plain.equity[AT] == pytest.approx(1.5 * plain.units[AT, 1])
