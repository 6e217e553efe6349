"""Whether the meta-controller learns and does not memorise, on planted tapes never seen. Run as

    python -m benchmarks.rl.evidence_meta [--seeds N] [--updates N] [--processes N]

Per seed: SAC learns on one tape; a second, of a seed of its own, chooses checkpoint and reach and may refuse both, by
the product's rules and thresholds (`rl.meta.selection`); a third, that nothing was tuned or chosen on, is judged. Each
has other symbols, scores and returns. The oracle knows who knows and how well (`rl.meta.oracle`); the share is the
controller's mean reward over the oracle's in the same worlds: rewards are net of costs and beyond the prior's, which
earns 0. Net Sharpe ratios of whole books beside it. The same again with nothing planted, where the best rule is the
prior.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from statistics import median

from benchmarks.figures import Figure, figure, publish
from data.market import FloatArray
from rl.meta.actor import Actor
from rl.meta.blend import blend_v1
from rl.meta.config import MetaConfig
from rl.meta.evaluation import Rule, actor_rule, prior_rule, walk_many
from rl.meta.inputs import MetaInputs
from rl.meta.oracle import Oracle, earned, find_oracle
from rl.meta.planted import Plant, planted_tape
from rl.meta.selection import Judged, Tensors, best_pick, final_choice, gain_over_prior
from rl.meta.tape import Tape
from rl.meta.tilt import tilt
from rl.meta.trails import Counter, Lesson
from rl.ray_session import ray_session
from rl.threads import limit_threads

TRAIN_BARS, UNSEEN_BARS, SYMBOLS, EPISODES = 3000, 1500, 48, 4
CHOICE, VETO = slice(0, 1500), slice(1500, 2250)
"""Rows of the second tape: those that choose and those that may refuse."""
UPDATES, CHECKPOINTS = 2000, 5
SEARCH_SEED, CHOICE_SEED, UNSEEN_SEED = 77, 40_000_000, 97_531_000
PLANTS = {"planted": Plant(), "noise": Plant(information=0.0)}
Run = tuple[str, int, Oracle | None, MetaConfig]


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    config = MetaConfig(updates=asked.updates, checkpoints=CHECKPOINTS)
    oracle = find_oracle(PLANTS["planted"], config, SEARCH_SEED)
    oracles = {"planted": oracle, "noise": None}
    runs: list[Run] = [(name, seed, oracles[name], config) for name in PLANTS for seed in range(asked.seeds)]
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        found = pool.map(_run, runs, chunksize=1)
    note = f"{asked.updates} updates; oracle: strength {oracle.strength:.3g}, patience {oracle.patience:.3g}"
    figures: list[Figure] = []
    for name in PLANTS:
        figures += _told(name, [one for run, one in zip(runs, found, strict=True) if run[0] == name], note)
    publish("rl_evidence_meta", figures)


def _run(run: Run) -> dict[str, float]:
    """Train, choose, judge; seconds are of the processor."""
    name, seed, oracle, config = run
    plant, began = PLANTS[name], time.process_time()
    trail = _trained(plant, config, seed)
    trained = time.process_time()
    tape, rows = planted_tape(plant, VETO.stop, SYMBOLS, CHOICE_SEED + seed), CHOICE
    pick = best_pick(tape, [Judged(rows, tuple(trail))], config)
    choice = final_choice(tape, VETO, trail[pick.checkpoint - 1], pick, config)
    ended = time.process_time()
    unseen = planted_tape(plant, UNSEEN_BARS, SYMBOLS, UNSEEN_SEED + seed)
    return _judged(unseen, Actor(choice.tensors), Actor(trail[-1]), oracle, config, seed) | {
        "checkpoint": float(choice.pick.checkpoint),
        "reach": choice.pick.kappa,
        "gain of the last actor on the tape that chooses": gain_over_prior(tape, rows, trail[-1], config.kappa),
        "training": trained - began,
        "training and choice": ended - began,
    }


def _trained(plant: Plant, config: MetaConfig, seed: int) -> list[Tensors]:
    """The mean actors of each stretch up to a checkpoint."""
    tape = planted_tape(plant, TRAIN_BARS, SYMBOLS, seed)
    limit_threads(config.threads)
    with ray_session(config.threads):
        return Lesson(tape, slice(0, TRAIN_BARS), config, seed).trail(
            config.checkpoints, Counter(lambda fraction, figures: None, config.checkpoints), None
        )


def _judged(
    tape: Tape, actor: Actor, last: Actor, oracle: Oracle | None, config: MetaConfig, seed: int
) -> dict[str, float]:
    """Rewards in the same worlds and Sharpe ratios of whole books; an oracle of nothing is the prior."""
    reached = config.model_copy(update={"kappa": max(actor.kappa, 1e-9)})
    found = earned(tape, reached, actor.tilts, seed, EPISODES)
    unchosen = earned(tape, config, last.tilts, seed, EPISODES)
    rules: dict[str, Rule] = {"controller": actor_rule(actor), "prior": prior_rule, "blend": blend_v1}
    told = {
        "mean reward of the controller": found.reward,
        "mean reward of the last actor at full reach": unchosen.reward,
        "turnover a day beyond the prior's": found.extra_turnover,
        "turnover a day of the last actor at full reach": unchosen.extra_turnover,
    }
    if oracle is not None:
        best = earned(tape, config, oracle.tilts, seed, EPISODES)
        told |= {"mean reward of the oracle": best.reward, "turnover a day of the oracle": best.extra_turnover}
        told |= {
            "share of the oracle's reward": found.reward / best.reward,
            "share of the oracle's reward, last actor": unchosen.reward / best.reward,
        }
        rules["oracle"] = _oracle_rule(oracle)
    walks = walk_many(tape, slice(0, tape.times.size), list(rules.values()))
    sharpes = {f"net Sharpe of the {k}": w.figures()["sharpe"] for k, w in zip(rules, walks, strict=True)}
    return told | sharpes


def _oracle_rule(oracle: Oracle) -> Rule:
    def rule(inputs: MetaInputs, views: FloatArray) -> FloatArray:
        return tilt(inputs.prior, inputs.held, inputs.tradable, oracle.tilts(inputs, views), oracle.kappa)

    return rule


def _told(name: str, runs: list[dict[str, float]], note: str) -> list[Figure]:
    """Every seed's figures, and their medians."""
    told: list[Figure] = []
    for key in runs[0]:
        unit = "s" if key.startswith("training") else "share" if "share" in key or "turnover" in key else "-"
        told += [figure(f"{name}, {key}, seed {n}", run[key], unit, note) for n, run in enumerate(runs)]
        told.append(figure(f"{name}, {key}, median", median(run[key] for run in runs), unit, note))
    return told


if __name__ == "__main__":
    main()
