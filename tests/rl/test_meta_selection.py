"""Held-out folds: what trainings may touch, what is picked, and what validation refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import InputError
from rl.meta.actor import actor_shapes
from rl.meta.config import MetaConfig
from rl.meta.inputs import AGENTS
from rl.meta.planted import SHARED, Plant, planted_tape
from rl.meta.selection import Judged, Pick, Tensors, best_pick, final_choice, fold_blocks, gain_over_prior
from rl.meta.worlds import Worlds

CONFIG = MetaConfig(worlds=64, symbols_per_world=4, episode_bars=8, kappa_multipliers=(0.5, 1.0), least_gain=0.1)
PLANT = Plant(information=0.3, cost_bps=1.0)


def follower(strength: float) -> Tensors:
    """An actor whose wish is `strength` times the planted agent's score, whatever else it sees."""
    tensors = {k: np.zeros(s, dtype=np.float32) for k, s in actor_shapes(2, 2, SHARED + 3).items()}
    column = 3 * AGENTS.index(PLANT.agent)
    tensors["embed.views"][:, column] = (1.0, -1.0)
    tensors["mix.embed"][:] = np.eye(2)
    tensors["symbol.weight"][0] = (strength, -strength)
    tensors["symbol.bias"][1] = tensors["cash_out.bias"][1] = -8.0
    return tensors


def test_blocks_cover_the_rows_once() -> None:
    blocks = fold_blocks(planted_tape(PLANT, 100, 4, 0), slice(10, 91), 3)
    assert [(b.start, b.stop) for b in blocks] == [(10, 37), (37, 64), (64, 91)]


def test_no_world_of_a_training_touches_the_dates_held_out() -> None:
    tape, held_out = planted_tape(PLANT, 200, 5, 0), slice(80, 120)
    worlds = Worlds(tape, slice(0, 200), CONFIG, 64, np.random.default_rng(0), held_out)
    starts = worlds.starts
    assert starts.min() == 0
    assert starts.max() == 199 - CONFIG.episode_bars
    assert not any(set(range(s, s + CONFIG.episode_bars + 1)) & set(range(80, 120)) for s in starts)
    with pytest.raises(InputError, match="holding dates out"):
        Worlds(tape, slice(70, 130), CONFIG, 4, np.random.default_rng(0), slice(72, 128))


def test_the_pick_is_the_checkpoint_that_holds_on_all_blocks_together() -> None:
    tape = planted_tape(PLANT, 600, 8, 0)
    wrong, right = follower(-2.0), follower(2.0)
    blocks = fold_blocks(tape, slice(0, 600), 2)
    assert best_pick(tape, [Judged(b, (wrong, right)) for b in blocks], CONFIG).checkpoint == 2
    assert best_pick(tape, [Judged(b, (wrong, wrong)) for b in blocks], CONFIG) == Pick()
    greedy = CONFIG.model_copy(update={"least_gain": 10.0})
    assert best_pick(tape, [Judged(b, (wrong, right)) for b in blocks], greedy) == Pick()


def test_validation_refuses_what_is_worse_there() -> None:
    tape, pick = planted_tape(PLANT, 600, 8, 0), Pick(1, 1.5, 2.0)
    assert gain_over_prior(tape, slice(0, 600), follower(2.0), 1.5) > 0.1
    assert final_choice(tape, slice(0, 600), follower(2.0), pick, CONFIG).pick == pick
    refused = final_choice(tape, slice(0, 600), follower(-2.0), pick, CONFIG)
    assert refused.pick == Pick()
    assert refused.tensors["kappa"] == 0.0


def test_planted_tapes_hold_the_information_they_claim_and_nothing_else() -> None:
    tape = planted_tape(Plant(information=0.2, market=0.0), 4000, 30, 5)
    move = tape.to_close / tape.volatility
    for agent, name in enumerate(AGENTS):
        found = np.corrcoef(tape.views[:, :, agent, 0].ravel(), move.ravel())[0, 1]
        assert abs(found - (0.2 if name == "macro" else 0.0)) < 0.02, name
    again, other = planted_tape(PLANT, 50, 4, 1), planted_tape(PLANT, 50, 4, 2)
    assert (again.to_close == planted_tape(PLANT, 50, 4, 1).to_close).all()
    assert (again.to_close != other.to_close).all()
    with pytest.raises(InputError, match="no agent"):
        dataclasses.replace(PLANT, agent="makro")
