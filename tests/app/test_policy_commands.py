"""`bullpen policies` as a person meets it: the list, a page, promotion and its refusal, rollback and export."""

from __future__ import annotations

import json

import pytest

from app.cli import app, run
from app.desk import Desk
from data.errors import CorruptFile, InputError, NotFound
from rl.policies.files import GRAPH
from rl.store import PolicyStore
from tests.agents.desk_policies import meta_policy, symbol_policy, without_graph
from tests.desks import desk

FOREIGN = "elsewhere"
"""A source for which nothing is shipped."""


def policy(name: str, unseen: float | None, seen: float = 1.0):
    metrics = {"seen": {"score_sharpe": seen}} | ({"unseen": {"score_sharpe": unseen}} if unseen is not None else {})
    made = symbol_policy(sum(name.encode()), source=FOREIGN, metrics=metrics)
    return type(made)(made.manifest.model_copy(update={"policy_id": name}), made.tensors, made.onnx)


@pytest.fixture(scope="module")
def made():
    return [policy("ppo-first", 0.3), policy("ppo-better", 0.5), policy("ppo-worse", 0.1)]


@pytest.fixture
def here(tmp_path, made) -> Desk:
    found = desk(tmp_path)
    store: PolicyStore = found.stores.policies
    for bundle in made:
        store.save(bundle)
    return found


@pytest.fixture
def command(here, tmp_path, capsys):
    """Runs `bullpen policies ...` and gives its exit code, its JSON or words, and what it said on stderr."""

    def call(*arguments: str, as_json: bool = True):
        given = ["policies", *arguments, "--home", str(tmp_path), *(["--json"] if as_json else [])]
        code = run(given, lambda: app(given, standalone_mode=False))
        out, err = capsys.readouterr()
        return code, json.loads(out) if as_json and out else out, err

    return call


def champion(here: Desk) -> str:
    return here.stores.policies.standing("symbol_agents", FOREIGN).champion


def test_the_list_says_what_is_in_use_and_what_was_learned_by_heart(command):
    code, found, _ = command("list", "--source", FOREIGN)
    assert code == 0
    assert [(p["policy_id"], p["state"], p["unseen"]) for p in found] == [
        ("ppo-better", "kept", 0.5), ("ppo-first", "champion", 0.3), ("ppo-worse", "challenger", 0.1),
    ]  # fmt: skip
    assert [p["gap"] for p in found] == pytest.approx([0.5, 0.7, 0.9])
    assert all(p["graph"] for p in found)
    words = command("list", "--source", FOREIGN, as_json=False)[1]
    assert all(word in words for word in ("ppo-first", "champion", "challenger", "0.30"))


def test_the_list_is_of_a_role_and_the_shipped_ones_are_in_it(command, here):
    here.stores.policies.save(meta_policy(source=FOREIGN))
    roles = {p["role"] for p in command("list", "--role", "meta-controller")[1]}
    assert roles == {"meta_controller"}
    assert {"simulated", "sample", FOREIGN} <= {p["source"] for p in command("list")[1]}
    code, _, err = command("list", "--role", "meta_controler")
    assert code == 2
    assert "did you mean 'meta_controller'?" in err


def test_a_policy_that_cannot_be_read_is_listed_with_its_problem(command, here):
    folder = here.stores.policies.roots[0] / "ppo-worse"
    (folder / "manifest.json").write_text("{")
    code, found, _ = command("list", "--source", FOREIGN)
    assert code == 0
    broken = next(p for p in found if p["state"] == "unreadable")
    assert broken["policy_id"] == "ppo-worse"
    assert "not valid" in broken["problem"]


def test_a_page_tells_where_a_policy_comes_from_and_who_put_it_in_use(command):
    code, found, _ = command("show", "ppo-first")
    assert code == 0
    assert found["manifest"]["metrics"]["unseen"] == {"score_sharpe": 0.3}
    assert found["standing"]["champion"] == "ppo-first"
    assert [line["action"] for line in found["standing"]["audit"]] == ["first", "challenges", "challenges"]
    assert "Champion: ppo-first" in command("show", "ppo-first", as_json=False)[1]


def test_a_typo_in_an_id_is_answered_with_the_nearest(command):
    for verb in ("show", "promote", "export"):
        code, _, err = command(verb, "ppo-frist")
        assert code == 2
        assert json.loads(err)["remedy"] == "did you mean 'ppo-first'?"


def test_a_better_policy_is_promoted_and_says_by_whom(command, here):
    code, found, _ = command("promote", "ppo-better", "--by", "anna", "--why", "better on unseen dates")
    assert (code, found["champion"], champion(here)) == (0, "ppo-better", "ppo-better")
    line = found["audit"][-1]
    assert (line["by"], line["why"], line["previous"], line["forced"]) == (
        "anna", "better on unseen dates", "ppo-first", False,
    )  # fmt: skip
    assert line["when"].endswith("Z")


def test_a_policy_that_did_worse_on_unseen_dates_is_refused_unless_forced_with_a_reason(command, here):
    for more in ((), ("--force",), ("--why", "a hunch")):
        code, _, err = command("promote", "ppo-worse", *more)
        assert code == 2
        fault = json.loads(err)
        assert "score_sharpe on unseen dates is 0.100, the champion's is 0.300" in fault["error"]
        assert "--force" in fault["remedy"]
    assert champion(here) == "ppo-first"
    code, found, _ = command("promote", "ppo-worse", "--force", "--why", "the first one is withdrawn")
    assert (code, found["champion"], found["audit"][-1]["forced"]) == (0, "ppo-worse", True)


@pytest.mark.parametrize("unseen", [None, float("nan")])
def test_a_policy_without_figures_on_unseen_dates_is_refused_and_still_listed(here, command, unseen):
    here.stores.policies.save(policy("ppo-unjudged", unseen))
    with pytest.raises(InputError, match="no score_sharpe on unseen dates"):
        here.promote("ppo-unjudged", "anna")
    code, found, _ = command("list", "--source", FOREIGN)
    assert code == 0
    assert next(p for p in found if p["policy_id"] == "ppo-unjudged")["unseen"] is None
    assert command("show", "ppo-unjudged")[0] == 0


def test_rolling_back_brings_the_one_before_back_and_ends_there(command, here):
    command("promote", "ppo-better")
    code, found, _ = command("rollback", "symbol-agents", FOREIGN, "--by", "anna", "--why", "it lost")
    assert (code, found["champion"], found["challenger"], champion(here)) == (0, "ppo-first", "ppo-better", "ppo-first")
    assert (found["audit"][-1]["action"], found["audit"][-1]["by"]) == ("rolled back", "anna")
    code, _, err = command("rollback", "symbol_agents", FOREIGN)
    assert code == 2
    assert "no champion to go back to" in err
    with pytest.raises(NotFound):
        here.rollback("symbol_agents", "nowhere", "anna")


def test_export_writes_the_graph_anew_and_an_old_policy_gets_one(command, here, made):
    folder = here.stores.policies.roots[0] / "ppo-first"
    before = (folder / GRAPH).read_bytes()
    (folder / GRAPH).write_bytes(b"damaged")
    with pytest.raises(CorruptFile):
        here.policy("ppo-first")
    code, found, _ = command("export", "ppo-first")
    assert (code, found["graph"]) == (0, True)
    assert (folder / GRAPH).read_bytes() == before
    old = without_graph(made[0]).manifest
    (folder / "manifest.json").write_text(old.model_dump_json())
    (folder / GRAPH).unlink()
    assert not here.policies("symbol_agents", FOREIGN)[1].graph
    assert here.export_policy("ppo-first").graph
    assert (folder / GRAPH).read_bytes() == before


def test_a_policy_with_damaged_tensors_is_neither_exported_nor_promoted(here, command):
    path = here.stores.policies.roots[0] / "ppo-better" / "tensors.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\1\2\3\4")
    for verb in ("export", "promote", "show"):
        code, _, err = command(verb, "ppo-better")
        assert code == 5
        assert "sha256" in err
    assert champion(here) == "ppo-first"
