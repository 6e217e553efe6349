"""Whether a policy may take the champion's place: by its figures on dates that neither of them saw."""

from __future__ import annotations

import math

from rl.policies.manifest import Manifest, Role

JUDGED_BY: dict[Role, str] = {"symbol_agents": "score_sharpe", "meta_controller": "sharpe"}
"""The figure on unseen dates: of symbol agents what their scores foretold (the desk takes scores from them, not
trades), of a controller its book net of costs."""


def objection(challenger: Manifest, champion: Manifest | None) -> str:
    """Why the challenger should not be promoted, or ""; a figure that is missing or no number is an objection."""
    name = JUDGED_BY[challenger.role]
    ours = challenger.metrics.get("unseen", {}).get(name, math.nan)
    if not math.isfinite(ours):
        return f"policy {challenger.policy_id} has no {name} on unseen dates"
    if champion is None:
        return ""
    theirs = champion.metrics.get("unseen", {}).get(name, math.nan)
    if not math.isfinite(theirs):
        return f"the champion {champion.policy_id} has no {name} on unseen dates to compare with"
    if ours < theirs:
        return f"{name} on unseen dates is {ours:.3f}, the champion's is {theirs:.3f}"
    return ""
