"""What an agent may point at in a snapshot: the texts of the last slots, the macro releases, and their references."""

from __future__ import annotations

import math

from agents.specs import AgentSpec, TextKind
from data.clock import MAX_AGE, to_datetime
from data.features.groups import SWITCHED_OFF, group_of
from data.features.spec import FeatureSpec
from data.features.text import LOOKBACK_SLOTS
from data.snapshot import Snapshot, Text
from tools.guard import AsOfGuard

TEXT_REFERENCES = 5
"""Most texts named as evidence for one symbol."""


def known_then(snapshot: Snapshot) -> Snapshot:
    """The snapshot itself; FutureKnown where a price, a text or a release in it is later than its `as_of`."""
    told = [t.known_at for t in (*snapshot.news, *snapshot.posts)]
    released = [f.known_at for f in snapshot.macro]
    latest = {name: max(times) for name, times in (("texts", told), ("macro", released)) if times}
    AsOfGuard(snapshot.as_of).check({"bars": snapshot.panel.times, **latest}, "the snapshot")
    return snapshot


def recent_texts(snapshot: Snapshot, kind: TextKind) -> tuple[Text, ...]:
    """Texts known within the last LOOKBACK_SLOTS slots, newest first (ties by id)."""
    texts = snapshot.news if kind == "news" else snapshot.posts
    times = snapshot.panel.times
    if len(times) > LOOKBACK_SLOTS:
        opened = to_datetime(times[-1 - LOOKBACK_SLOTS])
        texts = tuple(t for t in texts if t.known_at > opened)
    by_id = sorted(texts, key=lambda t: t.id)
    return tuple(sorted(by_id, key=lambda t: t.known_at, reverse=True))


def is_fresh(snapshot: Snapshot, column: int) -> bool:
    """Whether a symbol's last bar is recent enough for an opinion on it to be current."""
    return 0 <= int(snapshot.panel.age[-1, column]) <= MAX_AGE[snapshot.frequency]


def why_not_fresh(snapshot: Snapshot, column: int) -> str:
    """One line on a symbol without a recent bar; "" for the others."""
    if is_fresh(snapshot, column):
        return ""
    age = int(snapshot.panel.age[-1, column])
    return "no price yet" if age < 0 else f"the last price is {age} slots old"


def fresh_symbols(snapshot: Snapshot) -> tuple[str, ...]:
    """Symbols with a recent bar, in instrument order."""
    return tuple(s for column, s in enumerate(snapshot.symbols) if is_fresh(snapshot, column))


def reference(kind: TextKind, text: Text) -> str:
    """ "news:<id>" or "post:<id>"."""
    return f"{'news' if kind == 'news' else 'post'}:{text.id}"


def evidence_of(spec: AgentSpec, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """For each symbol the references behind an opinion: features, market figures, texts about it, macro series."""
    own = snapshot.features.names
    shared = tuple(f"feature:{n}" if n in own else f"market:{n}" for n in spec.inputs)
    shared += tuple(f"macro:{f.series}" for f in snapshot.macro) if spec.macro else ()
    texts = recent_texts(snapshot, spec.texts) if spec.texts else ()
    out: dict[str, tuple[str, ...]] = {}
    for symbol in snapshot.symbols:
        about = [reference(spec.texts, t) for t in texts if t.symbol in (symbol, "")] if spec.texts else []
        out[symbol] = shared + tuple(about[:TEXT_REFERENCES])
    return out


def why_unknown(spec: AgentSpec, snapshot: Snapshot, column: int) -> str:
    """One line on why a symbol has no score: no recent price, the first feature that is missing, or the rule itself."""
    stale = why_not_fresh(snapshot, column)
    if stale:
        return stale
    for feature in snapshot.features.specs:
        if feature.name in spec.inputs and math.isnan(float(snapshot.last(feature.name)[column])):
            return _missing(snapshot, feature)
    for feature in snapshot.features.shared_specs:
        if feature.name in spec.inputs and math.isnan(float(snapshot.features.market(feature.name)[-1])):
            return _missing(snapshot, feature)
    return f"no {spec.texts} about it" if spec.texts else f"{spec.model} gives no score"


def why_silent(spec: AgentSpec, snapshot: Snapshot) -> str:
    """The reason to abstain altogether, or "" where the agent has something to go by."""
    for kind in spec.needs:
        if kind in snapshot.unavailable:
            return f"{kind} unavailable: {snapshot.unavailable[kind]}"
    if spec.texts and not recent_texts(snapshot, spec.texts):
        return f"no {spec.texts} in the last {LOOKBACK_SLOTS} slots"
    if spec.macro and not snapshot.macro:
        return "no macro release is known"
    return ""


def _missing(snapshot: Snapshot, feature: FeatureSpec) -> str:
    if f"features:{group_of(feature.name)}" in snapshot.unavailable:
        return f"{feature.name} is {SWITCHED_OFF}"
    return f"{feature.name} is unknown (it needs {feature.window} slots)"
