"""What an honest model might say of a record, in natural sentences: each with the fields that bear it out."""

from __future__ import annotations

from agents.explainer.cite import number, percent
from agents.explainer.facts import Facts
from agents.explainer.proofs import Said


def _p(facts: Facts, path: str, signed: bool = False) -> str:
    return percent(facts.number(path), signed)


def honest(facts: Facts) -> list[Said]:
    """True sentences about a record of `desk_records.a_record`, on weights, agents, clamps, trades, data and dates."""
    return [*_moves(facts), *_agents(facts), *_limits(facts), *_trades(facts), *_the_rest(facts)]


def movers(facts: Facts) -> tuple[list[str], list[str]]:
    """Symbols that grew and that shrank, the largest move first."""
    by = {s: facts.number(f"verdict.weights.{s} - opening.weights.{s}") for s in sorted(facts.symbols)}
    ranked = sorted(by, key=lambda s: -abs(by[s]))
    return [s for s in ranked if by[s] > 1e-3], [s for s in ranked if by[s] < -1e-3]


def _moves(facts: Facts) -> list[Said]:
    out: list[Said] = []
    grew, shrank = movers(facts)
    for symbol, verb, noun, sold, deal in (
        (grew[0], "rose", "increase", "bought", "raised"), (grew[1], "grew", "rise", "bought", "lifted"),
        (shrank[0], "fell", "decrease", "sold", "reduced"), (shrank[1], "dropped", "cut", "sold", "cut"),
    ):  # fmt: skip
        o, v = f"opening.weights.{symbol}", f"verdict.weights.{symbol}"
        d = f"{v} - {o}"
        size = percent(abs(facts.number(d)))
        bps = f"{abs(facts.number(d)) * 1e4:.0f}"
        out += [
            Said(f"{symbol} {verb} from {_p(facts, o)} at the opening to {_p(facts, v)}.", (o, v)),
            Said(f"The weight of {symbol} {verb} by {size}, from {_p(facts, o)} to {_p(facts, v)}.", (o, v, d)),
            Said(f"{symbol} was {deal} to {_p(facts, v)} of the portfolio, a {noun} of {size}.", (v, d)),
            Said(f"We {sold} {symbol}; its final weight is {_p(facts, v)}.", (v,)),
            Said(f"That is a {noun} of {bps} basis points for {symbol}.", (d,)),
            Said(f"The desk {sold} {symbol} because its weight was to end at {_p(facts, v)}.", (v,)),
        ]
    a, b = grew[0], shrank[0]
    da, db = (f"verdict.weights.{s} - opening.weights.{s}" for s in (a, b))
    out.append(Said(f"{a} rose by {_p(facts, da)}, while {b} fell by {_p(facts, db)[1:]}.", (da, db)))
    biggest = max([a, b], key=lambda s: abs(facts.number(f"verdict.weights.{s} - opening.weights.{s}")))
    d = f"verdict.weights.{biggest} - opening.weights.{biggest}"
    out.append(Said(f"The largest change is that of {biggest}, {_p(facts, d, True)}.", (d,)))
    return out


def _agents(facts: Facts) -> list[Said]:
    out: list[Said] = []
    symbol = movers(facts)[0][0]
    for agent in ("momentum", "risk", "macro"):
        path, score = f"allocation.contributions.{agent}.{symbol}", f"views.{agent}.opinions.{symbol}.score"
        sure = f"views.{agent}.opinions.{symbol}.confidence"
        way = "raised" if facts.number(path) > 0 else "lowered"
        tone = "positive" if facts.number(score) > 0 else "negative"
        out += [
            Said(f"The {agent} specialist {way} {symbol} by {percent(abs(facts.number(path)))}.", (path,)),
            Said(f"The {agent} specialist scored {symbol} {number(facts.number(score), 2)} with confidence "
                 f"{number(facts.number(sure), 2)}.", (score, sure)),
            Said(f"The {agent} specialist was {tone} on {symbol}.", (score,)),
        ]  # fmt: skip
    out.append(Said("The social analyst abstained.", ("views.social.abstained",)))
    out.append(Said("The momentum specialist did not abstain.", ("views.momentum.abstained",)))
    prior = f"allocation.contributions.prior.{symbol}"
    out.append(Said(f"The prior alone gives {symbol} {_p(facts, prior)}.", (prior,)))
    return out


def _limits(facts: Facts) -> list[Said]:
    clamps = facts.items("verdict.clamps")
    first, path = clamps[0], "verdict.clamps[0]"
    symbol = str(first["symbol"])
    cut = f"{path}.after - {path}.before"
    return [
        Said(f"The limit max_name_weight cut {symbol} from {_p(facts, f'{path}.before')} to "
             f"{_p(facts, f'{path}.after')}.", (f"{path}.before", f"{path}.after")),
        Said(f"max_name_weight took {symbol} down by {percent(abs(facts.number(cut)))}.", (cut,)),
        Said(f"{symbol} was clamped by max_name_weight.", (f"{path}.symbol", f"{path}.limit")),
        Said(f"In all there were {len(clamps)} clamps.", ("count verdict.clamps",)),
        Said("The verdict is reduced.", ("verdict.decision",)),
        Said("The decision was not halted.", ("verdict.decision",)),
    ]  # fmt: skip


def _trades(facts: Facts) -> list[Said]:
    order, fill = facts.items("orders")[0], facts.items("fills")[0]
    symbol, side = str(order["symbol"]), "bought" if order["side"] == "buy" else "sold"
    quantity, price, cost = (number(float(fill[k]), d) for k, d in (("quantity", 2), ("price", 4), ("cost", 2)))
    total = number(facts.number("sum fills.*.cost"), 2)
    return [
        Said(f"{symbol} was filled at a price of {price}.", ("fills[0].price",)),
        Said(f"We {side} {quantity} shares of {symbol} at {price}.", ("fills[0].quantity", "fills[0].price")),
        Said(f"The fill of {symbol} cost {cost}.", ("fills[0].cost",)),
        Said(f"The trades together cost {total}.", ("sum fills.*.cost",)),
        Said("There were eight orders and eight fills.", ("count orders", "count fills")),
        Said("The orders were filled on 2020-03-17.", ("fills[0].bar_time",)),
    ]


def _the_rest(facts: Facts) -> list[Said]:
    nav, value = "opening.net_asset_value", facts.number("opening.net_asset_value")
    cash, held = "verdict.weights.CASH", "opening.weights.CASH"
    moved = "rose" if facts.number(cash) > facts.number(held) else "fell"
    return [
        Said("The decision is as of 2020-03-16.", ("as_of",)),
        Said("The decision was taken on March 16, 2020, a Monday.", ("as_of",)),
        Said(f"The book was worth {number(value, 2)} at the opening.", (nav,)),
        Said(f"Cash {moved} from {_p(facts, held)} to {_p(facts, cash)}.", (held, cash)),
        Said("The value at risk of the portfolio is 1.87%.", ("verdict.measures.var_95",)),
        Said("Turnover was 43.21% of the book.", ("verdict.measures.turnover",)),
        Said("The drawdown stood at 5.00%.", ("verdict.measures.drawdown",)),
        Said("The probability of a turbulent regime was 74.88%.", ("snapshot.market.regime_turbulent",)),
        Said("XOM could not be traded.", ("tradable XOM",)),
        Said("There was one finding about the data: XOM was stale.",
             ("count snapshot.findings", "snapshot.findings[0].rule", "snapshot.findings[0].symbol")),
        Said("The headline on AAPL reads “Apple closes 458 stores, MSFT unaffected (sponsored) \"really\"”.",
             ("snapshot.news[0].text", "snapshot.news[0].symbol")),
        Said("The policy sample-7 was trained until 2019-12-31.", ("allocation.policies[0].policy_id",
             "allocation.policies[0].trained_until")),
        Said("Here is what the record says.", ()),
    ]  # fmt: skip
