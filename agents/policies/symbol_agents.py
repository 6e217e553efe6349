"""The policy agent: the trained symbol agents, asked for their opinion at the present slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.facts import is_fresh, known_then, why_not_fresh
from agents.policies.chosen import Chosen, saw
from agents.view import AgentKind, Opinion, View, abstain, opinion
from data.errors import CorruptFile, InputError
from data.snapshot import Snapshot
from rl.symbol_policy import SymbolPolicy

NAME = "policy"
HORIZON_BARS = 5


@dataclass(frozen=True, slots=True)
class PolicyAgent:
    """Speaks for the policy that was chosen; abstains with the reason where there is none or it cannot be used."""

    chosen: Chosen

    @property
    def name(self) -> str:
        """ "policy"."""
        return NAME

    @property
    def kind(self) -> AgentKind:
        """ "policy"."""
        return "policy"

    def view(self, snapshot: Snapshot) -> View:
        """Scores of the last slot.

        Flags: "in_sample" where training looked at this date or a later one, "generic_head" where a symbol has no head
        of its own, "trained_on:<source>" where the policy comes from another source than the snapshot, "numpy" where
        the policy has no graph and was asked without ONNX Runtime. FutureKnown where the snapshot holds what nobody
        could know then.
        """
        try:
            policy = SymbolPolicy(self.chosen.required())
            panel = known_then(snapshot).panel
            scores = policy.scores(snapshot.features, panel.instruments, slice(-1, None), panel.times)
        except (InputError, CorruptFile) as error:
            return abstain(NAME, "policy", error.message, HORIZON_BARS)
        known: dict[str, Opinion] = {}
        unknown: dict[str, str] = {}
        usable = np.isfinite(scores.score[-1]) & np.isfinite(scores.confidence[-1])
        for column, symbol in enumerate(snapshot.symbols):
            if usable[column] and is_fresh(snapshot, column):
                evidence = (f"policy:{policy.manifest.policy_id}#{policy.head_of(symbol)}",)
                known[symbol] = opinion(scores.score[-1, column], scores.confidence[-1, column], evidence)
            else:
                unknown[symbol] = why_not_fresh(snapshot, column) or "a feature the policy reads is unknown"
        return self._view(snapshot, policy, known, unknown)

    def _view(
        self, snapshot: Snapshot, policy: SymbolPolicy, known: dict[str, Opinion], unknown: dict[str, str]
    ) -> View:
        if not known:
            return abstain(NAME, "policy", "no symbol's features are all known", HORIZON_BARS)
        manifest = policy.manifest
        flags = (
            "in_sample" if saw(manifest, snapshot.as_of) else "",
            "generic_head" if any(policy.head_of(s) == "generic" for s in known) else "",
            f"trained_on:{manifest.source}" if manifest.source != snapshot.source else "",
            "numpy" if policy.runtime == "numpy" else "",
        )
        return View(
            agent=NAME, kind="policy", horizon_bars=HORIZON_BARS, opinions=known, unknown=unknown,
            flags=tuple(f for f in flags if f), model=f"policy:{manifest.policy_id}",
        )  # fmt: skip
