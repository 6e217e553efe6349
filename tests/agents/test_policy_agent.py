from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.policies.chosen import Chosen, choose
from agents.policies.symbol_agents import PolicyAgent
from rl.store import PolicyStore
from rl.symbol_policy import SymbolPolicy
from tests.agents.desk_policies import SEEN_UNTIL, meta_policy, symbol_policy
from tests.agents.desk_snapshots import a_snapshot, with_age, with_feature


def agent(**changes: object) -> PolicyAgent:
    return PolicyAgent(Chosen(symbol_policy(**changes)))


def test_the_view_is_the_last_row_of_the_policy():
    snapshot = a_snapshot()
    view = agent().view(snapshot)
    scores = SymbolPolicy(symbol_policy()).scores(snapshot.features, snapshot.panel.instruments)
    for column, symbol in enumerate(snapshot.symbols):
        assert view.opinions[symbol].score == pytest.approx(scores.score[-1, column], abs=1e-6)
    assert view.model == "policy:toy-symbols-0"


def test_each_symbol_says_which_head_spoke():
    view = agent().view(a_snapshot())
    assert view.opinions["AAPL"].evidence == ("policy:toy-symbols-0#own",)
    assert view.opinions["XOM"].evidence == ("policy:toy-symbols-0#generic",)
    assert "generic_head" in view.flags


def test_a_policy_with_a_head_for_all_is_not_flagged_generic():
    assert agent(heads=("*", "AAPL", "BTC-USD", "KO", "XOM")).view(a_snapshot()).flags == ()


@pytest.mark.parametrize(
    ("until", "flagged"),
    [
        (SEEN_UNTIL, False),
        ("2020-03-16T19:59:59Z", False),
        ("2020-03-16T20:00:00Z", True),
        ("2021-01-01T00:00:00Z", True),
    ],
)
def test_a_date_that_training_saw_is_flagged(until, flagged):
    assert ("in_sample" in agent(trained_until=until).view(a_snapshot()).flags) is flagged


def test_a_policy_of_another_source_says_so():
    assert "trained_on:simulated" in agent(source="simulated").view(a_snapshot()).flags


def test_an_unknown_feature_leaves_that_symbol_unknown():
    view = agent().view(with_feature(a_snapshot(), "mom_252", "KO", np.nan))
    assert view.unknown == {"KO": "a feature the policy reads is unknown"}


def test_a_stale_symbol_has_no_opinion():
    assert agent().view(with_age(a_snapshot(), "KO", 9)).unknown == {"KO": "the last price is 9 slots old"}


def test_an_unknown_regime_makes_it_abstain():
    view = agent().view(with_feature(a_snapshot(), "regime_calm", "", np.nan))
    assert view.reason == "no symbol's features are all known"


def test_without_a_policy_it_abstains_with_the_reason():
    view = PolicyAgent(Chosen(None, "no symbol_agents policy for source 'sample'")).view(a_snapshot())
    assert (view.abstained, view.reason) == (True, "no symbol_agents policy for source 'sample'")


def test_a_policy_of_the_wrong_role_is_refused():
    view = PolicyAgent(Chosen(meta_policy())).view(a_snapshot())
    assert view.abstained
    assert "meta_controller" in view.reason


def test_features_that_lack_a_column_make_it_abstain():
    snapshot = a_snapshot()
    short = replace(snapshot.features, specs=snapshot.features.specs[1:], values=snapshot.features.values[:, :, 1:])
    assert "ret_1" in agent().view(replace(snapshot, features=short)).reason


def store_with(root: Path, *bundles: object) -> PolicyStore:
    store = PolicyStore((root,))
    for found in bundles:
        store.save(found)
    return store


def test_the_source_s_own_policy_is_preferred_and_another_s_taken_where_there_is_none(tmp_path):
    own, other = symbol_policy(), symbol_policy(1, source="simulated").manifest
    renamed = replace(symbol_policy(1), manifest=other.model_copy(update={"policy_id": "toy-other-0"}))
    renamed = replace(renamed, manifest=renamed.manifest.model_copy(update={"trained_until": "2019-12-31T22:00:00Z"}))
    store = store_with(tmp_path, renamed, own)
    assert choose(store, "symbol_agents", "sample").policy_id == "toy-symbols-0"
    assert choose(store, "symbol_agents", "files").policy_id == "toy-other-0"
    assert choose(store, "symbol_agents", "files", "toy-symbols-0").policy_id == "toy-symbols-0"


def test_an_empty_store_is_a_reason_and_not_an_error(tmp_path):
    chosen = choose(PolicyStore((tmp_path,)), "meta_controller", "sample")
    assert chosen.bundle is None
    assert "meta_controller" in chosen.reason


@pytest.mark.parametrize("damage", ["tensors", "manifest", "truncated"])
def test_a_corrupt_policy_makes_the_agent_abstain_and_no_other_takes_its_place(tmp_path, damage):
    other = symbol_policy(1, source="simulated", trained_until="2019-12-31T22:00:00Z")
    other = replace(other, manifest=other.manifest.model_copy(update={"policy_id": "toy-other-0"}))
    store = store_with(tmp_path, other, symbol_policy())
    folder = tmp_path / "toy-symbols-0"
    if damage == "manifest":
        (folder / "manifest.json").write_text("{")
    else:
        content = bytearray((folder / "tensors.safetensors").read_bytes())
        content[-1] ^= 1
        (folder / "tensors.safetensors").write_bytes(bytes(content[:-8] if damage == "truncated" else content))
    view = PolicyAgent(choose(store, "symbol_agents", "sample")).view(a_snapshot())
    assert view.abstained
    assert "toy-symbols-0" in view.reason


def test_a_manifest_with_an_unreadable_date_is_refused(tmp_path):
    store = store_with(tmp_path, symbol_policy(trained_until="some day"))
    assert choose(store, "symbol_agents", "sample").bundle is None
