"""A command line that cannot be read is answered in one line, with the nearest word, and exit code 2."""

from __future__ import annotations

import json

import pytest

from app.cli import app, run
from tests.desks import bullpen


def call(*arguments: str) -> int:
    return run(list(arguments), lambda: app(list(arguments), standalone_mode=False))


@pytest.mark.parametrize(
    ("arguments", "error", "remedy"),
    [
        (("polices",), "No such command 'polices'", "Did you mean 'policies'?"),
        (("policies", "promot", "x"), "No such command 'promot'", "Did you mean 'promote'?"),
        (("cycle", "--as-off", "2023-03-15"), "No such option: --as-off", "One of --as-of"),
        (("cycle", "--seed", "many"), "Invalid value for '--seed'", "see `bullpen --help`"),
        (("policies", "show"), "Missing argument", "see `bullpen --help`"),
    ],
)
def test_what_is_misspelt_is_one_line_with_a_near_match(arguments, error, remedy, capsys):
    assert call(*arguments, "--json") == 2
    out, err = capsys.readouterr()
    fault = json.loads(err)
    assert out == ""
    assert fault["error"].startswith(error)
    assert fault["remedy"] == remedy
    assert call(*arguments) == 2
    words = capsys.readouterr().err
    assert error in words
    assert "Traceback" not in words


def test_without_a_command_there_is_help_and_no_stack_trace(tmp_path):
    done = bullpen(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage:")
    assert "policies" in done.stderr
    assert "Traceback" not in done.stderr
