"""Where the decision comes from: data and its faults, policies, the fallback chain, regime, macro, identity."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets


def data(ask: Ask) -> list[str]:
    """Findings, kinds that could not be had, symbols that could not be traded."""
    findings = ask.facts.items("snapshot.findings")
    asked = [i for i, f in enumerate(findings) if not f["symbol"] or ask.asked(str(f["symbol"]))]
    lines = [f"There are {ask.cite.count('snapshot.findings')} findings about the data."]
    lines += bullets(_finding(ask, i) for i in asked[:MOST_LINES])
    told = any(f["rule"] == "unavailable" for f in findings)
    for kind in () if told else ask.facts.keys("snapshot.unavailable"):
        lines.append(f"`{kind}` could not be had: {ask.cite.quote(f'snapshot.unavailable.{kind}')}.")
    if ask.facts.has("snapshot.tradable"):
        frozen = [s for s in sorted(ask.facts.symbols) if ask.asked(s) and not ask.facts.evaluate(f"tradable {s}")]
        lines.append(
            f"{ask.cite.count('snapshot.tradable')} of {ask.cite.count('snapshot.prices')} symbols could be traded."
        )
        lines += bullets(f"{s} could not: tradable {ask.cite.quote(f'tradable {s}')}" for s in frozen[:MOST_LINES])
    return lines


def _finding(ask: Ask, i: int) -> str:
    path = f"snapshot.findings.{i}"
    symbol = ask.facts.get(f"{path}.symbol")
    about = f"{symbol}: " if symbol else ""
    return f"{about}{ask.cite.quote(f'{path}.rule')} {ask.cite.quote(f'{path}.detail')}"


def policies(ask: Ask) -> list[str]:
    """Which trained policies spoke, and whether they had seen the date."""
    used = ask.facts.items("allocation.policies")
    lines: list[str] = []
    for i, use in enumerate(used):
        path = f"allocation.policies.{i}"
        known = "had" if use["in_sample"] else "had not"
        lines.append(
            f"{ask.cite.quote(f'{path}.role')}: {ask.cite.quote(f'{path}.policy_id')}, trained on dates up to "
            f"{ask.cite.date(f'{path}.trained_until')}; it {known} seen this date "
            f"(in sample: {ask.cite.quote(f'{path}.in_sample')})."
        )
        lines += _card(ask, str(use["policy_id"]))
    if not used:
        lines.append(f"No trained policy had a part in it: {ask.cite.count('allocation.policies')} policies were used.")
        lines += fallback(ask)
    if "policy" in ask.facts.agents and ask.facts.get("views.policy.abstained"):
        lines.append(f"`policy` abstained: {ask.cite.quote('views.policy.reason')}.")
    return lines


def _card(ask: Ask, policy_id: str) -> list[str]:
    """How a policy was trained and how it did on dates it saw and did not see."""
    path = f"cards.{policy_id}"
    if not ask.facts.has("cards"):
        return ["- Its manifest is not at hand here, and the record does not hold its figures."]
    if not ask.facts.has(path):
        return ["- The policy store has no manifest of it any more."]
    lines: list[str] = []
    if ask.facts.has(f"{path}.algorithm") and ask.facts.has(f"{path}.trained_from"):
        lines.append(f"Trained by {ask.cite.quote(f'{path}.algorithm')} from {ask.cite.date(f'{path}.trained_from')}")
    names = ask.facts.keys(f"{path}.metrics.unseen")
    for name in sorted(names, key=lambda n: ("sharpe" not in n, n))[:_FIGURES]:
        lines.append(
            ", ".join(_figure(ask, path, part, name) for part in ("unseen", "seen") if _known(ask, path, part, name))
        )
    lines += [f"Gap `{name}`, seen less unseen: {ask.cite.number(f'{path}.gap.{name}')}"
              for name in ask.facts.keys(f"{path}.gap")[:_FIGURES] if ask.facts.has(f"{path}.gap.{name}")]  # fmt: skip
    return bullets(line for line in lines if line)


_FIGURES = 3


def _known(ask: Ask, path: str, part: str, name: str) -> bool:
    return ask.facts.has(f"{path}.metrics.{part}.{name}")


def _figure(ask: Ask, path: str, part: str, name: str) -> str:
    return f"`{name}` on {part} dates {ask.cite.number(f'{path}.metrics.{part}.{name}')}"


def fallback(ask: Ask) -> list[str]:
    """The chain that was tried; the last link is the one that was used."""
    chain = ask.facts.items("allocation.fallback_chain")
    lines = [f"Allocated by {ask.cite.quote(f'allocation.fallback_chain.{len(chain) - 1}.name')}."]
    for i in range(len(chain) - 1):
        path = f"allocation.fallback_chain.{i}"
        lines.append(
            f"- {ask.cite.quote(f'{path}.name')} was tried first and failed: {ask.cite.quote(f'{path}.reason')}."
        )
    return lines if len(chain) > 1 else [*lines, "It was the first link of the chain: nothing had to fall back."]


def regime(ask: Ask) -> list[str]:
    """The filtered regime and the breadth of the market."""
    names = [n for n in ask.facts.keys("snapshot.market") if n.startswith("regime_") or n == "breadth"]
    known = [n for n in names if ask.facts.has(f"snapshot.market.{n}")]
    if not known:
        return ["The record holds no regime [snapshot.market]."]
    lines = ["Probabilities of the regime as known at the time, and the share of symbols above their average:"]
    return [*lines, *bullets(f"`{n}` {ask.cite.percent(f'snapshot.market.{n}')}" for n in known)]


def macro(ask: Ask) -> list[str]:
    """The latest release of each series."""
    if ask.facts.has("snapshot.unavailable.macro"):
        return [f"Macro figures could not be had: {ask.cite.quote('snapshot.unavailable.macro')}."]
    series = ask.facts.keys("snapshot.macro")
    if not series:
        return [f"No macro release was known: the snapshot holds {ask.cite.count('snapshot.macro')} series."]
    lines = ["Latest releases known at the time:"]
    for name in series:
        path = f"snapshot.macro.{name}"
        change = f", change {ask.cite.number(f'{path}.change')}" if ask.facts.has(f"{path}.change") else ""
        lines.append(f"- `{name}` ({ask.cite.quote(f'{path}.role')}) {ask.cite.number(f'{path}.value')}{change}, "
                     f"released {ask.cite.date(f'{path}.known_at')}")  # fmt: skip
    return lines


def identity(ask: Ask) -> list[str]:
    """Which cycle this is, of which data, and the hashes that pin it down."""
    lines = [
        f"Cycle {ask.cite.quote('cycle_id')} of book {ask.cite.quote('book')}, slot {ask.cite.date('slot')}, "
        f"with everything known as of {ask.cite.date('as_of')}.",
        f"Data came from {ask.cite.quote('source.name')}, content {ask.cite.quote('snapshot.content_hash')}.",
    ]
    for name in ask.facts.keys("hashes"):
        if isinstance(ask.facts.get(f"hashes.{name}"), str):
            lines.append(f"- `{name}` {ask.cite.quote(f'hashes.{name}')}")
    return lines
