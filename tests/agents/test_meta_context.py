"""The context of an allocation is taken apart by groups of features; another prior may take the policy's place."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from agents.meta.allocation import Allocation
from agents.meta.controller import MetaController
from agents.policies.chosen import Chosen
from agents.roster import build_roster
from tests.agents.desk_policies import bundle, meta_policy, symbol_policy
from tests.agents.desk_snapshots import a_book, a_snapshot, with_feature

SYMBOL_AGENTS = Chosen(symbol_policy())
GROUPS = {"returns", "momentum", "volatility", "book", "macro", "regime", "breadth", "lean"}


@pytest.fixture(scope="module")
def found() -> Allocation:
    return allocated(Chosen(meta_policy()))


def allocated(policy: Chosen, snapshot=None, **changes) -> Allocation:
    snapshot = snapshot or a_snapshot()
    views = tuple(agent.view(snapshot) for agent in build_roster(SYMBOL_AGENTS).values())
    return MetaController(policy, SYMBOL_AGENTS, **changes).allocate(snapshot, views, a_book(AAPL=100.0))


def test_the_parts_of_the_context_sum_to_it(found: Allocation) -> None:
    assert set(found.context) == GROUPS
    for symbol, whole in found.contributions["context"].items():
        parts = math.fsum(group[symbol] for group in found.context.values())
        assert parts == pytest.approx(whole, abs=1e-9)
    for group in found.context.values():
        assert math.fsum(group.values()) == pytest.approx(0.0, abs=1e-8)


def test_a_group_whose_features_move_moves_its_part_and_lean_stays(found: Allocation) -> None:
    moved = allocated(Chosen(meta_policy()), with_feature(a_snapshot(), "rank_mom_63", "AAPL", 0.9))
    assert moved.context["momentum"] != found.context["momentum"]
    assert moved.context["lean"] == pytest.approx(found.context["lean"], abs=1e-8)


def without_reach() -> Chosen:
    still = meta_policy()
    fields = still.manifest.model_dump(include={"role", "obs_id", "heads", "policy_id"})
    return Chosen(bundle(dict(still.tensors) | {"kappa": np.array([0.0])}, **fields))


@pytest.mark.parametrize("kind", ["rule", "no reach"])
def test_where_the_context_moves_nothing_the_record_says_nothing_of_it(kind: str) -> None:
    plain = allocated(Chosen(None, "none") if kind == "rule" else without_reach())
    assert plain.context == {}
    assert "context" not in json.loads(plain.model_dump_json())


def test_an_allocation_with_parts_reads_back_as_it_was_written(found: Allocation) -> None:
    assert Allocation.model_validate_json(found.model_dump_json()) == found


def test_parts_that_do_not_sum_are_refused(found: Allocation) -> None:
    wrong = json.loads(found.model_dump_json())
    wrong["context"]["macro"]["AAPL"] += 1e-6
    with pytest.raises(ValueError, match="parts of the context of AAPL"):
        Allocation.model_validate(wrong)


@pytest.mark.parametrize("prior", ["equal_weight", "minimum_variance"])
def test_another_prior_takes_the_place_of_the_policys_and_the_policy_tilts_away_from_it(prior: str) -> None:
    plain, other = allocated(Chosen(meta_policy())), allocated(Chosen(meta_policy()), instead=prior)
    assert (plain.prior, other.prior) == ("inverse_volatility", prior)
    assert other.fallback_chain[-1].name.startswith("policy:")
    assert other.contributions["prior"] != plain.contributions["prior"]
    assert other.weights != plain.weights
