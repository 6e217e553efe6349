"""Whether a graph is that of a policy: its inputs are the schema's and it answers a fixed probe as the tensors do.

A hash says that a file was not changed; this says that it was right when it was written.
"""

from __future__ import annotations

import numpy as np

from data.errors import CorruptFile
from data.market import FloatArray
from rl.export.inputs import META_OUTPUT, Declared, meta_inputs, policy_inputs, policy_output
from rl.export.probe import Arrays, answer_by_numpy, meta_answer, meta_probe, symbol_probe
from rl.export.session import open_session
from rl.forecasts import Forecaster
from rl.observation import SCHEMAS, schema
from rl.policies.manifest import PolicyBundle
from rl.policies.plain import numpy_network

TOLERANCE = 1e-4
"""Largest difference on the probe, relative to 1 + the largest answer: float32 sums of hundreds of terms stay below."""
REMEDY = "export it again with `bullpen policies export`, or train it again"
_TYPES = {"float64": "tensor(double)", "float32": "tensor(float)", "int64": "tensor(int64)"}


def check_graph(bundle: PolicyBundle, content: bytes) -> None:
    """Raises CorruptFile unless `content` is a graph of the bundle's schema that agrees with its tensors."""
    name, (probe, expected), session = bundle.manifest.policy_id, probed(bundle), open_session(content)
    if session.declared != _declared(bundle):
        raise CorruptFile(f"the graph of policy {name} does not read {bundle.manifest.obs_id}", REMEDY)
    found = session.run(probe)
    scale = 1.0 + float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=0.0, atol=TOLERANCE * scale):
        raise CorruptFile(f"the graph of policy {name} does not answer as its tensors do", REMEDY)


def probed(bundle: PolicyBundle) -> tuple[Arrays, FloatArray]:
    """The probe and its answers by numpy; CorruptFile where the tensors are no such network, or lack the forecasts that
    its observation shows."""
    manifest, tensors = bundle.manifest, bundle.tensors
    agents = manifest.role == "symbol_agents"
    if agents and (manifest.obs_id not in SCHEMAS or manifest.module.observation != manifest.obs_id):
        raise CorruptFile(
            f"policy {manifest.policy_id} reads {manifest.obs_id}, which this version does not build", REMEDY
        )
    try:
        if not agents:
            probe = meta_probe(tensors)
            return probe, meta_answer(tensors, probe)
        shown, network = schema(manifest.obs_id), numpy_network(manifest.module, tensors)
        if shown.needs_forecasts:
            Forecaster.from_tensors(tensors)
        probe = symbol_probe(shown, len(manifest.heads))
        return probe, answer_by_numpy(network, shown, probe)
    except (KeyError, IndexError, ValueError) as error:
        raise CorruptFile(f"the tensors of policy {manifest.policy_id} are no network of its kind", REMEDY) from error


def _declared(bundle: PolicyBundle) -> tuple[Declared, Declared]:
    """Inputs and outputs that the manifest asks for, in a session's words."""
    manifest = bundle.manifest
    if manifest.role == "meta_controller":
        return _told(meta_inputs(bundle.tensors)), _told(META_OUTPUT)
    return _told(policy_inputs(schema(manifest.obs_id))), _told(policy_output(manifest.module))


def _told(values: Declared) -> Declared:
    return {name: (_TYPES[dtype], shape) for name, (dtype, shape) in values.items()}
