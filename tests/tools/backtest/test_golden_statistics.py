"""What the shipped strategies did is what they do: statistics and order hashes, committed under goldens/."""

import pytest

from tests.tools.backtest.golden_runs import GOLDENS, difference, golden, history_of, run, told, windows
from tools.backtest.shipped import SHIPPED
from tools.backtest.strategies.passive import EqualWeight

SOURCES = ("simulated", "sample")


@pytest.fixture(scope="module", params=SOURCES)
def past(request, tmp_path_factory):
    """(source, its history), built once."""
    return request.param, history_of(windows()[request.param], tmp_path_factory.mktemp(request.param))


def test_every_shipped_strategy_gives_its_golden_statistics_and_order_hash(past):
    source, history = past
    changed = [
        f"{name} {line}"
        for name in SHIPPED
        for line in difference(golden(source).get(name, {}), told(run(history, name)))
    ]
    if changed:
        pytest.fail(
            f"{source}: shipped strategies do something else now (old -> new):\n  " + "\n  ".join(changed)
            + "\nwhere that is meant: python -m tests.tools.backtest.golden_runs"
        )  # fmt: skip


def test_another_cadence_is_told_apart_and_the_difference_names_what_changed(past, monkeypatch):
    source, history = past
    monkeypatch.setitem(SHIPPED, "equal_weight", EqualWeight(every=20))
    lines = difference(golden(source)["equal_weight"], told(run(history, "equal_weight")))
    names = [line.split(":")[0] for line in lines]
    assert {"order_hash", "total_return", "costs", "fills"} <= set(names)
    old = golden(source)["equal_weight"]["fills"]
    assert any(line.startswith(f"fills: {old} -> ") for line in lines)


@pytest.mark.parametrize("source", SOURCES)
def test_the_goldens_name_every_shipped_strategy_and_no_other(source):
    assert (GOLDENS / f"{source}.json").is_file()
    assert set(golden(source)) == set(SHIPPED)
    for figures in golden(source).values():
        assert {"total_return", "annual_return", "annual_volatility", "sharpe", "max_drawdown"} <= set(figures)
        assert {"turnover_annual", "costs", "fills", "order_hash"} <= set(figures)
        assert figures["fills"] > 0


def test_one_changed_bit_shows_as_one_line():
    assert difference({"fills": 2.0, "costs": 1.0}, {"fills": 3.0, "costs": 1.0}) == ["fills: 2.0 -> 3.0"]
    assert difference({}, {"sharpe": 1.0}) == ["sharpe: absent -> 1.0"]
    assert difference({"sharpe": 1.0}, {}) == ["sharpe: 1.0 -> absent"]
