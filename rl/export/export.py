"""From a policy's tensors to its graph. Needs onnx: only what writes policies imports this."""

from __future__ import annotations

from rl.export.check import check_graph, probed
from rl.export.meta_controller import meta_graph
from rl.export.symbol_agents import policy_graph
from rl.policies.manifest import PolicyBundle


def export_policy(bundle: PolicyBundle) -> bytes:
    """The ONNX bytes of a bundle's tensors, checked against them.

    Raises CorruptFile where the tensors are not the network that the manifest says. Equal tensors give equal bytes.
    """
    probed(bundle)
    agents = bundle.manifest.role == "symbol_agents"
    content = policy_graph(bundle.manifest.module, bundle.tensors) if agents else meta_graph(bundle.tensors)
    check_graph(bundle, content)
    return content
