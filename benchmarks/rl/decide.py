"""How long 143 symbol agents and the meta-controller take to decide, on one core. Run: python -m benchmarks.rl.decide

One decision: raw features of the present slot to scores of all symbols (stateless: asked flat and full), then one call
of the controller on one set of views. ONNX Runtime with one thread, numpy beside it in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.figures import Figure, figure, publish
from data.features.catalog import SHARED_SPECS, SPECS
from data.features.spec import Features
from data.market import AssetClass, FloatArray, Instrument
from rl.meta.actor import VIEW_WIDTH, actor_shapes
from rl.meta.inputs import AGENTS, SCHEMA, SHARED_BOOK_COLUMNS, VIEW_PARTS, build_inputs
from rl.meta.policy import MetaPolicy
from rl.meta.raw import raw_market
from rl.observation import INPUTS, OBS_ID
from rl.policies.files import sealed
from rl.policies.manifest import Manifest, PolicyBundle, Role, tensor_sha256
from rl.policies.network import Tensors
from rl.symbol_policy import SymbolPolicy
from rl.threads import limit_threads

SYMBOLS = 143
HIDDEN = 64
DECISIONS, WARM = 2000, 100
TARGET_MS = 3.0
"""p99 that the desk asks for."""


def main() -> None:
    """Measure and publish."""
    limit_threads(1)
    features, instruments = _features(), [Instrument(f"S{n:03d}", AssetClass.STOCK) for n in range(SYMBOLS)]
    agents, meta = _agents(), _meta()
    by_onnx = _timed(_decision(SymbolPolicy(agents), MetaPolicy(meta), features, instruments))
    plain = (PolicyBundle(b.manifest, b.tensors) for b in (agents, meta))
    by_numpy = _timed(_decision(SymbolPolicy(next(plain)), MetaPolicy(next(plain)), features, instruments))
    publish("rl_decide", [*_figures("ONNX Runtime", by_onnx), *_figures("numpy", by_numpy)])


def _figures(runtime: str, milliseconds: FloatArray) -> list[Figure]:
    note = f"{SYMBOLS} symbol agents and the meta-controller, {DECISIONS} decisions, one thread"
    note += f"; target p99 <= {TARGET_MS} ms" if runtime == "ONNX Runtime" else ""
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return [
        figure(f"decision, {runtime}, p50", float(p50), "ms", note),
        figure(f"decision, {runtime}, p99", float(p99), "ms", note),
    ]


def _timed(decide: Callable[[], object]) -> FloatArray:
    """Wall time of each decision, milliseconds."""
    taken = np.empty(DECISIONS)
    for n in range(-WARM, DECISIONS):
        start = time.perf_counter()
        decide()
        if n >= 0:
            taken[n] = 1e3 * (time.perf_counter() - start)
    return taken


def _decision(
    agents: SymbolPolicy, meta: MetaPolicy, features: Features, instruments: list[Instrument]
) -> Callable[[], FloatArray]:
    tradable, held = np.full(SYMBOLS, True), np.full(SYMBOLS + 1, 1.0 / (SYMBOLS + 1))
    views = np.zeros((1, SYMBOLS, len(AGENTS), len(VIEW_PARTS)))
    policy = AGENTS.index("policy")

    def decide() -> FloatArray:
        scores = agents.scores(features, instruments, slice(-1, None))
        views[0, :, policy] = np.stack([scores.score[0], scores.confidence[0], np.ones(SYMBOLS)], axis=1)
        inputs = build_inputs(features, -1, tradable, held, held, 0.05)
        raw = raw_market(features, -1, 0.05) if meta.runtime == "onnx" else None
        return meta.weights(inputs, views, raw)

    return decide


def _features() -> Features:
    rng = np.random.default_rng(0)
    values = np.abs(rng.normal(0.0, 0.1, (300, SYMBOLS, len(SPECS))))
    return Features(SPECS, values, SHARED_SPECS, rng.normal(0.0, 1.0, (300, len(SHARED_SPECS))))


def _agents() -> PolicyBundle:
    heads = ("*", *(f"S{n:03d}" for n in range(SYMBOLS)))
    shapes = {
        "encoder.0.weight": (HIDDEN, INPUTS.stop), "encoder.0.bias": (HIDDEN,),
        "encoder.1.weight": (HIDDEN, HIDDEN), "encoder.1.bias": (HIDDEN,),
        "head.weight": (len(heads), HIDDEN, 7), "head.bias": (len(heads), 7),
    }  # fmt: skip
    return _bundle("symbol_agents", OBS_ID, heads, _drawn(shapes))


def _meta() -> PolicyBundle:
    shapes = actor_shapes(32, 32, len(SHARED_SPECS) + len(SHARED_BOOK_COLUMNS))
    assert len(AGENTS) * len(VIEW_PARTS) == VIEW_WIDTH
    return _bundle("meta_controller", SCHEMA, (), _drawn(shapes) | {"kappa": np.ones(1, dtype=np.float32)})


def _drawn(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    rng = np.random.default_rng(1)
    return {name: (0.2 * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}


def _bundle(role: Role, obs_id: str, heads: tuple[str, ...], tensors: Tensors) -> PolicyBundle:
    manifest = Manifest(
        policy_id=f"{role}-benchmark", role=role, algorithm="none", source="none", params={}, data_hash="", lake={},
        obs_id=obs_id, heads=heads, seed=0, config={}, trained_from="", trained_until="", metrics={}, git_commit="",
        sha256=tensor_sha256(tensors), shapes={k: tuple(v.shape) for k, v in tensors.items()}, versions={}, command="",
    )  # fmt: skip
    return sealed(PolicyBundle(manifest, tensors))


if __name__ == "__main__":
    main()
