"""A person's own strategy by file or module; what is no strategy is refused with a remedy."""

import pytest

from data.errors import InputError, NotFound
from tools.backtest.loading import load_strategy

SOURCE = """
class Mine:
    name = "mine"
    def decide(self, snapshot):
        return {}

READY = Mine()
NUMBER = 3
"""


class Known:
    name = "momentum"

    def decide(self, snapshot):
        return {}


SHIPPED = {"momentum": Known()}


def test_a_shipped_name_wins():
    assert load_strategy("momentum", SHIPPED) is SHIPPED["momentum"]


@pytest.mark.parametrize("attribute", ["Mine", "READY"])
def test_a_class_or_an_object_in_a_file(tmp_path, attribute):
    (tmp_path / "mine.py").write_text(SOURCE)
    assert load_strategy(f"{tmp_path / 'mine.py'}:{attribute}", SHIPPED).name == "mine"


def test_a_near_name_is_suggested():
    with pytest.raises(NotFound, match="did you mean momentum"):
        load_strategy("momentun", SHIPPED)


def test_what_cannot_decide_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text(SOURCE)
    with pytest.raises(InputError, match="is no strategy"):
        load_strategy(f"{tmp_path / 'mine.py'}:NUMBER", SHIPPED)


@pytest.mark.parametrize("name", ["nowhere.py:Mine", "no_such_package.inside:Mine", "json:Mine"])
def test_what_is_not_there_is_said(name):
    with pytest.raises(NotFound):
        load_strategy(name, SHIPPED)
