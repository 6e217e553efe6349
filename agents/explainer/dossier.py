"""The dossier: a record's JSON with what else an explanation may cite beside it, under roots of their own.

    history           the book's other finished cycles, oldest first: HISTORY_FIELDS of each; every symbol of this
                      record stands in their weights (0 where that cycle did not name it)
    counterfactuals   what was left out ("news", "features:momentum", "clamp:max_name_weight") -> `weights` and
                      `difference` (the weight without it less the weight as decided), by symbol
    cards             policy id -> CARD_FIELDS of its manifest

A root that the archive cannot fill stays out, so that an answer can tell unknown from empty. What follows from the
record alone (costs, holdings, bindings) is derived by `Facts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]

HISTORY_FIELDS = ("cycle_id", "slot", "as_of", "halt", "orders", "fills", "settled", "refusals", "approval")
CARD_FIELDS = (
    "policy_id", "role", "algorithm", "source", "seed", "trained_from", "trained_until", "metrics", "gap", "parents",
    "seeds", "configurations", "obs_id", "command",
)  # fmt: skip


class Archive(Protocol):
    """What lies beside a record: its book's journal, the policy store, and a way to run the cycle again."""

    def history(self) -> Sequence[Json]:
        """Records (JSON) of the same book's finished cycles, in any order, this one among them or not."""
        ...

    def counterfactual(self, without: str) -> Json | None:
        """The cycle without an agent, feature group, clamp, or with another prior ("prior=equal_weight"); None where
        it cannot be run. `weights` and `difference` (without it less as decided) are by symbol, CASH among them."""
        ...

    def card(self, policy_id: str) -> Json | None:
        """The manifest (JSON) of a policy; None where the store has it no more."""
        ...


@dataclass(frozen=True, slots=True)
class Wants:
    """What to fetch from the archive; counterfactuals are run anew, so each is named."""

    history: bool = True
    cards: bool = True
    without: tuple[str, ...] = ()


NOTHING = Wants(history=False, cards=False)


def dossier(record: Json, archive: Archive | None = None, wants: Wants | None = None) -> dict[str, Any]:
    """The record with the roots named in the module beside it; the record's own fields are left as they are."""
    wants = wants or Wants()
    out: dict[str, Any] = dict(record)
    if archive is not None and wants.history:
        out["history"] = [_entry(other, record) for other in _others(record, archive)]
    if archive is not None and wants.cards:
        out["cards"] = _cards(record, archive)
    if archive is not None and wants.without:
        runs = {name: archive.counterfactual(name) for name in wants.without}
        out["counterfactuals"] = {name: dict(run) for name, run in runs.items() if run is not None}
    return out


def _others(record: Json, archive: Archive) -> list[Json]:
    """The book's other cycles, oldest slot first."""
    found = [r for r in archive.history() if r["cycle_id"] != record.get("cycle_id")]
    return sorted(found, key=lambda r: (str(r["slot"]), str(r["cycle_id"])))


def _entry(other: Json, record: Json) -> dict[str, Any]:
    known = dict.fromkeys(record["snapshot"].get("prices", ()), 0.0) | dict.fromkeys(record["verdict"]["weights"], 0.0)
    verdict = other["verdict"]
    return {
        **{field: other[field] for field in HISTORY_FIELDS if field in other},
        "verdict": {
            **{field: verdict[field] for field in ("decision", "measures", "clamps", "reasons") if field in verdict},
            "weights": known | verdict["weights"],
        },
        "allocation": {"weights": known | other["allocation"]["weights"]},
    }


def _cards(record: Json, archive: Archive) -> dict[str, Any]:
    used = sorted({str(use["policy_id"]) for use in record["allocation"].get("policies", ())})
    found = {policy_id: archive.card(policy_id) for policy_id in used}
    return {
        policy_id: {field: card[field] for field in CARD_FIELDS if field in card}
        for policy_id, card in found.items()
        if card is not None
    }
