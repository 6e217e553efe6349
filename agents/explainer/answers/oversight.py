"""What kept the decision in bounds: limits, risk figures, approval, halts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.limit_words import limit_words


def limits(ask: Ask) -> list[str]:
    """Every clamp, in the order in which the limits acted."""
    clamps = ask.facts.items("verdict.clamps")
    asked = [i for i, clamp in enumerate(clamps) if ask.asked(str(clamp["symbol"]))]
    notes = [f"{ask.cite.quote(f'verdict.notes.{i}')}." for i in range(ask.facts.size("verdict.notes"))]
    lines = [verdict_line(ask), *notes]
    if not clamps:
        return [*lines, f"No limit fired: there are {ask.cite.count('verdict.clamps')} clamps."]
    if not asked:
        named = [f"{s} [allocation.weights.{s}]" for s in ask.intent.symbols]
        return [*lines, f"No limit fired on {', '.join(named)}."]
    lines.append(f"There are {ask.cite.count('verdict.clamps')} clamps.")
    ranked = sorted(asked, key=lambda i: (-abs(float(clamps[i]["after"]) - float(clamps[i]["before"])), i))
    lines += bullets(_clamp(ask, i) for i in sorted(ranked[:MOST_LINES]))
    if len(asked) > MOST_LINES:
        lines.append("The largest are shown; the record holds them all.")
    return [*lines, *_binding(ask, asked)]


def _binding(ask: Ask, asked: Sequence[int]) -> list[str]:
    """What each limit took of what it was asked for, the one that took most first, and what would let all through."""
    clamps = ask.facts.items("verdict.clamps")
    fired = {(str(clamps[i]["limit"]), str(clamps[i].get("detail", ""))) for i in asked}
    found = ask.facts.items("bindings")
    mine = [k for k, b in enumerate(found) if (b["limit"], b["detail"]) in fired]
    ranked = sorted(mine, key=lambda k: (-abs(float(found[k]["taken"])), k))
    lines = ["By limit, the one that took most first:"] if ranked else []
    for k in ranked[:MOST_LINES]:
        path, limit = f"bindings.{k}", str(found[k]["limit"])
        through, wanted = ask.cite.percent(f"{path}.allowed"), ask.cite.percent(f"{path}.asked")
        on, taken = ask.cite.number(f"{path}.symbols", 0), ask.cite.percent(f"{path}.taken")
        cap = _cap(ask, limit, asked)
        lines.append(f"- `{limit}` let {through} of {wanted} through, on {on} symbols: {taken} too much{cap}")
    return lines


def _cap(ask: Ask, limit: str, asked: Sequence[int]) -> str:
    """Where the limit stands, and for the cap of one name where it would have to stand."""
    path = f"config.limits.{limit}"
    if ask.facts.keys(path):
        clamps = ask.facts.items("verdict.clamps")
        names = sorted({str(clamps[i]["symbol"]) for i in asked if clamps[i]["limit"] == limit})
        kinds = sorted({str(ask.facts.get(f"snapshot.asset_class.{s}")) for s in names}) if "class" in limit else []
        path = f"{path}.{kinds[0]}" if len(kinds) == 1 else path
    if not ask.facts.has(path) or not isinstance(ask.facts.get(path), float):
        return "."
    stands = f"; the limit stands at {ask.cite.percent(path)}"
    if limit != "max_name_weight":
        return f"{stands}."
    mine = (i for i in asked if ask.facts.get(f"verdict.clamps.{i}.limit") == limit)
    needs = [
        f"{ask.facts.get(f'verdict.clamps.{i}.symbol')} {ask.cite.percent(f'verdict.clamps.{i}.before')}" for i in mine
    ]
    return f"{stands}, and would have to be at {', '.join(needs[:3])} to let it through."


def _clamp(ask: Ask, i: int) -> str:
    path = f"verdict.clamps.{i}"
    clamp = ask.facts.items("verdict.clamps")[i]
    detail = f", {ask.cite.quote(f'{path}.detail')}" if clamp.get("detail") else ""
    move = f"{ask.cite.percent(f'{path}.before')} to {ask.cite.percent(f'{path}.after')}"
    return f"`{clamp['limit']}` took {clamp['symbol']} from {move}{detail}{limit_words(str(clamp['limit']))}"


def verdict_line(ask: Ask) -> str:
    """The decision with its reasons."""
    reasons = [ask.cite.quote(f"verdict.reasons.{i}") for i in range(ask.facts.size("verdict.reasons"))]
    because = f", because {' and '.join(reasons)}" if reasons else ""
    return f"The verdict is {ask.cite.quote('verdict.decision')}{because}."


def approval(ask: Ask) -> list[str]:
    """Whether a person was asked, and what was said."""
    lines = [verdict_line(ask)]
    if not ask.facts.has("approval"):
        return [*lines, "The record does not say whether a person was asked."]
    lines.append(
        f"A person had to be asked: {ask.cite.quote('approval.required')}; answer: {ask.cite.quote('approval.answer')}."
    )
    for field, words in (("by", "By"), ("note", "Note")):
        if ask.facts.has(f"approval.{field}") and ask.facts.get(f"approval.{field}"):
            lines.append(f"{words}: {ask.cite.quote(f'approval.{field}')}.")
    if ask.facts.get("verdict.decision") == "halted":
        lines.append(f"A halted desk keeps what it holds and sends nothing: {ask.cite.count('orders')} orders.")
    return lines


_LIMIT_OF = {
    "var_95": "max_var_95", "cvar_95": "max_cvar_95", "volatility_annual": "max_volatility_annual",
    "gross": "max_gross", "net": "max_net", "beta": "max_beta", "stress_loss": "max_stress_loss",
    "drawdown": "max_drawdown", "bought": "max_turnover_per_cycle", "turnover": "approval_turnover",
}  # fmt: skip
"""The limit that each measure is held against."""
_ASKED = (
    (r"\bc ?var\b|shortfall", "cvar_95"), (r"\bvar\b|value at risk", "var_95"),
    (r"volatil|\bvol\b|standard deviation|std", "volatility"), (r"beta|sensitiv", "beta"),
    (r"stress|crash|worst case|worst-case", "stress_loss"), (r"gross|leverage", "gross"), (r"\bnet\b", "net"),
)  # fmt: skip


def risk(ask: Ask) -> list[str]:
    """The measures of the allowed weights against their limits; those that were named come first."""
    names = ask.facts.keys("verdict.measures")
    if not names:
        return [verdict_line(ask), "The record holds no risk measures."]
    named = [
        m for pattern, start in _ASKED if re.search(pattern, ask.intent.words) for m in names if m.startswith(start)
    ]
    ordered = dict.fromkeys((*named, *names))
    lines = ["Risk figures of the allowed weights, as fractions of net asset value (per bar where they are rates):"]
    return [*lines, *bullets(_measure(ask, name) for name in ordered), *_nearest(ask, names)]


def _measure(ask: Ask, name: str) -> str:
    figure, limit = f"verdict.measures.{name}", _limit(ask, name)
    shown = ask.cite.number(figure) if name == "beta" else ask.cite.percent(figure)
    if not limit:
        return f"`{name}` {shown}"
    if name == "beta":
        return f"`{name}` {shown}, limit {ask.cite.number(limit)}"
    room = ask.cite.percent(f"{limit} - {figure}", signed=True)
    return f"`{name}` {shown}, limit {ask.cite.percent(limit)}, room {room}"


def _nearest(ask: Ask, names: Sequence[str]) -> list[str]:
    """The measure that uses most of its limit."""
    used = {n: abs(ask.facts.number(f"verdict.measures.{n}")) / ask.facts.number(limit)
            for n in names if (limit := _limit(ask, n)) and ask.facts.number(limit) > 0.0}  # fmt: skip
    if not used:
        return []
    name = max(sorted(used), key=lambda n: used[n])
    figure, limit = f"verdict.measures.{name}", _limit(ask, name)
    if name == "beta":
        return [f"Nearest to its limit is `{name}`: {ask.cite.number(figure)} of {ask.cite.number(limit)}."]
    return [f"Nearest to its limit is `{name}`: {ask.cite.percent(figure)} of {ask.cite.percent(limit)}."]


def _limit(ask: Ask, name: str) -> str:
    """Where the limit of a measure stands, "" where there is none."""
    path = f"config.limits.{_LIMIT_OF.get(name, '')}"
    return path if ask.facts.has(path) else ""
