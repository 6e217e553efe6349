"""What can be left out of a cycle: an agent, a group of features, a limit, or the prior for another.

news                    the agent abstains: "switched off"
features:momentum       those features are unknown to everyone, a kind of data (news, posts, macro) is absent
clamp:max_name_weight   the limit never acts
prior=equal_weight      views tilt away from this prior instead
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args

from data.errors import InputError
from data.features.groups import GROUPS
from rl.meta.inputs import AGENTS
from tools.portfolio.prior import PriorName
from tools.risk.off import FACTS, NEVER

Kind = Literal["agent", "features", "clamp", "prior"]
PREFIXES: dict[Kind, str] = {"agent": "", "features": "features:", "clamp": "clamp:", "prior": "prior="}
NAMES: dict[Kind, tuple[str, ...]] = {
    "agent": AGENTS,
    "features": tuple(GROUPS),
    "clamp": tuple(NEVER),
    "prior": get_args(PriorName),
}


@dataclass(frozen=True, slots=True)
class Without:
    """One thing to leave out; `str()` gives it as a person writes it."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{PREFIXES[self.kind]}{self.name}"


@dataclass(frozen=True, slots=True)
class Switches:
    """What is off, by where it acts; `prior` is the one to use instead, None for the policy's own."""

    agents: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    clamps: frozenset[str] = frozenset()
    prior: PriorName | None = None


EVERYTHING = tuple(Without(kind, name) for kind, names in NAMES.items() for name in names)


def parse(text: str) -> Without:
    """What a person wrote; InputError with the nearest name where there is no such thing."""
    wanted = text.strip()
    for kind in ("features", "clamp", "prior"):
        if wanted.startswith(PREFIXES[kind]):
            return _named(kind, wanted.removeprefix(PREFIXES[kind]).strip(), wanted)
    return _named("agent", wanted, wanted)


def normal(texts: Iterable[str]) -> tuple[str, ...]:
    """Each thing once, in the order of agents, features, clamps, prior; InputError as `parse`, or for two priors."""
    found = {parse(text) for text in texts}
    named = tuple(str(thing) for thing in EVERYTHING if thing in found)
    priors = [thing.name for thing in found if thing.kind == "prior"]
    if len(priors) > 1:
        raise InputError(f"two priors at once: {', '.join(sorted(priors))}", "name one")
    return named


def switches(texts: Iterable[str]) -> Switches:
    """What `texts` switch off; InputError as `normal`."""
    found = [parse(text) for text in normal(texts)]
    prior = next((thing.name for thing in found if thing.kind == "prior"), None)
    agents, features, clamps = (
        frozenset(thing.name for thing in found if thing.kind == kind) for kind in ("agent", "features", "clamp")
    )
    return Switches(agents, features, clamps, cast(PriorName | None, prior))


def _named(kind: Kind, name: str, wanted: str) -> Without:
    if name in NAMES[kind]:
        return Without(kind, name)
    if kind == "clamp" and name in FACTS:
        raise InputError(f"{name!r} is no limit on weights: {FACTS[name]}", f"one of {', '.join(NEVER)}")
    raise InputError(f"nothing is called {wanted!r}", _remedy(kind, name, wanted))


def _remedy(kind: Kind, name: str, wanted: str) -> str:
    """The nearest name of the kind, or of any kind, else all there are."""
    of_kind = difflib.get_close_matches(name, NAMES[kind], n=1)
    if of_kind:
        return f"did you mean {Without(kind, of_kind[0])}?"
    bare = wanted.replace("=", ":").rpartition(":")[2]
    same = [str(thing) for thing in EVERYTHING if thing.name == bare]
    near = same or difflib.get_close_matches(wanted, [str(thing) for thing in EVERYTHING], n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"{', '.join(AGENTS)}, features:<{'|'.join(GROUPS)}>, clamp:<limit> or prior=<name>"
