"""`bullpen rewards analyze` from the command line: figures, page, and a typo."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from agents.policies.chosen import Chosen
from app.cli_rewards import commands
from app.rewards import RewardOrder, analyze_rewards, read_reward
from data.errors import BadConfig
from rl.reward import REFERENCE
from rl.training.preset import load_preset
from tests.rl.histories import history


def market_of(given_history):
    """What of an opened source the analysis looks at."""
    return SimpleNamespace(
        source=SimpleNamespace(name="simulated", span=lambda: ("first", "last")),
        builder=SimpleNamespace(history=lambda first, last: given_history),
        slots=SimpleNamespace(at_or_before=lambda last: last),
        config=SimpleNamespace(costs=None),
        policies=SimpleNamespace(symbol_agents=Chosen(None, "none is stored")),
    )


def test_acting_at_random_and_holding_are_compared(tmp_path):
    order, told = RewardOrder("reference", bars=60), []
    report = analyze_rewards(
        market_of(history()), order, tmp_path / "out", lambda done, total: told.append((done, total))
    )
    assert set(report["behaviours"]) == {"random", "buy and hold"}
    shares = [figures["share"] for figures in report["behaviours"]["random"]["figures"].values()]
    assert sum(shares) == pytest.approx(1.0)
    assert report["settings"]["reward"]["net"] == REFERENCE.net
    assert report["settings"]["bars"] == 60
    assert "SIMULATED" in (tmp_path / "out" / "rewards.html").read_text("utf-8")
    assert told == [(1, 2), (2, 2)]


@pytest.mark.slow
def test_the_command_asks_the_policy_in_use_too(tmp_path):
    given = ["analyze", "reference", "--bars", "60", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(commands, given, catch_exceptions=False)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    policy = set(told["behaviours"]) - {"random", "buy and hold"}
    assert [name.startswith("ppo-simulated") for name in policy] == [True]
    assert (tmp_path / "out" / "rewards.html").exists()


def test_a_reward_is_named_or_read_from_a_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("net: 2.0\nbounded: true\n", "utf-8")
    assert read_reward("reference") == REFERENCE
    assert read_reward("quick") == load_preset("quick").reward
    assert (read_reward(str(file)).net, read_reward(str(file)).bounded) == (2.0, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("drawdwon: 1.0\n", r"mine.yaml: drawdwon.*did you mean 'drawdown'"),
        ("net: 99\n", "less than or equal to 10"),
        ("- net\n", "not a YAML table"),
        ("net: [\n", "not YAML"),
    ],
)
def test_a_file_that_does_not_fit_says_why(tmp_path, content, said):
    file = tmp_path / "mine.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadConfig, match=said):
        read_reward(str(file))


def test_an_unknown_reward_is_answered_with_the_nearest():
    with pytest.raises(BadConfig, match="did you mean 'reference'"):
        read_reward("refrence")
    with pytest.raises(BadConfig, match=r"cannot read gone.yaml"):
        read_reward("gone.yaml")
