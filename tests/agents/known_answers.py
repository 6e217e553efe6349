"""Questions with known answers: each is worked out here from a record's raw JSON, by none of the explainer's code.

A question gives what must stand together on one line of the answer: words, and figures at the decimals that are shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.agents.real_records import Made

CITED = re.compile(r"\s*\[((?:[^\[\]]|\[[^\[\]]*\])+)\]")
Line = tuple[Any, ...]
"""Words (as they stand) and figures (numbers; percentages as Share) that one line must hold."""


@dataclass(frozen=True)
class Share:
    """A fraction that is shown in percent."""

    value: float


@dataclass(frozen=True)
class Known:
    """`question` and the lines that its answer must hold."""

    question: str
    kind: str
    lines: tuple[Line, ...]

    def missing(self, text: str) -> list[Line]:
        """Lines that the answer does not hold."""
        shown = [CITED.sub("", line) for line in text.splitlines()]
        return [line for line in self.lines if not any(all(_holds(one, part) for part in line) for one in shown)]


def _holds(line: str, part: Any) -> bool:
    if isinstance(part, str):
        return part in line
    percent = isinstance(part, Share)
    value = 100.0 * part.value if isinstance(part, Share) else float(part)
    for found in re.finditer(r"(?<![\w.])([+-]?\d[\d,]*(?:\.(\d+))?)(%?)(?![\w%])", line):
        if bool(found[3]) == percent and _equal(float(found[1].replace(",", "")), value, len(found[2] or "")):
            return True
    return False


def _equal(shown: float, value: float, decimals: int) -> bool:
    return abs(shown - value) <= 0.5 * 10.0**-decimals * (1.0 + 1e-6) + 1e-12


# --- figures, by hand ------------------------------------------------------------------------------------------------


def worth(book: dict[str, Any]) -> float:
    return book["cash"] + math.fsum(p["quantity"] * book["marks"][s] for s, p in book["positions"].items())


def held(book: dict[str, Any], symbol: str) -> float:
    if symbol == "CASH":
        return book["cash"] / worth(book)
    position = book["positions"].get(symbol)
    return position["quantity"] * book["marks"][symbol] / worth(book) if position else 0.0


def names(record: dict[str, Any]) -> list[str]:
    """Symbols of the decision, the largest weight first."""
    weights = {s: w for s, w in record["verdict"]["weights"].items() if s != "CASH"}
    return sorted(weights, key=lambda s: (-abs(weights[s]), s))


def owned(record: dict[str, Any]) -> list[str]:
    return [s for s in names(record) if abs(record["verdict"]["weights"][s]) > 5e-5]


def moves(record: dict[str, Any]) -> dict[str, float]:
    return {s: record["verdict"]["weights"][s] - held(record["opening"], s) for s in names(record)}


def shortfalls(made: Made) -> dict[str, tuple[float, float]]:
    """Symbol -> (fees, shortfall) of its orders, with fills that came in later cycles."""
    record, out = made.record, {}
    later = [f for other in made.book for f in other["settled"] if other["cycle_id"] != record["cycle_id"]]
    for order in record["orders"]:
        fills = [f for f in (*record["fills"], *later) if f["order_id"] == order["order_id"]]
        sign = 1 if order["side"] == "buy" else -1
        worse = sum(sign * f["quantity"] * (f["price"] - order["reference_price"]) for f in fills)
        if fills:
            out[order["symbol"]] = (sum(f["cost"] for f in fills), worse + sum(f["cost"] for f in fills))
    return out


def gain_of(book: dict[str, Any], symbol: str) -> float:
    position = book["positions"][symbol]
    return position["quantity"] * (book["marks"][symbol] - position["average_price"])


def spoke(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [view for view in record["views"] if not view["abstained"]]


# --- the questions ---------------------------------------------------------------------------------------------------

Asker = Callable[[Made], Known | None]
_askers: list[Asker] = []


def asks(asker: Asker) -> Asker:
    _askers.append(asker)
    return asker


def questions(made: Made, start: int, count: int) -> Iterator[Known]:
    """`count` questions that can be asked of a record, from the asker at `start` on, around the list."""
    found = 0
    for i in range(len(_askers)):
        known = _askers[(start + i) % len(_askers)](made)
        if known is not None and found < count:
            found += 1
            yield known


@asks
def why_moved(made: Made) -> Known | None:
    moved = moves(made.record)
    symbol = max(moved, key=lambda s: (abs(moved[s]), s))
    if abs(moved[symbol]) < 1e-4:
        return None
    way, verb = ("grow", "grew") if moved[symbol] > 0 else ("shrink", "shrank")
    was, final = held(made.record["opening"], symbol), made.record["verdict"]["weights"][symbol]
    return Known(f"why did {symbol} {way}?", "why", ((f"{symbol} {verb} from", Share(was), Share(final)),))


@asks
def false_premise(made: Made) -> Known | None:
    moved = moves(made.record)
    symbol = max(moved, key=lambda s: (abs(moved[s]), s))
    way = "shrink" if moved[symbol] > 0 else "grow"
    return Known(f"why did {symbol} {way}", "why", ((f"{symbol} did not {way}: it",),))


@asks
def biggest_position(made: Made) -> Known | None:
    mine = owned(made.record)
    if not mine:
        return Known("biggest position?", "positions", (("Nothing", Share(made.record["verdict"]["weights"]["CASH"])),))
    return Known(
        "biggest position?", "positions", ((f"- {mine[0]} ", Share(made.record["verdict"]["weights"][mine[0]])),)
    )


@asks
def smallest_position(made: Made) -> Known | None:
    mine = owned(made.record)
    if not mine:
        return None
    share = Share(made.record["verdict"]["weights"][mine[-1]])
    return Known("what is our smallest position", "positions", (("Smallest positions",), (f"- {mine[-1]} ", share)))


@asks
def class_weight(made: Made) -> Known | None:
    classes = made.record["snapshot"]["asset_class"]
    if "crypto" not in classes.values():
        return None
    total = sum(made.record["verdict"]["weights"].get(s, 0.0) for s, c in classes.items() if c == "crypto")
    return Known("how much is in crypto?", "positions", (("`crypto`", Share(total)),))


@asks
def cash(made: Made) -> Known | None:
    was, now = held(made.record["opening"], "CASH"), made.record["verdict"]["weights"]["CASH"]
    return Known("why so much cash?", "cash", (("Cash was", Share(was), Share(now), Share(now - was)),))


@asks
def value(made: Made) -> Known | None:
    book = made.record["opening"]
    return Known("what is the book worth?", "book", (("worth", worth(book), book["peak_value"]),))


@asks
def drawdown(made: Made) -> Known | None:
    book = made.record["opening"]
    fall = 1.0 - worth(book) / max(book["peak_value"], worth(book))
    return Known("what's our drawdown?", "book", (("Drawdown", Share(fall)),))


@asks
def turnover(made: Made) -> Known | None:
    moved = made.record["verdict"]["measures"].get("turnover")
    if moved is None:
        return Known("what was the turnover?", "turnover", (("no turnover", "“halted”"),))
    by_hand = sum(abs(m) for m in moves(made.record).values())
    return Known("what was the turnover?", "turnover", (("Turnover", Share(by_hand)),))


@asks
def order_count(made: Made) -> Known | None:
    record = made.record
    return Known(
        "what orders were sent?", "orders", ((len(record["orders"]), "orders", len(record["fills"]), "fills"),)
    )


@asks
def order_on(made: Made) -> Known | None:
    if not made.record["orders"]:
        return None
    order = made.record["orders"][-1]
    line = (order["symbol"], f"“{order['side']}”", order["quantity"], order["reference_price"])
    return Known(f"did the {order['symbol']} order fill?", "orders", (line,))


@asks
def refused(made: Made) -> Known | None:
    if not made.record["refusals"]:
        return Known("why no orders", "orders", (("No order was sent",),)) if not made.record["orders"] else None
    (order_id, reason), *_ = sorted(made.record["refusals"].items())
    symbol = next(o["symbol"] for o in made.record["orders"] if o["order_id"] == order_id)
    return Known("which orders were refused", "orders", ((symbol, "refused", reason.split(":")[0]),))


@asks
def largest_order(made: Made) -> Known | None:
    orders = made.record["orders"]
    if not orders:
        return None
    top = max(orders, key=lambda o: o["quantity"] * o["reference_price"])
    return Known("largest order", "orders", ((f"- {top['symbol']}:", top["quantity"]),))


@asks
def fees(made: Made) -> Known | None:
    if not made.record["fills"]:
        return Known("what did trading cost?", "costs", (("Nothing was filled",),))
    total = sum(f["cost"] for f in made.record["fills"])
    return Known("what did trading cost?", "costs", ((len(made.record["fills"]), "fills cost", total),))


@asks
def shortfall(made: Made) -> Known | None:
    costs = shortfalls(made)
    if not costs:
        return None
    total = sum(lost for _, lost in costs.values())
    worst = max(costs, key=lambda s: costs[s][1])
    lines = (("Against the prices", total), (f"- {worst} ", "shortfall", costs[worst][1]))
    return Known("implementation shortfall against the decision price", "costs", lines)


@asks
def dearest(made: Made) -> Known | None:
    costs = shortfalls(made)
    if not costs:
        return None
    top = max(costs, key=lambda s: costs[s][0])
    return Known("most expensive order", "costs", ((f"- {top} ", "fees", costs[top][0]),))


@asks
def pushed_hardest(made: Made) -> Known | None:
    parts = made.record["allocation"]["contributions"]
    moved = {s: sum(abs(w) for w in by.values()) for s, by in parts.items() if s != "prior"}
    top = max(sorted(moved), key=lambda s: moved[s])
    return Known("who pushed hardest", "contributors", ((f"- `{top}`", Share(moved[top])),))


@asks
def contribution(made: Made) -> Known | None:
    parts, symbol = made.record["allocation"]["contributions"], names(made.record)[0]
    if "momentum" not in parts:
        return None
    question = f"how much did momentum contribute to {symbol}?"
    return Known(question, "contributors", (("`momentum`", Share(parts["momentum"].get(symbol, 0.0))),))


@asks
def who_abstained(made: Made) -> Known | None:
    silent = [view for view in made.record["views"] if view["abstained"]]
    lines = tuple((f"`{v['agent']}` abstained", v["reason"]) for v in silent) or (("No agent abstained",),)
    return Known("who abstained?", "abstentions", lines)


@asks
def a_score(made: Made) -> Known | None:
    view = spoke(made.record)[-1]
    symbol = sorted(view["opinions"])[0]
    opinion = view["opinions"][symbol]
    role = {"news": "news analyst", "social": "social analyst", "macro": "macro analyst", "policy": "policy agent",
            "risk": "risk specialist"}.get(view["agent"], view["agent"])  # fmt: skip
    line = (f"`{view['agent']}` on {symbol}", opinion["score"], opinion["confidence"])
    return Known(f"what did the {role} think of {symbol}?", "views", (line,))


@asks
def most_bullish(made: Made) -> Known | None:
    symbol = names(made.record)[0]
    scores = {v["agent"]: v["opinions"][symbol]["score"] for v in spoke(made.record) if symbol in v["opinions"]}
    if not scores:
        return None
    top = max(sorted(scores), key=lambda a: scores[a])
    return Known(f"who is most bullish on {symbol}?", "views", ((f"`{top}` on {symbol}", scores[top]),))


@asks
def limits(made: Made) -> Known | None:
    clamps = made.record["verdict"]["clamps"]
    if not clamps:
        return Known("which limits fired?", "limits", (("No limit fired",),))
    by = {limit: [c for c in clamps if c["limit"] == limit] for limit in sorted({c["limit"] for c in clamps})}
    lines: list[Line] = [("There are", len(clamps), "clamps")]
    for limit, found in by.items():
        if len({c["detail"] for c in found}) == 1:
            asked, allowed = (sum(abs(c[end]) for c in found) for end in ("before", "after"))
            lines.append((f"- `{limit}` let", Share(allowed), Share(asked), Share(asked - allowed), len(found)))
    return Known("which limits fired?", "limits", tuple(lines))


@asks
def lifted(made: Made) -> Known | None:
    named = [c for c in made.record["verdict"]["clamps"] if c["limit"] == "max_name_weight"]
    if not named:
        return None
    cap = made.record["config"]["limits"]["max_name_weight"]
    line = ("the limit stands at", Share(cap), named[0]["symbol"], Share(named[0]["before"]))
    return Known(f"what would lift the clamp on {named[0]['symbol']}?", "limits", (line,))


@asks
def approval(made: Made) -> Known | None:
    said = made.record["approval"]
    lines: list[Line] = [("A person had to be asked", str(said["required"]).lower(), f"“{said['answer']}”")]
    lines += [(said[field],) for field in ("by", "note") if said[field]]
    return Known("was it approved, and by whom?", "approval", tuple(lines))


@asks
def kill_switch(made: Made) -> Known | None:
    halt = made.record["halt"]
    line = ("The kill switch was on", halt["since"], halt["reason"]) if halt["on"] else ("The kill switch was off",)
    return Known("is the kill switch on?", "state", (line,))


@asks
def locks(made: Made) -> Known | None:
    found = made.record["opening"]["locks"]
    lines = tuple((f"“{lock['rule']}”", lock["since"], lock["detail"]) for lock in found)
    return Known("which locks are active?", "state", lines or (("No breaker holds the book", 0),))


@asks
def value_at_risk(made: Made) -> Known | None:
    figure, limit = made.record["verdict"]["measures"].get("var_95"), made.record["config"]["limits"]["max_var_95"]
    if figure is None:
        return None
    return Known("VaR against its limit?", "risk", (("`var_95`", Share(figure), Share(limit), Share(limit - figure)),))


@asks
def policy_card(made: Made) -> Known | None:
    used = made.record["allocation"]["policies"]
    if not used:
        return Known("which policy was used?", "policies", (("No trained policy",),))
    use, card = used[0], made.card(used[0]["policy_id"]) or {}
    seen = "had seen" if use["in_sample"] else "had not seen"
    lines = (
        (use["policy_id"], use["trained_until"], seen),
        ("`sharpe` on unseen dates", card["metrics"]["unseen"]["sharpe"]),
    )
    return Known("which policy, trained until when, and what did it score on unseen dates?", "policies", lines)


@asks
def fallback(made: Made) -> Known | None:
    *failed, used = made.record["allocation"]["fallback_chain"]
    lines: list[Line] = [("Allocated by", f"“{used['name']}”")]
    lines += [(f"“{link['name']}” was tried first", link["reason"]) for link in failed]
    return Known("did anything fall back?", "fallback", tuple(lines))


@asks
def regime(made: Made) -> Known | None:
    known = {n: v for n, v in made.record["snapshot"]["market"].items() if n.startswith("regime_") and v is not None}
    lines = tuple((f"`{name}`", Share(chance)) for name, chance in known.items())
    return Known("what regime are we in?", "regime", lines) if lines else None


@asks
def macro(made: Made) -> Known | None:
    series = made.record["snapshot"]["macro"]
    lines = tuple((f"`{name}`", fact["value"], fact["known_at"]) for name, fact in series.items())
    return Known("latest macro releases", "macro", lines) if lines else None


@asks
def headlines(made: Made) -> Known | None:
    news = made.record["snapshot"]["news"]
    if "news" in made.record["snapshot"]["unavailable"]:
        return Known("show me the headlines", "evidence", (("No headlines",),))
    lines: list[Line] = [("The snapshot holds", len(news), "headlines")]
    if news:
        newest = max(news, key=lambda item: (item["known_at"], item["id"]))
        lines.append((newest["known_at"],))
    return Known("show me the headlines", "evidence", tuple(lines))


@asks
def data(made: Made) -> Known | None:
    snapshot = made.record["snapshot"]
    lines = (
        ("findings", len(snapshot["findings"])),
        (len(snapshot["tradable"]), len(snapshot["prices"]), "could be traded"),
    )
    return Known("any problems with the data?", "data", lines)


@asks
def identity(made: Made) -> Known | None:
    return Known("which cycle is this?", "identity", ((made.record["cycle_id"], made.record["as_of"]),))


@asks
def last_weight(made: Made) -> Known | None:
    before = [r for r in made.book if r["slot"] < made.record["slot"]]
    symbol = names(made.record)[0]
    if not before:
        return Known(
            f"how did {symbol}'s weight develop over the last cycles?", "history", (("first cycle of the book",),)
        )
    last = max(before, key=lambda r: r["slot"])
    line = (f"- {last['slot']}", Share(last["verdict"]["weights"].get(symbol, 0.0)))
    return Known(f"how did {symbol}'s weight develop over the last cycles?", "history", (line,))


@asks
def first_bought(made: Made) -> Known | None:
    symbol = names(made.record)[0]
    cycles = sorted((r for r in made.book if r["slot"] <= made.record["slot"]), key=lambda r: r["slot"])
    bought = [(r, o) for r in cycles for o in r["orders"] if (o["symbol"], o["side"]) == (symbol, "buy")]
    if not bought:
        return None
    record, order = bought[0]
    line = (f"{symbol} was first bought", record["slot"], order["quantity"])
    return Known(f"when did we first buy {symbol}?", "history", (line,))


@asks
def without(made: Made) -> Known | None:
    view, symbol = spoke(made.record)[0], names(made.record)[0]
    if view["agent"] != "news" or made.record["approval"]["weights"]:
        return None
    now = made.record["verdict"]["weights"][symbol]
    line = ("Without `news`", symbol, Share(0.9 * now), Share(now), Share(-0.1 * now))
    return Known(f"what if the news agent had said nothing about {symbol}?", "counterfactual", (line,))


@asks
def compared(made: Made) -> Known | None:
    first, second, *_ = (*names(made.record), "", "")
    if not second or not first:
        return None
    weights = made.record["verdict"]["weights"]
    if abs(weights[first] - weights[second]) < 5e-5:
        return None
    more = "There is more" if weights[first] > weights[second] else "the other way round"
    line = (more, Share(weights[first]), Share(weights[second]), Share(weights[first] - weights[second]))
    return Known(f"why more {first} than {second}?", "compare", (line,))


@asks
def price(made: Made) -> Known | None:
    symbol = names(made.record)[-1]
    known = made.record["snapshot"]["prices"][symbol]
    return Known(f"what was the price of {symbol}?", "quote", ((f"price of {symbol}", known),)) if known else None


@asks
def feature(made: Made) -> Known | None:
    symbol = names(made.record)[0]
    rsi = made.record["snapshot"]["features"][symbol].get("rsi_14")
    return Known(f"what is the rsi of {symbol}?", "quote", (("`rsi_14`", rsi),)) if rsi is not None else None


@asks
def position(made: Made) -> Known | None:
    book = made.record["closing"]
    if not book["positions"]:
        return None
    symbol = sorted(book["positions"])[0]
    mine = book["positions"][symbol]
    line = (f"{symbol}:", mine["quantity"], mine["average_price"], book["marks"][symbol], gain_of(book, symbol))
    return Known(f"unrealised profit on {symbol}?", "gains", (line,))


@asks
def worst_position(made: Made) -> Known | None:
    book = made.record["closing"]
    if not book["positions"]:
        return None
    worst = min(sorted(book["positions"]), key=lambda s: gain_of(book, s))
    return Known("which position lost most?", "gains", ((f"- {worst} ", gain_of(book, worst)),))


@asks
def setting(made: Made) -> Known | None:
    limit = made.record["config"]["limits"]["max_name_weight"]
    return Known("what is the max position size?", "settings", (("`max_name_weight`", Share(limit)),))


@asks
def biggest_increase(made: Made) -> Known | None:
    moved = moves(made.record)
    top = max(sorted(moved), key=lambda s: moved[s])
    if moved[top] < 1e-4:
        return None
    was = held(made.record["opening"], top)
    return Known("biggest increase?", "changes", ((f"- {top} grew from", Share(was), Share(was + moved[top])),))


@asks
def stranger(made: Made) -> Known | None:
    return Known("why did QQZX shrink?", "absent", (("`QQZX` is not a symbol of this record",),))


@asks
def tomorrow(made: Made) -> Known | None:
    symbol = names(made.record)[0]
    return Known(f"will {symbol} go up tomorrow?", "beyond", (("cannot answer", made.record["as_of"]),))


@asks
def chief(made: Made) -> Known | None:
    return Known("what is the CEO's name?", "beyond", (("cannot answer",),))
