"""Champion and challenger: who is in use, who may replace whom, and that no accident leaves it undecided."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
from pathlib import Path

import pytest

from data.errors import CorruptFile, InputError, NotFound, StorageFailed
from rl.policies.files import GRAPH
from rl.store import PolicyStore, Signed
from tests.agents.desk_policies import symbol_policy

ME = Signed("someone", "2024-01-02T00:00:00Z", "better")


def policy(name: str, unseen: float | None = 0.5, source: str = "sample"):
    """Each has weights of its own."""
    metrics = {"seen": {"score_sharpe": 1.0}} | ({"unseen": {"score_sharpe": unseen}} if unseen is not None else {})
    made = symbol_policy(sum(name.encode()), source=source, metrics=metrics)
    return type(made)(made.manifest.model_copy(update={"policy_id": name}), made.tensors, made.onnx)


@pytest.fixture
def store(tmp_path):
    found = PolicyStore((tmp_path / "user", tmp_path / "shipped"))
    for name, unseen in (("a", 0.3), ("b", 0.4), ("c", 0.5)):
        found.save(policy(name, unseen))
    return found


def in_use(store: PolicyStore) -> str:
    return store.latest("symbol_agents", "sample").manifest.policy_id


def test_the_first_policy_is_used_at_once_and_the_next_ones_challenge(store):
    standing = store.standing("symbol_agents", "sample")
    assert (standing.champion, standing.challenger, in_use(store)) == ("a", "c", "a")
    assert [(line.action, line.policy_id) for line in standing.audit] == [
        ("first", "a"), ("challenges", "b"), ("challenges", "c"),
    ]  # fmt: skip


def test_a_promotion_says_who_when_why_and_what_was_before(store):
    line = store.promote("c", ME).audit[-1]
    assert line.model_dump() == {
        "action": "promoted", "policy_id": "c", "previous": "a", "by": "someone", "when": "2024-01-02T00:00:00Z",
        "why": "better", "forced": False,
    }  # fmt: skip
    assert in_use(store) == "c"


def test_saving_with_promote_puts_it_in_use(store):
    store.save(policy("d", -1.0), promote=True)
    assert in_use(store) == "d"


def test_training_the_champion_again_leaves_it_in_use(store):
    store.save(policy("a", 0.3))
    assert in_use(store) == "a"


@pytest.mark.parametrize("unseen", [0.29, None])
def test_worse_on_unseen_dates_is_refused_unless_forced_with_a_reason(store, unseen):
    store.save(policy("worse", unseen))
    for force, why in ((False, "better"), (True, ""), (True, "  ")):
        with pytest.raises(InputError, match="unseen dates"):
            store.promote("worse", Signed("someone", "", why), force)
    assert in_use(store) == "a"
    assert store.promote("worse", ME, force=True).audit[-1].forced
    assert in_use(store) == "worse"


def test_a_champion_whose_figures_cannot_be_read_is_replaced_by_force_alone(store):
    (store.roots[0] / "a" / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        store.promote("b", ME)
    store.promote("b", ME, force=True)
    assert in_use(store) == "b"


def test_what_cannot_be_loaded_is_never_promoted(store):
    (store.roots[0] / "b" / GRAPH).write_bytes(b"damaged")
    with pytest.raises(CorruptFile):
        store.promote("b", ME, force=True)
    assert in_use(store) == "a"


def test_rolling_back_twice_goes_back_twice_and_not_further(store):
    store.promote("b", ME)
    store.promote("c", ME)
    assert store.rollback("symbol_agents", "sample", ME).champion == in_use(store) == "b"
    last = store.rollback("symbol_agents", "sample", ME)
    assert (last.champion, last.challenger, in_use(store)) == ("a", "b", "a")
    with pytest.raises(NotFound, match="no champion to go back to"):
        store.rollback("symbol_agents", "sample", ME)
    assert [line.action for line in last.audit[-4:]] == ["promoted", "promoted", "rolled back", "rolled back"]


def test_nothing_is_rolled_back_to_a_policy_that_cannot_be_loaded(store):
    store.promote("b", ME)
    (store.roots[0] / "a" / GRAPH).write_bytes(b"damaged")
    with pytest.raises(CorruptFile):
        store.rollback("symbol_agents", "sample", ME)
    assert in_use(store) == "b"


def test_the_champion_cannot_be_promoted_again(store):
    with pytest.raises(InputError, match="champion already"):
        store.promote("a", ME)


def test_a_shipped_champion_can_be_gone_back_to(tmp_path):
    shipped = tmp_path / "shipped"
    PolicyStore((shipped,)).save(policy("shipped"))
    store = PolicyStore((tmp_path / "user", shipped))
    store.save(policy("own"))
    assert in_use(store) == "own"
    store.rollback("symbol_agents", "sample", ME)
    assert in_use(store) == "shipped"
    assert json.loads((shipped / "current.json").read_text())["standings"]["symbol_agents/sample"]["former"] == []


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_crash_between_write_and_rename_leaves_the_champion(store, monkeypatch, broken):
    replace = Path.replace

    def failing(self, target):
        if self.name.endswith("current.json.partial"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(self, target)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if broken == "replace":
        monkeypatch.setattr(Path, "replace", failing)
    else:
        monkeypatch.setattr(os, "fsync", full)
    before = store.standing("symbol_agents", "sample")
    with pytest.raises(StorageFailed, match=r"current\.json"):
        store.promote("c", ME)
    monkeypatch.undo()
    assert store.standing("symbol_agents", "sample") == before
    assert store.promote("c", ME).champion == in_use(store) == "c"


def _promote(root: str, name: str, gate) -> None:
    gate.wait()
    PolicyStore((Path(root),)).promote(name, Signed(name, "", "race"), force=True)


def test_promotions_that_race_are_all_in_the_history(tmp_path):
    store = PolicyStore((tmp_path,))
    names = ("b", "c", "d")
    for name in ("a", *names):
        store.save(policy(name))
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(names))
    racers = [context.Process(target=_promote, args=(str(tmp_path), name, gate)) for name in names]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    standing = store.standing("symbol_agents", "sample")
    promoted = [line for line in standing.audit if line.action == "promoted"]
    assert sorted(line.policy_id for line in promoted) == ["b", "c", "d"]
    assert [line.previous for line in promoted] == ["a", *(line.policy_id for line in promoted[:-1])]
    assert standing.former == tuple(line.previous for line in promoted)


def test_a_table_of_version_one_still_loads(store):
    table = store.roots[0] / "current.json"
    table.write_text(json.dumps({"symbol_agents/sample": "b"}))
    assert in_use(store) == "b"
    store.promote("c", ME)
    assert store.standing("symbol_agents", "sample").former == ("b",)
