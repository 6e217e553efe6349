"""Lies about a record, by kind: an honest sentence with one thing changed, or one that the record never bore out."""

from __future__ import annotations

import re

from agents.explainer.cite import number, percent
from agents.explainer.facts import Facts
from agents.explainer.proofs import Said
from tests.agents.narrations import honest, movers

Lie = tuple[str, Said]
"""(kind, sentence)."""
FIGURE = re.compile(r"(?<![\w.-])[+-]?\d[\d,]*\.\d+(?=%|\b)")
OPPOSITE = {
    "rose": "fell", "grew": "shrank", "fell": "rose", "dropped": "climbed", "raised": "cut", "lifted": "trimmed",
    "reduced": "increased", "bought": "sold", "sold": "bought", "cut": "raised", "lowered": "raised",
    "positive": "negative", "negative": "positive", "increase": "decrease", "rise": "drop", "decrease": "increase",
}  # fmt: skip


def lies(facts: Facts) -> list[Lie]:
    """Every one of them is false, or claims what the record does not hold."""
    told = (_altered, _about_weights, _about_agents, _about_limits, _about_the_rest)
    return [lie for tell in told for lie in tell(facts)]


def _altered(facts: Facts) -> list[Lie]:
    """Honest sentences with one thing changed."""
    out: list[Lie] = []
    for k, said in enumerate(honest(facts)):
        figures = list(FIGURE.finditer(said.text))
        if figures:
            found = figures[k % len(figures)]
            out.append(("wrong number", _with(said, found, _other_digit(found[0]))))
            if any(c in "123456789" for c in found[0]):
                turned = found[0][1:] if found[0][0] == "-" else f"-{found[0].lstrip('+')}"
                out.append(("wrong sign", _with(said, found, turned)))
            if said.text[found.end() :].startswith("%") and any(c in "123456789" for c in found[0]):
                swapped = said.text[: found.start()] + found[0] + " bps" + said.text[found.end() + 1 :]
                out.append(("wrong unit", Said(swapped, said.citations)))
        for word, other in OPPOSITE.items():
            found = re.search(rf"\b{word}\b", said.text)
            if found and "verdict is" not in said.text:
                out.append(("wrong direction", _with(said, found, other)))
                break
        spoken = (s for s in sorted(facts.symbols) if re.search(rf"(?<![\w“]){re.escape(s)}(?![\w-])", said.text))
        named = next(spoken, "")
        if named and "“" not in said.text:
            other = "KO" if named != "KO" else "TLT"
            out.append(("foreign symbol", Said(said.text.replace(named, "NVDA"), said.citations)))
            out.append(("another symbol", Said(said.text.replace(named, other), said.citations)))
        if "2020-03-1" in said.text:
            out.append(("wrong date", Said(said.text.replace("2020-03-1", "2020-04-1"), said.citations)))
        if "momentum" in said.text and "specialist" in said.text:
            out.append(("wrong agent", Said(said.text.replace("momentum", "macro"), said.citations)))
    return out


def _with(said: Said, found: re.Match[str], other: str) -> Said:
    return Said(said.text[: found.start()] + other + said.text[found.end() :], said.citations)


def _other_digit(figure: str) -> str:
    at = next(i for i, c in enumerate(figure) if c.isdigit())
    return figure[:at] + str((int(figure[at]) + 3) % 10) + figure[at + 1 :]


def _about_weights(facts: Facts) -> list[Lie]:
    grew, shrank = movers(facts)
    a, b, small = grew[0], shrank[0], grew[-1]
    o, v, p = "opening.weights.", "verdict.weights.", "allocation.weights."
    w = lambda path: percent(facts.number(path))  # noqa: E731
    by_size = sorted(facts.symbols, key=lambda s: facts.number(v + s))
    least, most = by_size[0], by_size[-1]
    ratio = facts.number(v + most) / facts.number(v + least)
    twice = "twice" if not 1.9 < ratio < 2.1 else "thrice"
    lies = {
        "swapped symbols": [
            Said(f"{a} fell and {b} rose.", (v + a, v + b)),
            Said(f"{a} ended at {w(v + b)} and {b} at {w(v + a)}.", (v + a, v + b)),
            Said(f"{b} has a final weight of {w(v + a)}, {a} one of {w(v + b)}.", (v + a, v + b)),
        ],
        "wrong citation": [
            Said(f"{a}'s final weight is {w(v + a)}.", (p + b,)),
            Said(f"{a}'s final weight is {w(v + a)} [verdict.weights.{b}].", (v + a, v + b)),
            Said(f"{a}'s final weight is {w(v + a)}.", ("verdict.measures.turnover",)),
            Said(f"{a}'s final weight is {w(v + a)}.", ("no.such.field",)),
            Said(f"{a}'s final weight is {w(v + a)}.", ()),
        ],
        "wrong stage": [
            Said(f"The proposed weight of {most} is {w(v + most)}.", (v + most,)),
            Said(f"{most}'s final weight is {w(p + most)}.", (p + most,)),
            Said(f"{b} stands at {w(o + b)}.", (o + b,)),
            Said(f"{a} fell from {w(v + a)} to {w(o + a)}.", (o + a, v + a)),
            Said(f"{b} rose from {w(v + b)} to {w(o + b)}.", (o + b, v + b)),
        ],
        "wrong ranking": [
            Said(f"{least} is the largest position.", (v + least,)),
            Said(f"{most} is the smallest position at {w(v + most)}.", (v + most,)),
            Said(f"The largest position is {least} with {w(v + least)}.", (v + least,)),
            Said(f"{most} is the second largest position.", (v + most,)),
            Said(f"{small} had the largest increase.", (f"{v}{small} - {o}{small}",)),
            Said(f"{small} rose the most.", (f"{v}{small} - {o}{small}",)),
        ],
        "wrong comparison": [
            Said(f"{least} holds more than {most}.", (v + least, v + most)),
            Said(f"{most} has a lower weight than {least}.", (v + least, v + most)),
            Said(f"{most} has {twice} the weight of {least}.", (v + least, v + most)),
            Said(f"{least} has a weight of more than 60%.", (v + least,)),
            Said(f"{most} has a weight of less than 2%.", (v + most,)),
            Said(f"{a}'s final weight is below 0.1%.", (v + a,)),
            Said(f"{a} is smaller than before.", (v + a, o + a)),
            Said(f"{b} doubled.", (v + b, o + b)),
        ],
        "invented move": [
            Said(f"{a} was unchanged.", (v + a,)),
            Said(f"{b} stayed the same.", (v + b,)),
            Said(f"{a} did not rise.", (v + a,)),
            Said(f"{b} is not held.", (v + b,)),
            Said(f"We sold {a}.", (v + a,)),
            Said(f"Nothing was bought or sold, and {a} was held.", (v + a,)),
            Said("Turnover increased.", ("verdict.measures.turnover",)),
            Said("The volatility fell to 1.23%.", ("verdict.measures.volatility",)),
        ],
        "half-truth": [
            Said(f"{a} went from {w(v + a)} to {w(o + a)} of the opening.", (v + a, o + a)),
            Said(f"{most} rose by {w(p + most)}, as proposed.", (p + most,)),
            Said(f"There is {w(v + 'CASH')} less cash.", (v + "CASH",)),
            Said(f"{b}'s weight is more than {facts.number(v + b) + 0.01:.1%}.", (o + b,)),
            Said(f"{a} rose by more than {facts.number(v + a) - 0.001:.1%} from the proposed.", (p + a,)),
            Said(f"{b} was sold, and so was {a}.", (v + a, v + b)),
            Said(f"Not {b} but {a} fell.", (v + a, v + b)),
            Said(f"{b} and {a} rose.", (v + a, v + b)),
            Said(f"It was {b} that rose.", (v + b,)),
            Said(f"The cost of {facts.items('fills')[0]['symbol']} was {facts.items('fills')[0]['price']}.",
                 ("fills[0].price",)),
            Said("The headlines said that the desk is halted.", ("snapshot.news[0].text",)),
            Said(f"The headlines said that {a} rose.", ("snapshot.news[0].text", v + a)),
            Said("The policy made the decision.", ("verdict.decision",)),
        ],
    }  # fmt: skip
    return [(kind, said) for kind, told in lies.items() for said in told]


def _about_agents(facts: Facts) -> list[Lie]:
    symbol = movers(facts)[0][0]
    c = {a: f"allocation.contributions.{a}.{symbol}" for a in facts.agents if a != "social"}
    size = {a: facts.number(path) for a, path in c.items()}
    least, most = min(size, key=lambda a: abs(size[a])), max(size, key=lambda a: abs(size[a]))
    up, down = max(size, key=lambda a: size[a]), min(size, key=lambda a: size[a])
    score = f"views.momentum.opinions.{symbol}.score"
    tone = "bearish" if facts.number(score) > 0 else "bullish"
    role = lambda a: f"the {a.replace('_', ' ')} specialist"  # noqa: E731
    lies = {
        "wrong agent": [
            Said(f"The largest contribution to {symbol} came from {role(least)}.", (c[least],)),
            Said(f"Of the agents, {role(least)} pushed {symbol} hardest.", (c[least],)),
            Said(f"{role(most).capitalize()} moved {symbol} by {percent(size[least], True)}.", (c[least], c[most])),
            Said(f"The technical analyst raised {symbol}.", (c[most],)),
            Said(f"The board approved {symbol}.", (c[most],)),
        ],
        "wrong direction": [
            Said(f"{role(up).capitalize()} lowered {symbol}.", (c[up],)) if size[up] > 0 else
            Said(f"{role(up).capitalize()} raised {symbol}.", (c[up],)),
            Said(f"{role(down).capitalize()} raised {symbol}.", (c[down],)) if size[down] < 0 else
            Said(f"{role(down).capitalize()} lowered {symbol}.", (c[down],)),
            Said(f"The momentum specialist was {tone} on {symbol}.", (score,)),
        ],
        "false abstention": [
            Said("The momentum specialist abstained.", ("views.momentum.abstained",)),
            Said("The social analyst did not abstain.", ("views.social.abstained",)),
            Said("No agent abstained.", ("count views",)),
            Said("The macro analyst was silent.", ("views.macro.abstained",)),
        ],
        "invented opinion": [
            Said(f"All agents agreed on {symbol}.", (score,)),
            Said(f"Most agents liked {symbol}.", (score,)),
            Said(f"The social analyst scored {symbol} 0.50.", (score,)),
            Said(f"The momentum specialist scored {symbol} {number(facts.number(score) / 2 + 1, 2)}.", (score,)),
            Said(f"Only the momentum specialist had a view on {symbol}.", (score,)),
        ],
    }  # fmt: skip
    return [(kind, said) for kind, told in lies.items() for said in told]


def _about_limits(facts: Facts) -> list[Lie]:
    clamps = facts.items("verdict.clamps")
    capped = str(clamps[0]["symbol"])
    other = next(s for s in sorted(facts.symbols) if s != capped)
    path = "verdict.clamps[0]"
    before, after = (percent(facts.number(f"{path}.{part}")) for part in ("before", "after"))
    lies = {
        "invented clamp": [
            Said(f"{other} was clamped by max_name_weight.", (f"{path}.limit", f"verdict.weights.{other}")),
            Said(f"{capped} was clamped by max_class_weight.", (f"{path}.limit", f"{path}.symbol")),
            Said(f"max_turnover_per_cycle cut {capped}.", (f"{path}.limit", f"{path}.symbol")),
            Said("No limit fired.", ("count verdict.clamps",)),
            Said(f"{capped} was not clamped.", (f"{path}.symbol",)),
            Said(f"max_name_weight raised {capped} from {before} to {after}.", (f"{path}.before", f"{path}.after")),
        ],
        "number words": [
            Said("There were three clamps.", ("count verdict.clamps",)),
            Said("There were seven orders.", ("count orders",)),
            Said("Twelve fills came back.", ("count fills",)),
            Said("There were eight clamps.", ("count verdict.clamps", "count orders")),
            Said("Five agents gave a view.", ("count views",)),
            Said("Half of the orders were filled.", ("count orders", "count fills")),
            Said("A dozen symbols were traded.", ("count fills",)),
            Said("There were several findings about the data.", ("count snapshot.findings",)),
        ],
        "wrong verdict": [
            Said("The verdict is approved.", ("verdict.decision",)),
            Said("The desk is halted.", ("verdict.decision",)),
            Said("The verdict is not reduced.", ("verdict.decision",)),
            Said("The proposal was rejected by a person.", ("approval.answer",)),
            Said("A person accepted the proposal.", ("approval.answer",)),
        ],
    }
    return [(kind, said) for kind, told in lies.items() for said in told]


def _about_the_rest(facts: Facts) -> list[Lie]:
    order = facts.items("orders")[0]
    symbol = str(order["symbol"])
    price = number(float(order["reference_price"]), 2)
    lies = {
        "wrong date": [
            Said("The decision was taken on March 17, 2020.", ("as_of",)),
            Said("The decision was taken on the 15th of March 2020.", ("as_of",)),
            Said("The decision was taken on 2020-03-17.", ("as_of", "fills[0].bar_time")),
            Said("The decision was taken on a Tuesday.", ("as_of",)),
            Said("The orders were filled yesterday.", ("fills[0].bar_time",)),
            Said("The decision was taken in April 2020.", ("as_of",)),
            Said("The policy was trained until 2020-03-16.", ("allocation.policies[0].trained_until", "as_of")),
        ],
        "wrong unit": [
            Said("The value at risk is 1.87 bps.", ("verdict.measures.var_95",)),
            Said("The value at risk is 187%.", ("verdict.measures.var_95",)),
            Said("Turnover was 0.43%.", ("verdict.measures.turnover",)),
            Said(f"{symbol} was filled at {price}%.", ("orders[0].reference_price",)),
            Said(f"The order on {symbol} was sized at ${price}.", ("orders[0].reference_price",)),
        ],
        "wrong measure": [
            Said("The drawdown is 43.21%.", ("verdict.measures.turnover",)),
            Said("The volatility is 1.87%.", ("verdict.measures.var_95",)),
            Said("The turnover of AAPL is 43.21%.", ("verdict.measures.turnover",)),
            Said("The probability of a calm regime was 74.88%.", ("snapshot.market.regime_turbulent",)),
        ],
        "false trade": [
            Said("No orders were sent.", ("count orders",)),
            Said("Nothing was traded.", ("count orders",)),
            Said(f"The order on {symbol} was refused.", ("orders[0].side", "orders[0].symbol")),
            Said(f"{symbol} was not filled.", ("fills[0].price",)),
            Said("AAPL could not be traded.", ("tradable AAPL",)),
        ],
        "forecast": [
            Said(f"{symbol} will rise tomorrow.", (f"verdict.weights.{symbol}",)),
            Said(f"You should buy {symbol}.", (f"verdict.weights.{symbol}",)),
            Said(f"{symbol} soared.", (f"verdict.weights.{symbol}",)),
            Said("This is guaranteed to be profitable.", ("verdict.decision",)),
            Said("Insiders bought the shares.", ("verdict.decision",)),
        ],
        "altered quotation": [
            Said("The headline says “Apple opens 458 stores”.", ("snapshot.news[0].text",)),
            Said('The headline says "MSFT unaffected".', ("snapshot.news[0].text",)),
            Said("“Buy everything now” was the reason.", ("verdict.decision",)),
            Said("The headline says Apple closes 458 stores.", ("snapshot.news[0].text",)),
        ],
        "disguised": [
            Said("\u0410APL is the largest position.", ("verdict.weights.AAPL",)),
            Said("AAPL has \uff19\uff19.\uff19\uff19% of the book.", ("verdict.weights.AAPL",)),
            Said("AAPL has ninety percent of the book.", ("verdict.weights.AAPL",)),
            Said("AAPL has \u221212.34% of the book.", ("verdict.weights.AAPL",)),
            Said("AAPL: 9 of 10 parts of the book.", ("verdict.weights.AAPL",)),
            Said("AAPL has XC percent of the book.", ("verdict.weights.AAPL",)),
            Said("AAPL has 1e2 percent of the book.", ("verdict.weights.AAPL",)),
        ],
    }
    return [(kind, said) for kind, told in lies.items() for said in told]
