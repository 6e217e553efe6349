"""Orders, fills and what they cost; and, where nothing was sent, why."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.checker import SAME_WEIGHT


def orders(ask: Ask) -> list[str]:
    """Every order with its fill, or why there is none."""
    lines = order_lines(ask, ask.intent.symbols)
    head = f"There are {ask.cite.count('orders')} orders and {ask.cite.count('fills')} fills."
    if not lines:
        return [head, *(why_nothing_was_sent(ask, symbol) for symbol in ask.intent.symbols or ("",))]
    more = ["The first are shown; the record holds them all."] if len(lines) > MOST_LINES else []
    return [head, *bullets(lines[:MOST_LINES]), *more]


def order_lines(ask: Ask, symbols: tuple[str, ...]) -> list[str]:
    """One line an order on the symbols given (all where none is)."""
    wanted = [i for i, o in enumerate(ask.facts.items("orders")) if not symbols or o["symbol"] in symbols]
    return [_order(ask, i) for i in wanted]


def _order(ask: Ask, i: int) -> str:
    order, path = ask.facts.items("orders")[i], f"orders.{i}"
    line = (
        f"{order['symbol']}: {ask.cite.quote(f'{path}.side')} {ask.cite.number(f'{path}.quantity')} "
        f"sized at {ask.cite.number(f'{path}.reference_price')}"
    )
    fills = [k for k, f in enumerate(ask.facts.items("fills")) if f["order_id"] == order["order_id"]]
    refusal = f"refusals.{order['order_id']}"
    if ask.facts.has(refusal):
        return f"{line}; refused: {ask.cite.quote(refusal)}."
    if not fills:
        return f"{line}; not filled in this cycle."
    return f"{line}; {'; '.join(_fill(ask, k) for k in fills)}."


def _fill(ask: Ask, k: int) -> str:
    path = f"fills.{k}"
    return (
        f"filled {ask.cite.number(f'{path}.quantity')} at {ask.cite.number(f'{path}.price')} "
        f"({ask.cite.quote(f'{path}.convention')}, {ask.cite.date(f'{path}.bar_time')}), "
        f"cost {ask.cite.number(f'{path}.cost', 2)}"
    )


def why_nothing_was_sent(ask: Ask, symbol: str) -> str:
    """The reason why there is no order, for a symbol or (with "") for all."""
    about = f" for {symbol} [verdict.weights.{symbol}]" if symbol else ""
    if ask.facts.get("verdict.decision") == "halted":
        return f"No order was sent{about}: the verdict is {ask.cite.quote('verdict.decision')}."
    if ask.facts.has("approval.answer") and ask.facts.get("approval.answer") == "rejected":
        return f"No order was sent{about}: the answer of a person was {ask.cite.quote('approval.answer')}."
    if symbol and abs(ask.move(symbol)) >= SAME_WEIGHT:
        change = ask.cite.percent(f"verdict.weights.{symbol} - opening.weights.{symbol}", signed=True)
        return f"No order was sent for {symbol}: the change of {change} was too small to trade, or not sent."
    return f"No order was sent{about}: what is allowed is what is held."


def costs(ask: Ask) -> list[str]:
    """The sum of costs, and the dearest fills."""
    fills = ask.facts.items("fills")
    if not fills:
        return [
            f"Nothing was filled, so nothing was paid: {ask.cite.count('fills')} fills.",
            why_nothing_was_sent(ask, ""),
        ]
    asked = [k for k, fill in enumerate(fills) if ask.asked(str(fill["symbol"]))]
    ranked = sorted(asked, key=lambda k: (-float(fills[k]["cost"]), k))
    total = ask.cite.number("sum fills.*.cost", 2)
    lines = [f"{ask.cite.count('fills')} fills cost {total} in all (account currency). The dearest:"]
    return lines + bullets(f"{fills[k]['symbol']} {ask.cite.number(f'fills.{k}.cost', 2)}" for k in ranked[:MOST_LINES])
