"""Orders, fills and what they cost; and, where nothing was sent, why."""

from __future__ import annotations

import re

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.checker import SAME_WEIGHT


def orders(ask: Ask) -> list[str]:
    """The orders asked for (the refused, the largest, those on a symbol) with their fills, or why there is none."""
    wanted = _wanted(ask)
    head = f"There are {ask.cite.count('orders')} orders and {ask.cite.count('fills')} fills."
    if ask.facts.size("refusals"):
        head += f" {ask.cite.count('refusals')} orders were refused."
    if not wanted:
        if ask.facts.size("orders") and not ask.intent.symbols:
            return [head, "None of them is of that kind."]
        return [head, *(why_nothing_was_sent(ask, symbol) for symbol in ask.intent.symbols or ("",))]
    more = ["The first are shown; the record holds them all."] if len(wanted) > MOST_LINES else []
    return [head, *bullets(_order(ask, i) for i in wanted[:MOST_LINES]), *more]


def _wanted(ask: Ask) -> list[int]:
    """Places of the orders that are asked for, by size where an end of the ranking is."""
    found = ask.facts.items("orders")
    wanted = [i for i, order in enumerate(found) if ask.asked(str(order["symbol"]))]
    words = ask.intent.words
    if re.search(r"refus|reject|fail", words) and not ask.intent.symbols:
        wanted = [i for i in wanted if ask.facts.has(f"refusals.{found[i]['order_id']}")]
    elif re.search(r"unfilled|open order|not filled", words):
        filled = {fill["order_id"] for fill in ask.facts.items("fills")}
        wanted = [i for i in wanted if found[i]["order_id"] not in filled]
    sides = {side for side, pattern in _SIDES.items() if re.search(pattern, words)}
    if len(sides) == 1 and not ask.intent.symbols:
        wanted = [i for i in wanted if found[i]["side"] in sides]
    if ask.intent.sense:
        sign = 1 if ask.intent.sense == "least" else -1
        wanted.sort(key=lambda i: (sign * float(found[i]["quantity"]) * float(found[i]["reference_price"]), i))
    return wanted


_SIDES = {"buy": r"\b(buy|buys|bought|purchases?)\b", "sell": r"\b(sell|sells|sold|sales?)\b"}


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
    """Fees, and the shortfall against the prices at which orders were decided, in all and by order."""
    found = ask.facts.items("costs")
    if not found:
        return [
            f"Nothing was filled, so nothing was paid: {ask.cite.count('fills')} fills.",
            *(why_nothing_was_sent(ask, symbol) for symbol in ask.intent.symbols or ("",)),
        ]
    asked = [k for k, cost in enumerate(found) if ask.asked(str(cost["symbol"]))]
    if not asked:
        return [f"No order for {s} was filled [verdict.weights.{s}], so it cost nothing." for s in ask.intent.symbols]
    by = "shortfall" if re.search(r"slip|decision|decided|shortfall|arrival|price", ask.intent.words) else "fees"
    sign = 1 if ask.intent.sense == "least" else -1
    ranked = sorted(asked, key=lambda k: (sign * float(found[k][by]), k))
    first = "The cheapest" if sign > 0 else "The dearest"
    return [
        f"{ask.cite.count('fills')} fills cost {ask.cite.number('sum fills.*.cost', 2)} in all (account currency).",
        f"Against the prices at which orders were decided they cost {ask.cite.number('sum costs.*.shortfall', 2)}: "
        f"{ask.cite.number('sum costs.*.fees', 2)} of fees and {ask.cite.number('sum costs.*.delay', 2)} of worse "
        "prices (below nothing: better ones).",
        f"{first} by {by} first:",
        *bullets(_cost(ask, k) for k in ranked[:MOST_LINES]),
    ]


def _cost(ask: Ask, k: int) -> str:
    path, cost = f"costs.{k}", ask.facts.items("costs")[k]
    decided, filled = ask.cite.number(f"{path}.decision_price"), ask.cite.number(f"{path}.fill_price")
    shortfall, bps = ask.cite.number(f"{path}.shortfall", 2), ask.cite.number(f"{path}.bps", 2)
    return (f"{cost['symbol']} {ask.cite.quote(f'{path}.side')}: fees {ask.cite.number(f'{path}.fees', 2)}, decided at "
            f"{decided}, filled at {filled}, shortfall {shortfall}, that is {bps} bps")  # fmt: skip
