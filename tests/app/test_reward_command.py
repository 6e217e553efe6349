"""`bullpen rewards analyze` from the command line: figures, page, and a typo."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from app.cli_rewards import commands
from app.rewards import read_reward
from data.errors import BadConfig
from rl.reward import REFERENCE
from rl.training.preset import load_preset


def test_a_reward_is_analysed_over_a_source(tmp_path):
    given = ["analyze", "reference", "--bars", "60", "--no-policy", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(commands, given, catch_exceptions=False)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert set(told["behaviours"]) == {"random", "buy and hold"}
    shares = [figures["share"] for figures in told["behaviours"]["random"]["figures"].values()]
    assert sum(shares) == pytest.approx(1.0)
    assert told["settings"]["reward"]["net"] == REFERENCE.net
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
