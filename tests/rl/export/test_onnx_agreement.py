"""An exported policy answers as torch and numpy do, from raw features, whatever it is made of."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rl.export.meta_controller import meta_graph
from rl.export.network import OnnxNetwork, network_of
from rl.export.probe import answer_by_numpy, meta_answer, meta_probe, symbol_probe
from rl.export.session import Session, open_session
from rl.export.symbol_agents import policy_graph
from rl.meta.actor import actor_shapes
from rl.modules.config import ModuleConfig, network_config
from rl.modules.network import MASKED, SymbolNetwork
from rl.modules.tensors import actor_tensors
from rl.observation import schema
from rl.policies.ensemble import joined, members_of
from rl.policies.mlp import Actor
from rl.policies.plain import numpy_network

HEADS = 5
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""The same examples in every run, however busy the machine is."""
KINDS = {
    f"{encoder}-{actions}-{observation}": ModuleConfig(encoder=encoder, actions=actions, observation=observation)
    for encoder in ("mlp", "transformer")
    for actions in ("seven", "hybrid")
    for observation in ("obs-v1", "obs-v2")
}


@cache
def network(kind: str, seed: int = 0) -> SymbolNetwork:
    """A network of the kind, far enough from its start that every weight matters."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        found = SymbolNetwork(network_config(KINDS[kind].to_dict(HEADS)))
        with torch.no_grad():
            for parameter in found.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return found


def meta_tensors(seed: int, kappa: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    drawn = {n: (0.5 * rng.standard_normal(s)).astype(np.float32) for n, s in actor_shapes(16, 12, 14).items()}
    return drawn | {"kappa": np.array([kappa], dtype=np.float32)}


@cache
def session(kind: str) -> Session:
    return open_session(policy_graph(KINDS[kind], actor_tensors(network(kind))))


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return np.allclose(found, expected, rtol=0.0, atol=1e-5 * (1.0 + np.abs(expected[np.isfinite(expected)]).max()))


@pytest.mark.parametrize("kind", KINDS)
@settings(STEADY, max_examples=12)
@given(seed=st.integers(0, 2**31), rows=st.integers(1, 40))
def test_the_graph_on_raw_features_equals_the_network_on_observations(kind, seed, rows):
    shown, probe = schema(KINDS[kind].observation), symbol_probe(schema(KINDS[kind].observation), HEADS, rows, seed)
    expected = answer_by_numpy(numpy_network(KINDS[kind], actor_tensors(network(kind))), shown, probe)
    found = session(kind).run(probe)
    assert found.shape == expected.shape == (rows, KINDS[kind].outputs)
    assert close(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_and_onnx_on_observations_equal_torch(kind):
    shown, rng = schema(KINDS[kind].observation), np.random.default_rng(1)
    obs = rng.normal(0.0, 1.0, (64, shown.width)).astype(np.float32)
    obs[:, shown.mask] = rng.random((64, 7)) < 0.6
    obs[:, shown.head] = rng.integers(0, HEADS, 64)
    with torch.no_grad():
        learned = network(kind).outputs(torch.from_numpy(obs))[0].numpy()
    learned = np.where(learned == MASKED, -np.inf, learned)
    tensors = actor_tensors(network(kind))
    for mine in (numpy_network(KINDS[kind], tensors), OnnxNetwork(KINDS[kind], tensors)):
        assert close(mine.logits(obs), learned)


@pytest.mark.parametrize("kind", ["mlp-seven-obs-v1", "transformer-hybrid-obs-v2"])
def test_an_ensemble_is_the_mixture_of_its_members(kind):
    members = [actor_tensors(network(kind, seed)) for seed in range(3)]
    tensors, shown = joined(members), schema(KINDS[kind].observation)
    probe = symbol_probe(shown, HEADS, 30, 3)
    each = [answer_by_numpy(numpy_network(KINDS[kind], t), shown, probe) for t in members]
    odds = [np.exp(x[:, :7]) / np.exp(x[:, :7]).sum(axis=1, keepdims=True) for x in each]
    found = open_session(policy_graph(KINDS[kind], tensors)).run(probe)
    assert np.allclose(np.exp(found[:, :7]), np.mean(odds, axis=0), atol=1e-6)
    assert close(found, answer_by_numpy(numpy_network(KINDS[kind], tensors), shown, probe))
    assert [sorted(m) for m in members_of(tensors)] == [sorted(m) for m in members]


@settings(STEADY, max_examples=25)
@given(seed=st.integers(0, 2**31), symbols=st.integers(2, 30), questions=st.integers(1, 9))
def test_the_controller_s_graph_equals_its_actor(seed, symbols, questions):
    tensors = meta_tensors(3)
    probe = meta_probe(tensors, symbols, questions, seed)
    found = open_session(meta_graph(tensors)).run(probe)
    assert np.abs(found - meta_answer(tensors, probe)).max() < 2e-9


def test_a_controller_without_reach_stands_still_nowhere():
    tensors = meta_tensors(3, kappa=0.0)
    probe = meta_probe(tensors)
    assert np.abs(open_session(meta_graph(tensors)).run(probe) - meta_answer(tensors, probe)).max() < 2e-9


def test_equal_policies_have_equal_bytes_that_name_no_machine():
    kind = "transformer-hybrid-obs-v2"
    tensors = actor_tensors(network(kind))
    content = policy_graph(KINDS[kind], tensors)
    assert content == policy_graph(KINDS[kind], dict(reversed(list(tensors.items()))))
    assert meta_graph(meta_tensors(0)) == meta_graph(meta_tensors(0)) != meta_graph(meta_tensors(1))
    assert b"/" not in content.replace(np.concatenate([v.ravel() for v in tensors.values()]).tobytes(), b"")[:200]


def test_a_row_s_answer_does_not_depend_on_the_batch():
    kind = "mlp-seven-obs-v1"
    probe = symbol_probe(schema("obs-v1"), HEADS, 33, 5)
    whole = session(kind).run(probe)
    for n in (0, 32):
        one = {k: v if k == "year" else v[n : n + 1] for k, v in probe.items()}
        assert np.allclose(session(kind).run(one)[0], whole[n], atol=1e-6)


def test_the_same_question_has_the_same_bits():
    probe = symbol_probe(schema("obs-v2"), HEADS, 20, 6)
    content = policy_graph(KINDS["mlp-hybrid-obs-v2"], actor_tensors(network("mlp-hybrid-obs-v2")))
    assert np.array_equal(Session(content).run(probe), Session(content).run(probe))


def test_a_session_is_built_once_for_a_policy():
    content = meta_graph(meta_tensors(7))
    assert open_session(content) is open_session(bytes(bytearray(content)))


def test_evaluation_asks_an_mlp_in_numpy_and_a_transformer_in_onnx():
    mlp, transformer = "mlp-seven-obs-v1", "transformer-seven-obs-v2"
    assert isinstance(network_of(KINDS[mlp], actor_tensors(network(mlp))), Actor)
    assert isinstance(network_of(KINDS[transformer], actor_tensors(network(transformer))), OnnxNetwork)


@pytest.mark.parametrize("kind", ["mlp-seven-obs-v1", "transformer-hybrid-obs-v2"])
def test_what_is_asked_of_a_block_equals_the_rows_it_stands_for(kind):
    shown, rng = schema(KINDS[kind].observation), np.random.default_rng(2)
    tensors = actor_tensors(network(kind))
    market = shown.layout().own
    block = rng.normal(0.0, 1.0, (3, 4, market)).astype(np.float32)
    heads, allowed = np.array([0, 2, 4]), np.array([True, True, False, True, False, False, False])
    one, other = (
        n.asked(block, heads, 0.5, allowed)
        for n in (numpy_network(KINDS[kind], tensors), OnnxNetwork(KINDS[kind], tensors))
    )
    assert one.shape == (3, 4, 3 + KINDS[kind].outputs - 7)
    assert np.allclose(one, other, atol=1e-5)
