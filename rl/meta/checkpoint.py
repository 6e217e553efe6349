"""A whole SAC run of the meta-controller on disk: what follows a resume is the same, bit for bit.

State is arrays that are written as they lie in memory and read back into the same places, and numbers in JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from ray.rllib.core import DEFAULT_MODULE_ID

from data.errors import CorruptFile

if TYPE_CHECKING:
    from rl.meta.env import AllocationVectorEnv
    from rl.meta.sac import MetaSAC

Arrays = dict[str, npt.NDArray[Any]]
ARRAYS, NUMBERS = "state.safetensors", "state.json"
_BOOKS = ("held", "value", "peak", "turnover")
_WORLDS = ("slot", "ends", "chosen", "silent", "blind", "cost_bps")
_INPUTS = ("prior", "held", "tradable", "symbol", "shared")


def write(algorithm: MetaSAC, folder: Path) -> None:
    """Weights, targets, optimisers, temperature, replay, worlds and generators into `folder`, which is made."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    arrays = _arrays(algorithm)
    arrays["torch"] = torch.get_rng_state().numpy()
    arrays["explorer"] = algorithm.runner.random.get_state().numpy()
    save_file({name: np.array(value, order="C") for name, value in arrays.items()}, folder / ARRAYS)
    (folder / NUMBERS).write_text(json.dumps(_numbers(algorithm)), encoding="utf-8")


def read(algorithm: MetaSAC, folder: Path) -> None:
    """Put an algorithm of the same config and tape where `write` found it. CorruptFile where the files do not fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found: Arrays = load_file(folder / ARRAYS)
        numbers: dict[str, Any] = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        torch.set_rng_state(torch.from_numpy(found.pop("torch")))
        algorithm.runner.random.set_state(torch.from_numpy(found.pop("explorer")))
        live = _arrays(algorithm)
        if {k: (v.shape, v.dtype) for k, v in live.items()} != {k: (v.shape, v.dtype) for k, v in found.items()}:
            raise CorruptFile("the checkpoint is of another config or tape", "train without --resume")
        for name, value in live.items():
            np.copyto(value, found[name])
        _restore(algorithm, numbers)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise CorruptFile("the checkpoint of the meta-controller cannot be read", "train without --resume") from error


def _arrays(algorithm: MetaSAC) -> Arrays:
    """Views of everything that changes, by name."""
    learner, replay, runner = algorithm.learner, algorithm.replay, algorithm.runner
    found: dict[str, torch.Tensor] = {"log_alpha": learner.alpha.detach()}
    found |= {f"flat/{name}": flat.detach() for name, flat in learner.flat.items()}
    found |= {f"target/{name}": flat.detach() for name, flat in learner.targets.items()}
    for name, optimizer in learner.get_optimizers_for_module(DEFAULT_MODULE_ID):
        found |= {f"{name}/{key}": value for key, value in _moments(optimizer).items()}
    found |= {f"runner/{name}": value for name, value in runner.module.state_dict().items()}
    found |= {f"replay/{name}": value for name, value in replay.columns().items()}
    arrays: Arrays = {name: value.numpy() for name, value in found.items()}
    arrays |= {"whim": runner.whim.numpy(), "observations": runner.observations, "done": runner.done}
    return arrays | world_arrays(runner.worlds)


def world_arrays(env: AllocationVectorEnv) -> Arrays:
    """Views of everything in the worlds that changes, by name."""
    worlds = env.worlds
    arrays: Arrays = {f"worlds/{name}": getattr(worlds, name) for name in _WORLDS}
    arrays |= {f"books/{name}": getattr(worlds.books, name) for name in _BOOKS}
    arrays |= {f"prior/{name}": getattr(worlds.prior_books, name) for name in _BOOKS}
    arrays |= {f"inputs/{name}": getattr(env.inputs, name) for name in _INPUTS}
    return arrays | {"env/done": env.done}


def _numbers(algorithm: MetaSAC) -> dict[str, Any]:
    learner, replay = algorithm.learner, algorithm.replay
    optimizers = learner.get_optimizers_for_module(DEFAULT_MODULE_ID)
    return {
        "updates": algorithm.updates_done,
        "target_update": learner.last_update_ts_by_mid[DEFAULT_MODULE_ID],
        "rates": {name: float(optimizer.param_groups[0]["lr"]) for name, optimizer in optimizers},
        "replay": replay.place(),
        "replay_random": replay.random.bit_generator.state,
        "worlds_random": algorithm.runner.worlds.worlds.rng.bit_generator.state,
    }


def _restore(algorithm: MetaSAC, numbers: dict[str, Any]) -> None:
    learner, replay = algorithm.learner, algorithm.replay
    algorithm.updates_done = int(numbers["updates"])
    learner.last_update_ts_by_mid[DEFAULT_MODULE_ID] = int(numbers["target_update"])
    for name, optimizer in learner.get_optimizers_for_module(DEFAULT_MODULE_ID):
        optimizer.param_groups[0]["lr"] = float(numbers["rates"][name])
    replay.put(numbers["replay"])
    replay.random.bit_generator.state = numbers["replay_random"]
    algorithm.runner.worlds.worlds.rng.bit_generator.state = numbers["worlds_random"]


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Adam's state of its one parameter, made as Adam would make it where it has not stepped yet."""
    parameter = optimizer.param_groups[0]["params"][0]
    state = optimizer.state[parameter]
    if not state:
        state["step"] = torch.zeros((), dtype=torch.float32)
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
    return {name: state[name].detach() for name in ("step", "exp_avg", "exp_avg_sq")}
