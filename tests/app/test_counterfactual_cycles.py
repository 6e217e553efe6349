"""A counterfactual without X is, to the last bit, what a cycle run with X off decides; and it writes nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.desk import Desk
from data.errors import InputError
from graph.counterfactual import Counterfactual
from graph.record import CycleRecord, canonical
from graph.without import EVERYTHING, NAMES
from tests.agents.desk_policies import meta_policy, symbol_policy
from tests.desks import DATE, desk

CONFIG: dict[str, Any] = {
    "universe": ["NOVALIN", "ORBTEK", "CREDITFUND", "AURIUM", "GLIMCOIN", "FLORINUSD"],
    "approval": "never",
    "limits": {
        "max_name_weight": 0.3, "max_class_weight": {"stock": 0.3, "etf": 0.2}, "max_sector_weight": {"*": 0.2},
        "max_currency_weight": {"USD": 0.9}, "max_gross": 0.85, "max_leverage": 0.85, "max_net": 0.8,
        "max_turnover_per_cycle": 0.15, "max_participation": 0.05, "max_var_95": 0.01, "max_cvar_95": 0.015,
        "max_volatility_annual": 0.12, "max_beta": 0.9, "max_stress_loss": 0.03, "restricted": ["ORBTEK"],
        "max_position_loss": 0.02, "max_trailing_loss": 0.02,
    },
}  # fmt: skip
"""Many limits so tight that each would act if those before it did not."""
FEW = ("news", "policy", "features:momentum", "features:macro", "clamp:max_turnover_per_cycle", "clamp:restricted",
       "prior=equal_weight")  # fmt: skip
REST = tuple(str(thing) for thing in EVERYTHING if str(thing) not in FEW)


@dataclass
class Past:
    """A desk with two cycles, and its home as it was between them."""

    home: Path
    desk: Desk
    record: CycleRecord

    def again(self, folder: Path, *without: str) -> CycleRecord:
        """The second cycle run anew, on the book of the first, with things off."""
        home = folder / "home"
        shutil.copytree(self.home.parent / "between", home)
        for shared in ("lake", "policies"):
            (home / shared).symlink_to(self.home / shared)
        config = folder / "book.yaml"
        config.write_text(yaml.safe_dump(CONFIG | {"without": list(without)}), encoding="utf-8")
        other = desk(home, config=config)
        other.stores.__dict__["lake"] = self.desk.stores.lake  # what it has read need not be read again
        done = other.cycle()
        assert done.record is not None
        assert done.record.slot == self.record.slot
        return done.record


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("past")
    config, home = folder / "book.yaml", folder / "home"
    config.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    here = desk(home, config=config)
    here.stores.policies.save(meta_policy(source="simulated"))
    here.stores.policies.save(symbol_policy(source="simulated"))
    here.cycle(DATE)
    (folder / "between").mkdir()
    for path in (p for p in home.iterdir() if p.is_file()):
        shutil.copy(path, folder / "between" / path.name)
    second = desk(home, config=config)
    done = second.cycle()
    assert done.record is not None
    return Past(home, second, done.record)


def assert_same_decision(found: Counterfactual, cycle: CycleRecord) -> None:
    """Views, allocation, verdict and orders, as canonical JSON: floats to the last bit."""
    decided = found.outcome
    for mine, theirs in ((decided.views, cycle.views), (decided.orders, cycle.orders)):
        assert canonical([m.model_dump(mode="json") for m in mine]) == canonical(
            [t.model_dump(mode="json") for t in theirs]
        )
    for mine, theirs in ((decided.allocation, cycle.allocation), (decided.verdict, cycle.verdict)):
        assert canonical(mine.model_dump(mode="json")) == canonical(theirs.model_dump(mode="json"))


@pytest.mark.parametrize("thing", FEW)
def test_it_equals_a_cycle_run_with_it_off(past: Past, thing: str, tmp_path: Path) -> None:
    found = past.desk.replays.without("latest", [thing])
    assert_same_decision(found, past.again(tmp_path, thing))
    assert canonical(found.outcome.allocation.model_dump(mode="json")) != canonical(
        past.record.allocation.model_dump(mode="json")
    ) or thing.startswith("clamp:")


@pytest.mark.slow
@pytest.mark.parametrize("thing", REST)
def test_so_does_every_other(past: Past, thing: str, tmp_path: Path) -> None:
    assert_same_decision(past.desk.replays.without("latest", [thing]), past.again(tmp_path, thing))


def test_several_at_once_equal_a_cycle_with_all_of_them_off(past: Past, tmp_path: Path) -> None:
    things = ("social", "features:news", "clamp:max_var_95", "prior=risk_parity")
    assert_same_decision(past.desk.replays.without("latest", things), past.again(tmp_path, *things))


def test_all_agents_off_leave_what_the_desk_does_without_a_view(past: Past) -> None:
    found = past.desk.replays.without("latest", NAMES["agent"])
    assert all(view.abstained and view.reason == "switched off" for view in found.outcome.views)
    assert set(found.outcome.allocation.contributions) == {"prior", "context"}


def test_a_switched_off_limit_does_not_act_and_the_record_has_it_acting(past: Past) -> None:
    limit = "max_turnover_per_cycle"
    assert any(clamp.limit == limit for clamp in past.record.verdict.clamps)
    found = past.desk.replays.without("latest", [f"clamp:{limit}"])
    assert not any(clamp.limit == limit for clamp in found.outcome.verdict.clamps)
    assert found.outcome.verdict.measures["bought"] > past.record.verdict.measures["bought"]


def test_the_difference_is_without_it_less_as_decided(past: Past) -> None:
    found = past.desk.replays.without("latest", ["clamp:max_turnover_per_cycle"])
    for symbol, by in found.difference.items():
        assert by == found.weights[symbol] - past.record.verdict.weights[symbol]
    assert sum(found.difference.values()) == pytest.approx(0.0, abs=1e-12)
    assert found.as_json()["difference"] == found.difference


def test_a_cycle_with_something_off_says_so_and_replays(past: Past, tmp_path: Path) -> None:
    off = past.again(tmp_path, "news", "features:momentum")
    assert off.config["without"] == ["news", "features:momentum"]
    assert off.snapshot["unavailable"]["features:momentum"] == "switched off"
    assert all(figures["mom_63"] is None for figures in off.snapshot["features"].values())
    again = desk(tmp_path / "home").replay(off.cycle_id)
    assert again.identical, again.differences


def test_a_counterfactual_writes_nothing_of_the_desk(past: Past) -> None:
    def content() -> dict[str, bytes]:
        return {
            str(p.relative_to(past.home)): p.read_bytes()
            for p in sorted(past.home.rglob("*"))
            if p.is_file() and p.suffix not in (".lock", ".sqlite-shm")
        }

    before = content()
    past.desk.replays.without("latest", ["policy", "features:volatility"])
    assert content() == before


def test_nothing_to_leave_out_is_an_error(past: Past) -> None:
    with pytest.raises(InputError, match="nothing to leave out"):
        past.desk.replays.without("latest", [])
