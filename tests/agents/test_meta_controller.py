from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.meta.allocation import Allocation
from agents.meta.controller import MetaController
from agents.policies.chosen import Chosen
from agents.roster import build_roster
from agents.view import View, abstain
from data.snapshot import Snapshot
from rl.meta.inputs import AGENTS
from rl.meta.prior import known_correlation
from tests.agents.desk_policies import SEEN_UNTIL, meta_policy, symbol_policy
from tests.agents.desk_snapshots import SYMBOLS, a_book, a_snapshot, frozen, with_feature
from tools.execution.book import Book
from tools.portfolio.prior import balanced_risk, equal_weight

NONE = Chosen(None, "no policy was chosen")
LEARNED = Chosen(meta_policy())
SYMBOL_AGENTS = Chosen(symbol_policy())


def controller(policy: Chosen = LEARNED, **changes: float) -> MetaController:
    return MetaController(policy, SYMBOL_AGENTS, **changes)


def views_on(snapshot: Snapshot) -> tuple[View, ...]:
    return tuple(a.view(snapshot) for a in build_roster(SYMBOL_AGENTS).values())


def silent() -> tuple[View, ...]:
    return tuple(abstain(name, "analyst", "quiet") for name in AGENTS)


def used(found: Allocation) -> str:
    assert [f.used for f in found.fallback_chain] == [False] * (len(found.fallback_chain) - 1) + [True]
    assert all(f.reason for f in found.fallback_chain[:-1])
    return found.fallback_chain[-1].name


def assert_sound(found: Allocation) -> None:
    """Weights sum to 1; contributions sum to weights; each source but the prior only moves weight about."""
    assert math.fsum(found.weights.values()) == pytest.approx(1.0, abs=1e-9)
    for symbol, weight in found.weights.items():
        parts = math.fsum(c.get(symbol, 0.0) for c in found.contributions.values())
        assert parts == pytest.approx(weight, abs=1e-9)
    for source, parts in found.contributions.items():
        assert math.fsum(parts.values()) == pytest.approx(1.0 if source == "prior" else 0.0, abs=1e-8)


@pytest.mark.parametrize("policy", [LEARNED, NONE], ids=["policy", "blend"])
def test_contributions_sum_to_the_weights(policy):
    snapshot = a_snapshot()
    found = controller(policy).allocate(snapshot, views_on(snapshot), a_book(AAPL=100.0))
    assert_sound(found)
    assert set(found.contributions) == {"prior", "context", *AGENTS}


@pytest.mark.parametrize("policy", [LEARNED, NONE], ids=["policy", "blend"])
@pytest.mark.parametrize("speakers", [("momentum", "risk", "policy"), ("news", "macro", "momentum", "mean_reversion")])
def test_contributions_are_shapley_values_by_the_definition(policy, speakers):
    """Ask the controller itself for every order of speaking, with the others abstaining."""
    snapshot, book = a_snapshot(), a_book(AAPL=100.0)
    views = {v.agent: v for v in views_on(snapshot)}

    def weights(spoken: frozenset[str]) -> np.ndarray:
        given = tuple(v for n, v in views.items() if n in spoken)
        if not spoken and policy is NONE:
            return np.array([full.contributions["prior"][s] for s in (*SYMBOLS, "CASH")])
        found = controller(policy).allocate(snapshot, given, book)
        return np.array([found.weights[s] for s in (*SYMBOLS, "CASH")])

    full = controller(policy).allocate(snapshot, tuple(views[n] for n in speakers), book)
    expected = {name: np.zeros(len(SYMBOLS) + 1) for name in speakers}
    orders = list(permutations(speakers))
    cache = {s: weights(s) for s in {frozenset(o[:k]) for o in orders for k in range(len(o) + 1)}}
    for order in orders:
        for k, name in enumerate(order):
            expected[name] += (cache[frozenset(order[: k + 1])] - cache[frozenset(order[:k])]) / len(orders)
    for name in speakers:
        got = [full.contributions[name][s] for s in (*SYMBOLS, "CASH")]
        np.testing.assert_allclose(got, expected[name], atol=1e-8)
    context = cache[frozenset()] - np.array([full.contributions["prior"][s] for s in (*SYMBOLS, "CASH")])
    np.testing.assert_allclose([full.contributions["context"][s] for s in (*SYMBOLS, "CASH")], context, atol=1e-8)


def test_views_move_weights_the_way_they_point():
    snapshot = a_snapshot()
    views = views_on(snapshot)
    momentum = next(v for v in views if v.agent == "momentum")
    keen = momentum.model_copy(update={"opinions": {
        s: o.model_copy(update={"score": 1.0 if s == "KO" else -1.0, "confidence": 1.0})
        for s, o in momentum.opinions.items()}})  # fmt: skip
    found = controller(NONE).allocate(snapshot, (keen,), a_book())
    assert found.contributions["momentum"]["KO"] > 0.1
    assert found.contributions["momentum"]["AAPL"] < 0.0


def test_one_who_abstains_is_no_source_and_changes_nothing():
    snapshot, book = a_snapshot(), a_book()
    spoken = tuple(v for v in views_on(snapshot) if v.agent != "news")
    quiet = (abstain("news", "analyst", "no news in the last 5 slots"), *spoken)
    with_abstention = controller().allocate(snapshot, quiet, book)
    assert "news" not in with_abstention.contributions
    assert with_abstention == controller().allocate(snapshot, spoken, book)


def test_an_abstention_is_not_a_neutral_view():
    snapshot, book = a_snapshot(), a_book()
    views = views_on(snapshot)
    neutral = tuple(
        v.model_copy(update={"opinions": {s: o.model_copy(update={"score": 0.0}) for s, o in v.opinions.items()}})
        if v.agent == "risk" else v for v in views
    )  # fmt: skip
    gone = tuple(v for v in views if v.agent != "risk")
    blend = controller(NONE)
    assert blend.allocate(snapshot, neutral, book).weights != blend.allocate(snapshot, gone, book).weights


def test_the_order_of_views_does_not_matter():
    snapshot, book = a_snapshot(), a_book()
    views = views_on(snapshot)
    assert controller().allocate(snapshot, views, book) == controller().allocate(snapshot, views[::-1], book)


def test_what_cannot_be_traded_keeps_its_weight_bit_for_bit():
    book = a_book(cash=12_345.67, AAPL=33.3, XOM=77.7)
    snapshot = frozen(a_snapshot(), "XOM", "BTC-USD")
    for policy in (LEARNED, NONE):
        found = controller(policy).allocate(snapshot, views_on(snapshot), book)
        assert found.weights["XOM"] == book.weights()["XOM"]
        assert found.weights["BTC-USD"] == 0.0
        assert all(found.contributions[a]["XOM"] == 0.0 for a in ("context", *AGENTS))
        assert_sound(found)


def test_a_symbol_held_from_elsewhere_keeps_its_weight_and_is_named():
    book = a_book(cash=50_000.0, AAPL=100.0, TSLA=150.0)
    found = controller().allocate(a_snapshot(), views_on(a_snapshot()), book)
    assert found.weights["TSLA"] == book.weights()["TSLA"]
    assert found.contributions["prior"]["TSLA"] == found.weights["TSLA"]
    assert_sound(found)


def test_policies_that_spoke_are_named_with_whether_they_saw_the_date():
    snapshot = a_snapshot()
    seen = Chosen(meta_policy(trained_until="2020-03-16T20:00:00Z"))
    found = controller(seen).allocate(snapshot, views_on(snapshot), a_book())
    assert {(u.role, u.policy_id, u.in_sample) for u in found.policies} == {
        ("meta_controller", "toy-meta-0", True), ("symbol_agents", "toy-symbols-0", False),
    }  # fmt: skip
    assert found.policies[1].trained_until == SEEN_UNTIL
    assert found.policies[0].sha256 == meta_policy(trained_until="2020-03-16T20:00:00Z").manifest.sha256


def test_a_policy_that_did_not_speak_is_not_named():
    snapshot = a_snapshot()
    quiet = tuple(v for v in views_on(snapshot) if v.agent != "policy")
    assert controller(NONE).allocate(snapshot, quiet, a_book()).policies == ()


# --- the chain: each link made to fail ------------------------------------------------------------------------


def test_link_1_the_policy():
    snapshot = a_snapshot()
    assert used(controller().allocate(snapshot, views_on(snapshot), a_book())) == "policy:toy-meta-0"


def test_link_2_the_blend_where_there_is_no_policy():
    snapshot = a_snapshot()
    found = controller(NONE).allocate(snapshot, views_on(snapshot), a_book())
    assert used(found) == "rule:blend-v1"
    assert found.fallback_chain[0].name == "policy:none"
    assert found.fallback_chain[0].reason == "no policy was chosen"


def test_link_2_the_blend_where_the_policy_is_of_another_kind_or_shape():
    snapshot = a_snapshot()
    narrow = meta_policy()
    narrow = replace(narrow, tensors={**narrow.tensors, "embed.shared": narrow.tensors["embed.shared"][:, :3]})
    for broken in (symbol_policy(), narrow, replace(narrow, tensors={})):
        found = controller(Chosen(broken)).allocate(snapshot, views_on(snapshot), a_book())
        assert used(found) == "rule:blend-v1"


def test_link_2_the_blend_where_the_regime_is_unknown():
    snapshot = with_feature(a_snapshot(), "regime_calm", "", np.nan)
    found = controller().allocate(snapshot, views_on(snapshot), a_book())
    assert used(found) == "rule:blend-v1"
    assert found.fallback_chain[0].name == "policy:toy-meta-0"


def test_link_3_the_prior_where_nobody_speaks():
    snapshot = a_snapshot()
    found = controller(NONE).allocate(snapshot, silent(), a_book())
    assert used(found) == "prior:inverse_volatility"
    assert set(found.contributions) == {"prior", "context"}
    vol = snapshot.last("vol_63")
    expected = 0.95 / vol / (1.0 / vol).sum()
    np.testing.assert_allclose([found.weights[s] for s in SYMBOLS], expected, atol=1e-8)
    assert found.weights["CASH"] == pytest.approx(0.05, abs=1e-8)


def test_link_4_equal_weight_where_a_volatility_is_unknown():
    snapshot = with_feature(a_snapshot(), "vol_63", "KO", np.nan)
    found = controller().allocate(snapshot, views_on(snapshot), a_book())
    assert used(found) == "prior:equal_weight"
    assert len({found.weights[s] for s in SYMBOLS}) == 1
    assert all(not any(found.contributions[a].values()) for a in AGENTS)
    assert_sound(found)


def test_link_5_hold_where_nothing_can_be_traded():
    book = a_book(cash=12_345.67, AAPL=33.3, XOM=77.7)
    snapshot = frozen(a_snapshot(), *SYMBOLS)
    found = controller().allocate(snapshot, views_on(snapshot), book)
    assert used(found) == "hold"
    assert {s: w for s, w in found.weights.items() if w and s != "CASH"} == {
        s: w for s, w in book.weights().items() if s != "CASH"
    }
    assert_sound(found)


@pytest.mark.parametrize(
    "book",
    [a_book(AAPL=10.0, marks={}), a_book(AAPL=10.0, marks={"AAPL": math.nan}), a_book(AAPL=10.0, marks={"AAPL": 0.0}),
     a_book(cash=0.0), a_book(cash=-5.0), a_book(cash=math.nan)],
    ids=["no mark", "NaN mark", "zero mark", "no value", "negative value", "NaN cash"],
)  # fmt: skip
def test_link_6_cash_where_the_book_cannot_be_valued(book):
    found = controller().allocate(a_snapshot(), views_on(a_snapshot()), book)
    assert used(found) == "cash"
    assert len(found.fallback_chain) == 6
    assert found.weights == {"CASH": 1.0}


def test_a_controller_that_answers_nonsense_is_not_believed(monkeypatch):
    snapshot = a_snapshot()
    for nonsense in (np.nan, 2.0):
        monkeypatch.setattr(
            "rl.meta.policy.MetaPolicy.weights", lambda _, __, views, raw, x=nonsense: np.full((len(views), 5), x)
        )
        assert used(controller().allocate(snapshot, views_on(snapshot), a_book())) == "rule:blend-v1"


def test_the_cash_share_of_the_prior_is_a_setting():
    found = controller(NONE, cash_share=0.4).allocate(a_snapshot(), silent(), a_book())
    assert found.weights["CASH"] == pytest.approx(0.4, abs=1e-8)


BOOKS = st.builds(
    a_book, cash=st.floats(1.0, 1e7), AAPL=st.floats(0.0, 1e4), KO=st.floats(0.0, 1e4), TSLA=st.floats(0.0, 10.0)
)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), book=BOOKS, stuck=st.sets(st.sampled_from(SYMBOLS)), learned=st.booleans())
def test_any_snapshot_and_book_gives_a_sound_allocation(seed: int, book: Book, stuck: set[str], learned: bool):
    snapshot = frozen(a_snapshot(seed), *stuck)
    found = controller(LEARNED if learned else NONE).allocate(snapshot, views_on(snapshot), book)
    assert_sound(found)
    assert found == controller(LEARNED if learned else NONE).allocate(snapshot, views_on(snapshot), book)


# --- the prior that the policy was trained on ---------------------------------------------------------------------


def tilting(prior: str, reach: float = 1.0) -> Chosen:
    """A policy whose manifest names a prior."""
    policy = meta_policy(config={"meta": {"prior": prior}})
    return Chosen(replace(policy, tensors={**policy.tensors, "kappa": np.array([reach], np.float32)}, onnx=None))


@pytest.mark.parametrize("prior", ["equal_weight", "risk_parity", "minimum_variance"])
def test_a_policy_of_no_reach_is_the_prior_that_its_manifest_names(prior: str):
    snapshot = a_snapshot()
    tradable, held = snapshot.tradable, np.append(np.zeros(len(SYMBOLS)), 1.0)
    known = known_correlation(snapshot.panel.times, snapshot.panel.close)
    expected = (
        equal_weight(tradable, held)
        if prior == "equal_weight"
        else balanced_risk(prior, snapshot.last("vol_63"), known, tradable, held)
    )
    found = controller(tilting(prior, reach=0.0)).allocate(snapshot, views_on(snapshot), a_book())
    assert used(found) == "policy:toy-meta-0"
    np.testing.assert_allclose([found.weights[s] for s in (*SYMBOLS, "CASH")], expected, atol=1e-8)
    assert found.prior == prior
    assert_sound(found)


@pytest.mark.parametrize("prior", ["equal_weight", "risk_parity", "minimum_variance"])
def test_the_record_names_the_prior_and_comes_back_byte_for_byte(prior: str):
    snapshot = a_snapshot()
    found, again = (controller(tilting(prior)).allocate(snapshot, views_on(snapshot), a_book()) for _ in range(2))
    assert found.model_dump()["prior"] == prior
    assert found.model_dump_json() == again.model_dump_json()
    assert Allocation.model_validate_json(found.model_dump_json()) == found
    assert "prior" not in controller().allocate(snapshot, views_on(snapshot), a_book()).model_dump()


def test_the_chain_falls_back_on_the_policys_own_prior_and_then_on_equal_weight():
    snapshot = a_snapshot()
    broken = tilting("risk_parity")
    assert broken.bundle is not None
    speechless = Chosen(replace(broken.bundle, tensors={}))
    assert used(controller(speechless).allocate(snapshot, silent(), a_book())) == "prior:risk_parity"
    unknown = with_feature(snapshot, "vol_63", "KO", np.nan)
    assert used(controller(broken).allocate(unknown, views_on(unknown), a_book())) == "prior:equal_weight"


def test_a_policy_of_an_unknown_prior_is_not_asked():
    snapshot = a_snapshot()
    found = controller(tilting("kelly")).allocate(snapshot, views_on(snapshot), a_book())
    assert used(found) == "rule:blend-v1"
    assert "kelly" in found.fallback_chain[0].reason
