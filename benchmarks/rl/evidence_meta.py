"""Whether the meta-controller learns and does not memorise, on planted tapes never seen. Run as

    python -m benchmarks.rl.evidence_meta [--seeds N] [--updates N]

Per seed: SAC learns on one tape, held-out folds choose checkpoint and reach, validation may veto, and a tape of another
seed (other symbols, scores, returns) is judged. The oracle knows who knows and how well (`rl.meta.oracle`); the share
is the controller's mean reward over the oracle's in the same worlds: rewards are net of costs and beyond the prior's,
which earns 0. Net Sharpe ratios of whole books beside it. The same again with nothing planted.
"""

from __future__ import annotations

import argparse
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
from rl.meta.tape import Tape
from rl.meta.tilt import tilt
from rl.meta.training import learn

TRAIN, VALIDATION = slice(0, 3000), slice(3000, 4000)
UNSEEN_BARS, SYMBOLS, EPISODES = 2000, 48, 4
UPDATES = 3000
SEARCH_SEED, UNSEEN_SEED = 77, 100_000


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=UPDATES)
    asked = parser.parse_args()
    config = MetaConfig(updates=asked.updates)
    figures: list[Figure] = []
    for name, plant in {"planted": Plant(), "noise": Plant(information=0.0)}.items():
        oracle = find_oracle(plant, config, SEARCH_SEED)
        runs = [_run(plant, oracle, config, seed) for seed in range(asked.seeds)]
        figures += _told(name, runs, f"{config.updates} updates in each of {config.folds + 1} trainings, {oracle}")
    publish("rl_evidence_meta", figures)


def _run(plant: Plant, oracle: Oracle, config: MetaConfig, seed: int) -> dict[str, float]:
    tape = planted_tape(plant, VALIDATION.stop, SYMBOLS, seed)
    began = time.perf_counter()
    choice = learn(tape, TRAIN, VALIDATION, config, seed, lambda fraction, figures: None)
    seconds = time.perf_counter() - began
    actor, unseen = Actor(choice.tensors), planted_tape(plant, UNSEEN_BARS, SYMBOLS, UNSEEN_SEED + seed)
    reached = config.model_copy(update={"kappa": max(actor.kappa, 1e-9)})
    found = earned(unseen, reached, actor.tilts, seed, EPISODES)
    best = earned(unseen, config, oracle.tilts, seed, EPISODES)
    rules: dict[str, Rule] = {
        "controller": actor_rule(actor), "oracle": _oracle_rule(oracle), "prior": prior_rule, "blend": blend_v1,
    }  # fmt: skip
    sharpes = _sharpes(unseen, rules)
    return {f"net Sharpe of the {name}": value for name, value in sharpes.items()} | {
        "mean reward of the controller": found.reward,
        "mean reward of the oracle": best.reward,
        "share of the oracle's reward": found.reward / best.reward if best.reward > 0.0 else 0.0,
        "turnover a day beyond the prior's": found.extra_turnover,
        "reach": actor.kappa,
        "gain on held-out dates": choice.pick.gain,
        "training": seconds,
    }


def _sharpes(tape: Tape, rules: dict[str, Rule]) -> dict[str, float]:
    walks = walk_many(tape, slice(0, tape.times.size), list(rules.values()))
    return {name: found.figures()["sharpe"] for name, found in zip(rules, walks, strict=True)}


def _oracle_rule(oracle: Oracle) -> Rule:
    def rule(inputs: MetaInputs, views: FloatArray) -> FloatArray:
        return tilt(inputs.prior, inputs.held, inputs.tradable, oracle.tilts(inputs, views), oracle.kappa)

    return rule


def _told(name: str, runs: list[dict[str, float]], note: str) -> list[Figure]:
    """Every seed's figures, and their medians."""
    told: list[Figure] = []
    for key in runs[0]:
        unit = "s" if key == "training" else "share" if "share" in key or "turnover" in key else "-"
        told += [figure(f"{name}, {key}, seed {n}", run[key], unit, note) for n, run in enumerate(runs)]
        told.append(figure(f"{name}, {key}, median", median(run[key] for run in runs), unit, note))
    return told


if __name__ == "__main__":
    main()
