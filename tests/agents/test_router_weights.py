"""The shipped weights: scikit-learn's scores without scikit-learn, and of the phrasings that there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from agents.explainer import fit_router
from agents.explainer.features import letters, words
from agents.explainer.fit_router import digest, exported, fitted, least_lead, write
from agents.explainer.phrasings import PHRASINGS
from agents.explainer.router import REFIT, SHIPPED, TABLE, TENSORS, likeness, masked, read, shipped
from data.errors import CorruptFile
from tests.agents.unseen_phrasings import UNSEEN
from tests.desks import ROOT

ASKED = [masked(p) for known in (*PHRASINGS.values(), *UNSEEN.values()) for p in known][::3]
ODD = ["", " ", "?", "a", "??? ???", "é ü 日本語", "xsym xsym xsym", "why why why why", "x" * 400]
AGAIN = f"the router's weights are of other phrasings or concepts: run `{REFIT}`"


@pytest.fixture(scope="module")
def model() -> Pipeline:
    return fitted(PHRASINGS)


def test_the_shipped_weights_are_of_the_present_phrasings_and_concepts() -> None:
    assert shipped().fitted_from == digest(PHRASINGS), AGAIN


def test_a_changed_phrasing_is_noticed() -> None:
    changed = PHRASINGS | {"cash": (*PHRASINGS["cash"], "how much is in the till")}
    assert digest(changed) != digest(PHRASINGS)


def test_scores_are_those_of_scikit_learn(model: Pipeline) -> None:
    """Before the coefficients are rounded to 32 bits."""
    weights = exported(model)
    ours = np.array([weights.margins(question) for question in ASKED + ODD])
    np.testing.assert_allclose(ours, model.decision_function(ASKED + ODD), rtol=0.0, atol=1e-9)


def test_the_shipped_scores_are_those_of_a_model_fitted_now(model: Pipeline) -> None:
    """To 1e-6: rounding the coefficients moves a score by about 1e-7."""
    ours = np.array([shipped().margins(question) for question in ASKED + ODD])
    np.testing.assert_allclose(ours, model.decision_function(ASKED + ODD), rtol=0.0, atol=1e-6, err_msg=AGAIN)


@pytest.mark.slow
def test_the_shipped_lead_is_the_calibrated_one() -> None:
    assert shipped().least_lead == pytest.approx(least_lead(PHRASINGS), abs=2e-3), AGAIN


def test_runs_are_cut_as_scikit_learn_cuts_them(model: Pipeline) -> None:
    by_letters, by_words = (part for _, part in model.steps[0][1].transformer_list[:2])
    for question in ASKED[::2] + ODD:
        assert sorted(letters(question)) == sorted(by_letters.build_analyzer()(question))
        assert sorted(words(question)) == sorted(by_words.build_analyzer()(question))


def test_what_is_written_reads_back_and_is_small(tmp_path: Path) -> None:
    write(shipped(), tmp_path)
    again = read(tmp_path)
    assert likeness("why more xsym than xsym?", again) == likeness("why more xsym than xsym?")
    assert sum((SHIPPED / name).stat().st_size for name in (TENSORS, TABLE)) < 2_000_000


@pytest.mark.parametrize("damage", ["cut", "missing", "no_table", "other_words"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    write(shipped(), tmp_path)
    if damage == "cut":
        (tmp_path / TENSORS).write_bytes((tmp_path / TENSORS).read_bytes()[:-100])
    elif damage == "missing":
        (tmp_path / TENSORS).unlink()
    elif damage == "no_table":
        (tmp_path / TABLE).write_text("{}")
    else:
        table = json.loads((tmp_path / TABLE).read_text())
        (tmp_path / TABLE).write_text(json.dumps(table | {"words": table["words"][1:]}))
    with pytest.raises(CorruptFile):
        read(tmp_path)


def test_a_desk_that_answers_loads_neither_scikit_learn_nor_pandas() -> None:
    probe = (
        "import sys, app.questions, app.desk, agents.explainer.explain;"
        "from agents.explainer.router import likeness; likeness('why did xsym shrink?');"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"sklearn", "joblib", "pandas", "langgraph", "torch"} & set(done.stdout.split())


def test_fitting_writes_what_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_router, "least_lead", lambda _: 0.5)
    monkeypatch.setattr(fit_router, "PHRASINGS", {kind: known[:12] for kind, known in PHRASINGS.items()})
    fit_router.main(tmp_path)
    written = read(tmp_path)
    assert (written.least_lead, written.kinds) == (0.5, shipped().kinds)
    assert written.fitted_from == digest(fit_router.PHRASINGS) != shipped().fitted_from
