"""Two Ray nodes in one machine, one of them killed in mid-training. Run: python -m benchmarks.rl.cluster"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.figures import figure, publish
from benchmarks.rl.ppo_world import fast, parts, preset
from rl.algorithms.resources import Resources

ITERATIONS, KILLED_AFTER = 6, 2
SETTINGS = preset(rows=64, steps=32, minibatches=2, hidden=(32,))
PLACED = Resources(num_env_runners=2, restore_s=300)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a training run that lost a node."""

    lost: int
    """Runners that stood on the node."""
    iterations: int
    runners: int
    """Runners alive at the end."""
    same: bool
    """Whether the weights are those of a run that lost nothing, bit for bit."""
    seconds: float
    """Of the iteration in which the node was lost."""


def trial() -> Outcome:
    """Train on a head of two cores and a node of one that is killed; then again on what is left, undisturbed."""
    import ray
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        held = _hold_a_core()
        node: Any = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        algorithm: Any = fast(parts(), SETTINGS, 0, PLACED)
        ray.kill(held)
        _trained(algorithm, KILLED_AFTER)
        lost = _places(algorithm).count(node.node_id)
        cluster.remove_node(node, allow_graceful=False)
        began = time.perf_counter()
        _trained(algorithm, 1)
        seconds = time.perf_counter() - began
        found = _trained(algorithm, ITERATIONS - KILLED_AFTER - 1)
        runners, iterations = int(algorithm.env_runner_group.num_healthy_remote_workers()), int(algorithm.iteration)
        algorithm.stop()
        algorithm = fast(parts(), SETTINGS, 0, PLACED)
        expected = _trained(algorithm, ITERATIONS)
        algorithm.stop()
    finally:
        ray.shutdown()
        cluster.shutdown()
    same = all(torch.equal(found[name], expected[name]) for name in expected)
    return Outcome(lost, iterations, runners, same, seconds)


def _hold_a_core() -> Any:
    """Keep one core of the head until the runners are placed, so that one of them has to go to the other node."""
    import ray

    actor: Any = ray.remote(num_cpus=1)(_Holder).remote()
    ray.get(actor.ready.remote())
    return actor


class _Holder:
    def ready(self) -> bool:
        return True


def _trained(algorithm: Any, iterations: int) -> dict[str, torch.Tensor]:
    for _ in range(iterations):
        algorithm.train()
    return {name: value.clone() for name, value in algorithm.symbol_module().state_dict().items()}


def _places(algorithm: Any) -> list[str]:
    """Node of every runner."""
    return algorithm.env_runner_group.foreach_env_runner(_node, local_env_runner=False)


def _node(runner: Any) -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


def main() -> None:
    """Try it and publish."""
    found = trial()
    note = f"two cores and one, {found.lost} of 2 runners on the node that was killed after {KILLED_AFTER} iterations"
    publish(
        "rl_cluster",
        [
            figure("iterations finished after a node was killed", found.iterations, f"of {ITERATIONS}", note),
            figure("runners alive at the end", found.runners, "of 2", note),
            figure("weights equal to those of an undisturbed run", float(found.same), "yes (1) or no (0)", note),
            figure("the iteration that lost the node", found.seconds, "s", note),
        ],
    )


if __name__ == "__main__":
    main()
