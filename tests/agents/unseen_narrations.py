"""Honest sentences in words that were not fitted to the checker: written down once, counted, and left as they are."""

from __future__ import annotations

from agents.explainer.cite import number, percent
from agents.explainer.facts import Facts
from agents.explainer.proofs import Said


def unseen(facts: Facts) -> list[Said]:
    """True sentences about `desk_records.a_record(3)`."""

    def p(path: str) -> str:
        return percent(abs(facts.number(path)))

    def n(path: str, decimals: int = 2) -> str:
        return number(facts.number(path), decimals)

    def o(symbol: str) -> str:
        return f"opening.weights.{symbol}"

    def v(symbol: str) -> str:
        return f"verdict.weights.{symbol}"

    def a(symbol: str) -> str:
        return f"allocation.weights.{symbol}"

    def d(symbol: str) -> str:
        return f"{v(symbol)} - {o(symbol)}"

    def c(agent: str, symbol: str) -> str:
        return f"allocation.contributions.{agent}.{symbol}"

    told: list[tuple[str, tuple[str, ...]]] = [
        (f"BRK.B was trimmed from {p(o('BRK.B'))} to {p(v('BRK.B'))} of the book.", (o("BRK.B"), v("BRK.B"))),
        (f"BRK.B's weight came down by {p(d('BRK.B'))}.", (d("BRK.B"),)),
        (f"The desk added {p(d('TLT'))} to TLT.", (d("TLT"),)),
        (f"TLT now stands at {p(v('TLT'))}, up from {p(o('TLT'))}.", (o("TLT"), v("TLT"))),
        (f"MSFT grew to {p(v('MSFT'))}.", (v("MSFT"), o("MSFT"))),
        (f"MSFT's allocation climbed {p(d('MSFT'))} in total.", (d("MSFT"),)),
        (f"XOM lost {p(d('XOM'))} and finished at {p(v('XOM'))}.", (d("XOM"), v("XOM"))),
        (f"We reduced XOM by {p(d('XOM'))}.", (d("XOM"),)),
        (f"For BTC-USD the final weight is {p(v('BTC-USD'))}, compared with {p(a('BTC-USD'))} proposed.",
         (v("BTC-USD"), a("BTC-USD"))),
        (f"The controller wanted {p(a('KO'))} in KO.", (a("KO"),)),
        (f"Before limits, MSFT was proposed at {p(a('MSFT'))}.", (a("MSFT"),)),
        (f"After the limits, MSFT stood at {p(v('MSFT'))}.", (v("MSFT"),)),
        ("MSFT was capped by max_name_weight.", ("verdict.clamps[0].limit", "verdict.clamps[0].symbol")),
        (f"The cap max_name_weight lowered MSFT to {p('verdict.clamps[0].after')}.",
         ("verdict.clamps[0].after", "verdict.clamps[0].limit")),
        (f"The var_95 limit cut KO from {p('verdict.clamps[5].before')} to {p('verdict.clamps[5].after')}.",
         ("verdict.clamps[5].before", "verdict.clamps[5].after")),
        ("There were nine clamps in this cycle.", ("count verdict.clamps",)),
        ("The risk check fired 9 clamps.", ("count verdict.clamps",)),
        ("The verdict was reduced rather than approved.", ("verdict.decision",)),
        ("The proposal was not approved as it stood; it was reduced.", ("verdict.decision",)),
        ("Nobody had to approve the trades.", ("approval.required",)),
        (f"Momentum raised KO by {p(c('momentum', 'KO'))}.", (c("momentum", "KO"),)),
        (f"The momentum specialist contributed {p(c('momentum', 'BTC-USD'))} to BTC-USD.", (c("momentum", "BTC-USD"),)),
        ("Momentum was positive on KO.", ("views.momentum.opinions.KO.score",)),
        (f"The macro analyst's score for TLT was {n('views.macro.opinions.TLT.score')}.",
         ("views.macro.opinions.TLT.score",)),
        (f"The risk specialist rated TLT {n('views.risk.opinions.TLT.score')}.", ("views.risk.opinions.TLT.score",)),
        ("The social analyst abstained from voting.", ("views.social.abstained",)),
        ("The social analyst gave no view, citing “no posts in the last 5 slots”.",
         ("views.social.abstained", "views.social.reason")),
        ("Seven agents were asked.", ("count views",)),
        (f"The prior gave AAPL {p(c('prior', 'AAPL'))}.", (c("prior", "AAPL"),)),
        (f"The biggest part of AAPL's weight comes from the prior: {p(c('prior', 'AAPL'))}.", (c("prior", "AAPL"),)),
        ("KO is the largest position in the book.", (v("KO"),)),
        ("BRK.B has the smallest weight.", (v("BRK.B"),)),
        (f"TLT saw the largest increase, {p(d('TLT'))}.", (d("TLT"),)),
        (f"EURUSD=X fell the most, by {p(d('EURUSD=X'))}.", (d("EURUSD=X"),)),
        ("TLT has a larger weight than AAPL.", (v("TLT"), v("AAPL"))),
        ("BRK.B's weight is lower than XOM's.", (v("BRK.B"), v("XOM"))),
        ("KO makes up more than 13% of the portfolio.", (v("KO"),)),
        ("No single position exceeds 14%.", (v("KO"),)),
        ("Cash fell to 10.13%.", (v("CASH"), o("CASH"))),
        (f"The book holds {p(v('CASH'))} in cash.", (v("CASH"),)),
        ("Turnover was 43.21%.", ("verdict.measures.turnover",)),
        ("The portfolio's volatility is 1.23% per bar.", ("verdict.measures.volatility",)),
        ("Value at risk at the 95% level is 1.87%.", ("verdict.measures.var_95",)),
        ("The expected shortfall is 2.65%.", ("verdict.measures.cvar_95",)),
        ("Gross exposure is 90.00%.", ("verdict.measures.gross",)),
        ("The book was 5.00% below its peak.", ("verdict.measures.drawdown",)),
        ("Eight orders went out and eight fills came back.", ("count orders", "count fills")),
        ("AAPL was bought at 75.0653.", ("fills[0].price",)),
        (f"The order for AAPL was for {n('orders[0].quantity')} shares.", ("orders[0].quantity",)),
        (f"Trading cost {n('sum fills.*.cost')} overall.", ("sum fills.*.cost",)),
        (f"The fees on AAPL were {n('fills[0].cost')}.", ("fills[0].cost",)),
        ("The fills were executed on March 17, 2020.", ("fills[0].bar_time",)),
        ("The cycle was decided on 2020-03-16.", ("slot",)),
        ("It was a Monday.", ("slot",)),
        ("The turbulent regime had a probability of 74.88%.", ("snapshot.market.regime_turbulent",)),
        ("XOM was frozen because its data were stale.", ("tradable XOM", "snapshot.findings[0].rule",
                                                         "snapshot.findings[0].symbol")),
        ("Eight symbols had prices.", ("count snapshot.prices",)),
        ("Option chains were unavailable: “this source has no option chains”.", ("snapshot.unavailable.chains",)),
        ("The policy sample-7 has been trained on dates until 2019-12-31.",
         ("allocation.policies[0].policy_id", "allocation.policies[0].trained_until")),
        ("The latest CPI release was 258.82.", ("snapshot.macro.CPI.value",)),
    ]  # fmt: skip
    return [Said(text, cites) for text, cites in told]
