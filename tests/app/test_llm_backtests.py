"""A backtest with a chat model: names hidden, a twin without it beside, and no skill claimed before its cutoff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.backtesting.kept import Kept
from app.backtesting.leakage import TWIN, leakage_of
from app.backtesting.request import BacktestRequest
from app.cli import app
from app.desk import Desk
from data.errors import InputError
from tests.agents.desk_policies import meta_policy
from tests.agents.openai_stub import completion, one_server, opinions, saying, shown
from tests.desks import desk
from tests.stubs.http_stub import Reply, Stub
from tools.backtest.files import load
from tools.backtest.metrics import summary

SYMBOLS = "NOVALIN,AEROLIN,ALLFUND,CURAVEX,BANKORA"
FROM, TO, CUTOFF = "2023-03-01", "2023-03-07", "2023-03-02"
"""Five slots; the first two are within the model's knowledge."""
LIMITS = "limits: {max_name_weight: 0.45}\n"


def keen(request: dict[str, Any]) -> Reply:
    """A model that likes the first symbol that any document is about."""
    about = [d for d in shown(request) if d["symbol"]]
    return completion(opinions((about[0]["symbol"], 1.0, 1.0, [about[0]["id"]])) if about else opinions())


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with one_server() as stub:
        yield stub


@pytest.fixture(scope="module")
def run(server: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Kept, list[str]]]:
    """The desk, its run, and every request that the model got."""
    home = tmp_path_factory.mktemp("home")
    (home / "book.yaml").write_text(LIMITS)
    with pytest.MonkeyPatch.context() as patch, saying(server, keen):
        patch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
        patch.setenv("OPENAI_API_BASE", f"{server.url}/v1")
        here = desk(home, symbols=SYMBOLS, llm="openai:stub", mask=True, config=home / "book.yaml")
        here.stores.policies.save(meta_policy(source="simulated"))  # one that listens to every view
        steps: list[tuple[int, int]] = []
        request = BacktestRequest("cycle", FROM, TO, knowledge_cutoff=CUTOFF)
        kept = here.backtest(request, home / "out", lambda n, total: steps.append((n, total)))
        assert steps == [(n, 10) for n in range(1, 11)]
        yield here, kept, [asked.body for asked in server.paths("/chat/completions")]


def test_the_twin_is_run_beside_it_over_the_same_slots(run: tuple[Desk, Kept, list[str]]) -> None:
    _, kept, _ = run
    told = kept.summary["leakage"]["parts"]["whole"]
    assert TWIN.replace("_", " ") in kept.summary["figures"]
    assert told[TWIN]["total_return"] == kept.summary["figures"]["llm off"]["total_return"]
    assert told["run"]["total_return"] == kept.summary["figures"]["this run"]["total_return"]
    assert told["run"] != told[TWIN]
    assert told["cycles_llm_spoke"] > 0


@pytest.mark.slow
def test_the_twin_is_what_a_run_without_the_model_gives(run: tuple[Desk, Kept, list[str]], tmp_path: Path) -> None:
    here, kept, _ = run
    plain = desk(here.settings.home, symbols=SYMBOLS, llm="none", config=here.settings.config)
    alone = plain.backtest(BacktestRequest("cycle", FROM, TO), tmp_path / "alone", lambda *_: None)
    assert alone.summary["figures"]["this run"] == kept.summary["figures"]["llm off"]
    assert "leakage" not in alone.summary


def test_the_run_is_split_where_the_knowledge_ends(run: tuple[Desk, Kept, list[str]]) -> None:
    _, kept, _ = run
    told = kept.summary["leakage"]
    assert told["knowledge_cutoff"] == CUTOFF
    parts = told["parts"]
    assert [(name, parts[name]["cycles"]) for name in parts] == [("whole", 5), ("before", 2), ("after", 2)]
    for name in ("run", TWIN):
        growth = [1.0 + parts[p][name]["total_return"] for p in ("before", "after")]
        assert growth[0] * growth[1] == pytest.approx(1.0 + parts["whole"][name]["total_return"])
        assert set(parts["after"][name]) >= {"sharpe", "turnover_annual"}
    assert "difference" in parts["before"]


def test_no_skill_is_claimed_before_the_cutoff_nor_without_one(run: tuple[Desk, Kept, list[str]]) -> None:
    _, kept, _ = run
    parts = kept.summary["leakage"]["parts"]
    assert parts["before"]["claim"].startswith("no claim: the model may have read")
    assert parts["whole"]["claim"].startswith("no claim")
    assert parts["after"]["claim"].startswith("no claim: too few slots")
    assert any("no claim: the model may have read what followed" in note for note in kept.summary["notes"])
    result, _ = load(kept.folder)
    blind = leakage_of("openai:stub", False, None, result, result, ())
    assert [p.name for p in blind.parts] == ["whole"]
    assert "not known where the model's knowledge ends" in blind.parts[0].claim


def test_no_name_and_no_date_reached_the_model(run: tuple[Desk, Kept, list[str]]) -> None:
    _, _, heard = run
    assert len(heard) >= 5
    for body in heard:
        lowered = body.casefold()
        assert not any(word in lowered for word in ("novalin", "aerolin", "allfund", "curavex", "bankora", "allmarket"))
        assert "2023" not in body


def test_aliases_stay_the_same_through_the_run(run: tuple[Desk, Kept, list[str]]) -> None:
    _, _, heard = run
    listed = {json.loads(body)["messages"][1]["content"].splitlines()[0] for body in heard}
    assert len(listed) == 1


def test_what_the_run_used_up_counts_to_the_days_of_its_slots(run: tuple[Desk, Kept, list[str]]) -> None:
    from app.backtesting.cycle_run import BacktestDesk

    here, kept, heard = run
    spending = BacktestDesk(here.settings, kept.folder.parent / f".{kept.folder.name}.desk").stores.spending
    days = [spending.spent("simulated", day=f"2023-03-0{n}").tokens for n in range(1, 8)]
    assert sum(days) == spending.spent("simulated").tokens == 20 * len(heard)
    assert sum(day > 0 for day in days) == 5


@pytest.mark.parametrize(
    ("settings", "asked", "words"),
    [
        ({"mask": True}, {"strategy": "cycle"}, "none is named"),
        ({}, {"strategy": "cycle", "knowledge_cutoff": CUTOFF}, "none is named"),
        ({"mask": True}, {"strategy": "mean_reversion"}, "only the cycle"),
        ({}, {"strategy": "mean_reversion", "knowledge_cutoff": CUTOFF}, "only the cycle"),
        ({"llm": "openai:stub"}, {"strategy": "cycle", "knowledge_cutoff": "spring"}, "not a date"),
    ],
    ids=["mask-no-model", "cutoff-no-model", "mask-strategy", "cutoff-strategy", "no-date"],
)
def test_controls_that_would_do_nothing_are_refused(
    tmp_path: Path, settings: dict[str, Any], asked: dict[str, str], words: str
) -> None:
    request = replace(BacktestRequest("cycle", FROM, TO), **asked)
    with pytest.raises(InputError, match=words):
        desk(tmp_path, symbols=SYMBOLS, **settings).backtest(request, tmp_path / "out", lambda *_: None)


def test_a_split_run_adds_up_by_its_own_figures(run: tuple[Desk, Kept, list[str]]) -> None:
    _, kept, _ = run
    result, _ = load(kept.folder)
    told = kept.summary["leakage"]["parts"]["whole"]["run"]
    assert told["turnover_annual"] == pytest.approx(summary(result)["turnover_annual"])


def test_the_command_line_says_so_too(run: tuple[Desk, Kept, list[str]], server: Stub) -> None:
    here, kept, _ = run
    arguments = [
        "backtest", "cycle", "--symbols", SYMBOLS, "--from", FROM, "--to", TO, "--llm", "openai:stub", "--mask",
        "--knowledge-cutoff", CUTOFF, "--config", str(here.settings.config), "--home", str(here.settings.home),
        "--out", str(kept.folder),
    ]  # fmt: skip
    with saying(server, keen):
        done = CliRunner().invoke(app, arguments)
        assert server.asked == []  # every slot of both runs is done already
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "llm off" in said
    assert "before (2 cycles): no claim: the model may have read what followed" in said
    assert "before: 2 cycles, the model spoke in" in said
